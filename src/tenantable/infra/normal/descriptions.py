"""
The normal form of what is written in DynamoDB's own words.

CreateTable, DescribeTable and CloudFormation's table have most members in common; what differs is read elsewhere.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from tenantable.infra.normal.forms import (
    EVERYTHING,
    MANAGED,
    OWNED,
    Capacity,
    Ceilings,
    IndexForm,
    KeyForm,
    TableForm,
)
from tenantable.wire.arns import Home
from tenantable.wire.keys import KeyAttribute

Properties = Mapping[str, Any]

ON_DEMAND = "PAY_PER_REQUEST"
_MANAGED_KEY = "alias/aws/dynamodb"


def read_properties(properties: Properties, *, on_demand: bool) -> TableForm:
    """
    The form of a table as far as CreateTable and DescribeTable agree: name, keys, indexes, capacity, stream, tags.

    Args:
        on_demand: How it is billed, which the two say in different places.
    """
    types = {each["AttributeName"]: each["AttributeType"] for each in properties.get("AttributeDefinitions") or ()}
    indexes = {
        member: {
            index["IndexName"]: _read_index(index, types, on_demand=on_demand or member.startswith("Local"))
            for index in properties.get(member) or ()
        }
        for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    }
    stream = properties.get("StreamSpecification") or {}
    return TableForm(
        name=properties["TableName"],
        keys=_read_keys(properties["KeySchema"], types),
        global_indexes=indexes["GlobalSecondaryIndexes"],
        local_indexes=indexes["LocalSecondaryIndexes"],
        capacity=None if on_demand else _read_capacity(properties),
        ceilings=_read_ceilings(properties) if on_demand else None,
        stream=stream.get("StreamViewType") if stream.get("StreamEnabled", True) else None,
        deletion_protection=is_true(properties.get("DeletionProtectionEnabled")),
        tags=read_tags(properties.get("Tags") or ()),
    )


def read_tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """A list of keys and values as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def is_true(value: Any) -> bool:
    """A boolean, which a template may also write as text."""
    return value is True or str(value).lower() == "true"


def canonical_policy(policy: Any) -> str | None:
    """A policy document, or its text, with one order of members and no white space; None for none."""
    if not policy:
        return None
    document = orjson.loads(policy) if isinstance(policy, str | bytes) else policy
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


def table_name_of_arn(arn: str | None) -> str | None:
    """The table's name in its ARN; None where it is not known, or of something else."""
    kind, _, name = (arn or "").rpartition(":")[2].partition("/")
    return name if kind == "table" and "/" not in name else None


def key_name(key: str) -> str:
    """
    One name for a key however it is given: `managed`, or `alias/NAME` or `key/ID`, in an ARN or without one.

    The account and the region are dropped: a table's key is in its own region, and nearly always in its own account.
    The embedded engine shows the key that AWS manages by its ARN, as AWS does; that id follows from account and region.
    """
    parts = key.split(":", 5)
    is_arn = key.startswith("arn:") and len(parts) == 6
    short = parts[5] if is_arn else key
    if short in {_MANAGED_KEY, "aws/dynamodb"}:
        return MANAGED
    if is_arn and key == Home(account_id=parts[4], region=parts[3]).managed_key("dynamodb"):
        return MANAGED  # the embedded DynamoDB describes it by its id, as AWS does
    return short if short.startswith(("alias/", "key/")) else f"key/{short}"


def encryption_form(*, enabled: bool, key: str | None, name: Callable[[str], str] = key_name) -> str:
    """
    Which key encrypts a table.

    Args:
        enabled: False: the one that DynamoDB owns.
        key: None or nothing: the one that AWS manages.
    """
    if not enabled:
        return OWNED
    return name(key) if key else MANAGED


def _read_keys(schema: Iterable[Mapping[str, str]], types: Mapping[str, str]) -> KeyForm:
    kinds: dict[str, list[KeyAttribute]] = {"HASH": [], "RANGE": []}
    for element in schema:
        name = element["AttributeName"]
        kinds[element["KeyType"]].append(KeyAttribute(name=name, type=types.get(name, "?")))
    return KeyForm(partition=tuple(kinds["HASH"]), sort=tuple(kinds["RANGE"]))


def _read_index(index: Properties, types: Mapping[str, str], *, on_demand: bool) -> IndexForm:
    projection = index.get("Projection") or {}
    return IndexForm(
        keys=_read_keys(index["KeySchema"], types),
        projection=projection.get("ProjectionType", EVERYTHING),
        included=frozenset(projection.get("NonKeyAttributes") or ()),
        capacity=None if on_demand else _read_capacity(index),
        ceilings=_read_ceilings(index) if on_demand else None,
    )


def _read_capacity(properties: Properties) -> Capacity | None:
    given = properties.get("ProvisionedThroughput")
    if not given:
        return None
    return Capacity(read_units=int(given["ReadCapacityUnits"]), write_units=int(given["WriteCapacityUnits"]))


def _read_ceilings(properties: Properties) -> Ceilings | None:
    given = properties.get("OnDemandThroughput") or {}
    return ceilings_of(given.get("MaxReadRequestUnits"), given.get("MaxWriteRequestUnits"))


def ceilings_of(read_units: Any, write_units: Any) -> Ceilings | None:
    """None when there is no ceiling; -1 and 0 stand for none, as tools write them."""
    found = [int(units) if units and int(units) > 0 else None for units in (read_units, write_units)]
    return None if found == [None, None] else Ceilings(read_units=found[0], write_units=found[1])
