"""What operations cost. Source: Developer Guide, "DynamoDB read and write operations"."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine.capacity import read_units, write_units

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


@pytest.fixture(autouse=True)
def orders(create: "Create") -> None:
    """A table with a local index that holds only keys and a global one that holds everything."""
    create("orders", local={"by_date": ("date", "KEYS_ONLY")}, global_={"by_state": ("state", "date")})


def item(size_bytes: int, **attributes: str) -> dict[str, Any]:
    """An item with the key, these attributes, and padding up to a size."""
    members = {**KEY, **{name: {"S": value} for name, value in attributes.items()}}
    used = sum(len(name) + len(value["S"]) for name, value in members.items()) + len("padding")
    return {**members, "padding": {"S": "x" * (size_bytes - used)}}


def consumed(call: "Call", operation: str, **request: Any) -> dict[str, float]:
    """Capacity units by place: the table, and each index by its name."""
    answer = call(operation, TableName="orders", ReturnConsumedCapacity="INDEXES", **request)["ConsumedCapacity"]
    indexes = {**answer.get("LocalSecondaryIndexes", {}), **answer.get("GlobalSecondaryIndexes", {})}
    places = {"table": answer["Table"], **indexes}
    shown = {place: part["CapacityUnits"] for place, part in places.items()}
    assert answer["CapacityUnits"] == sum(shown.values())
    return shown


@pytest.mark.parametrize(
    ("size_bytes", "consistent", "eventual"),
    [(0, 1, 0.5), (1, 1, 0.5), (4096, 1, 0.5), (4097, 2, 1), (409_600, 100, 50)],
)
def test_read_units(size_bytes: int, consistent: float, eventual: float) -> None:
    assert read_units(size_bytes, consistent=True) == consistent
    assert read_units(size_bytes, consistent=False) == eventual


@pytest.mark.parametrize(("size_bytes", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (409_600, 400)])
def test_write_units(size_bytes: int, units: float) -> None:
    assert write_units(size_bytes) == units


def test_total_tells_no_parts(call: "Call") -> None:
    answer = call("GetItem", TableName="orders", Key=KEY, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == {"TableName": "orders", "CapacityUnits": 0.5}


def test_nothing_is_told_unasked(call: "Call") -> None:
    assert "ConsumedCapacity" not in call("GetItem", TableName="orders", Key=KEY)
    assert "ConsumedCapacity" not in call("GetItem", TableName="orders", Key=KEY, ReturnConsumedCapacity="NONE")


def test_a_put_costs_the_larger_of_both_sizes(call: "Call") -> None:
    assert consumed(call, "PutItem", Item=item(3000)) == {"table": 3}
    assert consumed(call, "PutItem", Item=item(5000)) == {"table": 5}
    assert consumed(call, "PutItem", Item=item(100)) == {"table": 5}


def test_a_put_costs_the_indexes_it_enters(call: "Call") -> None:
    """The local index holds three short attributes, the global one the whole item."""
    put = consumed(call, "PutItem", Item=item(3000, state="open", date="1"))
    assert put == {"table": 3, "by_date": 1, "by_state": 3}


def test_a_put_of_the_same_item_costs_no_index(call: "Call") -> None:
    call("PutItem", TableName="orders", Item=item(3000, state="open", date="1"))
    assert consumed(call, "PutItem", Item=item(3000, state="open", date="1")) == {"table": 3}
    other_order = dict(reversed(item(3000, state="open", date="1").items()))
    assert consumed(call, "PutItem", Item=other_order) == {"table": 3}


def test_only_an_index_that_holds_what_changed_is_paid(call: "Call") -> None:
    call("PutItem", TableName="orders", Item=item(1500, state="open", date="1"))
    assert consumed(call, "PutItem", Item=item(1501, state="open", date="1")) == {"table": 2, "by_state": 2}


def test_a_changed_index_key_costs_a_delete_and_a_put(call: "Call") -> None:
    call("PutItem", TableName="orders", Item=item(1500, state="open", date="1"))
    assert consumed(call, "PutItem", Item=item(1500, state="done", date="1")) == {"table": 2, "by_state": 4}


def test_leaving_an_index_costs_a_delete(call: "Call") -> None:
    call("PutItem", TableName="orders", Item=item(1500, state="open", date="1"))
    assert consumed(call, "PutItem", Item=item(1500, date="1")) == {"table": 2, "by_state": 2}


def test_a_delete_costs_what_it_deletes(call: "Call") -> None:
    call("PutItem", TableName="orders", Item=item(2500, state="open", date="1"))
    assert consumed(call, "DeleteItem", Key=KEY) == {"table": 3, "by_date": 1, "by_state": 3}
    assert consumed(call, "DeleteItem", Key=KEY) == {"table": 1}


def test_an_update_costs_the_larger_of_both_sizes(call: "Call") -> None:
    call("PutItem", TableName="orders", Item=item(2500))
    assert consumed(call, "UpdateItem", Key=KEY, UpdateExpression="REMOVE padding") == {"table": 3}


def test_a_get_costs_its_size(call: "Call") -> None:
    call("PutItem", TableName="orders", Item=item(5000))
    assert consumed(call, "GetItem", Key=KEY) == {"table": 1}
    assert consumed(call, "GetItem", Key=KEY, ConsistentRead=True) == {"table": 2}
    assert consumed(call, "GetItem", Key=KEY, ProjectionExpression="pk") == {"table": 1}


def fill(call: "Call", count: int, size_bytes: int) -> None:
    for number in range(count):
        key = {"sk": {"S": f"{number:02}"}}
        call("PutItem", TableName="orders", Item=item(size_bytes, state="open", date="1") | key)


BY_PARTITION: dict[str, Any] = {
    "KeyConditionExpression": "pk = :a",
    "ExpressionAttributeValues": {":a": {"S": "a"}},
}


def test_a_query_rounds_once_over_all_it_reads(call: "Call") -> None:
    """Eleven items of some 500 bytes are 5,500 bytes: two units, one when eventually consistent."""
    fill(call, 11, 500)
    assert consumed(call, "Query", **BY_PARTITION) == {"table": 1}
    assert consumed(call, "Query", **BY_PARTITION, ConsistentRead=True) == {"table": 2}
    assert consumed(call, "Query", **BY_PARTITION, Select="COUNT") == {"table": 1}
    assert consumed(call, "Scan", Limit=2) == {"table": 0.5}


def test_a_filter_saves_nothing(call: "Call") -> None:
    fill(call, 11, 500)
    assert consumed(call, "Query", **BY_PARTITION, FilterExpression="attribute_exists(nothing)") == {"table": 1}


def test_an_empty_query_costs_the_minimum(call: "Call") -> None:
    assert consumed(call, "Query", **BY_PARTITION) == {"table": 0.5}


def test_a_query_of_an_index_costs_what_the_index_holds(call: "Call") -> None:
    fill(call, 11, 500)
    assert consumed(call, "Query", **BY_PARTITION, IndexName="by_date") == {"table": 0, "by_date": 0.5}
    by_state = {"KeyConditionExpression": "#s = :s", "ExpressionAttributeNames": {"#s": "state"}}
    values = {"ExpressionAttributeValues": {":s": {"S": "open"}}}
    assert consumed(call, "Query", **by_state, **values, IndexName="by_state") == {"table": 0, "by_state": 1}


def test_fetching_from_the_table_costs_each_item(call: "Call") -> None:
    """A local index without the attributes asked for: each item is read on its own."""
    fill(call, 3, 500)
    request = {**BY_PARTITION, "IndexName": "by_date", "Select": "ALL_ATTRIBUTES"}
    assert consumed(call, "Query", **request) == {"table": 1.5, "by_date": 0.5}


def consumed_by_all(call: "Call", operation: str, **request: Any) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = call(operation, ReturnConsumedCapacity="TOTAL", **request)["ConsumedCapacity"]
    return answer


def test_batches_round_each_item(call: "Call", create: "Create") -> None:
    create("others")
    puts = [{"PutRequest": {"Item": item(1500) | {"sk": {"S": name}}}} for name in "xy"]
    batch = {"orders": puts, "others": puts[:1]}
    assert consumed_by_all(call, "BatchWriteItem", RequestItems=batch) == [
        {"TableName": "orders", "CapacityUnits": 4},
        {"TableName": "others", "CapacityUnits": 2},
    ]
    keys = [{**KEY, "sk": {"S": name}} for name in "xyz"]
    wanted = {"orders": {"Keys": keys}, "others": {"Keys": keys[:1], "ConsistentRead": True}}
    assert consumed_by_all(call, "BatchGetItem", RequestItems=wanted) == [
        {"TableName": "orders", "CapacityUnits": 1.5},
        {"TableName": "others", "CapacityUnits": 1},
    ]


def test_transactions_cost_double(call: "Call") -> None:
    put = {"Put": {"TableName": "orders", "Item": item(1500)}}
    written = consumed_by_all(call, "TransactWriteItems", TransactItems=[put])
    assert written == [{"TableName": "orders", "CapacityUnits": 4, "WriteCapacityUnits": 4}]
    check = {"TableName": "orders", "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}
    checked = consumed_by_all(call, "TransactWriteItems", TransactItems=[{"ConditionCheck": check}])
    assert checked == written
    gets = [{"Get": {"TableName": "orders", "Key": key}} for key in (KEY, {**KEY, "sk": {"S": "missing"}})]
    read = consumed_by_all(call, "TransactGetItems", TransactItems=gets)
    assert read == [{"TableName": "orders", "CapacityUnits": 4, "ReadCapacityUnits": 4}]


def test_a_repeated_transaction_costs_reads(call: "Call") -> None:
    put = {"Put": {"TableName": "orders", "Item": item(1500)}}
    first = consumed_by_all(call, "TransactWriteItems", TransactItems=[put], ClientRequestToken="once")
    again = consumed_by_all(call, "TransactWriteItems", TransactItems=[put], ClientRequestToken="once")
    assert first == [{"TableName": "orders", "CapacityUnits": 4, "WriteCapacityUnits": 4}]
    assert again == [{"TableName": "orders", "CapacityUnits": 2, "ReadCapacityUnits": 2}]
