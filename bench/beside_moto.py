"""
In process, and through boto3, beside moto: operations per second of one client.

Rounds of the targets are interleaved, and the best round of each counts, so that a busy moment hits all alike.
moto holds a tenth of the items, because it slows down with more; that is to its advantage.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import islice

from report import Section
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
    "engine, disk, process": (engine_on_disk, 1),
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
GOALS = {
    "get": 50_000,
    "put": 20_000,
    "update with condition": 12_000,
    "query 25": 8_000,
    "transaction of 4 puts": 5_000,
}
"""Of the engine in memory, in process; on disk at `process` 12,000 puts."""
ITEMS = 10_000
ROUNDS = 2
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


def sections(advance: Callable[[str], None]) -> list[Section]:
    best: dict[str, dict[str, float]] = {operation: dict.fromkeys(COLUMNS, 0.0) for operation in OPERATIONS}
    with ExitStack() as stack:
        targets, crowds = {}, {}
        for name, (open_target, divisor) in TARGETS.items():
            advance(f"beside moto: loading {name}")
            target, stored = stack.enter_context(open_target()), ITEMS // divisor
            targets[name] = target.call, stored
            load(target.call, stored)
            if name in CROWDED:
                crowds[CROWDED[name]] = stack.enter_context(closing(Crowd(target.endpoint, CLIENTS))), stored
        for round_number in range(ROUNDS):
            for operation in OPERATIONS:
                advance(f"beside moto: round {round_number + 1}, {operation}")
                rates = best[operation]
                for name, (call, stored) in targets.items():
                    rates[name] = max(rates[name], measure(call, operation, stored, round_number))
                for name, (crowd, stored) in crowds.items():
                    rate = crowd.rate(operation, stored, seed=round_number, seconds=CROWD_SECONDS)
                    rates[name] = max(rates[name], rate)
    return [_section(best)]


def _section(best: dict[str, dict[str, float]]) -> Section:
    rows = []
    for operation, rates in best.items():
        goal = f"{GOALS[operation]:,}" if operation in GOALS else "-"
        ratios = [f"{rates[ours] / rates[theirs]:.1f} x" for ours, theirs in RATIOS]
        rows.append([operation, goal, *(f"{rates[name]:,.0f}" for name in COLUMNS), *ratios])
    return Section(
        title="In process and through boto3, beside moto, operations per second",
        note="`engine` is called in process from one thread; `through boto3` is a real boto3 client whose transport is "
        "the engine, as `tenantable.testing` gives it; `HTTP` is boto3 with a socket, from one process and from four. "
        "The goal is of the engine in memory.",
        columns=["operation", "goal", *COLUMNS, *(f"{ours} / {theirs}" for ours, theirs in RATIOS)],
        rows=rows,
    )
