"""What came, what went and what has another value, in words: for the audit trail, and for comparisons of documents."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, takewhile
from typing import Any

from pydantic.alias_generators import to_camel

DETAIL_BYTES_MAX = 16_384
"""Of one detail of an audit event: some 500 short entries. An archived object has room for 1,000 such events."""
NOTHING = {"changed": "nothing"}


def changed(before: Any, after: Any, *names: str) -> dict[str, str]:
    """
    The details of an audit event for attributes that differ, by their names over HTTP.

    Args:
        before: What there was; None where it is new.
        after: What there is; None where it is gone.
    Returns:
        `{"entries": "+ allow billing:*, - deny billing:invoice:read", "name": "Clerk becomes Accountant"}`. Of what is
        new or gone, every value that there is. See `bounded` for very long ones.
    """
    if before is None or after is None:
        present = ((name, getattr(after if before is None else before, name)) for name in names)
        told = ((name, _all_of(each, sign="-" if after is None else "+")) for name, each in present if each != [])
        return {to_camel(name): bounded(each) for name, each in told if each is not None}
    return changed_values(*({name: getattr(each, name) for name in names} for each in (before, after)))


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """As `changed`, of what is `after`; `NOTHING` where all is as before."""
    other = {name: comparison(before[name], each) for name, each in after.items() if _told(before[name]) != _told(each)}
    return {to_camel(name): bounded(each) for name, each in other.items()} or NOTHING


def changed_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """As `changed` for properties: which ones, and none of their values, for they may be about a person."""
    signs = [f"+ {name}" for name in sorted(after.keys() - before.keys())]
    signs += [f"- {name}" for name in sorted(before.keys() - after.keys())]
    signs += [
        f"changed {name}" for name in sorted(before.keys() & after.keys()) if _json(before[name]) != _json(after[name])
    ]
    return {"properties": bounded(signs)} if signs else {}


def comparison(before: Any, after: Any) -> list[str]:
    """What distinguishes two values, each thing for itself."""
    if isinstance(before, dict) and isinstance(after, dict):
        return list(_changed_items(before, after))
    if isinstance(before, list) and isinstance(after, list):
        old, new = (Counter(map(shown, each)) for each in (before, after))
        signs = [f"+ {each}" for each in (new - old).elements()]
        signs += [f"- {each}" for each in (old - new).elements()]
        return signs or ["in another order"]
    return [f"{shown(before)} becomes {shown(after)}"]


def bounded(parts: list[str]) -> str:
    """
    One text of all parts, or of the first ones when they are more than `DETAIL_BYTES_MAX`; then with the number of the
    others, and the SHA-256 of the text of all, by which a copy of them can be recognised.
    """
    text = ", ".join(parts)
    if len(text.encode()) <= DETAIL_BYTES_MAX:
        return text
    sizes = accumulate(len(each.encode()) + len(", ") for each in parts)
    kept = parts[: sum(1 for _ in takewhile(lambda size: size <= DETAIL_BYTES_MAX - _END_BYTES, sizes))]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return ", ".join([*kept, f"and {len(parts) - len(kept)} more; SHA-256 of all {digest}"])


_END_BYTES = 120


def shown(value: Any) -> str:
    """A value as people read it: an entry of a permission set with its conditions, a role with its term."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | int | float | Decimal):
        return str(value)
    if hasattr(value, "role"):
        terms = (("from", value.not_before), ("until", value.not_after))
        return " ".join([value.role, *(f"{word} {moment.isoformat()}" for word, moment in terms if moment)])
    conditions = " and ".join(f"{each.of}.{each.name} {each.comparison} {_json(each.value)}" for each in value.when)
    return f"{value.effect} {value.key}" + (f" when {conditions}" if conditions else "")


def _all_of(value: Any, *, sign: str) -> list[str] | None:
    if isinstance(value, list):
        return [f"{sign} {shown(each)}" for each in value]
    return None if value is None else [shown(value)]


def _changed_items(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"+ {key} as {after[key]}" if key in after else f"- {key}"


def _told(value: Any) -> Any:
    """Compared as it is told: Python has yes and 1 for the same."""
    return [shown(each) for each in value] if isinstance(value, list) else shown(value)


def _json(value: Any) -> str:
    """Numbers as JSON has them: what comes from the table is decimal."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal | float):
        return int(value) if value == int(value) else float(value)
    return value
