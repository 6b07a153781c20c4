"""Templates to pages: everything is escaped, and what is missing is an error."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tenantable.console.forms import Form

_NEXT_CHANGE = re.compile(r", (?=[+-] |changed |and \d+ more; )")
_TIME = Markup('<time datetime="{}">{}</time>')


def new_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tenantable.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        time=shown_time, day=shown_day, value=shown_value, plural=plural, timestamp=timestamp, told=told
    )
    return environment


def shown_time(moment: str | datetime | None) -> str | Markup:
    """A moment to the minute in UTC, as a `time` element; a hyphen for None."""
    if moment is None:
        return "-"
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    utc = found.astimezone(UTC)
    return _TIME.format(utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M}")


def told(details: Mapping[str, str]) -> list[tuple[str, str]]:
    """Details of an audit event, each thing that came, went or changed as a line, with the detail's name in words."""
    words = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower() for name in details}
    return [(words[name], line) for name in sorted(details) for line in _NEXT_CHANGE.split(details[name])]


def shown_day(moment: str) -> Markup:
    """The day of a moment in UTC, where the hour matters little."""
    utc = datetime.fromisoformat(moment).astimezone(UTC)
    return _TIME.format(utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d}")


def shown_value(value: Any) -> str:
    """A value of a condition as JSON, or several with commas between; whole numbers without a point."""
    if isinstance(value, list):
        return ", ".join(map(shown_value, value))
    whole = isinstance(value, float) and value.is_integer()
    return orjson.dumps(int(value) if whole and abs(value) < 1e15 else value).decode()


def timestamp(moment: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(moment).timestamp()


def plural(number: int, noun: str) -> str:
    """`1 member`, `2 members`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def address(root: str, *segments: str, **query: Any) -> str:
    """A path below `root`, with its query; parameters that are None or empty are left out."""
    path = "/".join([root, *(quote(segment, safe="") for segment in segments)])
    kept = {name.rstrip("_"): value for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(kept)}" if kept else path


def form_named(failed: Form | None, name: str, values: Mapping[str, str] | None = None) -> Form:
    """The form that was refused, if it is this one; else a fresh one."""
    return failed if failed is not None and failed.name == name else Form(name=name, values=values or {})
