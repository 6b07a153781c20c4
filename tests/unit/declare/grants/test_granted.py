from collections.abc import Callable
from typing import Any

import pytest

from tenantable.declare import AccessPatterns, Attr, Entity, Table, allow, writes
from tenantable.errors import DeclarationError


class Item(Entity, table=Table("items")):
    number: Attr[int]


class Items(AccessPatterns[Item]):
    @Item.key(pk="ITEM#{number}", sk="ITEM")
    def get(self, *, number: int) -> None:
        """One item."""


ALLOW: Any = allow  # for mistakes that the type checkers find
WRITES: Any = writes


@pytest.mark.parametrize(
    ("declare", "fault"),
    [
        (lambda: ALLOW(Items), r"Items is neither .* \(hint: name its access patterns: Items\.get\)"),
        (lambda: ALLOW(Item), r"Item is neither .* \(hint: write writes\(Item, "),
        (
            lambda: ALLOW("Items.get"),
            r"'Items\.get' is neither .* \(hint: pass .* itself: Items\.get, without quotes\)",
        ),
        (ALLOW, r"allow\(\): grants nothing"),
        (
            lambda: WRITES(Item),
            r"writes\(Item\): grants nothing \(hint: .* create, put, update, delete, erase, check\)",
        ),
        (lambda: WRITES(Item, "create", "remove"), r"writes\(Item\): 'remove' is no kind of write"),
    ],
)
def test_what_grants_nothing_is_a_fault(declare: Callable[[], Any], fault: str) -> None:
    with pytest.raises(DeclarationError, match=fault):
        declare()


def test_every_stranger_is_named_at_once() -> None:
    with pytest.raises(DeclarationError) as raised:
        ALLOW(Items.get, Items, Item, "Items.get")
    assert len(raised.value.faults) == 3
