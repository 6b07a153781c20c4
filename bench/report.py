"""What was measured, as tables on the screen and as a page with a plot."""

import platform
import sqlite3
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rich.console import Console
from rich.table import Table

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "benchmarks.md"
PLOT = PAGE.with_suffix(".svg")
_BAR, _GAP, _LEFT, _WIDTH = 12, 14, 190, 900
_COLOURS = ("#0b7285", "#e8590c", "#868e96", "#adb5bd", "#3bc9db", "#ffa94d", "#66d9e8", "#99e9f2", "#ced4da")


@dataclass(frozen=True, kw_only=True)
class Section:
    """One table of figures; the first column says what each row is about."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[str]]
    is_plotted: bool = False


def show(sections: list[Section]) -> None:
    console = Console(width=220)
    for section in sections:
        table = Table(title=section.title, title_justify="left")
        for column in section.columns:
            table.add_column(column, justify="left" if column == section.columns[0] else "right")
        for row in section.rows:
            table.add_row(*row)
        console.print(table)


def write(sections: list[Section], day: str) -> None:
    """The page of the reference, and the picture in it."""
    parts = [
        "# Benchmarks",
        "",
        f"Written by `make bench` on {day}: {platform.processor() or platform.machine()}, Python "
        f"{sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}. Items of 1 KB with 14 attributes, 25 in a "
        "partition, one global index that projects everything, 10,000 items (moto: 1,000, since it slows down with "
        "more). All figures come from one run on two cores that client and server share; on another machine only the "
        "ratios mean something.",
        "",
    ]
    for section in sections:
        parts += [f"## {section.title}", ""]
        if section.is_plotted:
            PLOT.write_text(_plot(section))
            parts += [f"![{section.title}]({PLOT.name})", ""]
        parts += [section.note, ""] if section.note else []
        parts += [_line(section.columns), _line(["---", *["---:"] * (len(section.columns) - 1)])]
        parts += [*map(_line, section.rows), ""]
    PAGE.write_text("\n".join(parts))


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plot(section: Section) -> str:
    """Bars of every server for each operation, as shares of the fastest."""
    names = [name for name in section.columns if "," in name and not name.startswith("goal")]
    columns = [section.columns.index(name) for name in names]
    shapes, top = [], 34
    for place, name in enumerate(names):
        x = 10 + place % 4 * 220
        y = 4 + place // 4 * 15
        shapes.append(f'<rect x="{x}" y="{y}" width="10" height="10" fill="{_COLOURS[place]}"/>')
        shapes.append(f'<text x="{x + 15}" y="{y + 9}">{escape(name)}</text>')
    for row in section.rows:
        rates = [_number(row[column]) for column in columns]
        shapes.append(f'<text x="10" y="{top + _BAR * len(names) / 2 + 10}">{escape(row[0])}</text>')
        for place, rate in enumerate(rates):
            y = top + 8 + place * _BAR
            width = rate / max(rates) * (_WIDTH - _LEFT - 80)
            shapes.append(
                f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 2}" fill="{_COLOURS[place]}"/>'
                f'<text x="{_LEFT + width + 5:.1f}" y="{y + _BAR - 3}">{row[columns[place]]}</text>'
            )
        top += _BAR * len(names) + _GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top + 10}" font-family="sans-serif" '
        f'font-size="10"><title>{escape(section.title)}</title><rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([head, *shapes, "</svg>", ""])


def _number(shown: str) -> float:
    return 0.0 if shown == "-" else float(shown.replace(",", ""))
