"""What only buckets in a folder promise; the rest is in the suite that S3 passes too."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tenantable.cloud.objects.bucket import Content, InvalidObject, ObjectExists, below
from tenantable.cloud.objects.embedded import EmbeddedBucket, EmbeddedObjects
from tenantable.engine import Engine
from tenantable.errors import CloudError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def bucket(folder: Path) -> EmbeddedBucket:
    return EmbeddedObjects(folder).bucket("archive")


def test_a_key_is_a_path(bucket: EmbeddedBucket, folder: Path) -> None:
    bucket.put("2026/01/a.json", Content(body=b"{}"))
    assert (folder / "archive" / "2026" / "01" / "a.json").read_bytes() == b"{}"


def test_objects_survive_reopening_with_all_that_is_known_of_them(bucket: EmbeddedBucket, folder: Path) -> None:
    bucket.put("a", Content(body=b"x", media_type="text/plain", metadata={"b": "c"}))
    info = EmbeddedObjects(folder).bucket("archive").head("a")
    assert (info.media_type, info.metadata) == ("text/plain", {"b": "c"})


def test_a_copied_folder_keeps_what_is_known_of_objects(bucket: EmbeddedBucket, folder: Path, tmp_path: Path) -> None:
    bucket.put("a", Content(body=b"x", media_type="text/plain"))
    shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copyfile)
    assert EmbeddedObjects(tmp_path / "copy").bucket("archive").head("a").media_type == "text/plain"


def test_what_an_export_wrote_can_be_read(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine:
        engine.call(
            "CreateTable",
            {
                "TableName": "notes",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )
        engine.call("PutItem", {"TableName": "notes", "Item": {"id": {"S": "a"}}})
        arn = engine.call("DescribeTable", {"TableName": "notes"})["Table"]["TableArn"]
        recovery = {"PointInTimeRecoveryEnabled": True}
        engine.call("UpdateContinuousBackups", {"TableName": "notes", "PointInTimeRecoverySpecification": recovery})
        engine.call("ExportTableToPointInTime", {"TableArn": arn, "S3Bucket": "exports", "S3Prefix": "nightly"})
    exported = EmbeddedObjects(tmp_path / "objects").bucket("exports")
    keys = [found.key for found in below(exported, "nightly/")]
    assert any(key.endswith("manifest-summary.json") for key in keys)
    for key in keys:
        found = exported.get(key)
        assert (found.info.size_bytes, found.info.media_type) == (len(found.body), "application/octet-stream")


def test_an_object_that_somebody_else_replaced_has_lost_its_record(bucket: EmbeddedBucket, folder: Path) -> None:
    bucket.put("a", Content(body=b"ours", media_type="text/plain"))
    (folder / "archive" / "a").write_bytes(b"else")
    found = bucket.get("a")
    assert (found.body, found.info.media_type) == (b"else", "application/octet-stream")


def test_a_damaged_record_is_no_record(bucket: EmbeddedBucket, folder: Path) -> None:
    bucket.put("a", Content(body=b"ours", media_type="text/plain"))
    for record in (folder / ".records" / "archive").glob("*/*"):
        record.write_bytes(b"{")
    assert bucket.get("a").info.media_type == "application/octet-stream"


def test_one_key_cannot_lie_below_another(bucket: EmbeddedBucket) -> None:
    bucket.put("a", Content(body=b""))
    with pytest.raises(InvalidObject, match="lies below a key that is an object"):
        bucket.put("a/b", Content(body=b""))
    bucket.put("c/d", Content(body=b""))
    with pytest.raises(InvalidObject, match="there are objects below it"):
        bucket.put("c", Content(body=b""))


@pytest.mark.parametrize("name", ["", "..", "a/b", ".records", "Archive", "ab", "a..b"])
def test_a_bucket_cannot_be_any_folder(folder: Path, name: str) -> None:
    with pytest.raises(InvalidObject, match="no name of a bucket"):
        EmbeddedObjects(folder).bucket(name)


def test_links_lead_nowhere(bucket: EmbeddedBucket, folder: Path, tmp_path: Path) -> None:
    bucket.put("a", Content(body=b""))
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_bytes(b"secret")
    (folder / "archive" / "out").symlink_to(secret)
    (folder / "archive" / "file").symlink_to(secret / "file")
    for key in ("out/file", "file"):
        with pytest.raises(InvalidObject, match="leads out of the bucket"):
            bucket.get(key)
        with pytest.raises(InvalidObject, match="leads out of the bucket"):
            bucket.put(key, Content(body=b"x"))
    assert [found.key for found in below(bucket, "")] == ["a"]
    assert (secret / "file").read_bytes() == b"secret"


def test_of_many_who_put_where_there_is_none_one_succeeds(folder: Path) -> None:
    """Whether they share a bucket or each has opened it, as processes do."""
    winners: list[int] = []

    def race(number: int) -> None:
        try:
            EmbeddedObjects(folder).bucket("archive").put("a", Content(body=bytes([number])), only_if_absent=True)
            winners.append(number)
        except ObjectExists:
            pass

    threads = [threading.Thread(target=race, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1
    assert EmbeddedObjects(folder).bucket("archive").get("a").body == bytes(winners)


def test_a_failed_put_leaves_no_draft(bucket: EmbeddedBucket, folder: Path) -> None:
    bucket.put("a", Content(body=b""))
    with pytest.raises(CloudError):
        bucket.put("a/b", Content(body=b""))
    assert list((folder / ".drafts").iterdir()) == []


def test_drafts_of_a_killed_process_can_be_removed(folder: Path) -> None:
    objects = EmbeddedObjects(folder)
    objects.remove_drafts()
    objects.bucket("archive").put("a", Content(body=b""))
    (folder / ".drafts" / "left").write_bytes(b"x")
    objects.remove_drafts()
    assert list((folder / ".drafts").iterdir()) == []


ENDLESS_WRITER = """
import sys, threading
from pathlib import Path
from tenantable.cloud.objects.bucket import Content
from tenantable.cloud.objects.embedded import EmbeddedObjects

bucket = EmbeddedObjects(Path(sys.argv[1])).bucket("archive")

def write(writer):
    number = 0
    while True:
        number += 1
        key = f"{writer}/{number % 7}"
        bucket.put(key, Content(body=f"{key} {number} ".encode() * 999, metadata={"number": str(number)}))
        sys.stdout.write(f"{key} {number}\\n")
        sys.stdout.flush()

for writer in range(4):
    threading.Thread(target=write, args=[writer]).start()
"""


@pytest.mark.slow
def test_acknowledged_objects_survive_sigkill(tmp_path: Path) -> None:
    """A process is killed in the middle of concurrent puts; what it had acknowledged is there, with its metadata."""
    for crash in range(5):
        folder = tmp_path / str(crash)
        command = [sys.executable, "-c", ENDLESS_WRITER, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            acknowledged = dict(child.stdout.readline().split() for _ in range(60 + 17 * crash))
            child.kill()
        bucket = EmbeddedObjects(folder).bucket("archive")
        assert {found.key for found in below(bucket, "")} >= acknowledged.keys()
        for key, number in acknowledged.items():
            found = bucket.get(key)
            stored = int(found.info.metadata["number"])
            assert stored >= int(number)
            assert found.body == f"{key} {stored} ".encode() * 999
