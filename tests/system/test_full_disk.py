"""A disk that is full or read-only: a clear error, nothing torn, and work goes on when there is space again."""

import base64
import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.directories import no_report
from tests.scans import scanned

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.retries import RetryPolicy
from tenantable.engine import Engine
from tenantable.engine.integrity.backup import back_up
from tenantable.engine.integrity.checking import check
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import StorageError, TenantableError, Unavailable
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

DISK_BYTES = 4 * 1024 * 1024
BALLAST_BYTES = 1024 * 1024
TABLE = "ledger"

Mount = Callable[..., None]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Runs `mount`; everything is unmounted at the end. Skips where it is not permitted."""
    with ExitStack() as mounted:

        def mount(*arguments: str, at: Path) -> None:
            done = subprocess.run(["mount", *arguments, str(at)], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"this user may not mount: {done.stderr.strip()}")
            mounted.callback(subprocess.run, ["umount", "--lazy", str(at)], check=False)

        yield mount


@pytest.fixture
def disk(tmp_path: Path, mount: Mount) -> Path:
    """A disk of 4 MiB with 1 MiB of ballast on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", at=disk)
    (disk / "ballast").write_bytes(bytes(BALLAST_BYTES))
    return disk


def connect(server: "DynamoProcess") -> HttpClient:
    credentials = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
    return HttpClient(
        server.address, region="us-east-1", credentials=lambda: credentials, retries=RetryPolicy(attempts_max=1)
    )


def create_table(engine: Engine) -> None:
    engine.call(
        "CreateTable",
        {
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "kind")],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by-kind",
                    "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        },
    )


def pair(number: int) -> list[dict[str, Any]]:
    """Two items of one transaction."""
    return [
        {"pk": {"S": f"{number}-{part}"}, "kind": {"S": "pair"}, "fill": {"S": "x" * 20_000}} for part in ("a", "b")
    ]


def put_pair(engine: DynamoClient, number: int) -> None:
    puts = [{"Put": {"TableName": TABLE, "Item": item}} for item in pair(number)]
    engine.call("TransactWriteItems", {"TransactItems": puts})


def fill(engine: DynamoClient) -> tuple[int, TenantableError]:
    """Write pairs until one is refused: its number, and what was said."""
    for number in range(1_000):
        try:
            put_pair(engine, number)
        except (DynamoError, Unavailable) as error:
            return number, error
    raise AssertionError("the disk is never full")


def pairs_stored(engine: DynamoClient) -> set[int]:
    """The numbers of the pairs; asserts that none is torn, in the table and in its index."""
    for index in ({}, {"IndexName": "by-kind"}):
        names = [item["pk"]["S"] for item in scanned(engine, TABLE, **index)]
        numbers = {int(name.split("-")[0]) for name in names}
        assert sorted(names) == sorted(f"{number}-{part}" for number in numbers for part in "ab")
    return numbers


@pytest.mark.parametrize("durability", ["power", "process", "none"])
def test_a_full_disk_tears_nothing_and_takes_writes_again_when_there_is_space(disk: Path, durability: Any) -> None:
    data = disk / "data"
    with Engine(data, durability=durability) as engine:
        create_table(engine)
        count, error = fill(engine)
        assert isinstance(error, DynamoError)
        assert (error.code, error.status) == ("InternalServerError", 500)
        assert "full" in error.message
        assert "free space" in error.message
        assert count > 10
        assert pairs_stored(engine) == set(range(count))
        with pytest.raises(DynamoError, match="full"):
            put_pair(engine, count)
        (disk / "ballast").unlink()
        put_pair(engine, count)
        assert pairs_stored(engine) == set(range(count + 1))
    assert list(check(data, no_report)) == []


def test_a_server_on_a_full_disk_goes_on_answering(disk: Path, start_dynamo: "StartDynamo") -> None:
    """Reads are answered; when it is killed then, nothing acknowledged is missing."""
    data = disk / "data"
    with Engine(data) as engine:
        create_table(engine)
    with start_dynamo(data) as server, connect(server) as client:
        count, error = fill(client)
        assert "InternalServerError" in str(error)
        assert "database or disk is full" in str(error)
        assert pairs_stored(client) == set(range(count))
        server.kill()
    (disk / "ballast").unlink()
    with Engine(data) as engine:
        assert pairs_stored(engine) == set(range(count))
    assert list(check(data, no_report)) == []


def test_starting_on_a_full_disk_says_so(disk: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        (disk / "more").write_bytes(bytes(DISK_BYTES))
    with pytest.raises(StorageError) as caught:
        Engine(disk / "data")
    assert "free space" in str(caught.value)


def test_a_backup_to_a_full_disk_says_so_and_is_no_backup(disk: Path, tmp_path: Path) -> None:
    with Engine(tmp_path / "data") as engine:
        create_table(engine)
        for number in range(120):
            put_pair(engine, number)
        with pytest.raises(StorageError, match=r"full|No space"):
            back_up(tmp_path / "data", disk / "backup", no_report)
    assert not (disk / "backup").exists()


@pytest.mark.parametrize("left_bytes", [0, 64 * 1024])
def test_an_export_to_a_full_disk_has_failed_and_leaves_no_data(disk: Path, tmp_path: Path, left_bytes: int) -> None:
    with Engine(tmp_path / "data", objects=disk / "objects") as engine:
        create_table(engine)
        recovery = {"PointInTimeRecoveryEnabled": True}
        engine.call("UpdateContinuousBackups", {"TableName": TABLE, "PointInTimeRecoverySpecification": recovery})
        for number in range(100):
            fill = {"B": base64.b64encode(os.urandom(5_000)).decode()}
            engine.call("PutItem", {"TableName": TABLE, "Item": {"pk": {"S": str(number)}, "fill": fill}})
        with pytest.raises(OSError, match="No space"):
            (disk / "more").write_bytes(bytes(DISK_BYTES))
        (disk / "ballast").write_bytes(bytes(BALLAST_BYTES - left_bytes))
        table = engine.call("DescribeTable", {"TableName": TABLE})["Table"]["TableArn"]
        begun = engine.call("ExportTableToPointInTime", {"TableArn": table, "S3Bucket": "bucket"})
        shown = engine.call("DescribeExport", {"ExportArn": begun["ExportDescription"]["ExportArn"]})
        assert shown["ExportDescription"]["ExportStatus"] == "FAILED"
        assert "No space" in shown["ExportDescription"]["FailureMessage"]
    kept = [path.name for path in (disk / "objects").rglob("*") if path.is_file()]
    assert set(kept) <= {"_started"}


def test_a_read_only_disk_is_refused_at_the_start(disk: Path, mount: Mount) -> None:
    with Engine(disk / "data") as engine:
        create_table(engine)
    del engine
    gc.collect()  # with it goes the memory that it shared with other processes, which keeps the disk writable
    mount("-o", "remount,ro", at=disk)
    with pytest.raises(StorageError, match="cannot be used") as caught:
        Engine(disk / "data")
    assert "may write" in str(caught.value)


def test_a_read_only_file_is_refused_at_the_start(disk: Path, mount: Mount) -> None:
    with Engine(disk / "data") as engine:
        create_table(engine)
    file = disk / "data" / DATABASE_NAME
    mount("--bind", str(file), at=file)
    mount("-o", "remount,bind,ro", at=file)
    with pytest.raises(StorageError, match="cannot be used"):
        Engine(disk / "data")
