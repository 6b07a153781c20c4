"""Requests made from a table, a key and names need the action that they were made for, and say no more."""

from typing import Any

import pytest

from tenantable.engine import Engine
from tenantable.errors import PolicyError
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.iam.requests.samples import ITEM_ACTIONS, Sample, sample_call
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

HOME = Home()
KEYS = TableKeys(
    table=KeyNames(partition=KeyAttribute(name="p k"), sort=KeyAttribute(name='s"k', type="N")),
    indexes={"by-date": KeyNames(partition=KeyAttribute(name="gpk"), sort=KeyAttribute(name="gsk"))},
)
TRANSACTED = ["ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "UpdateItem"]


def sample(**changes: Any) -> Sample:
    plain: dict[str, Any] = {"table": "orders", "index": None, "keys": KEYS.table, "key": {"p k": {"S": "o'1"}}}
    return Sample(**{**plain, **changes})


def call(action: str, **changes: Any) -> tuple[str, dict[str, Any]]:
    found = sample_call(action, sample(**changes))
    assert found is not None
    return found


@pytest.mark.parametrize("action", ITEM_ACTIONS)
@pytest.mark.parametrize("attributes", [None, ("a", "b")])
def test_a_sample_needs_its_action_alone(action: str, attributes: tuple[str, ...] | None) -> None:
    if action == "PartiQLUpdate" and attributes is None:
        return
    (needed,) = access_requests(*call(action, attributes=attributes), {"orders": KEYS}.get, home=HOME) or ()
    assert (needed.action, needed.resource) == (f"dynamodb:{action}", HOME.table("orders"))
    if action != "Scan":
        assert needed.context["dynamodb:leadingkeys"] == ("o'1",)
    if attributes is not None and action != "BatchWriteItem":
        assert set(attributes) <= set(needed.context["dynamodb:attributes"])


@pytest.mark.parametrize("action", TRANSACTED + [each for each in ITEM_ACTIONS if each.startswith("PartiQL")])
def test_a_sample_may_be_a_part_of_a_transaction(action: str) -> None:
    operation, request = call(action, attributes=("a",), in_transaction=True)
    (needed,) = access_requests(operation, request, {"orders": KEYS}.get, home=HOME) or ()
    assert needed.action == f"dynamodb:{action}"
    assert needed.context["dynamodb:enclosingoperation"] == operation


@pytest.mark.parametrize("action", ["Query", "Scan", "BatchGetItem", "BatchWriteItem"])
def test_what_no_transaction_holds_is_refused(action: str) -> None:
    with pytest.raises(PolicyError, match=f"{action} cannot be part of a transaction"):
        call(action, in_transaction=True)


@pytest.mark.parametrize("action", ["Query", "Scan", "PartiQLSelect"])
def test_a_sample_may_be_about_an_index(action: str) -> None:
    request = call(action, index="by-date", keys=KEYS.indexes["by-date"], key={"gpk": {"S": "x"}})
    (needed,) = access_requests(*request, {"orders": KEYS}.get, home=HOME) or ()
    assert needed.resource == HOME.index("orders", "by-date")


def test_an_action_that_is_none_on_items_has_no_sample() -> None:
    assert sample_call("CreateTable", sample()) is None


def test_an_update_statement_needs_an_attribute() -> None:
    with pytest.raises(PolicyError, match="sets an attribute"):
        call("PartiQLUpdate")


@pytest.mark.parametrize("action", ITEM_ACTIONS)
@pytest.mark.parametrize("in_transaction", [False, True])
def test_the_engine_understands_every_sample(action: str, in_transaction: bool) -> None:
    """It may find nothing or a condition that fails; a sample is never malformed."""
    with Engine(":memory:") as engine:
        definitions = [{"AttributeName": each.name, "AttributeType": each.type} for each in KEYS.table.attributes]
        schema = [{"AttributeName": "p k", "KeyType": "HASH"}, {"AttributeName": 's"k', "KeyType": "RANGE"}]
        table = {"TableName": "orders", "AttributeDefinitions": definitions, "KeySchema": schema}
        engine.call("CreateTable", {**table, "BillingMode": "PAY_PER_REQUEST"})
        try:
            found = sample_call(action, sample(attributes=("a", "b"), in_transaction=in_transaction))
        except PolicyError:
            return
        assert found is not None
        try:
            engine.call(*found)
        except DynamoError as error:
            assert error.code in {"ConditionalCheckFailedException", "TransactionCanceledException"}  # noqa: PT017
