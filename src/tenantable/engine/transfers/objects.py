"""Buckets as folders: a key is a path below the bucket's, and nothing leads out of it."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tenantable.wire.errors import validation_error

_SEGMENT_BYTES_MAX = 255  # of a file's name, on every usual file system


class Objects:
    """The buckets in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check_key(self, bucket: str, key: str) -> Path:
        """
        Where an object lies or would lie.

        Raises:
            DynamoError: ValidationException when bucket or key cannot be a path below the folder.
        """
        if bucket in {"", ".", ".."} or "/" in bucket or "\0" in bucket:
            raise validation_error(f"Invalid S3Bucket: {bucket!r}")
        segments = key.split("/")
        for segment in segments:
            too_long = len(segment.encode(errors="replace")) > _SEGMENT_BYTES_MAX
            if segment in {"", ".", ".."} or "\0" in segment or too_long:
                raise validation_error(f"Invalid S3 key: {key!r} cannot be a path below the folder of the bucket")
        root = (self._folder / bucket).resolve()
        path = root.joinpath(*segments)
        if not (root.is_relative_to(self._folder.resolve()) and path.resolve().is_relative_to(root)):
            raise validation_error(f"Invalid S3 key: {key!r} leads out of the folder of the bucket")
        return path

    def write(self, bucket: str, key: str, content: bytes) -> None:
        """Write a whole object; it is there as a whole or not at all."""
        path = self.check_key(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name[: _SEGMENT_BYTES_MAX - 9]}.partial")
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def has_bucket(self, bucket: str) -> bool:
        return self.check_key(bucket, "any").parent.is_dir()

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys that begin with a prefix, sorted within each folder. Links are not followed."""
        root = self.check_key(bucket, "any").parent
        folder = prefix.rpartition("/")[0]
        start = self.check_key(bucket, folder) if folder else root
        for parent, folders, names in os.walk(start):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                key = str(PurePosixPath(*path.relative_to(root).parts))
                if key.startswith(prefix) and not path.is_symlink():
                    yield key


def bucket_folder(objects: Objects | None) -> Objects:
    """
    Raises:
        DynamoError: ValidationException when this engine has no buckets.
    """
    if objects is None:
        raise validation_error(
            "This engine keeps its tables in memory and has no buckets: give it a folder for them with objects="
        )
    return objects
