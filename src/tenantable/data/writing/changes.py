"""Changes as they may be sent: of attributes that may change, with values that the entity would accept."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_origin

from pydantic import TypeAdapter, ValidationError

from tenantable.data.codecs.entities import EntityCodec
from tenantable.data.expressions import field_of
from tenantable.declare.annotations import plain_type
from tenantable.declare.references import Change
from tenantable.errors import DataError

Changes = Sequence[Change[Any]]
_SETS = (set, frozenset)
_NUMBERS: dict[Any, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in (int, Decimal, float)}
_NUMBERS[Any] = TypeAdapter(int | Decimal)


def valid_changes(codec: EntityCodec[Any], changes: Changes, known: Mapping[str, Any]) -> Changes:
    """
    The changes with their values as the entity would hold them.

    Args:
        known: Values of other fields, as far as they are known, for validators that look at them.
    Raises:
        DataError: There is none, one is of another entity, two are of the same attribute, one is of an attribute that
            only the library or nobody may change, or a value does not fit its attribute.
    """
    if not changes:
        raise DataError(f"an update of {codec.entity.name} needs at least one change")
    for change in changes:
        _check_subject(codec, change)
    if len(changes) > 1:
        repeated = [text for text, times in Counter(repr(change.subject) for change in changes).items() if times > 1]
        if repeated:
            raise DataError(f"{repeated[0]} is changed twice in one update")
    return [_valid(codec, change, known) for change in changes]


def _check_subject(codec: EntityCodec[Any], change: object) -> None:
    if not isinstance(change, Change):
        hint = f"write {codec.model.__name__}.<attribute>.set(...), .add(...) or another of its changes"
        raise DataError(f"a {type(change).__name__} is no change of {codec.entity.name}", hint=hint)
    name = field_of(change.subject, codec)
    attribute = codec.entity.attributes[name]
    if name in codec.layout.table_key.names:
        hint = "create a new entity and delete the old one"
        raise DataError(f"{change.subject!r} is part of the primary key and cannot change", hint=hint)
    if attribute.lock:
        raise DataError(f"{change.subject!r} is the lock; every write raises it by itself")
    if attribute.soft_delete:
        raise DataError(f"{change.subject!r} marks deletion; use delete and restore")
    if change.action == "remove" and not change.subject.path and attribute.required and not attribute.optional:
        raise DataError(f"{change.subject!r} has no default, so it cannot be removed")


def _valid(codec: EntityCodec[Any], change: Change[Any], known: Mapping[str, Any]) -> Change[Any]:
    if change.action == "remove":
        return change
    try:
        return replace(change, value=_value(codec, change, known))
    except ValidationError as error:
        (*_, first) = error.errors(include_url=False, include_context=False)
        kinds = ", ".join(sorted({type(value).__name__ for value in _given(change)}))
        problem = f"{change.subject!r}.{change.action} does not take this {kinds}: {first['msg']}"
        shown = codec.validation.annotation(change.subject.name, change.subject.path)
        declared = shown.__name__ if type(shown) is type else str(shown).replace("typing.", "")
        hint = f"the attribute is declared as {declared}"
        raise DataError(problem, hint=hint) from error


def _value(codec: EntityCodec[Any], change: Change[Any], known: Mapping[str, Any]) -> Any:
    name, path, value = change.subject.name, change.subject.path, change.value
    validation = codec.validation
    plain = plain_type(validation.annotation(name, path))
    container = get_origin(plain) or plain
    match change.action:
        case "add":
            return _amount(change, plain)
        case "append" | "prepend":
            _check_kind(change, container in {list, Any}, "lists")
            return [validation.below(name, (*path, 0), element) for element in value]
        case "add_to_set" | "remove_from_set":
            _check_kind(change, container in {*_SETS, Any}, "sets")
            return frozenset(validation.below(name, (*path, 0), element) for element in value)
    if path:
        return validation.below(name, path, value)
    valid = validation.field(name, value, known)
    return codec.as_stored({name: valid})[name]


def _amount(change: Change[Any], plain: Any) -> Any:
    _check_kind(change, plain in _NUMBERS and not isinstance(change.value, bool), "numbers")
    return _NUMBERS[plain].validate_python(change.value)


def _check_kind(change: Change[Any], fits: bool, kind: str) -> None:
    if not fits:
        given = ", ".join(sorted({type(value).__name__ for value in _given(change)}))
        raise DataError(f"{change.action} is for {kind}, and {change.subject!r} cannot take {given} so", hint="use set")


def _given(change: Change[Any]) -> Sequence[Any]:
    return list(change.value) if change.action not in {"set", "set_default", "add"} else [change.value]
