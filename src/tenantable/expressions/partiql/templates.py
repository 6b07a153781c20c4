"""Values as statements write them: literals, parameters, and lists, tuples and bags that hold both."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenantable.wire.errors import validation_error
from tenantable.wire.values import AttributeValue, check_value

_SET_TYPES = {"S": "SS", "N": "NS", "B": "BS"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Constant:
    """A literal; its value is canonical and shared."""

    value: AttributeValue


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A question mark; `position` counts those before it."""

    position: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ListOf:
    """`[a, b]`: a list."""

    members: tuple["Template", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SetOf:
    """`<<a, b>>`: a set of strings, numbers or binaries."""

    members: tuple["Template", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MapOf:
    """`{'a': b}`: a map; of members with one name the last counts."""

    members: tuple[tuple[str, "Template"], ...]


Template = Constant | Parameter | ListOf | SetOf | MapOf


def fill(template: Template, parameters: Sequence[AttributeValue]) -> AttributeValue:
    """
    The canonical value that a template stands for.

    Args:
        parameters: Canonical values, one for every question mark of the statement.
    Raises:
        DynamoError: ValidationException for a set that is empty or whose members differ in type or are equal, and for a
            value nested too deeply.
    """
    if isinstance(template, Constant):
        return template.value
    if isinstance(template, Parameter):
        return parameters[template.position]
    return check_value(_written(template, parameters))[0]


def _written(template: Template, parameters: Sequence[AttributeValue]) -> AttributeValue:
    match template:
        case Constant(value=value):
            return value
        case Parameter(position=position):
            return parameters[position]
        case ListOf(members=members):
            return {"L": [_written(member, parameters) for member in members]}
        case MapOf(members=pairs):
            return {"M": {name: _written(member, parameters) for name, member in pairs}}
        case SetOf(members=members):
            return _set_of([_written(member, parameters) for member in members])


def _set_of(members: list[AttributeValue]) -> AttributeValue:
    tags = {tag for member in members for tag in member}
    if not tags:
        return {"SS": []}  # refused with the service's words by the check that follows
    tag = tags.pop()
    if tags or tag not in _SET_TYPES:
        raise validation_error("The members of a set must be all strings, all numbers or all binaries")
    return {_SET_TYPES[tag]: [member[tag] for member in members]}
