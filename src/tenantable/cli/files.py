"""Files that commands read and write. `-` is the standard input. Errors name the file and change nothing."""

import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from tenantable.errors import SettingsError

STANDARD_INPUT = "-"
STALE = 2
"""The exit status of `--check` where files are not what the declaration says."""
FILE_BYTES_MAX = 16 * 1024 * 1024
"""Plans of Terraform are large."""


def read_bytes(path: Path, bytes_max: int = FILE_BYTES_MAX) -> bytes:
    """
    Raises:
        SettingsError: The file cannot be read, or is too large.
    """
    try:
        if str(path) == STANDARD_INPUT:
            content = sys.stdin.buffer.read(bytes_max + 1)
        else:
            with path.open("rb") as file:
                content = file.read(bytes_max + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > bytes_max:
        raise SettingsError(f"{path} is larger than {bytes_max} bytes")
    return content


def read_text(path: Path, bytes_max: int = FILE_BYTES_MAX) -> str:
    """
    Raises:
        SettingsError: The file cannot be read, is too large, or is no text.
    """
    try:
        return read_bytes(path, bytes_max).decode()
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} cannot be read: it is not UTF-8 text") from error


def write_files(folder: Path, files: Mapping[str, str], *, check: bool = False) -> None:
    """
    Write texts by file name, and say where they are. What else the folder has stays.

    Args:
        check: Write nothing; name the files that are not so, and exit with status 2 if there are any.
    Raises:
        SettingsError: The folder cannot be written, or a file of it cannot be read.
    """
    if check:
        stale = [name for name, text in files.items() if not _has(folder / name, text)]
        for name in stale:
            typer.echo(f"stale     {folder / name}")
        typer.echo(f"{len(stale)} of {len(files)} files differ")
        raise typer.Exit(STALE if stale else 0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
            typer.echo(str(folder / name))
    except OSError as error:
        raise SettingsError(
            f"{folder} cannot be written: {error.strerror}", hint="choose another one with --out"
        ) from error


def _has(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}", hint="choose another one with --out") from error
