"""Index entries follow every put, whatever the order of an item's attributes."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine.items.stored import StoredItem

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create

NAMES = frozenset({"pk", "rank"})
ITEM = {"pk": {"S": "a"}, "rank": {"S": "1"}, "note": {"S": "x"}}


def stored(item: dict[str, Any]) -> StoredItem:
    return StoredItem(StoredItem.of(item, 0).row)


@pytest.mark.parametrize(
    ("before", "alike"),
    [
        (ITEM, True),
        ({**ITEM, "note": {"S": "y"}}, True),
        ({"pk": {"S": "a"}, "rank": {"S": "1"}}, True),
        ({**ITEM, "rank": {"S": "12"}}, False),
        ({**ITEM, "rank": {"N": "1"}}, False),
        ({"rank": {"S": "1"}, "pk": {"S": "a"}}, False),
        ({"pk": {"S": "a"}, "m": {"M": {"rank": {"S": "1"}}}}, False),
        ({"pk": {"S": "a"}}, False),
    ],
)
def test_items_that_begin_alike(before: dict[str, Any], alike: bool) -> None:
    assert stored(before).begins_as(StoredItem.of(ITEM, 0), NAMES) == alike


@pytest.mark.parametrize("order", [("pk", "sk", "rank", "note"), ("note", "rank", "sk", "pk")])
def test_an_index_entry_moves_with_its_key_and_stays_without(
    call: "Call", create: "Create", order: tuple[str, ...]
) -> None:
    create("orders", global_={"by_rank": ("rank",)})
    for rank, note in [("1", "a"), ("1", "bb"), ("2", "bb"), ("2", "bb"), ("", "bb")]:
        values = {"pk": "a", "sk": "1", "rank": rank, "note": note}
        call("PutItem", TableName="orders", Item={name: {"S": values[name]} for name in order if values[name]})
        found = call("Scan", TableName="orders", IndexName="by_rank")["Items"]
        assert [(item["rank"]["S"], item["note"]["S"]) for item in found] == ([(rank, note)] if rank else [])
        index = call("DescribeTable", TableName="orders")["Table"]["GlobalSecondaryIndexes"][0]
        assert index["ItemCount"] == (1 if rank else 0)
        sizes = sum(len(name) + len(values[name]) for name in order)
        assert index["IndexSizeBytes"] == (sizes if rank else 0)
