"""Which keys are counted, of which operations, and for how long."""

from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tenantable.engine import Engine
from tenantable.engine.catalog import Catalog
from tenantable.engine.insights.contributors import Contributors, HotKey
from tenantable.engine.operations.create_table import create_table
from tenantable.engine.operations.update_contributor_insights import update_contributor_insights
from tenantable.engine.session import Session
from tenantable.engine.storage.storage import Storage
from tenantable.engine.tables.contents import CatalogCache
from tenantable.testing import ManualClock
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, TableRequest

A, B = {"pk": {"S": "a"}, "sk": {"S": "1"}}, {"pk": {"S": "b"}, "sk": {"S": "2"}}
BY_KIND = {"IndexName": "by_kind"}


@pytest.fixture
def table(create: "Create", call: "Call") -> str:
    create("orders", global_={"by_kind": ("kind",)})
    enable(call, "orders")
    return "orders"


def enable(call: "Call", name: str, **members: Any) -> None:
    call("UpdateContributorInsights", TableName=name, ContributorInsightsAction="ENABLE", **members)


def counts(keys: list[HotKey]) -> dict[str, int]:
    """By the values of a key, joined."""
    return {"".join(content for value in key.key.values() for content in value.values()): key.count for key in keys}


def statement(text: str, *parameters: Any) -> dict[str, Any]:
    return {"Statement": text, **({"Parameters": list(parameters)} if parameters else {})}


NOTE = {"UpdateExpression": "SET note = :n", "ExpressionAttributeValues": {":n": {"S": "x"}}}
IN = {"TableName": "orders"}
OPERATIONS: list[tuple[str, dict[str, Any], dict[str, int], dict[str, int]]] = [
    ("PutItem", {**IN, "Item": A}, {"a": 1}, {"a1": 1}),
    ("GetItem", {**IN, "Key": A}, {"a": 1}, {"a1": 1}),
    ("UpdateItem", {**IN, "Key": A, **NOTE}, {"a": 1}, {"a1": 1}),
    ("DeleteItem", {**IN, "Key": A}, {"a": 1}, {"a1": 1}),
    ("BatchGetItem", {"RequestItems": {"orders": {"Keys": [A, B]}}}, {"a": 1, "b": 1}, {"a1": 1, "b2": 1}),
    ("BatchWriteItem", {"RequestItems": {"orders": [{"PutRequest": {"Item": A}}, {"DeleteRequest": {"Key": B}}]}},
     {"a": 1, "b": 1}, {"a1": 1, "b2": 1}),
    ("TransactGetItems", {"TransactItems": [{"Get": {**IN, "Key": A}, "More": 1}]}, {"a": 1}, {"a1": 1}),
    ("TransactWriteItems", {"TransactItems": [{"Put": {**IN, "Item": A}}, {"Delete": {**IN, "Key": B}}]},
     {"a": 1, "b": 1}, {"a1": 1, "b2": 1}),
    ("Query", {**IN, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}},
     {"a": 1}, {}),
    ("Scan", IN, {}, {}),
    ("ExecuteStatement", statement("SELECT * FROM orders WHERE pk IN ['a', ?]", {"S": "b"}), {"a": 1, "b": 1}, {}),
    ("ExecuteStatement", statement("SELECT * FROM orders"), {}, {}),
    ("ExecuteStatement", statement("INSERT INTO orders VALUE {'pk': 'a', 'sk': '1'}"), {"a": 1}, {"a1": 1}),
    ("ExecuteStatement", statement("DELETE FROM orders WHERE pk = 'a' AND sk = '1'"), {"a": 1}, {"a1": 1}),
    ("ExecuteTransaction", {"TransactStatements": [statement("SELECT * FROM orders WHERE pk = 'a' AND sk = '1'")]},
     {"a": 1}, {}),
    ("BatchExecuteStatement", {"Statements": [statement("SELECT * FROM orders WHERE pk = 'a' AND sk = '1'"),
                                              statement("SELECT")]}, {"a": 1}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "members", "expected"), [(operation, members, counts) for operation, members, *counts in OPERATIONS]
)
def test_an_operation_counts_the_keys_that_it_asks_for(
    engine: Engine, table: str, operation: str, members: dict[str, Any], expected: list[dict[str, int]]
) -> None:
    engine.call(operation, members)
    found = engine.hottest_keys(table)
    assert [counts(found.partitions), counts(found.items)] == expected
    assert found.throttled_partitions == found.throttled_items == []


def test_the_hottest_keys_come_first(engine: Engine, call: "Call", table: str) -> None:
    for key, times in ((A, 2), (B, 3)):
        for _ in range(times):
            call("GetItem", TableName=table, Key=key)
    found = engine.hottest_keys(table, limit=1)
    assert found.partitions == [HotKey(key={"pk": {"S": "b"}}, count=3, error=0)]
    assert found.items == [HotKey(key=B, count=3, error=0)]


def test_equal_numbers_are_one_key(engine: Engine, call: "Call", create: "Create") -> None:
    create("counters", keys=("count",))
    enable(call, "counters")
    for text in ("1", "1.0", "0.1E1"):
        call("GetItem", TableName="counters", Key={"count": {"N": text}})
    assert engine.hottest_keys("counters").partitions == [HotKey(key={"count": {"N": "1"}}, count=3, error=0)]


def test_an_index_counts_what_is_read_from_it(engine: Engine, call: "Call", table: str) -> None:
    enable(call, table, **BY_KIND)
    call("PutItem", TableName=table, Item=A | {"kind": {"S": "k"}})
    condition = {"KeyConditionExpression": "kind = :k", "ExpressionAttributeValues": {":k": {"S": "k"}}}
    call("Query", TableName=table, **BY_KIND, **condition)
    call("ExecuteStatement", Statement='SELECT * FROM "orders"."by_kind" WHERE kind = \'k\'')
    found = engine.hottest_keys(table, "by_kind")
    assert (counts(found.partitions), found.items) == ({"k": 2}, [])
    assert counts(engine.hottest_keys(table).partitions) == {"a": 1}


def test_a_table_of_the_same_name_begins_anew(engine: Engine, call: "Call", create: "Create", table: str) -> None:
    call("GetItem", TableName=table, Key=A)
    call("DeleteTable", TableName=table)
    create(table, keys=("other",))
    enable(call, table)
    assert engine.hottest_keys(table).partitions == []


def test_what_is_refused_is_no_access(engine: Engine, table: str) -> None:
    with pytest.raises(DynamoError):
        engine.call("GetItem", {"TableName": table, "Key": {"pk": {"S": "a"}}})
    assert engine.hottest_keys(table).partitions == []


def test_throttled_keys_alone_are_counted_on_request(engine: Engine, call: "Call", create: "Create") -> None:
    create("orders")
    enable(call, "orders", ContributorInsightsMode="THROTTLED_KEYS")
    call("GetItem", TableName="orders", Key=A)
    assert engine.hottest_keys("orders").partitions == []


def test_counting_begins_anew_when_it_is_enabled_again(engine: Engine, call: "Call", table: str) -> None:
    call("GetItem", TableName=table, Key=A)
    call("UpdateContributorInsights", TableName=table, ContributorInsightsAction="DISABLE")
    with pytest.raises(DynamoError) as caught:
        engine.hottest_keys(table)
    assert caught.value.code == "ResourceNotFoundException"
    call("GetItem", TableName=table, Key=A)
    enable(call, table)
    assert engine.hottest_keys(table).partitions == []


@pytest.mark.parametrize(("name", "index"), [("none", None), ("orders", "none")])
def test_what_is_not_counted_has_no_hottest_keys(engine: Engine, table: str, name: str, index: str | None) -> None:
    with pytest.raises(DynamoError) as caught:
        engine.hottest_keys(name, index)
    assert caught.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize("mode", ["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"])
def test_throttled_keys_are_counted_apart(table_request: "TableRequest", mode: str) -> None:
    home, clock = Home(), ManualClock()
    with Storage(None) as storage:
        catalog = Catalog(CatalogCache(storage, home, clock), home)
        session = Session(
            storage=storage, catalog=catalog, home=home, clock=clock, random=SystemRandom(), render=orjson.loads
        )
        create_table(session, table_request("orders"))
        action = {"ContributorInsightsAction": "ENABLE", "ContributorInsightsMode": mode}
        update_contributor_insights(session, {"TableName": "orders", **action})
        contributors = Contributors(catalog)
        for _ in range(2):
            contributors.count_throttled("GetItem", {"TableName": "orders", "Key": A})
        found = contributors.hottest("orders", None, 10)
    assert (counts(found.throttled_partitions), counts(found.throttled_items)) == ({"a": 2}, {"a1": 2})
    assert found.partitions == found.items == []


def test_the_setting_is_kept_and_the_counts_are_not(tmp_path: Path, table_request: "TableRequest") -> None:
    action = {"TableName": "orders", "ContributorInsightsAction": "ENABLE"}
    with Engine(tmp_path) as engine:
        engine.call("CreateTable", table_request("orders"))
        engine.call("UpdateContributorInsights", action)
        engine.call("GetItem", {"TableName": "orders", "Key": A})
        assert counts(engine.hottest_keys("orders").partitions) == {"a": 1}
    with Engine(tmp_path) as engine:
        assert engine.hottest_keys("orders").partitions == []
        engine.call("GetItem", {"TableName": "orders", "Key": A})
        assert counts(engine.hottest_keys("orders").partitions) == {"a": 1}
