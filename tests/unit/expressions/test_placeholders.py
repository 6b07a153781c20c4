"""Expression attribute names and values: resolved, checked, and all used."""

from typing import Any

import pytest

from tenantable.expressions.placeholders import Placeholders, read_placeholders
from tenantable.wire.errors import DynamoError


def refusal(request: dict[str, Any], *expressions: str) -> str:
    with pytest.raises(DynamoError) as caught:
        read_placeholders(request, expressions=expressions or ("ConditionExpression",))
    assert caught.value.code == "ValidationException"
    return caught.value.message


def test_a_name_and_a_value_are_resolved() -> None:
    placeholders = Placeholders({"#n": "name"}, {":v": {"S": "x"}})
    assert placeholders.name("#n", "UpdateExpression") == "name"
    assert placeholders.value(":v", "UpdateExpression") == {"S": "x"}


def test_an_undefined_name_is_named() -> None:
    with pytest.raises(DynamoError) as caught:
        Placeholders().name("#x", "FilterExpression")
    assert caught.value.message == (
        "Invalid FilterExpression: An expression attribute name used in the document path is not defined; "
        "attribute name: #x"
    )


def test_an_undefined_value_is_named() -> None:
    with pytest.raises(DynamoError) as caught:
        Placeholders().value(":v", "UpdateExpression")
    assert caught.value.message == (
        "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :v"
    )


def test_everything_used_passes() -> None:
    placeholders = Placeholders({"#n": "name"}, {":v": {"S": "x"}})
    placeholders.name("#n", "UpdateExpression")
    placeholders.value(":v", "UpdateExpression")
    placeholders.check_all_used()


def test_unused_names_are_listed() -> None:
    with pytest.raises(DynamoError) as caught:
        Placeholders({"#a": "a", "#b": "b"}).check_all_used()
    assert caught.value.message == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"


def test_unused_values_are_listed() -> None:
    placeholders = Placeholders({"#a": "a"}, {":a": {"S": "x"}})
    placeholders.name("#a", "UpdateExpression")
    with pytest.raises(DynamoError) as caught:
        placeholders.check_all_used()
    assert caught.value.message == "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"


@pytest.mark.parametrize("key", ["x", "#", "", "#a b", "#a-b", "##a", ":a", "#a\n"])
def test_a_malformed_name_placeholder_is_refused(key: str) -> None:
    with pytest.raises(DynamoError) as caught:
        Placeholders({key: "a"})
    assert caught.value.message == f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{key}"'


def test_a_malformed_value_placeholder_is_refused() -> None:
    with pytest.raises(DynamoError) as caught:
        Placeholders(None, {"v": {"S": "x"}})
    assert caught.value.message == 'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'


@pytest.mark.parametrize("key", ["#_a", "#0", "#A9_"])
def test_placeholders_may_begin_with_a_digit_or_underscore(key: str) -> None:
    assert Placeholders({key: "a"}).name(key, "UpdateExpression") == "a"


def test_a_placeholder_of_more_than_255_characters_is_refused() -> None:
    Placeholders({"#" + "a" * 254: "a"})
    with pytest.raises(DynamoError, match="must not be longer than 255"):
        Placeholders({"#" + "a" * 255: "a"})


def test_a_request_without_placeholders_has_none() -> None:
    read_placeholders(
        {"ConditionExpression": "attribute_exists(a)"}, expressions=["ConditionExpression"]
    ).check_all_used()


def test_values_become_canonical() -> None:
    request = {"ConditionExpression": "a = :v", "ExpressionAttributeValues": {":v": {"N": "1.0"}}}
    placeholders = read_placeholders(request, expressions=["ConditionExpression"])
    assert placeholders.value(":v", "ConditionExpression") == {"N": "1"}


def test_names_need_an_expression() -> None:
    assert (
        refusal({"ExpressionAttributeNames": {"#a": "a"}})
        == "ExpressionAttributeNames can only be specified when using expressions"
    )


@pytest.mark.parametrize(
    ("expressions", "tail"),
    [
        (("ConditionExpression",), "ConditionExpression is null"),
        (("UpdateExpression", "ConditionExpression"), "UpdateExpression and ConditionExpression are null"),
        (("FilterExpression", "ProjectionExpression"), "FilterExpression is null"),
    ],
)
def test_values_need_an_expression_that_can_use_them(expressions: tuple[str, ...], tail: str) -> None:
    request = {"ExpressionAttributeValues": {":a": {"S": "x"}}, "ProjectionExpression": "a"}
    assert (
        refusal(request, *expressions)
        == f"ExpressionAttributeValues can only be specified when using expressions: {tail}"
    )


@pytest.mark.parametrize("member", ["ExpressionAttributeNames", "ExpressionAttributeValues"])
def test_an_empty_map_is_refused(member: str) -> None:
    assert refusal({"ConditionExpression": "a = b", member: {}}) == f"{member} must not be empty"


def test_a_wrong_value_is_named() -> None:
    request = {"ConditionExpression": "a = :v", "ExpressionAttributeValues": {":v": {"SS": []}}}
    assert refusal(request) == (
        "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: "
        "An string set  may not be empty for key :v"
    )


def test_values_of_more_than_two_megabytes_are_refused() -> None:
    values = {":v": {"S": "x" * (2 * 1024 * 1024)}}
    assert refusal({"ConditionExpression": "a = :v", "ExpressionAttributeValues": values}).startswith(
        "ExpressionAttributeValues exceeds the maximum size"
    )
