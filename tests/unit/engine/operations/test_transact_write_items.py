from typing import TYPE_CHECKING, Any

import pytest

from tenantable.testing import ManualClock

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
ADD = {
    "Update": {
        "TableName": "orders",
        "Key": KEY,
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
}
MISMATCH = "The provided key element does not match the schema"


@pytest.fixture(autouse=True)
def orders(create: "Create") -> None:
    create("orders", global_={"by_state": ("state",)})


def put(item: dict[str, Any]) -> dict[str, Any]:
    return {"Put": {"TableName": "orders", "Item": item}}


def counter(call: "Call") -> str | None:
    item = call("GetItem", TableName="orders", Key=KEY).get("Item")
    return None if item is None else item["n"]["N"]


def test_a_token_holds_for_ten_minutes(call: "Call", clock: ManualClock) -> None:
    """Source: API reference, TransactWriteItems, ClientRequestToken."""
    request = {"TransactItems": [ADD], "ClientRequestToken": "once"}
    call("TransactWriteItems", **request)
    clock.now += 599
    call("TransactWriteItems", **request)
    assert counter(call) == "1"
    clock.now += 2
    call("TransactWriteItems", **request)
    assert counter(call) == "2"


def test_a_token_stands_for_its_actions_only(call: "Call", refusal: "Refusal") -> None:
    call("TransactWriteItems", TransactItems=[ADD], ClientRequestToken="once")
    call("TransactWriteItems", TransactItems=[ADD], ClientRequestToken="once", ReturnConsumedCapacity="TOTAL")
    other = [put({**KEY, "sk": {"S": "c"}})]
    error = refusal("TransactWriteItems", TransactItems=other, ClientRequestToken="once")
    assert error.code == "IdempotentParameterMismatchException"
    assert counter(call) == "1"


def test_a_token_is_unicode_text(refusal: "Refusal") -> None:
    error = refusal("TransactWriteItems", TransactItems=[ADD], ClientRequestToken="\ud800")
    assert error.code == "SerializationException"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (put({"pk": {"S": "a"}}), "One or more parameter values were invalid: Missing the key sk in the item"),
        (
            put({**KEY, "sk": {"N": "1"}}),
            "One or more parameter values were invalid: Type mismatch for key sk expected: S actual: N",
        ),
        (
            put({**KEY, "state": {"N": "1"}}),
            "One or more parameter values were invalid: "
            "Type mismatch for Index Key state Expected: S Actual: N IndexName: by_state",
        ),
        ({"Delete": {"TableName": "orders", "Key": {"pk": {"S": "a"}}}}, MISMATCH),
        ({"Update": {**ADD["Update"], "Key": {**KEY, "sk": {"N": "1"}}}}, MISMATCH),
    ],
    ids=["missing key", "key type", "index key type", "delete", "update"],
)
def test_what_does_not_fit_the_table_is_a_reason(
    call: "Call", refusal: "Refusal", action: dict[str, Any], message: str
) -> None:
    error = refusal("TransactWriteItems", TransactItems=[put({**KEY, "sk": {"S": "other"}}), action])
    assert error.code == "TransactionCanceledException"
    assert error.extra["CancellationReasons"] == [{"Code": "None"}, {"Code": "ValidationError", "Message": message}]
    assert error.message == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]"
    )
    assert call("Scan", TableName="orders")["Count"] == 0


@pytest.mark.parametrize(
    "action", [put({**KEY, "sk": {"S": ""}}), {"Delete": {"TableName": "orders", "Key": {**KEY, "sk": {"S": ""}}}}]
)
def test_an_empty_key_is_refused_before_the_transaction_begins(refusal: "Refusal", action: dict[str, Any]) -> None:
    error = refusal("TransactWriteItems", TransactItems=[action])
    assert error.code == "ValidationException"
    assert error.message.endswith("cannot contain an empty string value. Key: sk")


def test_a_failed_check_shows_the_item_when_asked(call: "Call", refusal: "Refusal") -> None:
    call("PutItem", TableName="orders", Item=KEY)
    check = {
        "TableName": "orders",
        "Key": KEY,
        "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    error = refusal("TransactWriteItems", TransactItems=[{"ConditionCheck": check}])
    [reason] = error.extra["CancellationReasons"]
    assert reason == {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": KEY}


def test_a_table_that_is_missing_is_no_reason(call: "Call", refusal: "Refusal") -> None:
    elsewhere = {"Put": {"TableName": "missing", "Item": KEY}}
    assert refusal("TransactWriteItems", TransactItems=[ADD, elsewhere]).code == "ResourceNotFoundException"
    assert counter(call) is None


def test_conditions_see_the_state_before_the_transaction(call: "Call") -> None:
    """Actions do not see each other: each looks at its own item, which stands in the transaction once."""
    absent = {"ConditionExpression": "attribute_not_exists(pk)"}
    first = {"Put": {"TableName": "orders", "Item": KEY, **absent}}
    second = {"Put": {"TableName": "orders", "Item": {**KEY, "sk": {"S": "c"}}, **absent}}
    call("TransactWriteItems", TransactItems=[first, second])
    assert call("Scan", TableName="orders")["Count"] == 2
