from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tenantable.declare.attributes import Attr, attr
from tenantable.declare.entities import Entity
from tenantable.declare.references import Combination, Comparison, Negation, Size
from tenantable.declare.tables import Table

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Order(Entity, table=Table("orders")):
    order_id: Attr[str]
    total: Attr[Decimal] = attr(default=Decimal(0))
    lines: Attr[list[str]] = attr(default_factory=list)
    prices: Attr[dict[str, int]] = attr(default_factory=dict)
    paid_at: Attr[datetime | None] = attr(default=None)


@pytest.mark.parametrize(
    ("condition", "operator", "operands"),
    [
        (Order.total == Decimal(1), "=", (Decimal(1),)),
        (Order.total != Decimal(1), "<>", (Decimal(1),)),
        (Order.total < Decimal(1), "<", (Decimal(1),)),
        (Order.total <= Decimal(1), "<=", (Decimal(1),)),
        (Order.total > Decimal(1), ">", (Decimal(1),)),
        (Order.total >= Decimal(1), ">=", (Decimal(1),)),
        (Order.total.between(Decimal(1), Decimal(2)), "BETWEEN", (Decimal(1), Decimal(2))),
        (Order.order_id.in_(["a", "b"]), "IN", ("a", "b")),
        (Order.order_id.begins_with("a"), "begins_with", ("a",)),
        (Order.lines.contains("a"), "contains", ("a",)),
        (Order.paid_at.exists(), "exists", ()),
        (Order.paid_at.missing(), "missing", ()),
    ],
)
def test_a_comparison_is_a_value(condition: object, operator: str, operands: tuple[object, ...]) -> None:
    assert isinstance(condition, Comparison)
    assert (condition.operator, condition.operands) == (operator, operands)


def test_sizes_are_compared_with_numbers() -> None:
    comparisons = [
        Order.lines.size == 1,
        Order.lines.size != 1,
        Order.lines.size < 1,
        Order.lines.size <= 1,
        Order.lines.size > 1,
        Order.lines.size >= 1,
    ]
    found = [comparison for comparison in comparisons if isinstance(comparison, Comparison)]
    assert [comparison.operator for comparison in found] == ["=", "<>", "<", "<=", ">", ">="]
    assert all(isinstance(comparison.subject, Size) for comparison in found)


def test_conditions_combine() -> None:
    cheap, early = Order.total < Decimal(1), Order.paid_at.missing()
    both, either, neither = cheap & early, cheap | early, ~(cheap | early)
    assert isinstance(both, Combination)
    assert both.operator == "AND"
    assert isinstance(either, Combination)
    assert either.operator == "OR"
    assert isinstance(neither, Negation)


def test_a_condition_has_no_truth_of_its_own() -> None:
    with pytest.raises(TypeError, match="combine conditions with &"):
        bool(Order.total == Decimal(1))


@pytest.mark.parametrize(
    ("change", "action", "value"),
    [
        (Order.total.set(Decimal(1)), "set", Decimal(1)),
        (Order.paid_at.set(None), "remove", None),
        (Order.paid_at.set_default(NOW), "set_default", NOW),
        (Order.total.add(Decimal(-1)), "add", Decimal(-1)),
        (Order.lines.append("a", "b"), "append", ["a", "b"]),
        (Order.lines.prepend("a"), "prepend", ["a"]),
        (Order.paid_at.remove(), "remove", None),
    ],
)
def test_a_change_is_a_value(change: object, action: str, value: object) -> None:
    assert (getattr(change, "action", None), getattr(change, "value", None)) == (action, value)


def test_paths_reach_into_maps_and_lists() -> None:
    assert repr(Order.prices["a"]) == "Order.prices['a']"
    assert Order.lines[0].path == (0,)


@pytest.mark.parametrize("count", [0, 101])
def test_in_takes_one_to_a_hundred_values(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 100 values"):
        Order.order_id.in_(["x"] * count)
