"""The keys of a bucket that is a folder, in the order of S3: by the bytes of the whole key."""

import os
from collections.abc import Iterator
from pathlib import Path

from tenantable.cloud.objects.bucket import ListedObject


def listed(root: Path, prefix: str, after: str) -> Iterator[ListedObject]:
    """
    The objects whose keys begin with `prefix` and come after `after`; links are not followed.

    Folders that hold none of these are not entered, so a page costs what is in it and in the folders around it.
    """
    yield from _listed(str(root), "", prefix, after.encode())


def _listed(folder: str, above: str, prefix: str, after: bytes) -> Iterator[ListedObject]:
    for key, entry in _entries(folder, above):
        if key.endswith("/"):
            whole = key.encode()
            passed = whole < after and not after.startswith(whole)
            if not passed and (key.startswith(prefix) or prefix.startswith(key)):
                yield from _listed(entry.path, key, prefix, after)
        elif key.startswith(prefix) and key.encode() > after:
            try:
                stat = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # deleted meanwhile
                continue
            yield ListedObject(key=key, size_bytes=stat.st_size, modified_at=stat.st_mtime)


def _entries(folder: str, above: str) -> list[tuple[str, os.DirEntry[str]]]:
    """The files and folders of a folder by their keys; a folder's ends with a slash, which gives it its place."""
    try:
        with os.scandir(folder) as found:
            entries = [
                (f"{above}{entry.name}/" if is_folder else f"{above}{entry.name}", entry)
                for entry in found
                if (is_folder := entry.is_dir(follow_symlinks=False)) or entry.is_file(follow_symlinks=False)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    # A name that is no text is no key of ours.
    text = [each for each in entries if each[0].isprintable() or each[0].encode("utf-8", "replace").decode() == each[0]]
    return sorted(text, key=lambda each: each[0].encode())
