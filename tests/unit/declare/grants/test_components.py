from typing import Any

import pytest
from pydantic import BaseModel

from tenantable.declare import AccessPatterns, Attr, Component, Entity, Table, allow
from tenantable.errors import DeclarationError


class Item(Entity, table=Table("items")):
    number: Attr[int]
    name: Attr[str]
    secret: Attr[str]


class Shown(BaseModel):
    number: int
    name: str


class Items(AccessPatterns[Item]):
    @Item.key(pk="ITEM#{number}", sk="ITEM")
    def get(self, *, number: int) -> None:
        """One item."""

    @Item.key(view=Shown)
    def shown(self, *, number: int) -> None:
        """What everybody may see of an item."""

    @Item.query()
    def numbered(self, *, number: int) -> None:
        """Items of a number."""


@pytest.mark.parametrize(
    ("grants", "fault"),
    [
        ([Items.get], r"Items\.get is no grant \(hint: write grants=\[allow\(Items\.get, \.\.\.\)\]\)"),
        (["Items.get"], r"'Items\.get' is no grant \(hint: write grants=\[allow\("),
        (allow(Items.get), r"grants is a Grant, and no list \(hint: write grants=\[\.\.\.\]\)"),
    ],
)
def test_what_is_no_grant_is_a_fault(grants: Any, fault: str) -> None:
    with pytest.raises(DeclarationError, match=fault):
        Component("api", grants=grants)


@pytest.mark.parametrize("name", ["", "my comp!", "a/b", "x" * 65])
def test_a_components_name_fits_a_role(name: str) -> None:
    with pytest.raises(DeclarationError, match="the name cannot be part of an IAM role's name"):
        Component(name)


def test_a_limit_that_refuses_the_pattern_itself_is_a_fault() -> None:
    with pytest.raises(DeclarationError, match=r"Items\.get, which asks for whole items .* give the pattern view="):
        Component("api", grants=[allow(Items.get, attributes=["name"])])
    with pytest.raises(DeclarationError, match=r"Items\.shown asks for number, which the grant leaves out"):
        Component("api", grants=[allow(Items.shown, attributes=["name"])])


def test_a_query_may_be_limited_because_it_can_ask_for_some_attributes() -> None:
    Component("api", grants=[allow(Items.numbered, Items.shown, attributes=["number", "name"])])
