"""
From the service model to shapes: each becomes closures, once.

`request_shapes.json` holds the facts of the model. What an attribute value contains is checked by `wire.values`, which
also measures it.
"""

import json
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from tenantable.engine.shapes.constraints import TABLE_NAME, size_constraints, text_constraints, value_constraints
from tenantable.engine.shapes.shape import SHOWN_CHARACTERS_MAX, Constraint, Place, Read, Shape, Text, violate_null
from tenantable.wire.errors import DynamoError
from tenantable.wire.json_types import MODEL_PACKAGE, wrong_list, wrong_map, wrong_scalar, wrong_structure

_INTEGER_MAX = {"Integer": 2**31 - 1, "Long": 2**63 - 1}
_EMPTY_HAS_WORDS_OF_ITS_OWN = frozenset({"BatchGetRequestMap", "BatchWriteItemRequestMap"})
"""Their operations refuse an empty one themselves."""


def compile_operation(operation: str) -> Read:
    """At its first request: compiling all of them would double the time that the engine takes to start."""
    name = MODEL["operations"].get(operation)
    if name is None:
        raise DynamoError("UnknownOperationException", "")
    read = COMPILED[operation] = _compile(name).read
    return read


def _compile(name: str) -> Shape:
    shape = _SHAPES.get(name)
    if shape is None:
        shape = _SHAPES[name] = _COMPILERS[MODEL["shapes"][name]["type"]](name, MODEL["shapes"][name])
    return shape


def _structure(name: str, model: dict[str, Any]) -> Shape:
    return Shape(read=_structure_reader(name, model), shown=lambda value: _shown_structure(name, value))


def _structure_reader(name: str, model: dict[str, Any]) -> Read:
    members = {
        member: (f"{member[0].lower()}{member[1:]}", _compile(shape).checker)
        for member, shape in model.get("members", {}).items()
    }
    required = tuple((member, members[member][0]) for member in model.get("required", ()))

    def read(value: Any, path: Place, violations: list[str]) -> None:
        if not isinstance(value, dict):
            raise wrong_structure(value, name)
        for member, label in required:
            if value.get(member) is None:
                violate_null((path, label, ""), violations)
        for member, content in value.items():
            if content is not None and (known := members.get(member)):
                label, check = known
                check(content, (path, label, ""), violations)

    return read


def _list(_name: str, model: dict[str, Any]) -> Shape:
    element = _compile(model["member"])
    read_element = element.read

    def read(value: Any, path: Place, violations: list[str]) -> None:
        if not isinstance(value, list):
            raise wrong_list(value)
        for position, content in enumerate(value, start=1):
            if content is None:
                violate_null((path, position, ".member"), violations)
            else:
                read_element(content, (path, position, ".member"), violations)

    def shown(value: Any) -> str:
        # Of a hundred thousand elements a message quotes the first few.
        return f"[{', '.join(map(element.quoted, islice(value, SHOWN_CHARACTERS_MAX)))}]"

    inner = _every(element, "Member must satisfy constraint", lambda value: value)
    return Shape(read=read, constraints=(*size_constraints(model), *inner), shown=shown)


def _map(name: str, model: dict[str, Any]) -> Shape:
    sizes = () if name in _EMPTY_HAS_WORDS_OF_ITS_OWN else size_constraints(model)
    key, element = _compile(model["key"]), _compile(model["value"])

    def read(value: Any, path: Place, violations: list[str]) -> None:
        if not isinstance(value, dict):
            raise wrong_map(value, _java_type(name))
        for member, content in value.items():
            if content is None:
                violate_null((path, member, ".member"), violations)
            else:
                element.read(content, (path, member, ".member"), violations)

    def shown(value: Any) -> str:
        return f"{{{', '.join(f'{member}={element.quoted(content)}' for member, content in value.items())}}}"

    keys = _every(key, "Map keys must satisfy constraint", lambda value: value)
    values = _every(element, "Map value must satisfy constraint", lambda value: value.values())
    return Shape(read=read, constraints=(*sizes, *keys, *values), shown=shown)


def _java_type(name: str) -> str:
    """What the service builds of a shape: classes of its own for structures alone."""
    model = MODEL["shapes"][name]
    match model["type"]:
        case "attribute_map":
            return f"java.util.Map<java.lang.String, {MODEL_PACKAGE}.AttributeValue>"
        case "map":
            return f"java.util.Map<java.lang.String, {_java_type(model['value'])}>"
        case "list":
            return f"java.util.List<{_java_type(model['member'])}>"
        case "string":
            return "java.lang.String"
    return f"{MODEL_PACKAGE}.{name}"


def _attribute_values(kind: str) -> Callable[[str, dict[str, Any]], Shape]:
    """Maps and lists of attribute values: only their own JSON type is checked here."""

    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if kind == "attribute_map" and not isinstance(value, dict):
            raise wrong_map(value, _java_type("Key"))
        if kind == "attribute_list" and not isinstance(value, list):
            raise wrong_list(value)

    def shown(value: Any) -> str:
        members = (f"{name}={_shown_structure('AttributeValue', content)}" for name, content in value.items())
        return f"{{{', '.join(members)}}}"

    return lambda _name, _model: Shape(read=read, shown=shown)


def _string(name: str, model: dict[str, Any]) -> Shape:
    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if type(value) is not str:
            raise wrong_scalar(value, "String")

    if name == "TableArn":
        listed = tuple(TABLE_NAME[each][1] for each in (0, 2, 3))
        return Text(read=read, constraints=TABLE_NAME, listed=listed, accepted=set())
    return Text(read=read, constraints=text_constraints(model), accepted=set())


def _boolean(_name: str, _model: dict[str, Any]) -> Shape:
    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if type(value) is not bool:
            raise wrong_scalar(value, "Boolean")

    return Shape(read=read)


def _integer(kind: str) -> Callable[[str, dict[str, Any]], Shape]:
    largest = _INTEGER_MAX[kind]

    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if type(value) is not int or abs(value) > largest:
            raise wrong_scalar(value, kind)

    def compile_integer(_name: str, model: dict[str, Any]) -> Shape:
        return Shape(read=read, constraints=value_constraints(model))

    return compile_integer


def _decimal(kind: str) -> Callable[[str, dict[str, Any]], Shape]:
    """A number with or without a fraction; a timestamp is seconds since 1970."""

    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if type(value) not in {int, float}:
            raise wrong_scalar(value, kind)

    return lambda _name, _model: Shape(read=read)


def _every(element: Shape, sentence: str, values_of: Callable[[Any], Any]) -> tuple[Constraint, ...]:
    """The constraints of what a list or map holds are the container's: the service quotes them all when one fails."""
    if not element.constraints:
        return ()
    return ((lambda value: element.holds_all(values_of(value)), f"{sentence}: [{element.sentences}]"),)


def _shown_structure(name: str, value: Any) -> str:
    """The service quotes a structure by its type and a hash. Ours covers the member names, however deep they nest."""
    members = ",".join(value) if isinstance(value, dict) else ""
    return f"{MODEL_PACKAGE}.{name}@{zlib.crc32(members.encode(errors='replace')):08x}"


_COMPILERS: dict[str, Callable[[str, dict[str, Any]], Shape]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "boolean": _boolean,
    "integer": _integer("Integer"),
    "long": _integer("Long"),
    "double": _decimal("Double"),
    "timestamp": _decimal("Long"),
    "attribute_map": _attribute_values("attribute_map"),
    "attribute_list": _attribute_values("attribute_list"),
    "attribute_value": _attribute_values("attribute_value"),
}
MODEL: dict[str, Any] = json.loads((Path(__file__).parent / "request_shapes.json").read_bytes())
_SHAPES: dict[str, Shape] = {}
COMPILED: dict[str, Read] = {}
"""The checks of the operations that were asked for so far, by name."""
