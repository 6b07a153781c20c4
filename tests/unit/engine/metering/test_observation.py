"""What an observer is told of each operation."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest

from tenantable.engine import Engine
from tenantable.engine.metering.observation import Observation, Telling
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError, access_denied
from tenantable.wire.keys import TableKeysLookup
from tenantable.wire.principals import Principal

TABLE = {
    "TableName": "notes",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "gk")],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_gk",
            "KeySchema": [{"AttributeName": "gk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
KEY = {"pk": {"S": "secret"}}


class Readers:
    """Lets everybody read, if they do not ask for capacity."""

    def check_policy(self, document: str) -> None:
        pass

    def authorize(
        self, principal: Principal, operation: str, request: Mapping[str, Any], _tables: TableKeysLookup
    ) -> None:
        if operation != "GetItem" or "ReturnConsumedCapacity" in request:
            raise access_denied(f"{principal} may not {operation}")


@pytest.fixture
def told() -> list[Observation]:
    return []


@pytest.fixture
def monotonic() -> ManualClock:
    return ManualClock(now=5.0)


@pytest.fixture
def engine(told: list[Observation], monotonic: ManualClock) -> Iterator[Engine]:
    def observe(observation: Observation) -> None:
        told.append(observation)

    def clock() -> float:
        monotonic.now += 0.25  # whoever looks at the clock takes a while
        return 1.8e9

    with Engine(":memory:", observer=observe, monotonic=monotonic, authorizer=Readers(), clock=clock) as engine:
        engine.call("CreateTable", TABLE)
        told.clear()
        yield engine


def put(**more: Any) -> dict[str, Any]:
    return {"TableName": "notes", "Item": {**KEY, "gk": {"S": "g"}}, **more}


def test_a_success_is_told_with_what_it_consumed(engine: Engine, told: list[Observation]) -> None:
    assert engine.call("PutItem", put()) == {}
    assert told == [
        Observation(
            operation="PutItem",
            table="notes",
            code=None,
            status=200,
            seconds=0.0,
            consumed=(("notes", 2.0),),  # with its index
            principal=None,
            request_id="",
        )
    ]


def test_a_refusal_is_told_by_its_name(engine: Engine, told: list[Observation]) -> None:
    with pytest.raises(DynamoError):
        engine.call("GetItem", {"TableName": "missing", "Key": KEY})
    [observation] = told
    assert (observation.table, observation.code, observation.status) == ("missing", "ResourceNotFoundException", 400)
    assert observation.consumed == ()


@pytest.mark.parametrize(
    ("operation", "request_", "table"),
    [("NoSuchOperation", {}, None), ("GetItem", {"TableName": 5}, None), ("ListTables", {"Limit": 0}, None)],
)
def test_what_is_no_request_is_told_too(
    engine: Engine, told: list[Observation], operation: str, request_: dict[str, Any], table: str | None
) -> None:
    with pytest.raises(DynamoError) as caught:
        engine.call(operation, request_)
    [observation] = told
    assert (observation.operation, observation.table, observation.code) == (operation, table, caught.value.code)


BATCH = {"RequestItems": {"notes": [{"PutRequest": {"Item": KEY}}]}}
READS: list[tuple[str, dict[str, Any], tuple[tuple[str, float], ...]]] = [
    ("GetItem", {"TableName": "notes", "Key": KEY}, (("notes", 0.5),)),
    ("Query", {"TableName": "notes", "KeyConditionExpression": "pk = :p",
               "ExpressionAttributeValues": {":p": {"S": "a"}}}, (("notes", 0.5),)),
    ("Scan", {"TableName": "notes", "IndexName": "by_gk"}, (("notes", 0.5),)),
    ("BatchGetItem", {"RequestItems": {"notes": {"Keys": [KEY]}}}, (("notes", 0.5),)),
    ("BatchWriteItem", BATCH, (("notes", 1.0),)),
    ("DeleteItem", {"TableName": "notes", "Key": KEY}, (("notes", 1.0),)),
    ("UpdateItem", {"TableName": "notes", "Key": KEY}, (("notes", 1.0),)),
    ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "notes", "Key": KEY}}]}, (("notes", 2.0),)),
    ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "notes", "Item": KEY}}]}, (("notes", 2.0),)),
    ("ExecuteStatement", {"Statement": "SELECT * FROM notes WHERE pk = 'a'"}, (("notes", 0.5),)),
    ("BatchExecuteStatement", {"Statements": [{"Statement": "SELECT * FROM notes WHERE pk = 'a'"}]},
     (("notes", 0.5),)),
    ("ExecuteTransaction", {"TransactStatements": [{"Statement": "SELECT * FROM notes WHERE pk = 'a'"}]},
     (("notes", 2.0),)),
    ("DescribeTable", {"TableName": "notes"}, ()),
]  # fmt: skip


@pytest.mark.parametrize("detail", [None, "NONE", "TOTAL", "INDEXES"])
@pytest.mark.parametrize(("operation", "request_", "consumed"), READS, ids=lambda value: str(value)[:20])
def test_what_is_consumed_is_told_whatever_the_caller_asks_for(
    engine: Engine,
    told: list[Observation],
    operation: str,
    request_: dict[str, Any],
    *,
    consumed: tuple[tuple[str, float], ...],
    detail: str | None,
) -> None:
    if detail is not None and operation != "DescribeTable":
        request_ = {**request_, "ReturnConsumedCapacity": detail}
    with Engine(":memory:") as unobserved:
        unobserved.call("CreateTable", TABLE)
        expected = unobserved.call(operation, request_)
    answer = engine.call(operation, request_)
    assert told[-1].consumed == consumed
    assert answer.keys() == expected.keys()
    assert answer.get("ConsumedCapacity") == expected.get("ConsumedCapacity")


@pytest.mark.parametrize("given", [5, None, ["notes"], {"S": "secret"}])
def test_a_table_that_is_no_text_is_none(engine: Engine, told: list[Observation], given: Any) -> None:
    """TransactGetItems has no such member, and nobody checks it."""
    gets = [{"Get": {"TableName": "notes", "Key": KEY}}]
    engine.call("TransactGetItems", {"TransactItems": gets, "TableName": given})
    assert told[0].table is None


def test_json_is_told_with_principal_and_request_id(engine: Engine, told: list[Observation]) -> None:
    body = orjson.dumps({"TableName": "notes", "Key": KEY})
    assert engine.call_json("GetItem", body, principal="arn:reader", request_id="ID") == b"{}"
    assert (told[0].principal, told[0].request_id) == ("arn:reader", "ID")


def test_the_authorizer_sees_the_request_as_it_was_sent(engine: Engine, told: list[Observation]) -> None:
    """It is allowed only without ReturnConsumedCapacity, which the observation adds afterwards."""
    reader = engine.as_principal("arn:reader")
    assert reader.call("GetItem", {"TableName": "notes", "Key": KEY}) == {}
    with pytest.raises(DynamoError):
        reader.call("PutItem", put())
    assert [each.code for each in told] == [None, "AccessDeniedException"]


def test_seconds_are_those_of_the_engine(engine: Engine, told: list[Observation], monotonic: ManualClock) -> None:
    engine.call("UpdateTable", {"TableName": "notes", "DeletionProtectionEnabled": True})  # looks at the clock twice
    assert told[0].seconds == 0.5


def test_an_observation_holds_no_values_and_no_keys(engine: Engine, told: list[Observation]) -> None:
    engine.call("PutItem", put())
    with pytest.raises(DynamoError):
        engine.call("PutItem", put(ConditionExpression="attribute_not_exists(pk)"))
    assert "secret" not in repr(told)


def test_the_request_of_the_caller_is_left_as_it_is(engine: Engine) -> None:
    request = put()
    engine.call("PutItem", request)
    assert request == put()


def test_of_a_shared_commit_that_failed_everything_has_failed(told: list[Observation], monotonic: ManualClock) -> None:
    telling = Telling(told.append, monotonic, is_held=lambda: True)
    telling.tell(Observation("PutItem", "notes", None, 200, 0.5, (("notes", 1.0),), None, "ID"))
    monotonic.now += 1
    with pytest.raises(OSError, match="full"), telling.until_durable():
        raise OSError("the disk is full")
    assert told == [Observation("PutItem", "notes", "InternalServerError", 500, 1.5, (), None, "ID")]
