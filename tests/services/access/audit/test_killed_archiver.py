"""An archiver that is killed at any moment, again and again: nothing is missing, and nothing is shown twice."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.access.audit.archiver_process import BUCKET, dependencies
from tests.services.access.audit.trails import DAY_SECONDS, Tamperer, kinds

from tenantable.cloud.objects.embedded import EmbeddedObjects
from tenantable.engine import Engine
from tenantable.services.access.audit.archiving.archive import Archive
from tenantable.services.access.audit.assembly import audit_of, verifier_of
from tenantable.services.access.audit.trail import Wanted
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.declaration import SYSTEM, Organisation, Organisations, directory_service, naming

EVENTS = 300
BEGIN = 1_800_000_000.0
NOW = BEGIN + 35 * DAY_SECONDS
KILLS = 10


def lay_out(folder: Path) -> None:
    """Events over ten days, of which those of the first five expired and were deleted."""
    now = [BEGIN]
    with Engine(folder / "data", clock=lambda: now[0]) as engine:
        for table in SYSTEM.physical_tables(naming("dev")):
            engine.call("CreateTable", table.create_request())
            engine.call("UpdateTimeToLive", table.time_to_live_request() or {})
        for number in range(EVENTS):
            now[0] = BEGIN + 10 * DAY_SECONDS * number / EVENTS
            changes = dependencies(folder, engine, now[0]).changes(directory_service)

            def build(change: Change, first: bool = number == 0) -> None:
                if first:
                    change.create(
                        Organisations, Organisation(organisation_id="acme", name="Acme", date_created=change.now)
                    )
                change.record("USER_MANAGEMENT", "member.add", target="bob", details={"by": "ann"})

            (changes.found if number == 0 else changes.run)("acme", Actor(id="ann"), build)
        now[0] = NOW
        while engine.expire(NOW, 1000):
            pass
        assert len(Tamperer(engine).items()) == EVENTS // 2


def run_killed(folder: Path, seconds: float | None) -> bool:
    """Run the archiver; killed after so many seconds, or to its end. Gives whether it came to its end."""
    command = [sys.executable, "-m", "tests.services.access.audit.archiver_process", str(folder), str(NOW)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if seconds is not None:
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
        return "idle" in process.stdout.read()


@pytest.mark.slow
def test_an_archiver_killed_at_random_moments_leaves_a_whole_archive(tmp_path: Path) -> None:
    lay_out(tmp_path)
    moments = random.Random(20261129)  # noqa: S311
    for _ in range(KILLS):
        if run_killed(tmp_path, moments.uniform(0, 0.4)):
            break
    assert run_killed(tmp_path, None)
    archive = Archive(EmbeddedObjects(tmp_path / "objects").bucket(BUCKET))
    copies = Counter(event.sequence for key in archive.keys("acme") for event in archive.read(key))
    assert set(copies) >= set(range(1, EVENTS // 2 + 1))
    with Engine(tmp_path / "data", clock=lambda: NOW) as engine:
        parts = dependencies(tmp_path, engine, NOW)
        found = verifier_of(parts).verify("acme")
        assert (kinds(found), found.events) == ([], EVENTS)
        since, until = datetime.fromtimestamp(BEGIN, UTC), datetime.fromtimestamp(NOW, UTC)
        wanted = Wanted(organisation_id="acme", since=since, until=until, target="bob", order="oldest")
        numbers: list[int] = []
        cursor: str | None = None
        while True:
            page = audit_of(parts).events(Actor(id="ann"), wanted, limit=50, cursor=cursor)
            numbers += [event.sequence for event in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert numbers == list(range(1, EVENTS + 1))
