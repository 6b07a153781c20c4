"""AttributeUpdates: the changes of an UpdateItem. Source: API reference, AttributeValueUpdate."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.writes import Write, make_update
from tenantable.expressions.comparison import SET_TYPES, type_of
from tenantable.expressions.effects import Effect, compile_effect
from tenantable.expressions.paths import top_level_tree
from tenantable.expressions.placeholders import Placeholders, Scope
from tenantable.expressions.syntax import (
    AddAction,
    Call,
    DeleteAction,
    ExpressionKind,
    Path,
    SetAction,
    UpdateAction,
    Value,
)
from tenantable.expressions.updates import Update
from tenantable.wire.errors import invalid_parameter_values, validation_error
from tenantable.wire.values import AttributeValue, Item, check_value

_KIND: ExpressionKind = "UpdateExpression"
_ADDABLE_TYPES = SET_TYPES | {"N", "L"}
_VALUE = Value(placeholder=":value")
_EMPTY_LIST = Value(placeholder=":empty")


def read_attribute_updates(request: Mapping[str, Any]) -> Update | None:
    """
    The changes of an UpdateItem without UpdateExpression; None when there are none.

    Raises:
        DynamoError: ValidationException for a value that is wrong, or that its action does not take.
    """
    updates = request.get("AttributeUpdates")
    if not updates:
        return None
    return Update(
        changed_paths=tuple([(name,) for name in updates]),
        effects=tuple([_effect(name, entry) for name, entry in updates.items()]),
        tree=top_level_tree(updates),
        creates_item=any(entry.get("Action") != "DELETE" for entry in updates.values()),
    )


def with_attribute_updates(write: Write) -> Write:
    """An update with the changes that its request states as AttributeUpdates. Raises as `read_attribute_updates`."""
    update = read_attribute_updates(write.request)
    if update is None:
        return write
    return make_update(write.request, key_item=write.key_item, condition=write.condition, update=update)


def _effect(name: str, entry: Mapping[str, Any]) -> Effect:
    action = entry.get("Action") or "PUT"
    if entry.get("Value") is None:
        if action != "DELETE":
            raise invalid_parameter_values("Only DELETE action is allowed when no attribute value is specified")
        return _remove
    value, _ = check_value(entry["Value"])
    if action == "PUT":  # as most do, of which an item takes a hundred thousand
        return lambda _current, _item: value
    scope = Scope(Placeholders(None, {_VALUE.placeholder: value, _EMPTY_LIST.placeholder: {"L": []}}), _KIND)
    path = Path(elements=(name,), has_placeholders=False)
    tag = type_of(value)
    change = _deletion(path, tag) if action == "DELETE" else _addition(path, tag)
    return _of_same_type(tag, compile_effect(change, scope))


def _remove(_current: AttributeValue | None, _item: Item) -> None:
    """The effect of a DELETE without a value."""


def _deletion(path: Path, tag: str) -> UpdateAction:
    if tag not in SET_TYPES:
        raise invalid_parameter_values(f"DELETE action with value is not supported for the type {tag}")
    return DeleteAction(path=path, value=_VALUE)


def _addition(path: Path, tag: str) -> UpdateAction:
    """Unlike in an update expression, elements can be added to a list: they are appended (observed)."""
    if tag not in _ADDABLE_TYPES:
        raise invalid_parameter_values(f"ADD action is not supported for the type {tag}")
    if tag != "L":
        return AddAction(path=path, value=_VALUE)
    present = Call(function="if_not_exists", operands=(path, _EMPTY_LIST))
    return SetAction(path=path, value=Call(function="list_append", operands=(present, _VALUE)))


def _of_same_type(tag: str, effect: Effect) -> Effect:
    def checked(current: AttributeValue | None, item: Item) -> AttributeValue | None:
        if current is not None and tag not in current:
            raise validation_error("Type mismatch for attribute to update")
        return effect(current, item)

    return checked
