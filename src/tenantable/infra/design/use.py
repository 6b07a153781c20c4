"""Rules about use: access patterns and indexes that nobody has, reads that pay for more than they want."""

from collections.abc import Iterator
from typing import Any

from tenantable.declare.grants.granted import ResourceGrant
from tenantable.declare.keys.layouts import KeyLayout, TemplatePart
from tenantable.declare.keys.templates import overlap
from tenantable.declare.patterns import KeyPattern, Pattern, QueryPattern
from tenantable.declare.systems import System
from tenantable.infra.design.finding import Found
from tenantable.infra.design.subjects import granted_kinds, granted_patterns

_SCANS = frozenset({"Scan", "PartiQLSelect", "ExportTableToPointInTime", "*"})


def filtering_queries(system: System) -> Iterator[Found]:
    """Queries whose answer is made by leaving out items that were read."""
    for pattern in system.patterns:
        if not isinstance(pattern, QueryPattern) or len(pattern.entities) > 1:
            continue
        (layout,) = pattern.resolution.layouts
        key = pattern.resolution.key
        if layout.entity.soft_delete is not None and layout.entity.ttl is None:
            problem = (
                f"{layout.entity.model.__name__} is deleted softly and has no time to live: this query reads, and "
                "pays for, everything that was ever deleted"
            )
            yield Found(place=pattern.place, problem=problem, index=pattern.index)
        for other in layout.table.layouts.values():
            other_key = other.key(pattern.index)
            if other is not layout and other_key is not None and _stands_between(key, other_key, pattern):
                problem = (
                    f"it reads every {other.entity.model.__name__} in the same partition too, and filters them out "
                    "after they are paid for: their sort keys are not apart"
                )
                yield Found(place=pattern.place, problem=problem, index=pattern.index)


def _stands_between(key: KeyLayout, other: KeyLayout, pattern: QueryPattern[..., Any, Any]) -> bool:
    """Would the query's range of the sort key hold items of the other entity?"""
    if not overlap(key.partition.letters(), other.partition.letters()):
        return False
    if key.sort is None or other.sort is None:
        return True
    head = key.sort.template.template.head if isinstance(key.sort, TemplatePart) else ""
    given = {name for name, each in pattern.parameters.items() if each.default is each.empty}
    if given & set(key.sort.names) - set(key.partition.names):
        return False
    return overlap([*head, _anything], other.sort.letters())


def _anything(_character: str) -> bool:
    return True


def unsupported_calls(system: System) -> Iterator[Found]:
    """Parameters that may be left out although the key needs them, or something behind them."""
    for pattern in system.patterns:
        key = pattern.resolution.key
        optional = {name for name, each in pattern.parameters.items() if each.default is None}
        open_ = [name for name in key.partition.names if name in optional]
        if open_:
            problem = (
                f"{', '.join(open_)} may be None, and the partition key {str(key.partition)!r} needs it: no index "
                "supports such a call, so it is refused when it is made"
            )
            yield Found(place=pattern.place, problem=problem, index=pattern.index)
        behind = [name for name in (key.sort.names if key.sort else ()) if name not in key.partition.names]
        first = next((place for place, name in enumerate(behind) if name in optional), len(behind))
        gap = [name for name in behind[first:] if name in pattern.parameters and name not in optional]
        if gap:
            problem = (
                f"{behind[first]} may be None, and {', '.join(gap)} stands behind it in the sort key "
                f"{str(key.sort)!r}: no index supports a call that gives only the latter"
            )
            yield Found(place=pattern.place, problem=problem, index=pattern.index)


def ungranted_patterns(system: System) -> Iterator[Found]:
    granted = granted_patterns(system)
    for pattern in system.patterns if system.components else ():
        if pattern not in granted and not _gives_keys(system, pattern):
            yield Found(place=pattern.place, problem="no component may use it", index=None)


def _gives_keys(system: System, pattern: Pattern) -> bool:
    """Is it the pattern that an entity must have, because it gives the keys that somebody writes or lists?"""
    if not isinstance(pattern, KeyPattern):
        return False
    (layout,) = pattern.resolution.layouts
    others = [each for each in system.patterns if each is not pattern and layout in each.resolution.layouts]
    if any(isinstance(each, KeyPattern) for each in others):
        return False
    return bool(granted_kinds(system, layout.entity)) or not granted_patterns(system).isdisjoint(others)


def unused_indexes(system: System) -> Iterator[Found]:
    granted = granted_patterns(system)
    for table in system.tables:
        for index in table.indexes:
            place = f"{table.name}.{index.name}"
            used = [pattern for pattern in table.patterns if pattern.index is index]
            if not used:
                yield Found(place=place, problem=f"{index!r} serves no access pattern; every write pays for it",
                            index=index)  # fmt: skip
            elif system.components and not granted.intersection(used):
                names = ", ".join(pattern.place for pattern in used)
                problem = f"{index!r} serves {names}, which no component may use; every write pays for it"
                yield Found(place=place, problem=problem, index=index)


def unread_entities(system: System) -> Iterator[Found]:
    granted = granted_patterns(system)
    for layout in system.layouts if system.components else ():
        kinds = granted_kinds(system, layout.entity)
        read = any(layout in pattern.resolution.layouts for pattern in granted)
        name = layout.entity.model.__name__
        if kinds - {"check"} and not read:
            yield Found(place=name, problem=f"components write {name}, and none reads it by a declared pattern")
        elif not kinds and not read:
            yield Found(place=name, problem=f"no component reads or writes {name}")


def scan_grants(system: System) -> Iterator[Found]:
    tables = {table.name for table in system.tables}
    for component in system.components:
        for grant in component.grants:
            if not isinstance(grant, ResourceGrant) or grant.service != "dynamodb":
                continue
            wide = sorted(grant.actions & _SCANS)
            if wide:
                shown = "" if grant.resource in tables else " of this system's, or another's,"
                problem = (
                    f"may {', '.join(wide)} {grant.resource}{shown} beside every access pattern: it reads whole "
                    "tables, and policies cannot limit which items"
                )
                yield Found(place=component.name, problem=problem)
