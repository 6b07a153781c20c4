"""`gsi.tf`: the indexes explained, from the key templates and access patterns. Terraform defines them in the table."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, get_args, get_origin

from tenantable.declare.annotations import plain_type
from tenantable.declare.keys.layouts import EntityLayout, FieldPart, KeyPart
from tenantable.declare.keys.templates import TENANT
from tenantable.declare.patterns import Pattern
from tenantable.declare.tables import Index, Table
from tenantable.infra.terraform.hcl import Comment, Gap, Part
from tenantable.infra.terraform.names import DeclaredNames

RULE = "=" * 77
_SPECIFICATIONS = {"date": "YYYY-MM-DD"}
"""What stands in a key instead of the attribute's name: the day of a time."""


def shown_key(layout: EntityLayout, part: KeyPart) -> str:
    """A key template with the attributes' names as stored: `ORG#{organisationId}`."""
    if isinstance(part, FieldPart):
        return f"{{{part.of.stored_as}}}"
    parsed = part.template.template
    shown = [
        f"{each.literal}{{{_SPECIFICATIONS.get(each.specification) or _stored(layout, each.name)}}}"
        for each in parsed.placeholders
    ]
    return "".join(shown) + parsed.tail


def _stored(layout: EntityLayout, name: str) -> str:
    return name if name == TENANT and name not in layout.entity.attributes else layout.entity.attributes[name].stored_as


def index_documents(names: DeclaredNames) -> list[Part]:
    """The comments of `gsi.tf`."""
    lines: list[str] = []
    for table in names.system.tables:
        if table.indexes:
            lines += _table_lines(names, table)
    if not lines:
        lines = ["No table has an index."]
    return _comments(lines)[: -1 if lines[-1] is _EMPTY else None]


def _comments(lines: Iterable[str]) -> list[Part]:
    return [Gap() if line is _EMPTY else Comment(line, wide=True) for line in lines]


_EMPTY = "\n"
"""Stands for an empty line between comments."""


def _table_lines(names: DeclaredNames, table: Table) -> Iterator[str]:
    if not names.single:
        yield from _heading(f"Table {table.name}{_remark(table.description)}")
    for index in table.indexes:
        yield from _index_lines(table, index)
    yield from _heading("Summary" if names.single else f"Summary of {table.name}")
    yield from _summary(table)
    yield _EMPTY
    yield from _heading("Entities and their indexes" if names.single else f"Entities of {table.name} and their indexes")
    yield from _mapping(table)
    yield _EMPTY


def _heading(text: str) -> list[str]:
    return [RULE, text, RULE]


def _remark(text: str) -> str:
    return f": {text}" if text else ""


def _index_lines(table: Table, index: Index) -> Iterator[str]:
    yield from _heading(f"{_shown_name(index)}{_remark(index.description[:1].upper() + index.description[1:])}")
    members = _members(table, index)
    keys = table.keys_of(index)
    for role, attribute, number in (("Partition key", keys.partition, 0), ("Sort key", keys.sort, 1)):
        if attribute is not None:
            yield f"{role} ({attribute.name}):"
            rows = [(f"{layout.entity.name}:", parts[number]) for layout, parts in members if number < len(parts)]
            yield from (f"  - {line}" for line in _columns(rows))
            yield ""
    yield from _values(table, index)
    yield f"Holds {_held(index)}."
    declared = table.patterns
    patterns = [pattern for pattern in declared if pattern.index is index]
    yield from _patterns(patterns)
    yield _EMPTY


def _shown_name(index: Index) -> str:
    return index.name.upper() if index.partition.name == f"{index.name.upper()}PK" else index.name


def _members(table: Table, index: Index) -> list[tuple[EntityLayout, list[str]]]:
    """The entities that stand in the index, with the templates of their keys."""
    found = []
    for layout in table.layouts.values():
        key = layout.key(index)
        if key is not None:
            found.append((layout, [shown_key(layout, part) for part in key.parts]))
    return found


def _held(index: Index) -> str:
    match index.projection:
        case "all":
            return "whole items"
        case "keys":
            return "keys alone"
        case names:
            return f"keys and {', '.join(sorted(names))}"


def _values(table: Table, index: Index) -> Iterator[str]:
    """The values of attributes that have but a few, where they are part of the index's keys."""
    shown: dict[str, tuple[Any, ...]] = {}
    for layout, _ in _members(table, index):
        key = layout.key(index)
        for name in sorted(key.names) if key is not None else ():
            attribute = layout.entity.attributes[name]
            annotation = plain_type(attribute.annotation)
            if get_origin(annotation) is Literal:
                shown[f"{layout.entity.name}.{attribute.stored_as}"] = get_args(annotation)
    for name, values in shown.items():
        yield f"Values of {name}: {', '.join(map(str, values))}"
        yield ""


def _patterns(patterns: Sequence[Pattern]) -> Iterator[str]:
    yield ""
    yield "Access patterns:" if patterns else "No access pattern uses it."
    for number, pattern in enumerate(patterns, start=1):
        sentence = " ".join(pattern.description.split("\n\n")[0].split())
        yield f"  {number}. {pattern.place}{_remark(sentence)}"


def _summary(table: Table) -> Iterator[str]:
    rows = [("Index", "Partition key", "Sort key", "Purpose")]
    for index in table.indexes:
        keys = table.keys_of(index)
        rows.append((_shown_name(index), keys.partition.name, keys.sort.name if keys.sort else "-", index.description))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows]
    yield lines[0]
    yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    yield from lines[1:]


def _mapping(table: Table) -> Iterator[str]:
    for layout in table.layouts.values():
        yield f"{layout.entity.name}:"
        stands_in = [index for index in table.indexes if layout.key(index) is not None]
        for index in stands_in:
            key = layout.key(index)
            parts = [] if key is None else [f"{part.attribute.name}={shown_key(layout, part)}" for part in key.parts]
            yield f"  - {_shown_name(index)}: {', '.join(parts)}"
        if not stands_in:
            yield "  - in no index"


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(first) for first, _ in rows), default=0)
    return [f"{first.ljust(width)} {second}" for first, second in rows]
