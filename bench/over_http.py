"""Every server over HTTP without an SDK: answers per second and their latency at one and at four connections."""

from collections.abc import Callable

import raw
from report import Section
from servers import CONTENDERS, Contender, Running, running
from workload import OPERATIONS

CONNECTIONS = (1, 4)
SECONDS = 1.0
ROUNDS = 1
GOALS = {
    "get": 28_000,
    "put": 9_000,
    "update with condition": 6_000,
    "query 25": 8_000,
    "query 25 on the index": 6_000,
    "batch of 25 puts": 1_000,
    "transaction of 4 puts": 2_500,
}
"""Of our server in memory at four connections."""

Measured = dict[tuple[str, str, int], raw.Rate]
"""By contender, operation and connections: the best of the rounds."""


def sections(advance: Callable[[str], None]) -> list[Section]:
    """One contender after the other, so that each has the machine for itself."""
    measured: Measured = {}
    starts: list[list[str]] = []
    there = [contender for contender in CONTENDERS if contender.is_there]
    for contender in there:
        advance(f"over HTTP: {contender.name}")
        with running(contender) as server:
            idle = server.memory_mib()
            raw.load(server.endpoint, contender.items, server.credentials)
            measured |= _measured(contender, server)
            starts.append([contender.name, f"{server.start_ms:,.0f}", f"{idle:,.0f}", f"{server.memory_mib():,.0f}"])
    rates = [_rates(measured, there, connections) for connections in CONNECTIONS]
    return [*rates, _latencies(measured, there), _start(starts)]


def _measured(contender: Contender, server: Running) -> Measured:
    best: Measured = {}
    for _ in range(ROUNDS):
        for operation in OPERATIONS:
            for connections in CONNECTIONS:
                rate = raw.measure(
                    server.endpoint,
                    operation,
                    connections=connections,
                    seconds=SECONDS,
                    items=contender.items,
                    credentials=server.credentials,
                )
                place = (contender.name, operation, connections)
                is_answered = rate.per_second > 0 and not rate.refused
                if is_answered and (place not in best or best[place].per_second < rate.per_second):
                    best[place] = rate
    return best


def _rates(measured: Measured, there: list[Contender], connections: int) -> Section:
    rows = []
    for operation in OPERATIONS:
        rates = {
            contender.name: measured[contender.name, operation, connections].per_second
            for contender in there
            if (contender.name, operation, connections) in measured
        }
        shown = [f"{rates[contender.name]:,.0f}" if contender.name in rates else "-" for contender in there]
        goal = [f"{GOALS[operation]:,}"] if connections == max(CONNECTIONS) else []
        ratios = [_ratio(rates, there, durable=durable) for durable in (False, True)]
        rows.append([operation, *shown, *goal, *ratios])
    goal_column = ["goal, memory"] if connections == max(CONNECTIONS) else []
    return Section(
        title=f"HTTP, {connections} connection{'s' if connections > 1 else ''}, operations per second",
        note="Signed requests over kept connections, sent by wrk. Our server checks each signature; no peer does. The "
        "ratios are ours to the best peer: memory to memory, and `power` to dynoxide's file, which both wait for the "
        "disk with each commit, or `process` to dynalite's file, which both do not: the smaller ratio of the two.",
        columns=["operation", *(contender.name for contender in there), *goal_column, "memory", "file"],
        rows=rows,
        is_plotted=connections == max(CONNECTIONS),
    )


def _ratio(rates: dict[str, float], there: list[Contender], *, durable: bool) -> str:
    pairs = [("tenantable, power", "dynoxide, file"), ("tenantable, process", "dynalite, file")]
    if not durable:
        peers = [contender.name for contender in there if not contender.is_ours and not contender.durable]
        pairs = [("tenantable, memory", peer) for peer in peers]
    ratios = [rates[ours] / rates[theirs] for ours, theirs in pairs if ours in rates and theirs in rates]
    return f"{min(ratios):.1f} x" if ratios else "-"


def _latencies(measured: Measured, there: list[Contender]) -> Section:
    rows = []
    for operation in OPERATIONS:
        rates = [measured.get((contender.name, operation, 1)) for contender in there]
        rows.append([operation, *("-" if rate is None else f"{rate.p50_ms:.2f} / {rate.p99_ms:.2f}" for rate in rates)])
    return Section(
        title="HTTP, 1 connection, milliseconds at p50 / p99",
        note="",
        columns=["operation", *(contender.name for contender in there)],
        rows=rows,
    )


def _start(rows: list[list[str]]) -> Section:
    return Section(
        title="Start and memory",
        note="From the start of the process to its first answer, and what lies in memory before and after the load. "
        "The goal of our start is 400 ms.",
        columns=["server", "first answer, ms", "idle, MiB", "loaded, MiB"],
        rows=rows,
    )
