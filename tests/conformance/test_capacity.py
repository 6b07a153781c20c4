"""ConsumedCapacity: what every operation costs, in total and by index, and ItemCollectionMetrics."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

Item = dict[str, Any]


def sized(pk: dict[str, str], size: int, **more: Any) -> Item:
    """An item of this many bytes."""
    return {"pk": pk, **more, "x": {"S": "x" * (size - len("pk") - len(pk["S"]) - len("x"))}}


def consumed(table: "Table", operation: str, detail: str = "TOTAL", **members: Any) -> Any:
    return table.call(operation, ReturnConsumedCapacity=detail, **members)["ConsumedCapacity"]


READS = [(1, False, 0.5), (1, True, 1.0), (4096, True, 1.0), (4097, True, 2.0), (4097, False, 1.0), (9000, False, 1.5)]


@pytest.mark.parametrize(("size", "consistent", "units"), READS)
def test_a_read_costs_half_a_unit_for_each_four_kilobytes(
    simple: "Table", pk: dict[str, str], size: int, consistent: bool, units: float
) -> None:
    simple.put(sized(pk, max(size, 20)))
    answer = consumed(simple, "GetItem", Key={"pk": pk}, ConsistentRead=consistent)
    assert answer == {"TableName": simple.name, "CapacityUnits": units}


def test_a_read_of_nothing_costs_the_minimum(simple: "Table", pk: dict[str, str]) -> None:
    assert consumed(simple, "GetItem", Key={"pk": pk})["CapacityUnits"] == 0.5


def test_a_projection_does_not_make_a_read_cheaper(simple: "Table", pk: dict[str, str]) -> None:
    simple.put(sized(pk, 9000))
    assert consumed(simple, "GetItem", Key={"pk": pk}, ProjectionExpression="pk")["CapacityUnits"] == 1.5


@pytest.mark.parametrize(("size", "units"), [(20, 1.0), (1024, 1.0), (1025, 2.0), (5000, 5.0)])
def test_a_write_costs_a_unit_for_each_kilobyte(simple: "Table", pk: dict[str, str], size: int, units: float) -> None:
    assert consumed(simple, "PutItem", Item=sized(pk, size))["CapacityUnits"] == units


def test_the_larger_of_two_versions_counts(simple: "Table", pk: dict[str, str]) -> None:
    simple.put(sized(pk, 5000))
    assert consumed(simple, "PutItem", Item={"pk": pk})["CapacityUnits"] == 5.0
    assert consumed(simple, "UpdateItem", Key={"pk": pk}, UpdateExpression="REMOVE x")["CapacityUnits"] == 1.0


def test_a_deletion_costs_what_it_deletes(simple: "Table", pk: dict[str, str]) -> None:
    simple.put(sized(pk, 3000))
    assert consumed(simple, "DeleteItem", Key={"pk": pk})["CapacityUnits"] == 3.0
    assert consumed(simple, "DeleteItem", Key={"pk": pk})["CapacityUnits"] == 1.0


def test_a_query_adds_sizes_before_it_rounds(composite: "Table", pk: dict[str, str]) -> None:
    composite.put(*(sized(pk, 1000, sk={"S": str(n)}) for n in range(6)))
    members: Item = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": pk}}
    assert consumed(composite, "Query", **members)["CapacityUnits"] == 1.0
    assert consumed(composite, "Query", **members, ConsistentRead=True)["CapacityUnits"] == 2.0
    assert consumed(composite, "Query", **members, Select="COUNT")["CapacityUnits"] == 1.0


def test_a_filter_does_not_make_a_query_cheaper(composite: "Table", pk: dict[str, str]) -> None:
    composite.put(*(sized(pk, 4000, sk={"S": str(n)}) for n in range(4)))
    answer = consumed(
        composite,
        "Query",
        KeyConditionExpression="pk = :pk",
        FilterExpression="attribute_not_exists(x)",
        ExpressionAttributeValues={":pk": pk},
    )
    assert answer["CapacityUnits"] == 2.0


def test_a_write_to_an_index_costs_extra(indexed: "Table", pk: dict[str, str]) -> None:
    item = {"pk": pk, "sk": {"S": "a"}, "kind": pk, "rank": {"N": "1"}}
    answer = consumed(indexed, "PutItem", "INDEXES", Item=item)
    assert answer == {
        "TableName": indexed.name,
        "CapacityUnits": 5.0,
        "Table": {"CapacityUnits": 1.0},
        "LocalSecondaryIndexes": {"by-rank": {"CapacityUnits": 1.0}, "rank-only": {"CapacityUnits": 1.0}},
        "GlobalSecondaryIndexes": {"by-kind": {"CapacityUnits": 1.0}, "kinds": {"CapacityUnits": 1.0}},
    }


def test_an_index_that_stays_as_it_is_costs_nothing(indexed: "Table", pk: dict[str, str]) -> None:
    item = {"pk": pk, "sk": {"S": "a"}, "kind": pk, "rank": {"N": "1"}}
    indexed.put(item)
    answer = consumed(indexed, "PutItem", "INDEXES", Item={**item, "colour": {"S": "red"}})
    assert answer["GlobalSecondaryIndexes"] == {"by-kind": {"CapacityUnits": 1.0}}
    assert answer["LocalSecondaryIndexes"] == {"by-rank": {"CapacityUnits": 1.0}}


def test_a_changed_index_key_costs_a_removal_and_an_entry(indexed: "Table", pk: dict[str, str]) -> None:
    item = {"pk": pk, "sk": {"S": "a"}, "kind": pk}
    indexed.put(item)
    answer = consumed(indexed, "PutItem", "INDEXES", Item={**item, "kind": {"S": pk["S"] + "-2"}})
    assert answer["GlobalSecondaryIndexes"] == {"kinds": {"CapacityUnits": 2.0}}


def test_a_query_on_an_index_costs_the_index(indexed: "Table", pk: dict[str, str]) -> None:
    indexed.put({"pk": pk, "sk": {"S": "a"}, "kind": pk, "rank": {"N": "1"}})
    answer = consumed(
        indexed,
        "Query",
        "INDEXES",
        IndexName="by-kind",
        KeyConditionExpression="kind = :k",
        ExpressionAttributeValues={":k": pk},
    )
    assert answer["Table"] == {"CapacityUnits": 0.0}
    assert answer["GlobalSecondaryIndexes"] == {"by-kind": {"CapacityUnits": 0.5}}


def test_a_local_index_that_fetches_costs_the_table_too(indexed: "Table", pk: dict[str, str]) -> None:
    indexed.put(*({"pk": pk, "sk": {"S": str(n)}, "rank": {"N": "1"}} for n in range(2)))
    answer = consumed(
        indexed,
        "Query",
        "INDEXES",
        IndexName="rank-only",
        Select="ALL_ATTRIBUTES",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": pk},
    )
    assert answer["Table"] == {"CapacityUnits": 1.0}
    assert answer["LocalSecondaryIndexes"] == {"rank-only": {"CapacityUnits": 0.5}}


def test_a_batch_costs_its_items(
    client: "DynamoClient", simple: "Table", composite: "Table", pk: dict[str, str]
) -> None:
    puts = {
        simple.name: [{"PutRequest": {"Item": sized(pk, 2000)}}],
        composite.name: [{"PutRequest": {"Item": {"pk": pk, "sk": {"S": str(n)}}}} for n in range(3)],
    }
    written = client.call("BatchWriteItem", {"RequestItems": puts, "ReturnConsumedCapacity": "TOTAL"})
    assert by_table(written) == {simple.name: 2.0, composite.name: 3.0}
    gets = {
        simple.name: {"Keys": [{"pk": pk}], "ConsistentRead": True},
        composite.name: {"Keys": [{"pk": pk, "sk": {"S": str(n)}} for n in range(4)]},
    }
    read = client.call("BatchGetItem", {"RequestItems": gets, "ReturnConsumedCapacity": "TOTAL"})
    assert by_table(read) == {simple.name: 1.0, composite.name: 2.0}


def test_a_transaction_costs_double(client: "DynamoClient", simple: "Table", pk: dict[str, str]) -> None:
    put = {"Put": {"TableName": simple.name, "Item": sized(pk, 1500)}}
    written = client.call("TransactWriteItems", {"TransactItems": [put], "ReturnConsumedCapacity": "TOTAL"})
    assert written["ConsumedCapacity"] == [{"TableName": simple.name, "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}]
    get = {"Get": {"TableName": simple.name, "Key": {"pk": pk}}}
    read = client.call("TransactGetItems", {"TransactItems": [get], "ReturnConsumedCapacity": "TOTAL"})
    assert read["ConsumedCapacity"] == [{"TableName": simple.name, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_in_a_transaction_the_table_costs_double_and_its_indexes_do_not(
    client: "DynamoClient", indexed: "Table", pk: dict[str, str]
) -> None:
    put = {"Put": {"TableName": indexed.name, "Item": {"pk": pk, "sk": {"S": "a"}, "label": {"S": "red"}}}}
    request = {"TransactItems": [put], "ReturnConsumedCapacity": "INDEXES"}
    [cost] = client.call("TransactWriteItems", request)["ConsumedCapacity"]
    assert cost["Table"] == {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}
    assert cost["LocalSecondaryIndexes"]["by-label"]["CapacityUnits"] == 1.0
    assert cost["GlobalSecondaryIndexes"]["labels"]["CapacityUnits"] == 1.0
    assert cost["CapacityUnits"] == 4.0


@pytest.mark.parametrize("detail", ["NONE", None])
def test_capacity_is_told_only_when_asked_for(simple: "Table", pk: dict[str, str], detail: str | None) -> None:
    assert simple.call("PutItem", Item={"pk": pk}, ReturnConsumedCapacity=detail) == {}


def test_metrics_tell_the_size_of_an_item_collection(indexed: "Table", pk: dict[str, str]) -> None:
    answer = indexed.call("PutItem", Item={"pk": pk, "sk": {"S": "a"}}, ReturnItemCollectionMetrics="SIZE")
    assert answer == {"ItemCollectionMetrics": {"ItemCollectionKey": {"pk": pk}, "SizeEstimateRangeGB": [0.0, 1.0]}}


def test_a_table_without_local_indexes_has_no_metrics(composite: "Table", pk: dict[str, str]) -> None:
    assert composite.call("PutItem", Item={"pk": pk, "sk": {"S": "a"}}, ReturnItemCollectionMetrics="SIZE") == {}


def by_table(answer: Item) -> dict[str, float]:
    return {part["TableName"]: part["CapacityUnits"] for part in answer["ConsumedCapacity"]}
