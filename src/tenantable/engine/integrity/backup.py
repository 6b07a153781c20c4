"""
Copying a whole data directory, also while it is in use, and bringing a copy back.

A backup holds the files of the directory and a manifest with their sizes and digests. Each database is copied as of one
moment; other files are copied as they are, as they are only ever replaced as a whole.

Files come first, and those that they may name after them; databases come last. So no file of a backup tells of what the
tables of the backup have not got yet: a signed copy of where a chain ends, for one.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b, file_digest
from pathlib import Path
from shutil import rmtree
from typing import Any

import orjson

from tenantable.engine.integrity.findings import Report
from tenantable.engine.storage.copies import copy_database, is_database
from tenantable.engine.storage.files import DATABASE_NAME, LOCK_NAMES, lock_directory
from tenantable.engine.storage.salvage import is_left_over
from tenantable.errors import StorageError

MANIFEST_NAME = "tenantable-backup.json"
_MANIFEST_VERSION = 1
_DRAFT_SUFFIX = ".unfinished"
_SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")
_CHUNK_BYTES = 1024 * 1024
_TRY_AGAIN = "check the free space and the permissions, and try again"


def back_up(directory: Path, target: Path, report: Report) -> int:
    """
    Copy a data directory, which may be in use.

    Args:
        target: Where the copy goes; it is created, or is an empty folder. It shows under this name when it is complete.
        report: Told the progress.
    Returns:
        How many files were copied.
    Raises:
        StorageError: There is nothing to copy, the target is not empty, or something cannot be read or written.
    """
    if target.resolve().is_relative_to(directory.resolve()):
        raise StorageError(f"{target} lies inside {directory}", hint="choose a folder outside of what is copied")
    _refuse_unless_empty(target)
    draft = target.with_name(target.name + _DRAFT_SUFFIX)
    try:
        draft.mkdir(parents=True, mode=0o700)
    except OSError as error:
        hint = "choose another place; an unfinished backup of that name can be deleted"
        raise StorageError(f"{draft} cannot be created: {error.strerror}", hint=hint) from error
    try:
        names = list(_file_names(directory))
        if DATABASE_NAME not in names:
            raise StorageError(
                f"There are no tables in {directory}", hint="name the folder that the engine was started with"
            )
        databases = [name for name in names if is_database(directory / name)]
        files: dict[str, Any] = {}
        for _ in ("what there is", "what came meanwhile"):
            for name in _file_names(directory):
                if name not in databases and name not in files:
                    with suppress(FileNotFoundError):  # it was deleted meanwhile
                        files[name] = _copy(directory / name, draft / name, name, report=report)
        files |= {name: _copy(directory / name, draft / name, name, report=report) for name in databases}
        manifest = {"version": _MANIFEST_VERSION, "files": files}
        _write(draft / MANIFEST_NAME, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        draft.rename(target)
    except OSError as error:
        raise StorageError(f"The backup failed: {_reason(error)}", hint=_TRY_AGAIN) from error
    finally:
        rmtree(draft, ignore_errors=True)  # what was finished has another name by now
    return len(files)


def restore(directory: Path, source: Path, report: Report) -> int:
    """
    Bring a backup back.

    Args:
        directory: The data directory to fill: there is none yet, or it is empty and nobody has it open.
        source: What `back_up` wrote.
        report: Told the progress.
    Returns:
        How many files were brought back.
    Raises:
        StorageError: The directory is in use, not empty or within the backup, or the backup is damaged or none.
    """
    files = _read_manifest(source)
    if directory.resolve().is_relative_to(source.resolve()):
        raise StorageError(f"{directory} lies inside the backup", hint="choose a folder outside of it")
    lock = lock_directory(directory, exclusive=True)
    try:
        _refuse_unless_empty(directory)
        _restore_all(source, directory, files, report=report)
    except OSError as error:
        raise StorageError(f"The backup cannot be restored: {_reason(error)}", hint=_TRY_AGAIN) from error
    finally:
        lock.close()
    return len(files)


def _refuse_unless_empty(folder: Path) -> None:
    try:
        found = [path.name for path in folder.iterdir() if not path.name.startswith(LOCK_NAMES)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"{folder} cannot be used: {error.strerror}", hint="choose another folder") from error
    if found:
        raise StorageError(f"{folder} is not empty: it holds {min(found)}", hint="choose a new or an empty folder")


def _file_names(directory: Path) -> Iterator[str]:
    """Everything but locks, what SQLite keeps beside its files and what repairs have left, sorted."""
    for path in sorted(directory.rglob("*")):
        is_left_out = path.name.endswith(_SQLITE_COMPANIONS) or path.name in LOCK_NAMES or is_left_over(path.name)
        if path.is_file() and not path.is_symlink() and not is_left_out:
            yield path.relative_to(directory).as_posix()


def _copy(source: Path, target: Path, name: str, *, report: Report) -> dict[str, Any]:
    """Copy one file, readable by its owner alone; its size and digest."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_database(source):
        _write(target, b"")
        copy_database(source, target, lambda done, total: report(name, done, total))
    else:
        _write(target, source.read_bytes())
        report(name, 1, 1)
    with target.open("rb+") as copied:
        os.fsync(copied.fileno())
    return _described(target)


def _restore_all(source: Path, directory: Path, files: Mapping[str, Mapping[str, Any]], *, report: Report) -> None:
    """Copy and compare everything before anything has its name; what fails or is interrupted leaves no copies."""
    drafts = {name: directory / (name + _DRAFT_SUFFIX) for name in files}
    try:
        for name, draft in drafts.items():
            _restore(source / name, draft, name, told=files[name], report=report)
        for name, draft in drafts.items():
            draft.rename(directory / name)
    finally:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _restore(source: Path, draft: Path, name: str, *, told: Mapping[str, Any], report: Report) -> None:
    """Copy one file back under a name that it does not keep, and compare it with what the manifest tells of it."""
    draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    total, done = told["size"], 0
    with source.open("rb") as original:
        _write(draft, b"")
        with draft.open("wb") as copy:
            while chunk := original.read(_CHUNK_BYTES):
                copy.write(chunk)
                done += len(chunk)
                report(name, done, total)
            copy.flush()
            os.fsync(copy.fileno())
    if _described(draft) != told:
        raise StorageError(f"{source} is not what was backed up: the backup is damaged", hint="choose another backup")


def _reason(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)


def _described(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        digest = file_digest(opened, lambda: blake2b(digest_size=32)).hexdigest()
    return {"size": file.stat().st_size, "blake2b": digest}


def _read_manifest(source: Path) -> dict[str, dict[str, Any]]:
    """By name what the backup tells of its files."""
    try:
        manifest = orjson.loads((source / MANIFEST_NAME).read_bytes())
        files: dict[str, dict[str, Any]] = manifest["files"]
        if manifest["version"] != _MANIFEST_VERSION or any(Path(name).is_absolute() for name in files):
            raise ValueError(manifest["version"])
        missing = [name for name in files if ".." in Path(name).parts or not (source / name).is_file()]
    except (OSError, ValueError, TypeError, LookupError) as error:
        hint = "name a folder that `tenantable dynamodb backup` of this version wrote"
        raise StorageError(f"{source} is no backup that can be read", hint=hint) from error
    if missing:
        raise StorageError(f"The backup in {source} lacks {missing[0]}", hint="choose another backup")
    return files
