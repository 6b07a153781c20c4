"""Buckets are folders, and nothing leads out of them."""

from pathlib import Path

import pytest

from tenantable.engine.transfers.objects import Objects
from tenantable.wire.errors import DynamoError


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("..", "a"),
        (".", "a"),
        ("", "a"),
        ("a/b", "a"),
        ("bucket", "../a"),
        ("bucket", "a/../../b"),
        ("bucket", "/etc/passwd"),
        ("bucket", "a//b"),
        ("bucket", "a/./b"),
        ("bucket", "a\0b"),
        ("bucket", ""),
        ("bucket", "a/" + "x" * 256),
    ],
)
def test_what_cannot_be_a_path_below_the_bucket_is_refused(tmp_path: Path, bucket: str, key: str) -> None:
    with pytest.raises(DynamoError) as caught:
        Objects(tmp_path / "objects").write(bucket, key, b"x")
    assert caught.value.code == "ValidationException"
    assert list(tmp_path.iterdir()) == []


def test_a_link_out_of_the_bucket_is_not_followed(tmp_path: Path) -> None:
    outside, bucket = tmp_path / "outside", tmp_path / "objects" / "bucket"
    outside.mkdir()
    (outside / "secret").write_text("x")
    bucket.mkdir(parents=True)
    (bucket / "folder").symlink_to(outside)
    (bucket / "file").symlink_to(outside / "secret")
    objects = Objects(tmp_path / "objects")
    assert list(objects.keys("bucket", "")) == []
    for key in ("folder/new", "file"):
        with pytest.raises(DynamoError):
            objects.write("bucket", key, b"x")
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_a_bucket_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "bucket").symlink_to(tmp_path / "outside")
    with pytest.raises(DynamoError):
        Objects(tmp_path / "objects").write("bucket", "key", b"x")


def test_keys_begin_with_the_prefix(tmp_path: Path) -> None:
    objects = Objects(tmp_path)
    for key in ("a/b/1", "a/b2", "a/c", "b/1"):
        objects.write("bucket", key, b"x")
    assert list(objects.keys("bucket", "a/b")) == ["a/b2", "a/b/1"]
    assert list(objects.keys("bucket", "a/b/")) == ["a/b/1"]
    assert sorted(objects.keys("bucket", "")) == ["a/b/1", "a/b2", "a/c", "b/1"]
