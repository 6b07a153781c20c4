"""Keys and types as documents write them: with the names under which attributes are stored."""

import enum
import re
from typing import Any, Literal, get_args, get_origin

from tenantable.declare.annotations import is_optional, is_union, plain_type
from tenantable.declare.attributes import EntityDeclaration
from tenantable.declare.keys.layouts import EntityLayout, KeyPart
from tenantable.declare.tables import Index

_PLACEHOLDER = re.compile(r"\{(\w+)(:[^{}]*)?\}")


def key_form(part: KeyPart | None, entity: EntityDeclaration) -> str:
    """`ORG#{organisationId}`: a key's form; empty where there is no such part."""
    return "" if part is None else _PLACEHOLDER.sub(lambda found: _stored(found, entity), str(part))


def key_columns(layout: EntityLayout, indexes: tuple[Index, ...]) -> list[str]:
    """The forms of an entity's keys, two for each place that has a sort key: the table, then its indexes in order."""
    columns = []
    for index in (None, *indexes):
        key = layout.key(index)
        names = layout.table.keys_of(index)
        parts = (None, None) if key is None else (key.partition, key.sort)
        columns += [key_form(part, layout.entity) for part in (parts if names.sort is not None else parts[:1])]
    return columns


def type_name(annotation: Any) -> str:
    """A type in words that Python's readers know: `text`, `whole number`, `one of a, b`."""
    plain = plain_type(annotation)
    if get_origin(plain) is Literal:
        return "one of " + ", ".join(map(str, get_args(plain)))
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return "one of " + ", ".join(str(member.value) for member in plain)
    if is_union(plain):
        return " or ".join(type_name(each) for each in get_args(plain) if not is_optional(each))
    origin, arguments = get_origin(plain), get_args(plain)
    if origin in (list, tuple, set, frozenset):
        return f"{origin.__name__} of {type_name(arguments[0])}" if arguments else origin.__name__
    if origin is dict:
        return f"map of {type_name(arguments[0])} to {type_name(arguments[1])}"
    return _NAMES.get(getattr(plain, "__name__", ""), getattr(plain, "__name__", str(plain)))


_NAMES = {
    "str": "text",
    "int": "whole number",
    "Decimal": "decimal number",
    "float": "number",
    "bool": "true or false",
    "bytes": "binary",
    "datetime": "instant",
    "date": "date",
    "Any": "any value",
}


def _stored(found: re.Match[str], entity: EntityDeclaration) -> str:
    name, specification = found.group(1), found.group(2) or ""
    attribute = entity.attributes.get(name)
    shown = name if attribute is None else attribute.stored_as
    return f"{{{shown}{specification}}}"
