"""The actions of an update as functions: what stands at a path afterwards, given what stood there and the item."""

from collections.abc import Callable
from typing import Any, Final

from tenantable.expressions.comparison import SET_TYPES, type_of
from tenantable.expressions.paths import BoundOperand, Reader, bind_path, bind_value
from tenantable.expressions.placeholders import Scope
from tenantable.expressions.syntax import (
    AddAction,
    Arithmetic,
    Call,
    DeleteAction,
    Operand,
    Path,
    RemoveAction,
    SetAction,
    UpdateAction,
    Value,
)
from tenantable.wire.errors import ITEM_UPDATE_TOO_LARGE, validation_error
from tenantable.wire.limits import ITEM_SIZE_BYTES_MAX
from tenantable.wire.numbers import add_numbers, subtract_numbers
from tenantable.wire.values import ELEMENT_BYTES, AttributeValue, Item

Effect = Callable[[AttributeValue | None, Item], AttributeValue | None]
"""
Takes what stands at the path before the update, None for nothing, and the whole item before the update; returns what
stands there afterwards. Raises ValidationException when an operand is missing or of a wrong type.
"""

_Yield = Callable[[Item], AttributeValue]

_MISSING_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
# No item has more elements; a longer list is refused before it is built, and not after minutes of building.
_ELEMENTS_MAX = ITEM_SIZE_BYTES_MAX // ELEMENT_BYTES
_NUMBER = frozenset({"N"})
_LIST = frozenset({"L"})
_ADDABLE_TYPES = SET_TYPES | _NUMBER
_ARITHMETIC: Final = {"+": add_numbers, "-": subtract_numbers}
_LONG_TYPE_NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "L": "LIST",
    "M": "MAP",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
}


def compile_effect(action: UpdateAction, scope: Scope) -> Effect:
    """
    The action as a function.

    Raises:
        DynamoError: ValidationException for an undefined placeholder and for operands that no item could make right.
    """
    match action:
        case SetAction(value=value):
            return _set(_compile_value(value, scope))
        case RemoveAction():
            return _remove
        case AddAction(value=value):
            return _add(_checked_constant("ADD", value, _ADDABLE_TYPES, scope))
        case DeleteAction(value=value):
            return _delete(_checked_constant("DELETE", value, SET_TYPES, scope))


def _set(yield_value: _Yield) -> Effect:
    return lambda _, item: yield_value(item)


def _remove(_: AttributeValue | None, __: Item) -> None:
    return None


def _add(constant: AttributeValue) -> Effect:
    tag = type_of(constant)
    addend = constant[tag]

    def add(current: AttributeValue | None, _: Item) -> AttributeValue:
        if current is None:
            return constant
        content = _content(current, tag)
        if tag == "N":
            return {"N": add_numbers(content, addend)}
        return {tag: list(dict.fromkeys([*content, *addend]))}

    return add


def _delete(constant: AttributeValue) -> Effect:
    tag = type_of(constant)
    unwanted = frozenset(constant[tag])

    def delete(current: AttributeValue | None, _: Item) -> AttributeValue | None:
        if current is None:
            return None
        kept = [element for element in _content(current, tag) if element not in unwanted]
        return {tag: kept} if kept else None

    return delete


def _checked_constant(section: str, value: Value, allowed: frozenset[str], scope: Scope) -> AttributeValue:
    constant = scope.value(value)
    tag = type_of(constant)
    if tag not in allowed:
        raise scope.invalid(
            f"Incorrect operand type for operator or function; operator: {section}, "
            f"operand type: {_LONG_TYPE_NAMES[tag]}, typeSet: ALLOWED_FOR_{section}_OPERAND"
        )
    return constant


def _compile_value(value: Operand | Arithmetic, scope: Scope) -> _Yield:
    if not isinstance(value, Arithmetic):
        return _required(_bind_operand(value, scope))
    left, right = _bind_operand(value.left, scope), _bind_operand(value.right, scope)
    for operand in (left, right):
        operand.check_type(value.operator, _NUMBER, scope)
    combine = _ARITHMETIC[value.operator]
    yield_left, yield_right = _required(left), _required(right)
    return lambda item: {"N": combine(_content(yield_left(item), "N"), _content(yield_right(item), "N"))}


def _required(operand: BoundOperand) -> _Yield:
    constant, read = operand.constant, operand.read
    if constant is not None:
        return lambda _: constant

    def read_present(item: Item) -> AttributeValue:
        value = read(item)
        if value is None:
            raise validation_error(_MISSING_ATTRIBUTE)
        return value

    return read_present


def _bind_operand(operand: Operand, scope: Scope) -> BoundOperand:
    match operand:
        case Path():
            return bind_path(operand, scope)
        case Value():
            return bind_value(operand, scope)
        case Call(function="if_not_exists"):
            return BoundOperand(_if_not_exists(operand, scope))
        case Call():
            return BoundOperand(_list_append(operand, scope), type="L")


def _if_not_exists(call: Call, scope: Scope) -> Reader:
    read, read_fallback = (_bind_operand(operand, scope).read for operand in call.operands)
    return lambda item: value if (value := read(item)) is not None else read_fallback(item)


def _list_append(call: Call, scope: Scope) -> Reader:
    operands = [_bind_operand(operand, scope) for operand in call.operands]
    for operand in operands:
        operand.check_type("list_append", _LIST, scope)
    yield_head, yield_tail = map(_required, operands)

    def append(item: Item) -> AttributeValue:
        head, tail = _content(yield_head(item), "L"), _content(yield_tail(item), "L")
        if len(head) + len(tail) > _ELEMENTS_MAX:
            raise validation_error(ITEM_UPDATE_TOO_LARGE)
        return {"L": [*head, *tail]}

    return append


def _content(value: AttributeValue, tag: str) -> Any:
    if tag not in value:
        raise validation_error(_WRONG_TYPE)
    return value[tag]
