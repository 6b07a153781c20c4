"""
The condition keys of DynamoDB requests: leading keys, attribute names, consumed capacity, tags.

Source: Developer Guide, "Using IAM policy conditions for fine-grained access control". Where it leaves a choice:

* Names are top-level attribute names: a path `a.b[0]` counts as `a`.
* A leading key of type N is its canonical decimal text, one of type B its canonical base64 text.
* The parameters that expressions replaced (AttributesToGet, Expected, KeyConditions ...) count as expressions do.
* A request whose partition key cannot be told, because the table or index does not exist or the key does not fit its
  schema, has `UNKNOWN_LEADING_KEY`: an Allow conditioned on leading keys must not hold because there are none.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tenantable.expressions.conditions import parse_condition
from tenantable.expressions.key_conditions import parse_key_condition
from tenantable.expressions.placeholders import Placeholders
from tenantable.expressions.projections import parse_projection
from tenantable.expressions.updates import parse_update
from tenantable.iam.patterns import ContextValue
from tenantable.wire.keys import KeyAttribute, KeyNames
from tenantable.wire.numbers import canonical_number
from tenantable.wire.values import check_item

UNKNOWN_LEADING_KEY = "\udcffunknown"
"""Equals no key that DynamoDB can store, for a lone surrogate has no UTF-8 form."""

Fields = Mapping[str, Any]
"""A request, or the part of one that a batch or transaction holds per table or item; checked for its shape."""


_NO_NAMES: frozenset[str] = frozenset()


def leading_keys(keys: Iterable[Fields], key_names: KeyNames | None) -> tuple[str, ...]:
    """The partition values of keys or items, in their order; `key_names` is None for a table that does not exist."""
    if key_names is None:
        return (UNKNOWN_LEADING_KEY,)
    partition = key_names.partition
    return tuple([_leading_key(key.get(partition.name), partition) for key in keys])


def queried_partition(request: Fields, key_names: KeyNames | None) -> str:
    """
    The one partition value that a Query reads.

    Raises:
        DynamoError: The key condition or its values cannot be read.
    """
    if key_names is None:
        return UNKNOWN_LEADING_KEY
    text = request.get("KeyConditionExpression")
    if text is None:
        return _partition_of_key_conditions(request.get("KeyConditions") or {}, key_names.partition)
    values, _ = check_item(request.get("ExpressionAttributeValues") or {})
    placeholders = Placeholders(request.get("ExpressionAttributeNames"), values)
    bound = parse_key_condition(text).bind(placeholders, key_names)
    return _leading_key(bound.partition, key_names.partition)


def attribute_names(fields: Fields, members: Iterable[str]) -> frozenset[str]:
    """
    The top-level attribute names that the given members of a request name.

    Args:
        members: Expressions, or parameters that expressions replaced; absent ones name nothing.
    Raises:
        DynamoError: An expression cannot be parsed or uses an undefined name.
    """
    found: list[Iterable[str]] = []
    for member in members:
        content = fields.get(member)
        if content is not None:
            parse = _EXPRESSIONS.get(member)
            placeholders = Placeholders(fields.get("ExpressionAttributeNames"))
            found.append(content if parse is None else parse(content).attribute_names(placeholders))
    return frozenset().union(*found) if found else _NO_NAMES


def capacity(fields: Fields) -> dict[str, ContextValue]:
    """The key that every item operation has; a new dictionary."""
    return {"dynamodb:returnconsumedcapacity": fields.get("ReturnConsumedCapacity") or "NONE"}


def request_tags(tags: Iterable[Fields]) -> dict[str, ContextValue]:
    """The tags that a request sets."""
    given = {tag["Key"]: tag["Value"] for tag in tags}
    if not given:
        return {}
    return {f"aws:requesttag/{key.lower()}": value for key, value in given.items()} | {"aws:tagkeys": tuple(given)}


def _leading_key(value: Any, partition: KeyAttribute) -> str:
    content = value.get(partition.type) if isinstance(value, dict) else None
    if not isinstance(content, str):
        return UNKNOWN_LEADING_KEY
    if partition.type == "S":
        return content
    return canonical_number(content) if partition.type == "N" else _canonical_base64(content)


def _canonical_base64(text: str) -> str:
    # Different texts may stand for the same bytes; a policy must meet one of them only.
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except (binascii.Error, ValueError):
        return UNKNOWN_LEADING_KEY


def _partition_of_key_conditions(conditions: Fields, partition: KeyAttribute) -> str:
    condition = conditions.get(partition.name) or {}
    operands = condition.get("AttributeValueList") or []
    if condition.get("ComparisonOperator") != "EQ" or len(operands) != 1:
        return UNKNOWN_LEADING_KEY
    return _leading_key(operands[0], partition)


_EXPRESSIONS: Mapping[str, Callable[[str], Any]] = {
    "ConditionExpression": lambda text: parse_condition(text, "ConditionExpression"),
    "FilterExpression": lambda text: parse_condition(text, "FilterExpression"),
    "KeyConditionExpression": parse_key_condition,
    "ProjectionExpression": parse_projection,
    "UpdateExpression": parse_update,
}
