from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tenantable.data.codecs.entities import EntityCodec, codec_of
from tenantable.declare import AccessPatterns, Attr, Entity, Index, Table, attr, camel_case
from tenantable.errors import CorruptItem, DataError
from tenantable.wire.values import Item

NOW = datetime(2026, 1, 23, 10, 11, 12, tzinfo=UTC)
gsi1, gsi2 = Index("gsi1"), Index("gsi2")
table = Table("app", gsi1, gsi2, ttl="expiresAt", discriminator="_kind")


def rename_price(item: Item) -> Item:
    return {**item, "total": item["price"]} if "price" in item else item


class Order(Entity, table=table, name="order", version=2, upgrades={1: rename_price}, stored_names=camel_case):
    org_id: Attr[str]
    order_id: Attr[str]
    status: Attr[str] = attr(default="open")
    division: Attr[str | None] = attr(default=None)
    placed_at: Attr[datetime | None] = attr(default=None)
    total: Attr[Decimal] = attr(default=Decimal(0))
    limit: Attr[int | None] = attr(default=5)
    tags: Attr[set[str]] = attr(default_factory=set)
    expires_at: Attr[datetime | None] = attr(default=None)


class Orders(AccessPatterns[Order]):
    @Order.key(pk="ORG#{org_id}", sk="ORDER#{order_id}")
    def get(self, *, org_id: str, order_id: str) -> None:
        """One order."""

    @Order.query(gsi1, pk="ORG#{org_id}#STATUS#{status}", sk="{placed_at}#{order_id}")
    def by_status(self, *, org_id: str, status: str) -> None:
        """Orders in one state."""

    @Order.query(gsi2, pk="ORG#{org_id}#DIV#{division}", sk="ORDER#{order_id}")
    def of_division(self, *, org_id: str, division: str) -> None:
        """Orders of a division."""


class Total(BaseModel):
    total: Decimal


ORDER = Order(org_id="acme", order_id="1", placed_at=NOW, total=Decimal("9.9"), tags={"b", "a"}, expires_at=NOW)
STORED: Item = {
    "orgId": {"S": "acme"},
    "orderId": {"S": "1"},
    "status": {"S": "open"},
    "placedAt": {"S": "2026-01-23T10:11:12.000000Z"},
    "total": {"N": "9.9"},
    "limit": {"N": "5"},
    "tags": {"SS": ["a", "b"]},
    "expiresAt": {"N": "1769163072"},
    "PK": {"S": "ORG#acme"},
    "SK": {"S": "ORDER#1"},
    "GSI1PK": {"S": "ORG#acme#STATUS#open"},
    "GSI1SK": {"S": "2026-01-23T10:11:12.000000Z#1"},
    "_version": {"N": "2"},
    "_kind": {"S": "order"},
}


@pytest.fixture
def codec() -> EntityCodec[Order]:
    return codec_of(Order)


def test_an_entity_is_stored_with_all_its_keys(codec: EntityCodec[Order]) -> None:
    assert codec.encode(vars(ORDER)) == STORED
    assert codec.decode(STORED) == ORDER


def test_an_index_that_lacks_a_part_is_left_out_whole(codec: EntityCodec[Order]) -> None:
    item = codec.encode(vars(ORDER.model_copy(update={"placed_at": None, "division": "north"})))
    assert not {"GSI1PK", "GSI1SK"} & item.keys()
    assert item["GSI2PK"] == {"S": "ORG#acme#DIV#north"}


def test_none_is_kept_where_a_default_would_take_its_place(codec: EntityCodec[Order]) -> None:
    without_limit = ORDER.model_copy(update={"limit": None})
    item = codec.encode(vars(without_limit))
    assert item["limit"] == {"NULL": True}
    assert codec.decode(item) == without_limit


def test_an_empty_set_is_not_stored_and_comes_back_empty(codec: EntityCodec[Order]) -> None:
    item = codec.encode(vars(ORDER.model_copy(update={"tags": set()})))
    assert "tags" not in item
    assert codec.decode(item).tags == set()


def test_an_older_item_is_upgraded_when_it_is_read(codec: EntityCodec[Order]) -> None:
    older = {name: value for name, value in STORED.items() if name not in {"total", "_version"}}
    assert codec.decode({**older, "price": {"N": "9.9"}}) == ORDER


def test_an_item_of_a_newer_program_is_refused(codec: EntityCodec[Order]) -> None:
    with pytest.raises(CorruptItem, match="ORG#acme / ORDER#1 does not fit order: it has version 3"):
        codec.decode({**STORED, "_version": {"N": "3"}})


@pytest.mark.parametrize(
    "wrong", [{"total": {"S": "much"}}, {"placedAt": {"S": "soon"}}, {"tags": {"M": {}}}, {"expiresAt": {"S": "x"}}]
)
def test_an_item_that_does_not_fit_is_corrupt(codec: EntityCodec[Order], wrong: Item) -> None:
    with pytest.raises(CorruptItem, match="does not fit order"):
        codec.decode({**STORED, **wrong})


def test_attributes_that_nobody_declared_are_not_looked_at(codec: EntityCodec[Order]) -> None:
    assert codec.decode({**STORED, "foreign": {"S": "x"}}) == ORDER


def test_a_view_takes_some_fields(codec: EntityCodec[Order]) -> None:
    assert codec.decode_view(Total, STORED) == Total(total=Decimal("9.9"))


def test_a_view_that_lacks_its_fields_is_corrupt(codec: EntityCodec[Order]) -> None:
    with pytest.raises(CorruptItem, match="does not fit Total"):
        codec.decode_view(Total, {"_version": {"N": "2"}})


def test_single_fields_are_validated(codec: EntityCodec[Order]) -> None:
    assert codec.validated(STORED, ["total", "division", "tags"]) == (Decimal("9.9"), None, {"a", "b"})
    with pytest.raises(CorruptItem):
        codec.validated({**STORED, "total": {"S": "x"}}, ["total"])


def test_a_discriminator_says_whose_item_it_is(codec: EntityCodec[Order]) -> None:
    assert codec.owns(STORED)
    assert not codec.owns({**STORED, "_kind": {"S": "note"}})


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"org_id": "acme"}, "the key needs order_id"),
        ({"org_id": ["x"], "order_id": "1"}, r"\{org_id\}: \['x'\] is not str"),
        ({"org_id": "x" * 3000, "order_id": "1"}, "PK has 3004 bytes; at most 2048"),
    ],
)
def test_a_key_that_cannot_be_is_refused(codec: EntityCodec[Order], values: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        codec.table_key(values)


def test_a_value_that_cannot_be_stored_names_its_field(codec: EntityCodec[Order]) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(DataError, match=r"order\.placed_at: .* has no time zone"):
        codec.encode(vars(ORDER.model_copy(update={"placed_at": naive})))


@given(st.text(max_size=20), st.text(max_size=20), st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_whatever_is_stored_comes_back(org_id: str, division: str, total: Decimal) -> None:
    order = Order(org_id=org_id, order_id="1", division=division, total=total)
    assert codec_of(Order).decode(codec_of(Order).encode(vars(order))) == order


def test_a_copy_that_was_never_validated_names_the_field_that_does_not_fit(codec: EntityCodec[Order]) -> None:
    unchecked = ORDER.model_copy(update={"total": 1.5})
    with pytest.raises(DataError, match=r"order\.total: 1\.5 cannot be stored"):
        codec.encode(vars(unchecked))
