"""From units of one call to rates, heat, storage and dollars."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.unit.infra.cost.shop import SHOP, orders

from tenantable.cli.systems import find_system
from tenantable.declare.systems import System
from tenantable.declare.tables import Provisioned
from tenantable.errors import InfrastructureError
from tenantable.infra.cost.estimate import GB, Estimate, Load, estimate
from tenantable.infra.cost.plot import heat_plot
from tenantable.infra.cost.prices import read_prices
from tenantable.infra.cost.traffic import traffic_of

PRICES = read_prices().of("us-east-1")
MONTH = 730 * 3600


def estimated(**members: Any) -> Estimate:
    content = {"items": {"Order": {"bytes": 2500, "absent": ["courier"], "count": 1_000_000}}, **members}
    return estimate(SHOP, traffic_of(content, SHOP), PRICES)


def load_of(found: Estimate, table: str, index: str | None = None) -> Load:
    return next(load for load in found.loads if (load.table, load.index) == (table, index))


def test_rates_times_units_are_the_load() -> None:
    found = estimated(operations={"Order.create": {"per_second": 10, "peak_per_second": 100}})
    table, whole = load_of(found, "orders"), load_of(found, "orders", "whole")
    assert (table.writes, table.peak_writes, table.reads) == (30.0, 300.0, 0.0)
    assert (whole.writes, whole.peak_writes) == (30.0, 300.0)


def test_the_hottest_key_has_its_share_of_the_peak() -> None:
    shares = {"table": 0.001, "whole": 0.5}
    found = estimated(operations={"Order.create": {"per_second": 10, "peak_per_second": 1000, "hottest_share": shares}})
    whole = load_of(found, "orders", "whole")
    assert whole.hottest_writes == pytest.approx(1500.0)
    assert whole.heat == pytest.approx(1.5)
    assert whole.hottest_operation == "Order.create"
    assert load_of(found, "orders").hottest_writes == pytest.approx(3.0)


def test_what_nothing_is_known_of_is_assumed_and_said() -> None:
    found = estimated(operations={"Order.create": {"per_second": 10}, "Line.create": {"per_second": 1}})
    assert load_of(found, "orders", "some").hottest_writes == pytest.approx(0.1)
    assert "Order.create: 1% of the calls go to the hottest key" in found.assumptions
    assert any(text.startswith("Line: ") and "estimated from the types" in text for text in found.assumptions)


def test_on_demand_is_paid_by_the_unit() -> None:
    found = estimated(operations={"Orders.get": {"per_second": 4}, "Order.create": {"per_second": 10}})
    (order, user) = found.dollars
    writes, reads = 10 * (3 + 3 + 1 + 1), 4 * 0.5
    assert order.on_demand == pytest.approx(MONTH * (writes * 0.625 + reads * 0.125) / 1e6)
    assert user.on_demand == 0.0


def test_provisioned_is_the_peak_at_the_utilisation_and_one_unit_at_least() -> None:
    """The local index shares the table's; three global ones have their own."""
    found = estimated(operations={"Order.create": {"per_second": 1, "peak_per_second": 7}}, utilisation=0.7)
    order = found.dollars[0]
    assert order.provisioned_writes == (7 * 4 / 0.7) + (7 * 3 / 0.7) + 1 + (7 * 1 / 0.7)
    assert order.provisioned_reads == 4
    assert order.provisioned == pytest.approx(730 * (order.provisioned_writes * 0.00065 + 4 * 0.00013))


def test_declared_capacity_is_what_is_paid() -> None:
    declared = replace(SHOP, tables=SHOP.tables)
    orders.billing = Provisioned(read_units=5, write_units=10)
    try:
        traffic = traffic_of({"operations": {"Orders.get": {"per_second": 4}}}, declared)
        order = estimate(declared, traffic, PRICES).dollars[0]
    finally:
        orders.billing = None
    assert order.is_provisioned
    assert order.throughput == order.provisioned == pytest.approx(730 * 4 * (5 * 0.00013 + 10 * 0.00065))


def test_storage_counts_a_hundred_bytes_for_every_item_and_entry() -> None:
    found = estimated(operations={})
    assert load_of(found, "orders").storage_gb == pytest.approx(1_000_000 * 2600 / GB)
    assert load_of(found, "orders", "whole").storage_gb == pytest.approx(1_000_000 * 2600 / GB)
    assert load_of(found, "orders", "keys").storage_gb == 0.0


def test_entries_of_a_sparse_index_are_those_that_stand_in_it() -> None:
    sparse = {"Order": {"bytes": 2500, "absent": ["courier"], "count": 1000, "standing": {"keys": 0.25}}}
    found = estimate(SHOP, traffic_of({"items": sparse, "operations": {}}, SHOP), PRICES)
    everywhere = {"Order": {"bytes": 2500, "count": 1000}}
    all_ = estimate(SHOP, traffic_of({"items": everywhere, "operations": {}}, SHOP), PRICES)
    quarter = load_of(all_, "orders", "keys").storage_gb / 4
    assert load_of(found, "orders", "keys").storage_gb == pytest.approx(quarter)


def test_recovery_backups_streams_and_replicas_are_paid_where_they_are() -> None:
    found = estimated(
        operations={"Order.create": {"per_second": 1}},
        backups={"orders": 2},
        streams={"orders": {"reads_per_second": 3}},
    )
    order = found.dollars[0]
    main = load_of(found, "orders").storage_gb + load_of(found, "orders", "local").storage_gb
    stored = sum(load.storage_gb for load in found.loads if load.table == "orders")
    assert order.recovery == pytest.approx(main * 0.2)
    assert order.backups == pytest.approx(main * 2 * 0.1)
    assert order.streams == pytest.approx(3 * MONTH * 0.2 / 1e6)
    assert order.replicas == pytest.approx(8 * MONTH * 0.625 / 1e6 + stored * 0.25)
    assert order.total == pytest.approx(
        order.on_demand + order.storage + order.recovery + order.backups + order.streams + order.replicas
    )


def test_prices_say_when_they_are_old() -> None:
    table = read_prices()
    assert table.age(table.taken) is None
    assert "400 days old" in str(table.age(date.fromordinal(table.taken.toordinal() + 400)))


def test_prices_of_a_region_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="af-south-1, eu-west-1, us-east-1"):
        read_prices().of("mars-north-1")
    path = tmp_path / "prices.yaml"
    path.write_text("date: 2026-01-01\nsource: a letter\nregions: {here: {storage_gb_month: free}}\n")
    with pytest.raises(InfrastructureError, match=r"regions\.here\.storage_gb_month"):
        read_prices(path)


def test_the_plot_is_a_picture_with_a_title_limits_and_no_foreign_parts() -> None:
    busy = Load(table="a<b", index="c", peak_writes=5000, hottest_writes=5000, hottest_reads=0.01)
    text = heat_plot([busy, Load(table="idle", index=None)], "shop & co")
    root = ET.fromstring(text)  # noqa: S314 - our own text
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words[0] == "shop & co"
    assert {"a<b.c", "3,000 reads", "1,000 writes", "5,000"} <= set(words)
    assert "idle" not in words
    assert any(each.get("class") == "over" and each.get("y") != "36" for each in root.iter())
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_a_system_without_traffic_has_an_estimate() -> None:
    empty = System(name="empty", tables=())
    assert estimate(empty, traffic_of({"operations": {}}, empty), PRICES).total == 0


def test_keys_of_few_values_are_as_hot_as_they_must_be() -> None:
    """Four types a day: a quarter where the file says nothing; of two states one has half, whatever it says."""
    academy, access = find_system("academy"), find_system("access")
    content: dict[str, Any] = {"operations": {"AuditLog.create": {"per_second": 100}}}
    found = estimate(academy, traffic_of(content, academy), PRICES)
    index = load_of(found, "admin-audit-logs", "action-type-index")
    assert index.hottest_writes == pytest.approx(index.peak_writes / 4)
    content = {"operations": {"PlatformRoles.by_name": {"per_second": 100, "items": 5, "hottest_share": 0.01}}}
    found = estimate(access, traffic_of(content, access), PRICES)
    index = load_of(found, "access-management", "gsi1")
    assert index.hottest_reads == pytest.approx(index.peak_reads / 2)
