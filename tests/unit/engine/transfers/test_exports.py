"""Exports: the files, their manifests, the stretch of time, and what is refused."""

import base64
import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.unit.engine.backups.tables import TABLE, item, key_of, put
from tests.unit.engine.transfers.buckets import ARN, create_recovered, export, read_json, read_lines

from tenantable.engine import Engine
from tenantable.engine.transfers.limits import LISTED_SECONDS
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    return tmp_path / "objects" / "exports"


@pytest.fixture
def engine(clock: ManualClock, tmp_path: Path) -> Iterator[Engine]:
    with Engine(":memory:", clock=clock, objects=tmp_path / "objects") as engine:
        create_recovered(engine)
        yield engine


def refusal(engine: Engine, **members: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        export(engine, **members)
    return caught.value


def md5(content: bytes) -> "hashlib._Hash":
    return hashlib.md5(content)  # noqa: S324 - what the manifests have


def test_a_full_export_is_laid_out_as_documented(engine: Engine, bucket: Path) -> None:
    put(engine, "a", "b", "c")
    description = export(engine, S3Prefix="daily/notes")
    identifier = description["ExportArn"].rpartition("/")[2]
    folder = bucket / "daily" / "notes" / "AWSDynamoDB" / identifier
    assert description["ExportManifest"] == f"daily/notes/AWSDynamoDB/{identifier}/manifest-summary.json"
    assert {path.name for path in folder.iterdir()} == {
        "_started",
        "data",
        "manifest-files.checksum",
        "manifest-files.json",
        "manifest-summary.checksum",
        "manifest-summary.json",
    }
    lines = read_lines(*folder.glob("data/*.json.gz"))
    assert sorted(line["Item"]["pk"]["S"] for line in lines) == ["a", "b", "c"]
    assert all(line.keys() == {"Item"} for line in lines)


def test_manifests_name_and_measure_everything(engine: Engine, bucket: Path) -> None:
    put(engine, "a", "b", "c")
    description = export(engine)
    summary = read_json(bucket / description["ExportManifest"])
    assert summary["exportArn"] == description["ExportArn"]
    assert summary["itemCount"] == description["ItemCount"] == 3
    assert summary["billedSizeBytes"] == description["BilledSizeBytes"] == 3 * 6
    assert summary["exportTime"] == "2027-01-15T08:00:00.000Z"
    files = [orjson.loads(line) for line in (bucket / summary["manifestFilesS3Key"]).read_bytes().splitlines()]
    assert sum(file["itemCount"] for file in files) == 3
    for file in files:
        content = (bucket / file["dataFileS3Key"]).read_bytes()
        assert file["md5Checksum"] == base64.b64encode(md5(content).digest()).decode()
        assert len(gzip.decompress(content).splitlines()) == file["itemCount"]
    for manifest in (description["ExportManifest"], summary["manifestFilesS3Key"]):
        checksum = (bucket / manifest.replace(".json", ".checksum")).read_bytes()
        assert base64.b64decode(checksum) == md5((bucket / manifest).read_bytes()).digest()


def test_an_export_is_of_its_second(clock: ManualClock, engine: Engine, bucket: Path) -> None:
    put(engine, "a", "b")
    second = clock.now
    clock.now += 10
    engine.call("DeleteItem", {"TableName": "notes", "Key": key_of("a")})
    put(engine, "c")
    assert export(engine, ExportTime=second, S3Prefix="then")["ItemCount"] == 2
    lines = read_lines(*bucket.glob("then/AWSDynamoDB/*/data/*"))
    assert {line["Item"]["pk"]["S"] for line in lines} == {"a", "b"}


@pytest.mark.parametrize("view", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE"])
def test_an_increment_tells_what_became_of_each_item(
    clock: ManualClock, engine: Engine, bucket: Path, view: str
) -> None:
    """One line per item; what came and went in between is left out, and what changed later does not count."""
    put(engine, "changed", "deleted", "same")
    clock.now += 3600
    start = clock.now
    for number in (2, 3):
        engine.call("PutItem", {"TableName": "notes", "Item": item("changed", number)})
    engine.call("DeleteItem", {"TableName": "notes", "Key": key_of("deleted")})
    put(engine, "new", "passing")
    engine.call("DeleteItem", {"TableName": "notes", "Key": key_of("passing")})
    clock.now += 3600
    engine.call("PutItem", {"TableName": "notes", "Item": item("changed", 9)})
    put(engine, "later")
    clock.now += 60
    period = {"ExportFromTime": start, "ExportToTime": start + 3600, "ExportViewType": view}
    description = export(engine, ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=period)
    summary = read_json(bucket / description["ExportManifest"])
    assert (summary["outputView"], summary["exportType"], summary["itemCount"]) == (view, "INCREMENTAL_EXPORT", 3)
    written = {"Metadata": {"WriteTimestampMicros": {"N": str(int(start * 1_000_000))}}}
    old = view == "NEW_AND_OLD_IMAGES"
    expected = {
        "changed": {"NewImage": item("changed", 3)} | ({"OldImage": item("changed", 1)} if old else {}),
        "deleted": {"OldImage": item("deleted", 1)} if old else {},
        "new": {"NewImage": item("new", 1)},
    }
    lines = {line["Keys"]["pk"]["S"]: line for line in read_lines(*bucket.glob("AWSDynamoDB/data/*.json.gz"))}
    assert lines == {name: {**written, "Keys": key_of(name), **images} for name, images in expected.items()}


@pytest.mark.parametrize(
    ("specification", "code"),
    [
        ({}, "ValidationException"),
        ({"ExportFromTime": 0, "ExportToTime": 899}, "ValidationException"),
        ({"ExportFromTime": 0, "ExportToTime": 24 * 3600 + 1}, "ValidationException"),
        ({"ExportFromTime": 0, "ExportToTime": 100 * 3600}, "InvalidExportTimeException"),
        ({"ExportFromTime": -1}, "InvalidExportTimeException"),
    ],
)
def test_an_increment_has_15_minutes_to_24_hours_of_the_window(
    clock: ManualClock, engine: Engine, specification: dict[str, int], code: str
) -> None:
    period = {name: clock.now + seconds for name, seconds in specification.items()}
    clock.now += 48 * 3600
    error = refusal(engine, ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=period)
    assert error.code == code


def test_a_filter_leaves_out_items_and_attributes(engine: Engine, bucket: Path) -> None:
    for number in range(3):
        engine.call("PutItem", {"TableName": "notes", "Item": item(f"n{number}", number)})
    chosen = {
        "FilterExpression": "n >= :one",
        "ProjectionExpression": "pk",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    assert export(engine, FilterSpecification=chosen)["ItemCount"] == 2
    lines = read_lines(*bucket.glob("AWSDynamoDB/*/data/*"))
    assert sorted(line["Item"]["pk"]["S"] for line in lines) == ["n1", "n2"]
    assert all("n" not in line["Item"] for line in lines)


def test_a_key_condition_exports_one_partition(engine: Engine, bucket: Path) -> None:
    put(engine, "a", "b")
    chosen = {"KeyConditionExpression": "pk = :b", "ExpressionAttributeValues": {":b": {"S": "b"}}}
    export(engine, FilterSpecification=chosen)
    assert read_lines(*bucket.glob("AWSDynamoDB/*/data/*")) == [{"Item": item("b", 1)}]


def test_the_same_token_is_the_same_export(clock: ManualClock, engine: Engine, bucket: Path) -> None:
    request = {"TableArn": ARN, "S3Bucket": "exports", "ClientToken": "once"}
    first = engine.call("ExportTableToPointInTime", request)["ExportDescription"]
    again = engine.call("ExportTableToPointInTime", request)["ExportDescription"]
    assert again["ExportArn"] == first["ExportArn"]
    assert len(list(bucket.glob("AWSDynamoDB/*/_started"))) == 1
    assert refusal(engine, ClientToken="once", S3Prefix="x").code == "IdempotentParameterMismatchException"
    clock.now += 8 * 3600 + 1
    assert export(engine, ClientToken="once")["ExportArn"] != first["ExportArn"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"ExportFormat": "ION"}, "ValidationException"),
        ({"TableArn": ARN + "-none"}, "TableNotFoundException"),
        ({"ExportTime": 1_000_000_000}, "InvalidExportTimeException"),
        ({"S3Prefix": "../outside"}, "ValidationException"),
        ({"S3Bucket": "-x-"}, "ValidationException"),
    ],
)
def test_what_is_refused_is_not_begun(engine: Engine, bucket: Path, members: dict[str, Any], code: str) -> None:
    assert refusal(engine, **members).code == code
    assert engine.call("ListExports", {})["ExportSummaries"] == []
    assert not bucket.parent.exists()


def test_a_table_without_recovery_is_refused(engine: Engine) -> None:
    engine.call("CreateTable", {**TABLE, "TableName": "plain"})
    error = refusal(engine, TableArn=ARN.replace("notes", "plain"))
    assert error.code == "PointInTimeRecoveryUnavailableException"


def test_an_engine_without_buckets_says_so() -> None:
    with Engine(":memory:") as engine:
        create_recovered(engine)
        assert "no buckets" in refusal(engine).message


def test_what_cannot_be_written_has_failed(engine: Engine, bucket: Path) -> None:
    bucket.mkdir(parents=True)
    (bucket / "AWSDynamoDB").write_text("a file in the place of the folder")
    description = export(engine)
    assert description["ExportStatus"] == "FAILED"
    assert description["FailureCode"] == "S3AccessDenied"


def test_exports_are_listed_backwards_and_for_90_days(clock: ManualClock, engine: Engine) -> None:
    arns = [export(engine)["ExportArn"]]
    clock.now += 1
    arns.append(export(engine)["ExportArn"])
    first = engine.call("ListExports", {"MaxResults": 1, "TableArn": ARN})
    second = engine.call("ListExports", {"MaxResults": 1, "NextToken": first["NextToken"]})
    listed = [*first["ExportSummaries"], *second["ExportSummaries"]]
    assert [export["ExportArn"] for export in listed] == arns[::-1]
    assert "NextToken" not in second
    clock.now += LISTED_SECONDS
    assert len(engine.call("ListExports", {})["ExportSummaries"]) == 1
    assert engine.trim_backups() >= 1


def test_an_export_that_a_crash_has_interrupted_has_failed(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine:
        create_recovered(engine)
        arn = export(engine)["ExportArn"]
        rewrite = "UPDATE transfers SET description = replace(description, 'COMPLETED', 'IN_PROGRESS')"
        engine._storage.write.connection.execute(rewrite)  # noqa: SLF001 - as a killed engine leaves it
    with Engine(tmp_path) as engine:
        description = engine.call("DescribeExport", {"ExportArn": arn})["ExportDescription"]
    assert (description["ExportStatus"], description["FailureCode"]) == ("FAILED", "Interrupted")


def test_what_does_not_exist_is_not_found(engine: Engine) -> None:
    with pytest.raises(DynamoError) as caught:
        engine.call("DescribeExport", {"ExportArn": f"{ARN}/export/01800000000000-00000000"})
    assert caught.value.code == "ExportNotFoundException"
