"""Documents that commands read: JSON or YAML, from files, folders and the standard input."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tenantable.cli.files import STANDARD_INPUT, read_bytes
from tenantable.errors import PolicyError
from tenantable.iam.lint.reading import decode
from tenantable.infra.cloudformation.short_forms import read_yaml

_SUFFIXES = frozenset({".json", ".template", ".yaml", ".yml"})


def read_document(file: str) -> Any:
    """
    A decoded file: JSON, or YAML with the short functions of CloudFormation (`!Sub`, `!GetAtt`) in their long form.

    Args:
        file: A path, or `-` for the standard input.
    Raises:
        SettingsError: It cannot be read, or is too large.
        PolicyError: It is neither JSON nor YAML.
    """
    place = "standard input" if file == STANDARD_INPUT else file
    text = read_bytes(Path(file)).removeprefix(b"\xef\xbb\xbf")
    if Path(file).suffix in {".yaml", ".yml"} or (text.lstrip()[:1] not in (b"{", b"[", b'"') and text.strip()):
        return _yaml(text, place)
    return decode(text, place)


def read_folder(folder: Path) -> Iterator[tuple[Path, Any]]:
    """Each JSON or YAML file in a folder and the folders in it, in the order of their paths."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in _SUFFIXES and path.is_file():
            yield path, read_document(str(path))


def _yaml(text: bytes, place: str) -> Any:
    try:
        return read_yaml(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        problem = " ".join(str(error).split())
        raise PolicyError(f"{place}: is neither JSON nor YAML: {problem}") from error
