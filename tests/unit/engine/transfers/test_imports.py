"""Imports: formats, errors of single items, the new table, and what is refused."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.unit.engine.backups.tables import TABLE, item, items_of, put, relations
from tests.unit.engine.transfers.buckets import CREATION, create_recovered, export, import_

from tenantable.engine import Engine
from tenantable.engine.backups.limits import STEP_ITEMS_MAX
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError

SOURCE = {"S3Bucket": "imports"}


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "objects" / "imports"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def engine(clock: ManualClock, tmp_path: Path, bucket: Path) -> Iterator[Engine]:
    assert bucket.is_dir()
    with Engine(":memory:", clock=clock, objects=tmp_path / "objects") as engine:
        yield engine


def lines(*items: Any) -> bytes:
    return b"".join(orjson.dumps({"Item": each}) + b"\n" for each in items)


def counts(description: dict[str, Any]) -> tuple[int, int, int]:
    return description["ProcessedItemCount"], description["ImportedItemCount"], description["ErrorCount"]


def test_an_export_can_be_imported(engine: Engine, bucket: Path) -> None:
    create_recovered(engine)
    put(engine, *(f"n{number}" for number in range(3 * STEP_ITEMS_MAX)))
    exported = export(engine, S3Bucket="imports")
    prefix = exported["ExportManifest"].replace("manifest-summary.json", "data/")
    source = {**SOURCE, "S3KeyPrefix": prefix}
    description = import_(engine, source, InputCompressionType="GZIP")
    assert description["ImportStatus"] == "COMPLETED"
    assert counts(description) == (3 * STEP_ITEMS_MAX, 3 * STEP_ITEMS_MAX, 0)
    assert items_of(engine, "imported") == items_of(engine, "imported", IndexName="by-n") == items_of(engine, "notes")
    assert (bucket / exported["ExportManifest"]).exists()


def test_bad_items_are_counted_and_the_others_are_there(engine: Engine, bucket: Path) -> None:
    content = b"".join(
        [
            lines(item("good", 1)),
            b"no JSON\n",
            b'{"pk": {"S": "without Item"}}\n',
            b"\n",
            lines({"pk": {"N": "1"}}, {"n": {"N": "1"}}, {"pk": {"S": "a"}, "x": {"Q": "1"}}),
            lines({"pk": {"S": "a"}, "n": {"S": "not a key of the index"}}),
            lines({"pk": {"S": "a"}, "x": {"S": "x" * 400 * 1024}}),
            lines(item("good too", 2)),
        ]
    )
    (bucket / "items.json").write_bytes(content)
    description = import_(engine, SOURCE)
    assert counts(description) == (9, 2, 7)
    assert description["ImportStatus"] == "FAILED"
    assert description["FailureCode"] == "ItemValidationError"
    assert "items.json, item 2: not valid JSON" in description["FailureMessage"]
    assert description["ProcessedSizeBytes"] == len(content)
    assert set(items_of(engine, "imported")) == {"good", "good too"}


def test_an_item_of_the_same_key_replaces_the_earlier_one(engine: Engine, bucket: Path) -> None:
    (bucket / "items.json").write_bytes(lines(item("a", 1), item("a", 2)))
    assert counts(import_(engine, SOURCE)) == (2, 2, 0)
    assert items_of(engine, "imported", IndexName="by-n") == {"a": item("a", 2)}
    assert engine.call("DescribeTable", {"TableName": "imported"})["Table"]["ItemCount"] == 1


def test_only_objects_with_the_prefix_are_read(engine: Engine, bucket: Path) -> None:
    (bucket / "folder").mkdir()
    for name in ("folder/wanted-1", "folder/wanted-2", "folder/other", "wanted-3"):
        (bucket / name).write_bytes(lines(item(name, 1)))
    import_(engine, {**SOURCE, "S3KeyPrefix": "folder/wanted"})
    assert set(items_of(engine, "imported")) == {"folder/wanted-1", "folder/wanted-2"}


def test_csv_has_a_header_and_typed_keys(engine: Engine, bucket: Path) -> None:
    """Everything but the keys of table and indexes is a string; an item without an index key is not in the index."""
    (bucket / "items.csv").write_text('pk,n,note\na,1,"says ""hello"", twice"\nb,,\n')
    description = import_(engine, SOURCE, InputFormat="CSV")
    assert counts(description) == (2, 2, 0)
    assert items_of(engine, "imported") == {
        "a": {**item("a", 1), "note": {"S": 'says "hello", twice'}},
        "b": {"pk": {"S": "b"}, "note": {"S": ""}},
    }
    assert set(items_of(engine, "imported", IndexName="by-n")) == {"a"}


def test_csv_with_headers_and_delimiter_given(engine: Engine, bucket: Path) -> None:
    (bucket / "items.csv").write_text("a;1\nb;2\n")
    options = {"Csv": {"Delimiter": ";", "HeaderList": ["pk", "n"]}}
    import_(engine, SOURCE, InputFormat="CSV", InputFormatOptions=options)
    assert items_of(engine, "imported") == {"a": item("a", 1), "b": item("b", 2)}


def test_bad_rows_are_counted(engine: Engine, bucket: Path) -> None:
    (bucket / "items.csv").write_text('pk,n\na,1\ntoo,many,columns\nb,no number\n"c" x,1\nd,4\n')
    description = import_(engine, SOURCE, InputFormat="CSV")
    assert counts(description) == (5, 2, 3)
    assert set(items_of(engine, "imported")) == {"a", "d"}


@pytest.mark.parametrize("cut", [5, 20])
def test_a_damaged_object_counts_once_and_the_others_are_read(engine: Engine, bucket: Path, cut: int) -> None:
    (bucket / "1.gz").write_bytes(gzip.compress(lines(item("a", 1)))[:cut])
    (bucket / "2.gz").write_bytes(gzip.compress(lines(item("b", 1))))
    description = import_(engine, SOURCE, InputCompressionType="GZIP")
    assert description["ErrorCount"] == 1
    assert set(items_of(engine, "imported")) >= {"b"}


@pytest.mark.parametrize(
    ("source", "code"),
    [({"S3Bucket": "missing"}, "S3NoSuchBucket"), ({**SOURCE, "S3KeyPrefix": "none"}, "S3NoSuchKey")],
)
def test_what_there_is_not_cannot_be_imported(engine: Engine, source: dict[str, str], code: str) -> None:
    description = import_(engine, source)
    assert (description["ImportStatus"], description["FailureCode"]) == ("FAILED", code)
    assert engine.call("ListTables", {})["TableNames"] == []
    assert relations(engine) == set()


def test_a_bucket_that_there_is_not_is_said_to_be_a_folder(engine: Engine) -> None:
    assert "a bucket is a folder in `objects`" in import_(engine, {"S3Bucket": "missing"})["FailureMessage"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"InputFormat": "ION"}, "ValidationException"),
        ({"InputCompressionType": "ZSTD"}, "ValidationException"),
        ({"S3BucketSource": {**SOURCE, "S3KeyPrefix": "../outside/"}}, "ValidationException"),
        ({"InputFormatOptions": {"Csv": {"Delimiter": ";"}}}, "ValidationException"),
        ({"TableCreationParameters": {**CREATION, "TableName": "notes"}}, "ResourceInUseException"),
        ({"TableCreationParameters": {**CREATION, "BillingMode": "PROVISIONED"}}, "ValidationException"),
    ],
)
def test_what_is_refused_is_not_begun(engine: Engine, members: dict[str, Any], code: str) -> None:
    engine.call("CreateTable", TABLE)
    with pytest.raises(DynamoError) as caught:
        import_(engine, SOURCE, **members)
    assert caught.value.code == code
    assert engine.call("ListImports", {})["ImportSummaryList"] == []
    assert relations(engine) == {"items_1", "index_2"}


def test_the_same_token_is_the_same_import(engine: Engine, bucket: Path) -> None:
    (bucket / "items.json").write_bytes(lines(item("a", 1)))
    request = {
        "ClientToken": "once",
        "S3BucketSource": SOURCE,
        "InputFormat": "DYNAMODB_JSON",
        "TableCreationParameters": CREATION,
    }
    first = engine.call("ImportTable", request)["ImportTableDescription"]
    again = engine.call("ImportTable", request)["ImportTableDescription"]
    assert (again["ImportArn"], again["ImportStatus"]) == (first["ImportArn"], "COMPLETED")
    with pytest.raises(DynamoError) as caught:
        engine.call("ImportTable", {**request, "InputFormat": "CSV"})
    assert caught.value.code == "ImportConflictException"


def test_imports_are_listed_page_by_page(engine: Engine, bucket: Path) -> None:
    (bucket / "items.json").write_bytes(lines(item("a", 1)))
    for name in ("first", "second"):
        import_(engine, SOURCE, TableCreationParameters={**CREATION, "TableName": name})
    page = engine.call("ListImports", {"PageSize": 1})
    rest = engine.call("ListImports", {"PageSize": 1, "NextToken": page["NextToken"]})
    names = [each["TableArn"].rpartition("/")[2] for each in page["ImportSummaryList"] + rest["ImportSummaryList"]]
    assert names == ["second", "first"]
    assert "NextToken" not in rest
