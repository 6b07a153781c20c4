"""
The shape of requests: which members an operation takes, of what type and within which limits.

`request_shapes.json` holds the facts of the service model; here each shape becomes closures, once. A wrong JSON type
ends the check at once with a SerializationException, as the service fails while it still reads the body. Everything
else is collected, so that one ValidationException names all faults of a request. What an attribute value contains is
checked by `wire.values`, which also measures it.
"""

import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.json_types import MODEL_PACKAGE, wrong_list, wrong_map, wrong_scalar, wrong_structure
from tenantable.wire.values import refuse_wrong_types

Place = tuple[Any, str | int, str] | None
"""
Where a value stands: the path of what holds it, its own name, and what follows that; None for the request itself.
It is written out only for a violation.
"""

Read = Callable[[Any, Place, list[str]], None]
"""Checks the JSON type of a value and all that lies inside; takes the value, its path and the list of violations."""

Constraint = tuple[Callable[[Any], bool], str]
"""What must hold of a value itself, and the service's sentence for it."""

_REMEMBERED_TEXTS_MAX = 256
_REMEMBERED_LENGTH_MAX = 256
_SHOWN_CHARACTERS_MAX = 2048  # a message quotes no more of a value than this
_INTEGER_MAX = {"Integer": 2**31 - 1, "Long": 2**63 - 1}
_TABLE_ARN = r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d+:table/[a-zA-Z0-9_.-]{3,255}(/(index|stream)/[a-zA-Z0-9_.:-]+)?"
_NAME_CHARACTERS = "[a-zA-Z0-9_.-]+"
_EMPTY_HAS_WORDS_OF_ITS_OWN = frozenset({"BatchGetRequestMap", "BatchWriteItemRequestMap"})
"""Their operations refuse an empty one themselves."""
_ANY_TEXT = frozenset({r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", r"\p{Print}+"})
"""Patterns in Java's notation that as good as any text matches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """
    One shape of the service model, ready to check values; `shown` quotes a value as the service does.

    `listed` has the sentences of its constraints where a container lists them; None for all of them.
    """

    read: Read
    constraints: tuple[Constraint, ...] = ()
    shown: Callable[[Any], str] = str
    listed: tuple[str, ...] | None = None

    @property
    def checker(self) -> Read:
        """As `check`, at the least cost."""
        return self.check if self.constraints else self.read

    def check(self, value: Any, path: Place, violations: list[str]) -> None:
        self.read(value, path, violations)
        for holds, sentence in self.constraints:
            if not holds(value):
                self.violate(value, path, sentence, violations)

    def violate(self, value: Any, path: Place, sentence: str, violations: list[str]) -> None:
        shown = self.quoted(value)
        if len(shown) > _SHOWN_CHARACTERS_MAX:
            shown = shown[:_SHOWN_CHARACTERS_MAX] + "..."
        violations.append(f"Value '{shown}' at '{_shown_path(path)}' failed to satisfy constraint: {sentence}")

    def quoted(self, value: Any) -> str:
        return "null" if value is None else self.shown(value)

    def holds_all(self, values: Any) -> bool:
        for holds, _ in self.constraints:
            for value in values:
                if value is not None and not holds(value):
                    return False
        return True

    @property
    def sentences(self) -> str:
        return ", ".join(self.listed or [sentence for _, sentence in self.constraints])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text(Shape):
    """Names and choices come again with every request; `accepted` holds a few that were right."""

    accepted: set[str]

    def check(self, value: Any, path: Place, violations: list[str]) -> None:
        if type(value) is str and value in self.accepted:
            return
        faults = len(violations)
        Shape.check(self, value, path, violations)
        is_short = len(value) <= _REMEMBERED_LENGTH_MAX
        if is_short and len(violations) == faults and len(self.accepted) < _REMEMBERED_TEXTS_MAX:
            self.accepted.add(value)


def check_request(operation: str, request: Mapping[str, Any]) -> None:
    """
    Check the shape of a request. Unknown members are ignored; a member that is null counts as absent.

    Args:
        operation: The API's name for it, such as `PutItem`.
        request: DynamoDB JSON. Attribute values inside are not looked into.
    Raises:
        DynamoError: SerializationException for a wrong JSON type, ValidationException that lists every other
            violation, UnknownOperationException for an operation without a shape.
    """
    read = _OPERATIONS.get(operation) or _compile_operation(operation)
    violations: list[str] = []
    read(request if isinstance(request, dict) else dict(request), None, violations)
    if violations:
        refuse_wrong_attribute_types(operation, request)
        plural = "error" if len(violations) == 1 else "errors"
        raise validation_error(f"{len(violations)} validation {plural} detected: {'; '.join(violations)}")


def refuse_wrong_attribute_types(operation: str, request: Mapping[str, Any]) -> None:
    """
    To be called before a request is refused for anything else: the service reads all of it before it checks any of it.

    Raises:
        DynamoError: SerializationException for a wrong JSON type in an attribute value.
    """
    waiting: list[tuple[str, Any]] = [(_MODEL["operations"][operation], request)]
    while waiting:
        name, value = waiting.pop()
        model = _MODEL["shapes"][name]
        match model["type"], value:
            case "attribute_value", _:
                refuse_wrong_types(value)
            case ("attribute_map", dict()) | ("attribute_list", list()):
                for each in value.values() if isinstance(value, dict) else value:
                    refuse_wrong_types(each)
            case "structure", dict():
                members = model.get("members", {})
                waiting += [(members[member], content) for member, content in value.items() if member in members]
            case "map", dict():
                waiting += [(model["value"], content) for content in value.values()]
            case "list", list():
                waiting += [(model["member"], content) for content in value]


def _compile_operation(operation: str) -> Read:
    """At its first request: compiling all of them would double the time that the engine takes to start."""
    name = _MODEL["operations"].get(operation)
    if name is None:
        raise DynamoError("UnknownOperationException", "")
    read = _OPERATIONS[operation] = _compile(name).read
    return read


def _compile(name: str) -> Shape:
    shape = _SHAPES.get(name)
    if shape is None:
        shape = _SHAPES[name] = _COMPILERS[_MODEL["shapes"][name]["type"]](name, _MODEL["shapes"][name])
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
                _violate_null((path, label, ""), violations)
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
                _violate_null((path, position, ".member"), violations)
            else:
                read_element(content, (path, position, ".member"), violations)

    def shown(value: Any) -> str:
        # Of a hundred thousand elements a message quotes the first few.
        return f"[{', '.join(map(element.quoted, islice(value, _SHOWN_CHARACTERS_MAX)))}]"

    inner = _every(element, "Member must satisfy constraint", lambda value: value)
    return Shape(read=read, constraints=(*_size_constraints(model), *inner), shown=shown)


def _map(name: str, model: dict[str, Any]) -> Shape:
    sizes = () if name in _EMPTY_HAS_WORDS_OF_ITS_OWN else _size_constraints(model)
    key, element = _compile(model["key"]), _compile(model["value"])

    def read(value: Any, path: Place, violations: list[str]) -> None:
        if not isinstance(value, dict):
            raise wrong_map(value, _java_type(name))
        for member, content in value.items():
            if content is None:
                _violate_null((path, member, ".member"), violations)
            else:
                element.read(content, (path, member, ".member"), violations)

    def shown(value: Any) -> str:
        return f"{{{', '.join(f'{member}={element.quoted(content)}' for member, content in value.items())}}}"

    keys = _every(key, "Map keys must satisfy constraint", lambda value: value)
    values = _every(element, "Map value must satisfy constraint", lambda value: value.values())
    return Shape(read=read, constraints=(*sizes, *keys, *values), shown=shown)


def _java_type(name: str) -> str:
    """What the service builds of a shape: classes of its own for structures alone."""
    model = _MODEL["shapes"][name]
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
        listed = tuple(_TABLE_NAME[each][1] for each in (0, 2, 3))
        return _Text(read=read, constraints=_TABLE_NAME, listed=listed, accepted=set())
    return _Text(read=read, constraints=_text_constraints(model), accepted=set())


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
        return Shape(read=read, constraints=_value_constraints(model))

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


def _size_constraints(model: dict[str, Any]) -> tuple[Constraint, ...]:
    most, least = model.get("max"), model.get("min")
    constraints: list[Constraint] = []
    if most is not None:
        constraints.append((lambda value: len(value) <= most, f"Member must have length less than or equal to {most}"))
    if least:
        constraints.append(
            (lambda value: len(value) >= least, f"Member must have length greater than or equal to {least}")
        )
    return tuple(constraints)


def _text_constraints(model: dict[str, Any]) -> tuple[Constraint, ...]:
    constraints = [*_size_constraints(model)]
    if (pattern := model.get("pattern")) and pattern not in _ANY_TEXT:
        matches = re.compile(pattern).fullmatch
        constraints.append((lambda value: bool(matches(value)), _pattern_sentence(pattern)))
    if allowed := model.get("enum"):
        sentence = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        constraints.append((frozenset(allowed).__contains__, sentence))
    return tuple(constraints)


def _value_constraints(model: dict[str, Any]) -> tuple[Constraint, ...]:
    most, least = model.get("max"), model.get("min")
    constraints: list[Constraint] = []
    if most is not None:
        constraints.append((lambda value: value <= most, f"Member must have value less than or equal to {most}"))
    if least is not None:
        constraints.append((lambda value: value >= least, f"Member must have value greater than or equal to {least}"))
    return tuple(constraints)


def _pattern_sentence(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


def _shown_structure(name: str, value: Any) -> str:
    """The service quotes a structure by its type and a hash. Ours covers the member names, however deep they nest."""
    members = ",".join(value) if isinstance(value, dict) else ""
    return f"{MODEL_PACKAGE}.{name}@{zlib.crc32(members.encode(errors='replace')):08x}"


def _shown_path(path: Place) -> str:
    names: list[str] = []
    while path is not None:
        path, name, suffix = path
        names.append(f"{name}{suffix}")
    return ".".join(reversed(names))


def _violate_null(path: Place, violations: list[str]) -> None:
    violations.append(f"Value null at '{_shown_path(path)}' failed to satisfy constraint: Member must not be null")


_is_table_name = re.compile(f"(?:{_NAME_CHARACTERS}|{_TABLE_ARN})?").fullmatch
_TABLE_NAME: tuple[Constraint, ...] = (
    (
        lambda value: len(value) <= (1024 if value.startswith("arn:") else 255),
        "Member must have length less than or equal to 255",
    ),
    (lambda value: len(value) != 0, "Member must have length greater than or equal to 1"),
    (lambda value: len(value) not in {1, 2}, "Member must have length greater than or equal to 3"),
    (lambda value: bool(_is_table_name(value)), _pattern_sentence(_NAME_CHARACTERS)),
)
"""
A table is named by 3 to 255 characters or by an ARN. The empty name is refused as a member of no length, and for that
alone. Source: https://github.com/ExtendDB/extenddb/pull/14.
"""
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
_MODEL: dict[str, Any] = json.loads((Path(__file__).parent / "request_shapes.json").read_bytes())
_SHAPES: dict[str, Shape] = {}
_OPERATIONS: dict[str, Read] = {}
