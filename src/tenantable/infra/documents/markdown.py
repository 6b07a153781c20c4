"""Markdown: what sections of a page are made of."""

from collections.abc import Iterable, Iterator, Sequence

NOTHING = "-"


def code(text: str) -> str:
    """Text as it is, also inside a table's cell."""
    return f"`{text}`" if text else NOTHING


def paragraph(text: str) -> str:
    """Words of a docstring on one line, safe inside a table's cell."""
    return " ".join(text.split()).replace("|", "\\|") or NOTHING


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, and an empty one behind it; nothing when there are no rows."""
    body = [f"| {' | '.join(cells)} |" for cells in rows]
    if body:
        yield f"| {' | '.join(head)} |"
        yield "|" + "---|" * len(head)
        yield from body
        yield ""
