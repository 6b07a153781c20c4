"""An estimate as a document for programs, and as tables for people."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from tenantable.infra.cost.estimate import PARTITION_READS_MAX, PARTITION_WRITES_MAX, Estimate, Load


def estimate_document(estimate: Estimate) -> dict[str, Any]:
    """Everything an estimate says, under names that stay."""
    return {
        "capacity": [_load_document(load) for load in estimate.loads],
        "dollars_per_month": [
            {
                "table": each.table,
                "billing": "provisioned" if each.is_provisioned else "on-demand",
                "on_demand": round(each.on_demand, 4),
                "provisioned": round(each.provisioned, 4),
                "provisioned_read_units": each.provisioned_reads,
                "provisioned_write_units": each.provisioned_writes,
                "storage": round(each.storage, 4),
                "point_in_time_recovery": round(each.recovery, 4),
                "backups": round(each.backups, 4),
                "streams": round(each.streams, 4),
                "replicas": round(each.replicas, 4),
                "total": round(each.total, 4),
            }
            for each in estimate.dollars
        ],
        "total_dollars_per_month": round(estimate.total, 4),
        "units_per_call": {
            place: {
                kind: [{"table": table, "index": index, "units": amount} for (table, index), amount in sorted_units]
                for kind, found in (("reads", units.reads), ("writes", units.writes))
                if (sorted_units := sorted(found.items(), key=str))
            }
            for place, units in estimate.calls.items()
        },
        "assumptions": list(estimate.assumptions),
    }


def _load_document(load: Load) -> dict[str, Any]:
    return {
        "table": load.table,
        "index": load.index,
        "read_units_per_second": {"average": load.reads, "peak": load.peak_reads, "hottest_key": load.hottest_reads},
        "write_units_per_second": {
            "average": load.writes,
            "peak": load.peak_writes,
            "hottest_key": load.hottest_writes,
        },
        "partition_heat": load.heat,
        "hottest_operation": load.hottest_operation,
        "storage_gb": load.storage_gb,
    }


def estimate_tables(estimate: Estimate, *, storage: bool) -> Iterator[Table]:
    """Capacity and dollars; `storage` adds what every table and index takes up. Without traffic nothing is shown."""
    yield _capacity_table(estimate)
    if storage:
        yield _storage_table(estimate)
    yield _dollar_table(estimate)


def _capacity_table(estimate: Estimate) -> Table:
    title = (
        f"Capacity units per second; one partition does {PARTITION_READS_MAX:,} reads, {PARTITION_WRITES_MAX:,} writes"
    )
    table = _table(
        title, "table or index", "reads", "at the peak", "hottest key", "writes", "at the peak", "hottest key"
    )
    table.add_column("heat", justify="right")
    table.add_column("most of it")
    for load in estimate.loads:
        if not load.peak_reads and not load.peak_writes:
            continue
        style = "bold red" if load.heat > 1 else "yellow" if load.heat > 0.5 else None
        figures = (
            load.reads, load.peak_reads, load.hottest_reads, load.writes, load.peak_writes, load.hottest_writes
        )  # fmt: skip
        shown = [f"{figure:,.2f}" for figure in figures]
        table.add_row(load.name, *shown, f"{load.heat:.1%}", load.hottest_operation or "", style=style)
    return table


def _storage_table(estimate: Estimate) -> Table:
    table = _table("Storage", "table or index", "GB")
    for load in estimate.loads:
        if load.storage_gb:
            table.add_row(load.name, f"{load.storage_gb:,.3f}")
    return table


def _dollar_table(estimate: Estimate) -> Table:
    columns = ("on demand", "provisioned", "(units)", "storage", "PITR", "backups", "streams", "replicas", "total")
    table = _table("Dollars a month", "table", *columns)
    for each in estimate.dollars:
        units = f"{each.provisioned_reads:,} R {each.provisioned_writes:,} W"
        parts = (each.storage, each.recovery, each.backups, each.streams, each.replicas)
        throughput = [f"{each.on_demand:,.2f}", f"{each.provisioned:,.2f}"]
        throughput[each.is_provisioned] += " *"
        table.add_row(each.table, *throughput, units, *(f"{part:,.2f}" for part in parts), f"{each.total:,.2f}")
    table.add_row("", "", "", "", "", "", "", "", "all", f"{estimate.total:,.2f}", style="bold")
    table.caption = "* as declared, and part of the total"
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table
