"""Files that commands read and write."""

from pathlib import Path

import typer

from tenantable.errors import SettingsError


STALE = 2
"""The exit status of `--check` where files are not what the declaration says."""


def write_files(folder: Path, files: dict[str, str], *, check: bool = False) -> None:
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


def read_text(path: Path) -> str:
    """
    Raises:
        SettingsError: The file cannot be read as text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", hint="name a file of text") from error
