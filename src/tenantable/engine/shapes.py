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
from pathlib import Path
from typing import Any

from tenantable.wire.errors import DynamoError, serialization_error, validation_error

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
_PACKAGE = "com.amazonaws.dynamodb.v20120810"
_TABLE_ARN = r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d+:table/[a-zA-Z0-9_.-]{3,255}(/(index|stream)/[a-zA-Z0-9_.:-]+)?"
_NAME_CHARACTERS = "[a-zA-Z0-9_.-]+"
_ANY_TEXT = frozenset({r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", r"\p{Print}+"})
"""Patterns in Java's notation that as good as any text matches."""
_MISPLACED_STRUCTURE = "Start of structure or map found where not expected."


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One shape of the service model, ready to check values; `shown` quotes a value as the service does."""

    read: Read
    constraints: tuple[Constraint, ...] = ()
    shown: Callable[[Any], str] = str

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
        return ", ".join(sentence for _, sentence in self.constraints)


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
        plural = "error" if len(violations) == 1 else "errors"
        raise validation_error(f"{len(violations)} validation {plural} detected: {'; '.join(violations)}")


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
            raise _not_a_container(value, f"class {_PACKAGE}.{name}")
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
            raise serialization_error(_MISPLACED_STRUCTURE if isinstance(value, dict) else "Unexpected field type")
        for position, content in enumerate(value, start=1):
            if content is None:
                _violate_null((path, position, ".member"), violations)
            else:
                read_element(content, (path, position, ".member"), violations)

    def shown(value: Any) -> str:
        return f"[{', '.join(map(element.quoted, value))}]"

    inner = _every(element, "Member must satisfy constraint", lambda value: value)
    return Shape(read=read, constraints=(*_size_constraints(model), *inner), shown=shown)


def _map(_name: str, model: dict[str, Any]) -> Shape:
    key, element = _compile(model["key"]), _compile(model["value"])

    def read(value: Any, path: Place, violations: list[str]) -> None:
        if not isinstance(value, dict):
            raise _not_a_container(value, f"java.util.Map<java.lang.String, {_PACKAGE}.{model['value']}>")
        for name, content in value.items():
            if content is None:
                _violate_null((path, name, ".member"), violations)
            else:
                element.read(content, (path, name, ".member"), violations)

    def shown(value: Any) -> str:
        return f"{{{', '.join(f'{name}={element.quoted(content)}' for name, content in value.items())}}}"

    keys = _every(key, "Map keys must satisfy constraint", lambda value: value)
    values = _every(element, "Map value must satisfy constraint", lambda value: value.values())
    return Shape(read=read, constraints=(*_size_constraints(model), *keys, *values), shown=shown)


def _attribute_values(kind: str) -> Callable[[str, dict[str, Any]], Shape]:
    """Maps and lists of attribute values: only their own JSON type is checked here."""
    expected: type = {"attribute_map": dict, "attribute_list": list, "attribute_value": object}[kind]

    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if not isinstance(value, expected):
            raise _not_a_container(value, f"java.util.Map<java.lang.String, {_PACKAGE}.AttributeValue>")

    def shown(value: Any) -> str:
        members = (f"{name}={_shown_structure('AttributeValue', content)}" for name, content in value.items())
        return f"{{{', '.join(members)}}}"

    return lambda _name, _model: Shape(read=read, shown=shown)


def _string(name: str, model: dict[str, Any]) -> Shape:
    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if type(value) is not str:
            raise _not_a_scalar(value, "String")

    constraints = _table_name_constraints() if name == "TableArn" else _text_constraints(model)
    return _Text(read=read, constraints=constraints, accepted=set())


def _boolean(_name: str, _model: dict[str, Any]) -> Shape:
    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if type(value) is not bool:
            raise _not_a_scalar(value, "Boolean")

    return Shape(read=read)


def _integer(kind: str) -> Callable[[str, dict[str, Any]], Shape]:
    largest = _INTEGER_MAX[kind]

    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if type(value) is not int or abs(value) > largest:
            raise _not_a_scalar(value, kind)

    def compile_integer(_name: str, model: dict[str, Any]) -> Shape:
        return Shape(read=read, constraints=_value_constraints(model))

    return compile_integer


def _decimal(kind: str) -> Callable[[str, dict[str, Any]], Shape]:
    """A number with or without a fraction; a timestamp is seconds since 1970."""

    def read(value: Any, _path: Place, _violations: list[str]) -> None:
        if type(value) not in {int, float}:
            raise _not_a_scalar(value, kind)

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


def _table_name_constraints() -> tuple[Constraint, ...]:
    """A table is named by 3 to 255 characters or by an ARN; the empty name is refused as a member of no length."""
    matches = re.compile(f"{_NAME_CHARACTERS}|{_TABLE_ARN}").fullmatch
    return (
        (
            lambda value: len(value) <= (1024 if value.startswith("arn:") else 255),
            "Member must have length less than or equal to 255",
        ),
        (lambda value: len(value) != 0, "Member must have length greater than or equal to 1"),
        (lambda value: len(value) not in {1, 2}, "Member must have length greater than or equal to 3"),
        (lambda value: bool(matches(value)), _pattern_sentence(_NAME_CHARACTERS)),
    )


def _pattern_sentence(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


def _shown_structure(name: str, value: Any) -> str:
    """The service quotes a structure by its type and a hash. Ours covers the member names, however deep they nest."""
    members = ",".join(value) if isinstance(value, dict) else ""
    return f"{_PACKAGE}.{name}@{zlib.crc32(members.encode(errors='replace')):08x}"


def _shown_path(path: Place) -> str:
    names: list[str] = []
    while path is not None:
        path, name, suffix = path
        names.append(f"{name}{suffix}")
    return ".".join(reversed(names))


def _violate_null(path: Place, violations: list[str]) -> None:
    violations.append(f"Value null at '{_shown_path(path)}' failed to satisfy constraint: Member must not be null")


def _not_a_container(value: Any, java_type: str) -> DynamoError:
    if isinstance(value, list):
        return serialization_error(f"Unrecognized collection type {java_type}")
    return serialization_error("Unexpected field type")


def _not_a_scalar(value: Any, wanted: str) -> DynamoError:
    if isinstance(value, dict):
        return serialization_error(_MISPLACED_STRUCTURE)
    if isinstance(value, list):
        return serialization_error(f"Unrecognized collection type class java.lang.{wanted}")
    if isinstance(value, str):
        return serialization_error(
            "Unexpected token received from parser"
            if wanted == "Boolean"
            else f"STRING_VALUE cannot be converted to {wanted}"
        )
    kind = {bool: f"{str(value).upper()}_VALUE", float: "DECIMAL_VALUE"}.get(type(value), "NUMBER_VALUE")
    return serialization_error(f"{kind} cannot be converted to {wanted}")


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
