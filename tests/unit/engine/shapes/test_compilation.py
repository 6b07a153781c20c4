"""The stored table of shapes says what the installed service model says, but for the listed orders of enums."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

import tenantable.engine.shapes
from tenantable.engine.shapes.checking import check_request
from tenantable.wire.errors import DynamoError

TABLE = Path(tenantable.engine.shapes.__file__).parent / "request_shapes.json"

OPAQUE = {"PutItemInputAttributeMap", "Key", "ExpressionAttributeValueMap"}
ENUM_ORDERS = {
    "ComparisonOperator": "IN NULL BETWEEN LT NOT_CONTAINS EQ GT NOT_NULL NE LE BEGINS_WITH GE CONTAINS",
    "ConditionalOperator": "OR AND",
    "ProjectionType": "ALL INCLUDE KEYS_ONLY",
    "ReturnValue": "ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW",
    "ScalarAttributeType": "B N S",
    "Select": "SPECIFIC_ATTRIBUTES COUNT ALL_ATTRIBUTES ALL_PROJECTED_ATTRIBUTES",
}
"""Enums that the service lists in another order than its model does."""

REQUIRED = {"CreateTableInput": ["AttributeDefinitions", "TableName", "KeySchema"]}
"""A table that copies the settings of a global one needs no keys of its own; there are no such tables here."""

CONSTRAINTS = ("min", "max", "pattern", "enum")


def described(name: str, shape: dict[str, Any]) -> dict[str, Any]:
    if name == "AttributeValue":
        return {"type": "attribute_value"}
    if name in OPAQUE:
        return {"type": "attribute_map"}
    if name == "AttributeValueList":
        return {"type": "attribute_list"}
    facts: dict[str, Any] = {"type": shape["type"]} | {key: shape[key] for key in CONSTRAINTS if key in shape}
    if name in ENUM_ORDERS:
        facts["enum"] = ENUM_ORDERS[name].split()
    if shape["type"] == "structure":
        facts["members"] = {member: reference["shape"] for member, reference in shape["members"].items()}
        facts["required"] = REQUIRED.get(name, shape.get("required", []))
    for part in ("member", "key", "value"):
        if part in shape:
            facts[part] = shape[part]["shape"]
    return facts


def parts(facts: dict[str, Any]) -> list[str]:
    return [*facts.get("members", {}).values(), *(facts[part] for part in ("member", "key", "value") if part in facts)]


def table_of_the_model() -> dict[str, Any]:
    tables = Loader().load_service_model("dynamodb", "service-2")
    streams = Loader().load_service_model("dynamodbstreams", "service-2")
    described_shapes = {**streams["shapes"], **tables["shapes"]}
    operations = {**tables["operations"], **streams["operations"]}
    inputs = {name: operation["input"]["shape"] for name, operation in operations.items()}
    shapes: dict[str, Any] = {}
    waiting = list(inputs.values())
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = described(name, described_shapes[name])
            waiting += parts(shapes[name])
    return {"operations": inputs, "shapes": dict(sorted(shapes.items()))}


def written(table: dict[str, Any]) -> str:
    """One line a shape, so that a change of the service reads as a change of that line."""
    shapes = ",\n".join(f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in table["shapes"].items())
    return f'{{"operations": {json.dumps(table["operations"])},\n"shapes": {{\n{shapes}\n}}}}\n'


def test_the_table_of_shapes_is_what_the_service_model_says() -> None:
    expected = written(table_of_the_model())
    if os.environ.get("REWRITE_GOLDEN"):
        TABLE.write_text(expected)
    assert TABLE.read_text() == expected


@pytest.mark.parametrize("operation", json.loads(TABLE.read_text())["operations"])
def test_every_shape_can_be_checked(operation: str) -> None:
    with suppress(DynamoError):
        check_request(operation, {})
