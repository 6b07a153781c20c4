"""
What each operation costs the engine in process: CPU microseconds and operations per second of one thread.

Every figure is the best of several rounds, in CPU time, so that a busy machine spoils little. With `--beside` another
tree's `src` folder is measured in the same run, its rounds interleaved with those of this one.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.progress import track
from rich.table import Table
from workload import CREATE_TABLE, ITEMS_PER_PARTITION, OPERATIONS, api_name, batch_of_puts, requests

from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import parse_policy

PLACES = ("memory", "disk")
WAYS = ("call", "call_json", "call_json, authorized")
HERE = Path(__file__).parent.parent / "src"
REQUESTS_PREPARED = 30
PRINCIPAL = "arn:aws:iam::000000000000:user/bench"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "dynamodb:*",
            "Resource": "*",
            "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ORG#*", "STATUS#*"]}},
        }
    ],
}


class Subject:
    """The engine of one tree, in a process of its own that measures what it is told to."""

    def __init__(self, source: Path, items: int) -> None:
        command = [sys.executable, __file__, "--items", str(items), "--serve"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(source)}, **pipes)

    def ask(self, order: dict[str, Any]) -> float:
        """CPU microseconds of one operation."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def serve(items: int) -> None:
    """Measure what comes in, a line each."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        engines = {}
        authorizer = PolicyAuthorizer({PRINCIPAL: [parse_policy(POLICY)]})
        for place in PLACES:
            path = ":memory:" if place == "memory" else folder
            engines[place] = engine = stack.enter_context(Engine(path, durability="process", authorizer=authorizer))
            load(engine, items)
        for line in sys.stdin:
            order = json.loads(line)
            engine = engines[order["place"]]
            print(measure(call_of(engine, order["way"]), order, items), flush=True)


def load(engine: Engine, items: int) -> None:
    engine.call("CreateTable", CREATE_TABLE)
    for start in range(0, items, ITEMS_PER_PARTITION):
        engine.call(*batch_of_puts(list(range(start, start + ITEMS_PER_PARTITION))))


def call_of(engine: Engine, way: str) -> Callable[[str, Any], Any]:
    if way == "call":
        return engine.call
    principal = PRINCIPAL if way == "call_json, authorized" else None
    return lambda operation, body: engine.call_json(operation, body, principal=principal)


def measure(call: Callable[[str, Any], Any], order: dict[str, Any], items: int) -> float:
    name = api_name(order["operation"])
    stream = requests(order["operation"], items, seed=order["seed"])
    spent, done = 0.0, 0
    while spent < order["seconds"]:
        prepared: list[Any] = list(islice(stream, REQUESTS_PREPARED))
        if order["way"] != "call":
            prepared = [orjson.dumps(request) for request in prepared]
        gc.collect()  # what was spent on the requests themselves is not the engine's
        began = time.process_time()
        for request in prepared:
            call(name, request)
        spent += time.process_time() - began
        done += len(prepared)
    return spent / done * 1e6


def show(best: dict[tuple[str, str, str], list[float]], subjects: int) -> None:
    table = Table(title="CPU microseconds of an operation, 1 KB items, one index, one thread")
    for column in ("operation", "where", "how", *(["before"] if subjects > 1 else []), "us", "operations/s"):
        table.add_column(column)
    for (operation, place, way), costs in best.items():
        table.add_row(operation, place, way, *(f"{cost:.1f}" for cost in reversed(costs)), f"{1e6 / costs[0]:,.0f}")
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one round")
    parser.add_argument("--operation", action="append", choices=OPERATIONS, help="all, unless given")
    parser.add_argument("--beside", type=Path, help="another tree's src folder, measured in between")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.items)
        return
    sources = [HERE, *([arguments.beside] if arguments.beside else [])]
    subjects = [Subject(source, arguments.items) for source in sources]
    cases = [(name, place, way) for name in arguments.operation or OPERATIONS for place in PLACES for way in WAYS]
    best = {case: [float("inf")] * len(subjects) for case in cases}
    for seed in track(range(arguments.rounds), "measuring", console=Console(stderr=True)):
        for case in cases:
            order = dict(zip(("operation", "place", "way"), case, strict=True), seed=seed, seconds=arguments.seconds)
            best[case] = [min(costs) for costs in zip(best[case], (each.ask(order) for each in subjects), strict=True)]
    show(best, len(subjects))
    for subject in subjects:
        subject.close()


if __name__ == "__main__":
    main()
