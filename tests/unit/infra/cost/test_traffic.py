"""Traffic files: what is wrong in them is told with its place and a near name."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.infra.cost.shop import SHOP

from tenantable.cli.systems import find_system
from tenantable.data import Repository
from tenantable.declare import Attr, Entity, System, Table
from tenantable.errors import InfrastructureError
from tenantable.infra.cost.traffic import TRAFFIC_BYTES_MAX, Keys, read_traffic, traffic_of

ONE = {"per_second": 1}


def refused(content: Any) -> str:
    with pytest.raises(InfrastructureError) as caught:
        traffic_of(content, SHOP)
    return str(caught.value)


def test_an_unknown_pattern_lists_the_near_ones() -> None:
    assert "operations.Orders.of_custmer" in (message := refused({"operations": {"Orders.of_custmer": ONE}}))
    assert "did you mean Orders.of_customer" in message


def test_an_unknown_write_lists_those_of_the_entity() -> None:
    message = refused({"operations": {"Order.change": ONE}})
    assert "Order.create" in message


def test_every_fault_is_told_at_once() -> None:
    message = refused({
        "system": "store",
        "items": {"Oder": {}, "Order": {"absent": ["courrier"], "standing": {"hole": 0.5}}},
        "operations": {
            "Orders.of_customer": {**ONE, "given": ["nobody"], "consistent": True},
            "Orders.get": {**ONE, "items": 3},
            "Order.update": ONE,
            "Order.create": {**ONE, "changes": ["note"], "hottest_share": {"wole": 0.1}},
        },
        "streams": {"order": {"reads_per_second": 1}},
    })  # fmt: skip
    for expected in (
        "the file is for 'store'",
        "items.Oder: no such entity; did you mean Order",
        "did you mean courier",
        "items.Order.standing: no such index 'hole'",
        "operations.Orders.of_customer.given: no such parameter 'nobody'",
        "a global index cannot be read consistently",
        "Orders.get reads one item by its key",
        "say which attributes change",
        "only updates and puts change attributes",
        "no such index 'wole'; did you mean whole",
        "streams.order: no such table; did you mean orders",
    ):
        assert expected in message


TICKETS = Table("tickets")


class Ticket(Entity, table=TICKETS):
    agent: Attr[str]
    status: Attr[str]
    number: Attr[int]


class Tickets(Repository[Ticket]):
    @Ticket.key(pk="AGENT#{agent}", sk="{status}#{number}")
    def get(self, *, agent: str, status: str, number: int) -> None:
        """One ticket."""

    @Ticket.query()
    def of_agent(self, *, agent: str, status: str | None = None, number: int | None = None) -> None:
        """Tickets of an agent."""


def test_a_part_of_a_sort_key_is_not_filled_behind_an_open_one() -> None:
    system = System(name="desk", tables=[TICKETS])
    with pytest.raises(InfrastructureError, match=r"given: number is given, and status before it .* add status"):
        traffic_of({"operations": {"Tickets.of_agent": {**ONE, "given": ["number"]}}}, system)
    traffic_of({"operations": {"Tickets.of_agent": {**ONE, "given": ["number", "status"]}}}, system)


@pytest.mark.parametrize(
    ("member", "value", "place"),
    [
        ("per_second", -1, "operations.Order.create.per_second"),
        ("per_second", float("nan"), "operations.Order.create.per_second"),
        ("peak_per_second", 0.5, "peak_per_second is 0.5, less than per_second"),
        ("failing_share", 1.5, "operations.Order.create.failing_share"),
        ("rate", 1, "operations.Order.create.rate"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(member: str, value: Any, place: str) -> None:
    assert place in refused({"operations": {"Order.create": {**ONE, member: value}}})


def test_the_example_of_the_guide_is_a_traffic_file() -> None:
    text = (Path(__file__).parents[4] / "docs" / "howto" / "capacity.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(list(traffic_of(yaml.safe_load(example), find_system("webhooks")).each_operation())) == 4


def test_what_is_no_traffic_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "traffic.yaml"
    with pytest.raises(InfrastructureError, match="No such file"):
        read_traffic(path, SHOP)
    for content, expected in (("a: [", "no YAML"), ("- 1", "fault"), ("", "fault"), ("\0", "no YAML")):
        path.write_text(content)
        with pytest.raises(InfrastructureError, match=expected):
            read_traffic(path, SHOP)
    path.write_bytes(b"#" * (TRAFFIC_BYTES_MAX + 1))
    with pytest.raises(InfrastructureError, match="bytes"):
        read_traffic(path, SHOP)


def test_the_hottest_of_many_keys_follows_from_their_distribution() -> None:
    assert Keys(count=50, distribution="uniform").hottest_share == pytest.approx(1 / 50)
    harmonic = sum(1 / rank for rank in range(1, 100_001))
    assert Keys(count=100_000).hottest_share == pytest.approx(1 / harmonic, rel=1e-4)
    powers = sum(rank**-0.8 for rank in range(1, 100_001))
    assert Keys(count=100_000, exponent=0.8).hottest_share == pytest.approx(1 / powers, rel=1e-4)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ({"per_second": -3}, "Orders.get.per_second: Input should be greater than or equal to 0 (it is -3)"),
        ({"per_secnd": 3}, "Orders.get.per_secnd: Extra inputs are not permitted (it is 3)"),
        (
            {**ONE, "items": 10**9},
            "Orders.get.items: Input should be less than or equal to 10000 (it is 1000000000)",
        ),
        ({**ONE, "items": {"Order": -1}}, "Orders.get.items.Order: Input should be greater than or equal to 0"),
        ({**ONE, "hottest_share": 2}, "Orders.get.hottest_share: Input should be less than or equal to 1"),
        ([ONE, {**ONE, "items": 10**9}], "Orders.get[1].items: Input should be less than or equal to 10000"),
        ({"per_second": 5, "peak_per_second": 1}, "Orders.get: peak_per_second is 1.0, less than per_second"),
        (
            {**ONE, "items": None},
            "Orders.get.items: Input should be a valid integer, or a valid dictionary (it is None)",
        ),
    ],
)
def test_what_may_be_written_in_two_ways_is_not_reported_as_the_other_one_too(operation: Any, fault: str) -> None:
    message = refused({"operations": {"Orders.get": operation}})
    assert f"\n  - operations.{fault}" in message
    own = [
        line for line in message.splitlines() if line.startswith("  - ") and "per_second: Field required" not in line
    ]
    assert len(own) == 1
    assert "tuple" not in message
