"""
The heat of partitions as an SVG: the hottest key of every table and index against what one partition can do.

The scale is logarithmic, because loads differ by orders of magnitude. Colours follow the reader's light or dark scheme.
"""

from collections.abc import Iterator, Sequence
from html import escape
from math import log10

from tenantable.infra.cost.estimate import PARTITION_READS_MAX, PARTITION_WRITES_MAX, Load

_WIDTH, _LEFT, _RIGHT = 900, 270, 90
_TOP, _ROW, _BAR = 76, 34, 12
_LEAST, _MOST = 0.1, 100_000.0
_STYLE = (
    "text{font-family:sans-serif;font-size:11px;fill:#343a40}.title{font-size:15px;font-weight:bold}"
    ".paper{fill:#ffffff}.reads{fill:#0b7285}.writes{fill:#e8590c}.over{fill:#c92a2a}.grid{stroke:#dee2e6}"
    ".limit-reads{stroke:#0b7285;stroke-dasharray:4 3}.limit-writes{stroke:#e8590c;stroke-dasharray:4 3}"
    "@media (prefers-color-scheme:dark){text{fill:#dee2e6}.paper{fill:#1a1b1e}.grid{stroke:#373a40}"
    ".reads{fill:#3bc9db}.writes{fill:#ffa94d}.over{fill:#ff6b6b}"
    ".limit-reads{stroke:#3bc9db}.limit-writes{stroke:#ffa94d}}"
)


def heat_plot(loads: Sequence[Load], title: str) -> str:
    """The picture; loads without traffic are left out."""
    shown = [load for load in loads if load.peak_reads or load.peak_writes]
    height = _TOP + _ROW * max(len(shown), 1) + 40
    shapes = [*_frame(height), *(shape for row, load in enumerate(shown) for shape in _row(_TOP + row * _ROW, load))]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'role="img"><title>{escape(title)}</title><style>{_STYLE}</style>'
        '<rect class="paper" width="100%" height="100%"/>'
        f'<text class="title" x="14" y="24">{escape(title)}</text>'
    )
    return "\n".join([head, *shapes, "</svg>", ""])


def _frame(height: int) -> Iterator[str]:
    """Legend, grid, and the two limits with their names."""
    bottom = height - 34
    for left, name, word in ((14, "reads", "reads"), (90, "writes", "writes"), (170, "over", "above the limit")):
        yield f'<rect class="{name}" x="{left}" y="36" width="10" height="10"/>'
        yield f'<text x="{left + 15}" y="45">{word}</text>'
    tick = _LEAST
    while tick <= _MOST:
        x = _x(tick)
        yield f'<line class="grid" x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{tick:,g}</text>'
        tick *= 10
    for limit, name, y in ((PARTITION_READS_MAX, "reads", 62), (PARTITION_WRITES_MAX, "writes", 50)):
        x = _x(limit)
        yield f'<line class="limit-{name}" x1="{x:.1f}" y1="{y + 3}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{limit:,} {name}</text>'
    words = "capacity units per second of the hottest partition key, at the peak"
    yield f'<text x="{_LEFT}" y="{height - 6}">{words}</text>'


def _row(top: int, load: Load) -> Iterator[str]:
    yield f'<text x="{_LEFT - 10}" y="{top + 16}" text-anchor="end">{escape(_short(load.name))}</text>'
    bars = (
        ("reads", load.hottest_reads, PARTITION_READS_MAX),
        ("writes", load.hottest_writes, PARTITION_WRITES_MAX),
    )
    for place, (name, units, limit) in enumerate(bars):
        y = top + place * (_BAR + 1)
        width = _x(units) - _LEFT
        kind = "over" if units > limit else name
        yield f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}"/>'
        if units:
            yield f'<text x="{_LEFT + width + 5:.1f}" y="{y + 10}">{_shown(units)}</text>'


def _x(units: float) -> float:
    """Where a number of units lies; what is less than the least lies at the left."""
    bounded = min(max(units, _LEAST), _MOST)
    return _LEFT + log10(bounded / _LEAST) / log10(_MOST / _LEAST) * (_WIDTH - _LEFT - _RIGHT)


def _shown(units: float) -> str:
    return f"{units:,.0f}" if units >= 100 else f"{units:.3g}"


def _short(name: str) -> str:
    return name if len(name) <= 42 else f"{name[:41]}…"
