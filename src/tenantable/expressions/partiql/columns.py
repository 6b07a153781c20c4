"""What a SELECT shows of an item: its columns side by side, without the nesting of a projection expression."""

from collections.abc import Iterable
from dataclasses import dataclass

from tenantable.expressions.paths import Reader, path_reader
from tenantable.expressions.syntax import Path
from tenantable.wire.values import Item


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """The columns of a SELECT, each with the name that the answer gives it."""

    readers: tuple[tuple[str, Reader], ...]
    top_level_names: frozenset[str]

    def apply(self, item: Item) -> Item:
        """A new item with the columns that it has. The values are shared with `item`."""
        found = ((name, read(item)) for name, read in self.readers)
        return {name: value for name, value in found if value is not None}


def make_columns(paths: Iterable[Path]) -> Columns:
    """Each column is named for the end of its path, from the last name on: `a.b[0]` becomes `b[0]` (observed)."""
    elements = [path.elements for path in paths]
    return Columns(
        readers=tuple((_column_name(path), path_reader(path)) for path in elements),
        top_level_names=frozenset(str(path[0]) for path in elements),
    )


def _column_name(path: tuple[str | int, ...]) -> str:
    last = max(position for position, element in enumerate(path) if isinstance(element, str))
    return str(path[last]) + "".join(f"[{index}]" for index in path[last + 1 :])
