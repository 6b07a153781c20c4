"""Counts of grants in a data folder: summed over processes, threads and starts; never lost by an orderly end."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantable.cloud.sqlite_file import SqliteFile
from tenantable.errors import CloudError, StorageError
from tenantable.iam.use.counting import GrantId
from tenantable.local.decisions.uses import USES_FILE, UsesFile, kept_uses
from tenantable.local.systems import run_embedded
from tenantable.services.webhooks.declaration import SYSTEM, receiver
from tenantable.testing import ManualClock

READ = GrantId(system="webhooks", component="receiver", words="allow(TenantWebhookConfigs.get)")
OTHER = GrantId(system="shop", component="till", words="allow(Orders.get)")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def file(tmp_path: Path, clock: ManualClock) -> Iterator[UsesFile]:
    opened = UsesFile(tmp_path, clock=clock)
    yield opened
    opened.close()


def test_counts_are_summed_and_the_last_use_is_known(file: UsesFile, clock: ManualClock) -> None:
    began_at = clock.now
    file.add({READ: 2})
    clock.now += 60
    file.add({READ: 3, OTHER: 1})
    file.add({})
    kept = file.read()
    assert (kept.began_at, dict(kept.counts)) == (began_at, {READ: 5, OTHER: 1})
    assert kept.last_used[READ] == began_at + 60


def test_one_system_can_be_forgotten(file: UsesFile, clock: ManualClock) -> None:
    file.add({READ: 2, OTHER: 1})
    clock.now += 60
    file.forget(["webhooks"])
    assert dict(file.read().counts) == {OTHER: 1}
    assert file.read().began_at == clock.now


def test_processes_add_to_the_same_counts(tmp_path: Path, file: UsesFile) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from tenantable.iam.use.counting import GrantId\n"
        "from tenantable.local.decisions.uses import UsesFile\n"
        "file = UsesFile(Path(sys.argv[1]), clock=time.time)\n"
        "for _ in range(50): file.add({GrantId(system='webhooks', component='receiver',"
        " words='allow(TenantWebhookConfigs.get)'): 1})\n"
        "file.close()"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(2)]
    assert [child.wait(30) for child in children] == [0, 0]
    assert dict(file.read().counts) == {READ: 100}


def read_once(folder: Path, clock: ManualClock, *, every_seconds: float, wait: threading.Event | None = None) -> None:
    with run_embedded(SYSTEM) as running, kept_uses(running.uses, folder, clock=clock, every_seconds=every_seconds):
        request = {"TableName": "TenantWebhookConfig", "Key": {"tenantId": {"S": "t"}}}
        running.client(receiver).call("GetItem", request)
        if wait is not None:
            wait.wait(10)


def test_the_end_of_a_run_keeps_what_was_counted_and_the_next_run_adds_to_it(
    tmp_path: Path, file: UsesFile, clock: ManualClock
) -> None:
    read_once(tmp_path, clock, every_seconds=3600)
    read_once(tmp_path, clock, every_seconds=3600)
    assert dict(file.read().counts) == {READ: 2}


def test_counts_are_written_while_a_run_goes_on(tmp_path: Path, file: UsesFile, clock: ManualClock) -> None:
    seen = threading.Event()
    run = threading.Thread(target=read_once, args=(tmp_path, clock), kwargs={"every_seconds": 0.01, "wait": seen})
    run.start()
    deadline = time.monotonic() + 10
    while not file.read().counts and time.monotonic() < deadline:
        time.sleep(0.01)
    assert dict(file.read().counts) == {READ: 1}
    seen.set()
    run.join()
    assert dict(file.read().counts) == {READ: 1}


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path, clock: ManualClock) -> None:
    SqliteFile(tmp_path / USES_FILE, schema="CREATE TABLE t (x)", version=99).close()
    with pytest.raises(StorageError, match="format 99"):
        UsesFile(tmp_path, clock=clock)


def test_a_file_that_cannot_be_written_is_said_so(file: UsesFile) -> None:
    file.close()
    with pytest.raises(CloudError):
        file.add({READ: 1})
