"""
Operations per second beside moto, all measured in this one run; only the ratios mean something on another machine.

Rounds of the targets are interleaved, and the best round of each counts, so that a busy moment hits all alike.
moto holds a tenth of the items, because it slows down with more; that is to its advantage.
"""

import argparse
import time
from contextlib import ExitStack, closing
from itertools import islice

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from targets import (
    Call,
    Crowd,
    engine_in_memory,
    engine_on_disk,
    engine_over_http,
    engine_through_boto3,
    moto_in_process,
    moto_over_http,
)
from workload import CREATE_TABLE, ITEMS_PER_PARTITION, OPERATIONS, api_name, batch_of_puts, requests

TARGETS = {
    "engine, memory": (engine_in_memory, 1),
    "engine, disk": (engine_on_disk, 1),
    "engine through boto3": (engine_through_boto3, 1),
    "engine, HTTP": (engine_over_http, 1),
    "moto, in process": (moto_in_process, 10),
    "moto, server": (moto_over_http, 10),
}
CROWDED = {"engine, HTTP": "engine, HTTP x4", "moto, server": "moto, server x4"}
"""Servers that four client processes ask at once, too: a single one shows the cost of boto3 more than theirs."""
COLUMNS = (*TARGETS, *CROWDED.values())
RATIOS = (
    ("engine through boto3", "moto, in process"),
    ("engine, HTTP", "moto, server"),
    ("engine, HTTP x4", "moto, server x4"),
)
CLIENTS = 4
ROUND_SECONDS = 0.35
CROWD_SECONDS = 1.0


def load(call: Call, items: int) -> None:
    call("CreateTable", CREATE_TABLE)
    for start in range(0, items, ITEMS_PER_PARTITION):
        call(*batch_of_puts(list(range(start, start + ITEMS_PER_PARTITION))))


def measure(call: Call, operation: str, items: int, round_number: int) -> float:
    """Operations per second of one round; the requests are made before the clock starts."""
    name = api_name(operation)
    chunk = 2
    stream = requests(operation, items, seed=round_number)
    while True:
        prepared = list(islice(stream, chunk))
        began = time.perf_counter()
        for request in prepared:
            call(name, request)
        seconds = time.perf_counter() - began
        if seconds >= ROUND_SECONDS:
            return chunk / seconds
        chunk = min(chunk * 4, max(chunk + 1, int(chunk * ROUND_SECONDS * 1.2 / seconds)))


def run(items: int, rounds: int) -> dict[str, dict[str, float]]:
    best: dict[str, dict[str, float]] = {operation: dict.fromkeys(COLUMNS, 0.0) for operation in OPERATIONS}
    with ExitStack() as stack, Progress() as progress:
        targets, crowds = {}, {}
        loading = progress.add_task("loading the targets", total=len(TARGETS))
        for name, (open_target, divisor) in TARGETS.items():
            target, stored = stack.enter_context(open_target()), items // divisor
            targets[name] = target.call, stored
            load(target.call, stored)
            if name in CROWDED:
                crowds[CROWDED[name]] = stack.enter_context(closing(Crowd(target.endpoint, CLIENTS))), stored
            progress.advance(loading)
        measuring = progress.add_task("measuring", total=rounds * len(OPERATIONS) * len(COLUMNS))
        for round_number in range(rounds):
            for operation in OPERATIONS:
                rates = best[operation]
                for name, (call, stored) in targets.items():
                    rates[name] = max(rates[name], measure(call, operation, stored, round_number))
                    progress.advance(measuring)
                for name, (crowd, stored) in crowds.items():
                    rate = crowd.rate(operation, stored, seed=round_number, seconds=CROWD_SECONDS)
                    rates[name] = max(rates[name], rate)
                    progress.advance(measuring)
    return best


def show(best: dict[str, dict[str, float]], items: int) -> None:
    table = Table(title=f"operations per second, one client unless x4, 1 KB items, {items:,} in the table, one index")
    table.add_column("operation")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for ours, theirs in RATIOS:
        table.add_column(f"{ours} / {theirs}", justify="right")
    for operation, rates in best.items():
        ratios = [f"{rates[ours] / rates[theirs]:.1f} x" for ours, theirs in RATIOS]
        table.add_row(operation, *(f"{rates[name]:,.0f}" for name in COLUMNS), *ratios)
    Console(width=190).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    show(run(arguments.items, arguments.rounds), arguments.items)


if __name__ == "__main__":
    main()
