"""Requests in their older form against policies as the developer guide writes them: the engine asks, `iam` answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import parse_policy
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

HOME = Home()
TENANT = f"arn:aws:iam::{HOME.account_id}:role/tenant"
ACTIONS = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")
CONDITION = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"], "dynamodb:Attributes": ["pk", "open"]},
    "StringEqualsIfExists": {
        "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
        "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"],
    },
}
MINE, THEIRS = ({"pk": {"S": name}} for name in ("mine", "theirs"))
VALUE = {"S": "x"}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    allowed = [f"dynamodb:{action}" for action in ACTIONS]
    statement = {"Effect": "Allow", "Action": allowed, "Resource": HOME.table("orders"), "Condition": CONDITION}
    policy = parse_policy({"Version": "2012-10-17", "Statement": [statement]})
    with Engine(":memory:", home=HOME, authorizer=PolicyAuthorizer({TENANT: [policy]}, HOME)) as opened:
        opened.call(
            "CreateTable",
            {
                "TableName": "orders",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            },
        )
        for key in (MINE, THEIRS):
            opened.call("PutItem", {"TableName": "orders", "Item": {**key, "open": VALUE, "secret": VALUE}})
        yield opened


def comparison(operator: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": [value]}


OWN = {"pk": comparison("EQ", MINE["pk"])}
OPEN = {"AttributesToGet": ["pk", "open"]}
ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("GetItem", {"Key": MINE, **OPEN}),
    ("Query", {"KeyConditions": OWN, **OPEN}),
    ("Query", {"KeyConditions": OWN, "QueryFilter": {"open": comparison("NE", VALUE)}, **OPEN}),
    ("PutItem", {"Item": {**MINE, "open": VALUE}, "Expected": {"open": {"Value": VALUE}}}),
    ("UpdateItem", {"Key": MINE, "AttributeUpdates": {"open": {"Value": VALUE}}, "Expected": {"pk": {"Value": VALUE}}}),
    ("DeleteItem", {"Key": MINE, "Expected": {"open": {"Exists": False}}}),
]
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("GetItem", {"Key": MINE}),
    ("GetItem", {"Key": MINE, "AttributesToGet": ["pk", "secret"]}),
    ("GetItem", {"Key": THEIRS, **OPEN}),
    ("Query", {"KeyConditions": OWN}),
    ("Query", {"KeyConditions": {"pk": comparison("EQ", THEIRS["pk"])}, **OPEN}),
    ("Query", {"KeyConditions": {"pk": comparison("GE", MINE["pk"])}, **OPEN}),
    ("Query", {"KeyConditions": OWN, "QueryFilter": {"secret": comparison("GT", VALUE)}, **OPEN}),
    ("PutItem", {"Item": MINE, "Expected": {"secret": {"Value": VALUE}}}),
    ("UpdateItem", {"Key": MINE, "AttributeUpdates": {"secret": {"Action": "DELETE"}}}),
    ("UpdateItem", {"Key": MINE, "Expected": {"secret": {"Exists": False}}}),
    ("DeleteItem", {"Key": MINE, "Expected": {"secret": comparison("BEGINS_WITH", VALUE)}}),
]


def is_refused(engine: Engine, operation: str, request: dict[str, Any]) -> bool:
    try:
        engine.as_principal(TENANT).call(operation, request)
    except DynamoError as error:
        return error.code == "AccessDeniedException"
    return False


@pytest.mark.parametrize(("operation", "members"), ALLOWED, ids=str)
def test_what_the_policy_names_is_allowed(engine: Engine, operation: str, members: dict[str, Any]) -> None:
    assert not is_refused(engine, operation, {"TableName": "orders", **members})


@pytest.mark.parametrize(("operation", "members"), REFUSED, ids=str)
def test_nothing_else_is_read_written_or_probed(engine: Engine, operation: str, members: dict[str, Any]) -> None:
    assert is_refused(engine, operation, {"TableName": "orders", **members})


@pytest.mark.parametrize(("names", "refused"), [(["open"], False), (["secret"], True)])
def test_each_table_of_a_batch_has_its_own_attributes(engine: Engine, names: list[str], *, refused: bool) -> None:
    request = {"RequestItems": {"orders": {"Keys": [MINE], "AttributesToGet": names}}}
    assert is_refused(engine, "BatchGetItem", request) is refused
