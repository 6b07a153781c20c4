"""What the rules make of names, of systems without components, and of acceptance."""

from datetime import datetime

import pytest

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, attr, writes
from tenantable.infra.design.linting import lint_design


def shop(*, accepted: str | None = None, places: dict[str, dict[str, str]] | None = None) -> System:
    """Orders by state, which is a text."""
    index = Index(
        "by-status",
        partition="order_status",
        sort="placed_at",
        projection="keys",
        accepted=None if accepted is None else {"TD005": accepted},
    )
    table = Table("orders", index, partition="order_id")

    class Order(Entity, table=table):
        order_id: Attr[str]
        order_status: Attr[str]
        placed_at: Attr[datetime]

    class Orders(Repository[Order]):
        @Order.key()
        def get(self, *, order_id: str) -> None:
            """One order."""

        @Order.query(index)
        def by_status(self, *, order_status: str) -> None:
            """Orders in one state."""

    grants = [allow(Orders.get, Orders.by_status, writes(Order, "create", "update", "delete"))]
    return System(name="shop", tables=[table], components=[Component("api", grants=grants)], accepted=places or {})


def found(system: System) -> list[tuple[str, str]]:
    return [(finding.rule.id, finding.place) for finding in lint_design(system) if finding.accepted is None]


HOT = ("TD005", "Order.by-status")


def test_a_text_whose_name_says_that_it_has_few_values_is_hot() -> None:
    assert found(shop()) == [HOT]


def test_an_index_accepts_what_is_found_about_it() -> None:
    system = shop(accepted="ten orders a day")
    assert found(system) == []
    assert [finding.accepted for finding in lint_design(system)] == ["ten orders a day"]


def test_a_system_accepts_at_the_place_that_a_finding_names() -> None:
    assert found(shop(places={"TD005": {"Order.by-status": "ten orders a day"}})) == []


def test_no_rule_is_accepted_everywhere() -> None:
    """A reason elsewhere leaves the finding, and is one itself."""
    assert found(shop(places={"TD005": {"*": "all of them"}})) == [HOT, ("TD017", "*, accepted TD005")]


@pytest.mark.parametrize(("rule", "problem"), [("TD999", "no such rule"), ("TD004", "finds nothing there")])
def test_an_acceptance_of_nothing_is_found(rule: str, problem: str) -> None:
    (*_, last) = lint_design(shop(accepted="ten a day", places={rule: {"Order": "because"}}))
    assert last.rule.id == "TD017"
    assert problem in last.problem


def test_an_empty_reason_is_none() -> None:
    assert found(shop(accepted=" ")) == [HOT, ("TD017", "orders.by-status, accepted TD005")]


table = Table("log")


class Entry(Entity, table=table):
    owner: Attr[str]
    at: Attr[datetime]
    lines: Attr[list[str]] = attr(default_factory=list)


class Entries(Repository[Entry]):
    @Entry.key(pk="{owner}", sk="{at}")
    def get(self, *, owner: str, at: datetime) -> None:
        """One entry."""


def test_a_system_without_components_is_judged_by_its_keys_and_types() -> None:
    """Nobody knows who does what, so nothing is said of grants, and everything may be changed."""
    assert found(System(name="log", tables=[table])) == [("TD007", "Entry"), ("TD009", "Entry.lines")]
