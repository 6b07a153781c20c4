"""Files that commands read and write."""

from pathlib import Path

import typer

from tenantable.errors import SettingsError


def write_files(folder: Path, files: dict[str, str]) -> None:
    """
    Write texts by file name, and say where they are. What else the folder has stays.

    Raises:
        SettingsError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
            typer.echo(str(folder / name))
    except OSError as error:
        raise SettingsError(
            f"{folder} cannot be written: {error.strerror}", hint="choose another one with --out"
        ) from error


def read_text(path: Path) -> str:
    """
    Raises:
        SettingsError: The file cannot be read as text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", hint="name a file of text") from error
