"""Secondary indexes: always in step with their table, sparse, projected, and queried by their own keys."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

Item = dict[str, Any]


@pytest.fixture
def kind(pk: dict[str, str]) -> dict[str, str]:
    """A partition of the global indexes of this test's own."""
    return {"S": f"kind-{pk['S']}"}


def item(pk: dict[str, str], sk: str, **more: Any) -> Item:
    return {"pk": pk, "sk": {"S": sk}, **more}


def by_kind(indexed: "Table", kind: dict[str, str], index: str = "by-kind", **members: Any) -> list[Item]:
    return indexed.all_items(
        "Query",
        IndexName=index,
        KeyConditionExpression="kind = :kind",
        ExpressionAttributeValues={":kind": kind},
        **members,
    )


def in_partition(indexed: "Table", index: str, pk: dict[str, str], **members: Any) -> list[Item]:
    return indexed.all_items(
        "Query",
        IndexName=index,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": pk},
        **members,
    )


def test_a_global_index_finds_items_by_its_own_keys_in_order(
    indexed: "Table", pk: dict[str, str], kind: dict[str, str]
) -> None:
    items = [item(pk, str(n), kind=kind, rank={"N": str(rank)}) for n, rank in enumerate([10, 9, -1, 0.5])]
    indexed.put(*items)
    assert by_kind(indexed, kind) == [items[2], items[3], items[1], items[0]]
    assert by_kind(indexed, kind, ScanIndexForward=False)[0] == items[0]


def test_an_item_without_the_keys_of_an_index_is_not_in_it(
    indexed: "Table", pk: dict[str, str], kind: dict[str, str]
) -> None:
    indexed.put(item(pk, "a", kind=kind), item(pk, "b", rank={"N": "1"}), item(pk, "c", kind=kind, rank={"N": "1"}))
    assert [found["sk"]["S"] for found in by_kind(indexed, kind)] == ["c"]
    assert [found["sk"]["S"] for found in in_partition(indexed, "by-rank", pk)] == ["b", "c"]


def test_items_with_equal_index_keys_are_all_found(indexed: "Table", pk: dict[str, str], kind: dict[str, str]) -> None:
    indexed.put(*(item(pk, str(n), kind=kind, rank={"N": "1"}) for n in range(5)))
    assert len(by_kind(indexed, kind, Limit=2)) == 5
    assert len(in_partition(indexed, "by-rank", pk, Limit=2)) == 5


def test_an_index_follows_replacement_update_and_deletion(
    indexed: "Table", pk: dict[str, str], kind: dict[str, str]
) -> None:
    key = item(pk, "a")
    other = {"S": kind["S"] + "-other"}
    indexed.put({**key, "kind": kind, "rank": {"N": "1"}})
    indexed.put({**key, "kind": other, "rank": {"N": "1"}})
    assert (by_kind(indexed, kind), len(by_kind(indexed, other))) == ([], 1)
    indexed.call(
        "UpdateItem", Key=key, UpdateExpression="SET kind = :k, x = :k", ExpressionAttributeValues={":k": kind}
    )
    assert by_kind(indexed, kind) == [{**key, "kind": kind, "rank": {"N": "1"}, "x": kind}]
    assert by_kind(indexed, other) == []
    indexed.call("UpdateItem", Key=key, UpdateExpression="REMOVE #r", ExpressionAttributeNames={"#r": "rank"})
    assert by_kind(indexed, kind) == []
    assert len(by_kind(indexed, kind, "kinds")) == 1
    indexed.call("DeleteItem", Key=key)
    assert by_kind(indexed, kind, "kinds") == []


def test_each_projection_holds_what_it_says(indexed: "Table", pk: dict[str, str], kind: dict[str, str]) -> None:
    label = {"S": f"label-{pk['S']}"}
    whole = item(pk, "a", kind=kind, rank={"N": "1"}, label=label, colour={"S": "red"}, size={"S": "xl"})
    indexed.put(whole)
    assert by_kind(indexed, kind) == [whole]
    assert by_kind(indexed, kind, "kinds") == [item(pk, "a", kind=kind)]
    [found] = indexed.all_items(
        "Query", IndexName="labels", KeyConditionExpression="label = :l", ExpressionAttributeValues={":l": label}
    )
    assert found == item(pk, "a", label=label, colour={"S": "red"})
    assert in_partition(indexed, "by-rank", pk) == [whole]
    assert in_partition(indexed, "rank-only", pk) == [item(pk, "a", rank={"N": "1"})]
    assert in_partition(indexed, "by-label", pk) == [item(pk, "a", label=label, colour={"S": "red"})]


def test_a_local_index_fetches_what_it_does_not_hold(indexed: "Table", pk: dict[str, str]) -> None:
    whole = item(pk, "a", rank={"N": "1"}, colour={"S": "red"})
    indexed.put(whole)
    assert in_partition(indexed, "rank-only", pk, Select="ALL_ATTRIBUTES") == [whole]
    assert in_partition(indexed, "rank-only", pk, ProjectionExpression="colour") == [{"colour": {"S": "red"}}]


def test_a_local_index_can_be_read_consistently(indexed: "Table", pk: dict[str, str]) -> None:
    indexed.put(item(pk, "a", rank={"N": "1"}))
    assert len(in_partition(indexed, "by-rank", pk, ConsistentRead=True)) == 1


@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_a_global_index_cannot_be_read_consistently(indexed: "Table", kind: dict[str, str], operation: str) -> None:
    condition = {"KeyConditionExpression": "kind = :k", "ExpressionAttributeValues": {":k": kind}}
    error = indexed.refusal(
        operation, IndexName="by-kind", ConsistentRead=True, **(condition if operation == "Query" else {})
    )
    assert error.message == "Consistent reads are not supported on global secondary indexes"


def test_a_global_index_does_not_give_what_it_does_not_hold(indexed: "Table", kind: dict[str, str]) -> None:
    condition = {"KeyConditionExpression": "kind = :k", "ExpressionAttributeValues": {":k": kind}}
    error = indexed.refusal("Query", IndexName="kinds", Select="ALL_ATTRIBUTES", **condition)
    assert error.message == (
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary "
        "index kinds because its projection type is not ALL"
    )
    error = indexed.refusal("Query", IndexName="kinds", ProjectionExpression="colour", **condition)
    assert error.message == (
        "One or more parameter values were invalid: Global secondary index kinds does not project [colour]"
    )


def test_a_page_of_an_index_ends_with_all_its_keys(indexed: "Table", pk: dict[str, str], kind: dict[str, str]) -> None:
    indexed.put(*(item(pk, str(n), kind=kind, rank={"N": str(n)}) for n in range(3)))
    page = indexed.call(
        "Query",
        IndexName="by-kind",
        KeyConditionExpression="kind = :k",
        ExpressionAttributeValues={":k": kind},
        Limit=2,
    )
    assert page["LastEvaluatedKey"] == item(pk, "1", kind=kind, rank={"N": "1"})
    page = indexed.call(
        "Query",
        IndexName="by-rank",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": pk},
        Limit=1,
    )
    assert page["LastEvaluatedKey"] == item(pk, "0", rank={"N": "0"})


def test_an_index_can_be_scanned(indexed: "Table", pk: dict[str, str], kind: dict[str, str]) -> None:
    indexed.put(item(pk, "a", kind=kind, rank={"N": "1"}), item(pk, "b"))
    members = {"FilterExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": pk}}
    found = indexed.all_items("Scan", IndexName="by-kind", **members)
    assert [entry["sk"]["S"] for entry in found] == ["a"]
    assert indexed.all_items("Scan", IndexName="kinds", **members) == [item(pk, "a", kind=kind)]


WRONG_KEYS: list[tuple[Item, str]] = [
    ({"kind": {"N": "1"}}, "One or more parameter values were invalid: Type mismatch for Index Key kind Expected: S "
                           "Actual: N IndexName: "),
    ({"rank": {"S": "1"}}, "One or more parameter values were invalid: Type mismatch for Index Key rank Expected: N "
                           "Actual: S IndexName: "),
    ({"kind": {"S": ""}}, "One or more parameter values are not valid. A value specified for a secondary index key is "
                          "not supported. The AttributeValue for a key attribute cannot contain an empty string value. "
                          "IndexName: "),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "message"), WRONG_KEYS, ids=[str(attributes) for attributes, _ in WRONG_KEYS])
def test_an_item_whose_index_key_has_the_wrong_type_is_refused(
    indexed: "Table", pk: dict[str, str], attributes: Item, message: str
) -> None:
    error = indexed.refusal("PutItem", Item=item(pk, "a", **attributes))
    assert error.code == "ValidationException"
    assert error.message.startswith(message)
    assert indexed.get(item(pk, "a")) is None


def test_an_update_cannot_give_an_index_key_the_wrong_type(indexed: "Table", pk: dict[str, str]) -> None:
    indexed.put(item(pk, "a"))
    error = indexed.refusal(
        "UpdateItem",
        Key=item(pk, "a"),
        UpdateExpression="SET #r = :v",
        ExpressionAttributeNames={"#r": "rank"},
        ExpressionAttributeValues={":v": {"S": "high"}},
    )
    assert error.message.startswith(
        "The update expression attempted to update the secondary index key to unsupported type"
    ) or error.message.startswith("One or more parameter values were invalid: Type mismatch for Index Key rank")


def test_an_index_that_does_not_exist_is_refused(indexed: "Table", pk: dict[str, str]) -> None:
    for operation, members in (
        ("Query", {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": pk}}),
        ("Scan", {}),
    ):
        error = indexed.refusal(operation, IndexName="nothing", **members)
        assert (error.code, error.message) == (
            "ValidationException",
            "The table does not have the specified index: nothing",
        )


def test_all_projected_attributes_need_an_index(indexed: "Table", pk: dict[str, str]) -> None:
    error = indexed.refusal(
        "Query",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": pk},
        Select="ALL_PROJECTED_ATTRIBUTES",
    )
    assert error.message == "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"N": "1"}, "The update expression attempted to update the secondary index key to unsupported type"),
        ({"S": "x" * 2049},
         "The update expression attempted to update the secondary index key beyond allowed size limits"),
        ({"S": ""}, "One or more parameter values are not valid. The update expression attempted to update a secondary "
                    "index key to a value that is not supported. The AttributeValue for a key attribute cannot contain "
                    "an empty string value."),
    ],
    ids=["type", "size", "empty"],
)  # fmt: skip
def test_an_update_may_not_spoil_the_key_of_an_index(
    indexed: "Table", pk: dict[str, str], value: Item, message: str
) -> None:
    members = {"UpdateExpression": "SET kind = :v", "ExpressionAttributeValues": {":v": value}}
    assert indexed.refusal("UpdateItem", Key=item(pk, "a"), **members).message == message


def test_of_several_spoiled_indexes_the_first_by_name_is_told(indexed: "Table", pk: dict[str, str]) -> None:
    error = indexed.refusal("PutItem", Item=item(pk, "a", rank={"S": "high"}))
    assert error.message == (
        "One or more parameter values were invalid: "
        "Type mismatch for Index Key rank Expected: N Actual: S IndexName: by-kind"
    )
