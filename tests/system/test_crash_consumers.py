"""Consumers of a stream survive SIGKILL: none leaves a record out; one may see again what it saw last."""

import os
import random
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tenantable.engine import Engine
from tenantable.engine.integrity.checking import check

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "5"))
SCRIPT = Path(__file__).parent / "crash_consumer.py"
TABLE = "ledger"
WRITERS = [f"writer-{number}" for number in range(4)]
CONSUMERS = ("archive", "mail")
SEED = 20261122
PAGE = 7


def work_and_kill(data: Path, notes: Path, seconds: float) -> None:
    command = [sys.executable, str(SCRIPT), str(data), str(notes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        time.sleep(seconds)
        process.kill()


def noted(file: Path) -> list[str]:
    """Whole lines; a write of a few bytes is not torn by a kill."""
    return file.read_text().splitlines() if file.exists() else []


def compare(data: Path, notes: Path) -> int:
    """How many records there are."""
    assert list(map(str, check(data, lambda _task, _done, _total: None))) == []
    with Engine(data) as engine:
        stream = engine.stream(TABLE)
        recorded: list[str] = []
        after = None
        while page := stream.read(after):
            recorded += [record["dynamodb"]["Keys"]["pk"]["S"] for record in page]
            after = page[-1]["dynamodb"]["SequenceNumber"]
        dealt_with = {name: noted(notes / name) for name in CONSUMERS}
        unseen = {
            name: [record["dynamodb"]["Keys"]["pk"]["S"] for record in stream.read(stream.checkpoint(name))]
            for name in CONSUMERS
        }
    assert {text for writer in WRITERS for text in noted(notes / writer)} <= set(recorded)
    for name in CONSUMERS:
        assert_nothing_left_out(recorded, dealt_with[name])
        first_unseen = recorded.index(unseen[name][0]) if unseen[name] else len(recorded)
        assert set(recorded[:first_unseen]) <= set(dealt_with[name])
    return len(recorded)


def assert_nothing_left_out(recorded: list[str], dealt_with: list[str]) -> None:
    """The consumer went through the records in order; after a kill it went back by a page at most."""
    places = {text: place for place, text in enumerate(recorded)}
    order = [places[text] for text in dealt_with]
    assert order[:1] in ([], [0])
    assert all(after == before + 1 or before - PAGE < after <= before for before, after in pairwise(order))


@pytest.mark.timeout(120 + 10 * ROUNDS)
def test_no_record_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(SEED)  # noqa: S311 - only the moment of the kill
    data, notes = tmp_path / "data", tmp_path / "notes"
    notes.mkdir()
    count = 0
    for _ in range(ROUNDS):
        work_and_kill(data, notes, draw.uniform(0.05, 0.3))
        count = compare(data, notes)
    seen = {name: len(noted(notes / name)) for name in CONSUMERS}
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {count} records, dealt with {seen}")  # noqa: T201
    assert min(seen.values()) > ROUNDS
