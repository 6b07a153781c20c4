"""One suite for every kind of bucket."""

import hashlib
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tenantable.cloud.objects.bucket import (
    Bucket,
    Content,
    InvalidObject,
    ObjectExists,
    ObjectNotFound,
    Range,
    below,
)
from tenantable.cloud.objects.embedded import EmbeddedObjects
from tenantable.cloud.objects.s3 import S3Bucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_names = count()


@pytest.fixture(params=["embedded", "s3", "versioned_s3"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    found: Bucket = request.getfixturevalue(f"{request.param}_bucket")
    return found


@pytest.fixture
def embedded_bucket(tmp_path: Path) -> Bucket:
    return EmbeddedObjects(tmp_path / "objects").bucket("archive")


@pytest.fixture(scope="module")
def s3(aws_client_arguments: dict[str, str]) -> Iterator["S3Client"]:
    client: S3Client = boto3.client("s3", **aws_client_arguments)  # type: ignore[call-overload]
    yield client
    client.close()


@pytest.fixture
def s3_bucket(s3: "S3Client") -> Bucket:
    name = f"archive-{next(_names)}"
    s3.create_bucket(Bucket=name)
    return S3Bucket(s3, name)


@pytest.fixture
def versioned_s3_bucket(s3: "S3Client", s3_bucket: Bucket) -> Bucket:
    s3.put_bucket_versioning(Bucket=s3_bucket.name, VersioningConfiguration={"Status": "Enabled"})
    return s3_bucket


def versions_of(s3: "S3Client", name: str) -> list[tuple[str, bool]]:
    """Keys of versions and of markers of deletions, and whether each is the latest."""
    answer = s3.list_object_versions(Bucket=name)
    found = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
    return sorted((each["Key"], each["IsLatest"]) for each in found)


def put(bucket: Bucket, *keys: str) -> None:
    for key in keys:
        bucket.put(key, Content(body=key.encode()))


def keys_of(bucket: Bucket, prefix: str = "") -> list[str]:
    return [found.key for found in bucket.page(prefix).objects]


@pytest.mark.parametrize("body", [b"", b"text", bytes(range(256)) * 5000])
def test_reads_what_was_put(bucket: Bucket, body: bytes) -> None:
    before = time.time()
    etag = bucket.put("a/b.json", Content(body=body, media_type="application/json", metadata={"origin": "tests, 2"}))
    found = bucket.get("a/b.json")
    assert found.body == body
    assert etag == found.info.etag == hashlib.md5(body, usedforsecurity=False).hexdigest()
    assert (found.info.key, found.info.size_bytes, found.info.media_type) == ("a/b.json", len(body), "application/json")
    assert found.info.metadata == {"origin": "tests, 2"}
    assert before - 2 < found.info.modified_at < time.time() + 2


def test_head_says_the_same_without_the_content(bucket: Bucket) -> None:
    bucket.put("a", Content(body=b"abc", metadata={"a-b": "c"}))
    assert bucket.head("a") == bucket.get("a").info


def test_bytes_have_no_particular_type_unless_one_is_given(bucket: Bucket) -> None:
    put(bucket, "a")
    assert bucket.head("a").media_type == "application/octet-stream"
    assert bucket.head("a").metadata == {}


def test_a_later_put_replaces_everything(bucket: Bucket) -> None:
    bucket.put("a", Content(body=b"first", media_type="text/plain", metadata={"x": "y"}))
    bucket.put("a", Content(body=b"other"))
    found = bucket.get("a")
    assert (found.body, found.info.media_type, found.info.metadata) == (b"other", "application/octet-stream", {})


@pytest.mark.parametrize(
    ("wanted", "body"),
    [
        (Range(start=0, length=1), b"0"),
        (Range(start=3), b"3456789"),
        (Range(start=2, length=3), b"234"),
        (Range(start=8, length=100), b"89"),
        (Range(start=0), b"0123456789"),
    ],
)
def test_reads_a_range(bucket: Bucket, wanted: Range, body: bytes) -> None:
    bucket.put("a", Content(body=b"0123456789"))
    found = bucket.get("a", wanted)
    assert (found.body, found.info.size_bytes) == (body, 10)


@pytest.mark.parametrize("wanted", [Range(start=3), Range(start=4, length=1)])
def test_refuses_a_range_after_the_end(bucket: Bucket, wanted: Range) -> None:
    bucket.put("a", Content(body=b"012"))
    with pytest.raises(InvalidObject, match="range begins at"):
        bucket.get("a", wanted)


def test_an_object_that_is_not_there_is_told(bucket: Bucket) -> None:
    put(bucket, "a/b")
    for key in ("c", "a", "a/b/c"):
        with pytest.raises(ObjectNotFound):
            bucket.get(key)
        with pytest.raises(ObjectNotFound):
            bucket.head(key)


def test_a_deleted_object_is_gone(bucket: Bucket) -> None:
    put(bucket, "a/b", "a/c")
    bucket.delete("a/b")
    bucket.delete("a/b")
    bucket.delete("never/there")
    assert keys_of(bucket) == ["a/c"]
    with pytest.raises(ObjectNotFound):
        bucket.get("a/b")


def test_nothing_remains_in_the_way_of_a_deleted_object(bucket: Bucket) -> None:
    put(bucket, "a/b/c")
    bucket.delete("a/b/c")
    put(bucket, "a")
    assert keys_of(bucket) == ["a"]


def test_an_object_can_be_put_only_where_there_is_none(bucket: Bucket) -> None:
    bucket.put("a", Content(body=b"first"), only_if_absent=True)
    with pytest.raises(ObjectExists):
        bucket.put("a", Content(body=b"second"), only_if_absent=True)
    assert bucket.get("a").body == b"first"
    bucket.delete("a")
    bucket.put("a", Content(body=b"third"), only_if_absent=True)


def test_keys_come_in_the_order_of_their_bytes(bucket: Bucket) -> None:
    keys = ["a-b", "a.b", "a/b/c", "a/b0", "a0", "b", "ä", "A"]
    put(bucket, *keys)
    assert keys_of(bucket) == sorted(keys, key=str.encode)


def test_lists_by_any_prefix(bucket: Bucket) -> None:
    put(bucket, "2026/01/a", "2026/01/b", "2026/10/a", "2027/01/a", "x")
    assert keys_of(bucket, "2026/") == ["2026/01/a", "2026/01/b", "2026/10/a"]
    assert keys_of(bucket, "2026/1") == ["2026/10/a"]
    assert keys_of(bucket, "2026/01/b") == ["2026/01/b"]
    assert keys_of(bucket, "y") == []


def test_an_empty_bucket_lists_nothing(bucket: Bucket) -> None:
    assert bucket.page().objects == ()


def test_a_list_tells_sizes_and_times(bucket: Bucket) -> None:
    bucket.put("a", Content(body=b"abc"))
    (found,) = bucket.page().objects
    assert found.size_bytes == 3
    assert abs(found.modified_at - time.time()) < 60


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_end_and_miss_nothing(bucket: Bucket, limit: int) -> None:
    keys = ["a", "b/a", "b/b", "b/c/a", "b/c/b", "b/d", "c"]
    put(bucket, *keys)
    found: list[str] = []
    after = None
    while True:
        page = bucket.page(limit=limit, after=after)
        assert len(page.objects) <= limit
        found += [each.key for each in page.objects]
        after = page.next
        if after is None:
            break
    assert found == keys
    assert [each.key for each in below(bucket, "b/")] == keys[1:6]


def test_readers_see_whole_objects(bucket: Bucket) -> None:
    """While one object is replaced again and again, each reader gets one put's body with that put's metadata."""
    bodies = [bytes([number]) * (60_000 + number) for number in range(15)]
    bucket.put("a", Content(body=bodies[0], metadata={"number": "0"}))

    def replace() -> None:
        for number, body in enumerate(bodies):
            bucket.put("a", Content(body=body, metadata={"number": str(number)}))

    writer = threading.Thread(target=replace)
    writer.start()
    while writer.is_alive():
        found = bucket.get("a")
        assert found.body == bodies[int(found.info.metadata["number"])]
    writer.join()


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\0b", "a\nb", "x" * 256, "\ud800"]
)
def test_refuses_keys_that_only_some_buckets_take(bucket: Bucket, key: str) -> None:
    with pytest.raises(InvalidObject):
        bucket.put(key, Content(body=b""))
    with pytest.raises(InvalidObject):
        bucket.get(key)


def test_takes_the_longest_key(bucket: Bucket) -> None:
    key = "/".join(["k" * 255] * 4)
    put(bucket, key)
    assert keys_of(bucket) == [key]
    with pytest.raises(InvalidObject, match="1 to 1024 bytes"):
        put(bucket, key + "/k")


@pytest.mark.parametrize(
    "metadata", [{"Upper": "a"}, {"": "a"}, {"a b": "a"}, {"a": ""}, {"a": "ä"}, {"a": " b"}, {"a": "x" * 2048}]
)
def test_refuses_metadata_that_s3_changes_or_refuses(metadata: dict[str, str]) -> None:
    with pytest.raises(InvalidObject):
        Content(body=b"", metadata=metadata)


@pytest.mark.parametrize("limit", [0, 1001])
def test_refuses_a_page_out_of_range(bucket: Bucket, limit: int) -> None:
    with pytest.raises(InvalidObject, match="1 to 1000"):
        bucket.page(limit=limit)


def test_an_object_stays_when_its_former_versions_are_deleted(bucket: Bucket) -> None:
    for body in (b"first", b"second"):
        bucket.put("a", Content(body=body, metadata={"b": "c"}))
    put(bucket, "a/b" if bucket.name != "archive" else "ab")
    for _ in range(2):
        bucket.delete_former_versions("a")
    found = bucket.get("a")
    assert (found.body, found.info.metadata) == (b"second", {"b": "c"})
    assert len(keys_of(bucket)) == 2


def test_there_need_be_no_object_to_delete_former_versions_of(bucket: Bucket) -> None:
    bucket.delete_former_versions("never/there")
    with pytest.raises(InvalidObject):
        bucket.delete_former_versions("../there")


def test_former_versions_are_gone_and_those_of_other_keys_stay(s3: "S3Client", versioned_s3_bucket: Bucket) -> None:
    for _ in range(3):
        put(versioned_s3_bucket, "a", "a.b", "a0")
    versioned_s3_bucket.delete_former_versions("a")
    others = [(key, latest) for key in ("a.b", "a0") for latest in (False, False, True)]
    assert versions_of(s3, versioned_s3_bucket.name) == [("a", True), *others]


def test_more_former_versions_than_one_request_takes_are_deleted(
    s3: "S3Client", versioned_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenantable.cloud.objects.s3.DELETED_AT_ONCE", 2)
    for _ in range(6):
        put(versioned_s3_bucket, "a")
    versioned_s3_bucket.delete_former_versions("a")
    assert versions_of(s3, versioned_s3_bucket.name) == [("a", True)]


def test_what_a_deleted_object_was_can_be_deleted_too(s3: "S3Client", versioned_s3_bucket: Bucket) -> None:
    put(versioned_s3_bucket, "a")
    versioned_s3_bucket.delete("a")
    versioned_s3_bucket.delete_former_versions("a")
    assert versions_of(s3, versioned_s3_bucket.name) == [("a", True)]  # the marker of the deletion
    assert keys_of(versioned_s3_bucket) == []
