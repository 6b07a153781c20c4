"""
Generated files in a folder: written where they differ, and never over a file that somebody else wrote.

Whose a file is, its first line says: a marker that the generator puts into every file. A file with the same marker
that is generated no more is removed; whatever has another first line stays as it is.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tenantable.errors import InfrastructureError

Change = Literal["new", "changed", "unchanged", "removed"]

_FIRST_LINE_BYTES_MAX = 4096


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """What becomes of one file, by its name within the folder."""

    name: str
    change: Change


def compare_folder(folder: Path, files: Mapping[str, str], *, marker: str) -> list[FileChange]:
    """
    What writing the files would change, in the order of their names; changes nothing.

    Args:
        files: The text of each file, by name.
        marker: What the first line of every generated file contains.
    Raises:
        InfrastructureError: A file of such a name is there, and was not generated so; or it cannot be read.
    """
    changes = [FileChange(name=name, change=_change(folder / name, text, marker)) for name, text in files.items()]
    changes += [FileChange(name=name, change="removed") for name in _left_over(folder, files, marker)]
    return sorted(changes, key=lambda change: change.name)


def write_folder(folder: Path, files: Mapping[str, str], *, marker: str) -> list[FileChange]:
    """
    Make the folder hold these files. Each file changes at once or not at all.

    Returns:
        What was changed, as `compare_folder` would have said.
    Raises:
        InfrastructureError: As `compare_folder`, before anything is written; or the folder cannot be written.
    """
    changes = compare_folder(folder, files, marker=marker)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in changes:
            if each.change == "removed":
                (folder / each.name).unlink()
            elif each.change != "unchanged":
                _replace(folder / each.name, files[each.name])
    except OSError as error:
        raise InfrastructureError(
            f"{folder} cannot be written: {error}", hint="choose another folder with --out"
        ) from error
    return changes


def _change(path: Path, text: str, marker: str) -> Change:
    if not path.exists() and not path.is_symlink():
        return "new"
    if not _is_generated(path, marker):
        hint = "move it away, or choose another folder with --out"
        raise InfrastructureError(f"{path} is there and was not generated from this system", hint=hint)
    return "unchanged" if path.read_bytes() == text.encode() else "changed"


def _left_over(folder: Path, files: Mapping[str, str], marker: str) -> Iterator[str]:
    if not folder.is_dir():
        return
    endings = {Path(name).suffix for name in files}
    for path in folder.iterdir():
        if path.suffix in endings and path.name not in files and path.is_file() and _is_generated(path, marker):
            yield path.name


def _is_generated(path: Path, marker: str) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            first = file.readline(_FIRST_LINE_BYTES_MAX)
    except OSError as error:
        raise InfrastructureError(f"{path} cannot be read: {error}", hint="choose another folder with --out") from error
    return marker.encode() in first


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
