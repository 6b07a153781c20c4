"""Conditions as functions: each node of a tree becomes a closure over what its placeholders stand for."""

import operator
from base64 import b64decode
from collections.abc import Callable, Iterable
from typing import Any, Final

from tenantable.expressions.comparison import ORDERED_TYPES, RANKS, SET_TYPES, equal, matcher, ordered, rank, type_of
from tenantable.expressions.paths import BoundOperand, bind_path, bind_value, check_bounds, show_path
from tenantable.expressions.placeholders import Scope
from tenantable.expressions.syntax import (
    Between,
    Call,
    Comparison,
    ConditionNode,
    Conjunction,
    Disjunction,
    Membership,
    Negation,
    Operand,
    Path,
    Value,
)
from tenantable.wire.values import AttributeValue, Item, binary_size_bytes

Predicate = Callable[[Item], bool]
"""Whether an item fulfils a condition; an item that does not exist is `{}`."""

_ORDERINGS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TYPE_NAMES = ("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")
_SIZED_TYPES = SET_TYPES | {"S", "B", "L", "M"}
_CONTAINING_TYPES = SET_TYPES | {"S", "B", "L"}
_PREFIXED_TYPES = frozenset({"S", "B"})
_STRING = frozenset({"S"})
_FEW_PARTS = 4  # so few are not worth the search for repetitions


def compile_condition(node: ConditionNode, scope: Scope) -> Predicate:
    """
    The condition as a function of an item.

    Raises:
        DynamoError: ValidationException for an undefined placeholder and for operands that no item could make right.
    """
    match node:
        case Comparison():
            return _comparison(node, scope)
        case Call():
            return _COMPILERS[node.function](node, scope)
        case Conjunction():
            return _every([compile_condition(part, scope) for part in _distinct(node.parts)])
        case Disjunction():
            return _some([compile_condition(part, scope) for part in _distinct(node.parts)])
        case Negation():
            return _negation(compile_condition(node.part, scope))
        case Between():
            return _between(node, scope)
        case Membership():
            return _membership(node, scope)


def _distinct(parts: tuple[ConditionNode, ...]) -> Iterable[ConditionNode]:
    """A part that is repeated a hundred times costs no more than one: values may be large, and items many."""
    return dict.fromkeys(parts) if len(parts) > _FEW_PARTS else parts


def bind_operand(operand: Operand, scope: Scope) -> BoundOperand:
    """An operand of a condition: a path, a value or `size` of one."""
    match operand:
        case Path():
            return bind_path(operand, scope)
        case Value():
            return bind_value(operand, scope)
        case Call():
            return _size(operand, scope)


def _every(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda item: first(item) and second(item)

    def holds(item: Item) -> bool:
        for part in parts:  # noqa: SIM110 - a generator in `all` costs more than the loop
            if not part(item):
                return False
        return True

    return holds


def _some(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda item: first(item) or second(item)

    def holds(item: Item) -> bool:
        for part in parts:  # noqa: SIM110 - a generator in `any` costs more than the loop
            if part(item):
                return True
        return False

    return holds


def _negation(part: Predicate) -> Predicate:
    return lambda item: not part(item)


def _comparison(node: Comparison, scope: Scope) -> Predicate:
    left, right = bind_operand(node.left, scope), bind_operand(node.right, scope)
    _check_distinct(node.operator, left, right, scope)
    if node.operator == "=":
        return _equality(left, right)
    if node.operator == "<>":
        return _negation(_equality(left, right))
    left.check_type(node.operator, ORDERED_TYPES, scope)
    right.check_type(node.operator, ORDERED_TYPES, scope)
    return _ordering(left, right, _ORDERINGS[node.operator])


def _check_distinct(operator: str, first: BoundOperand, second: BoundOperand, scope: Scope) -> None:
    if first.path is not None and first.path == second.path:
        raise scope.invalid(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {operator}, first operand: {show_path(first.path)}"
        )


def _equality(left: BoundOperand, right: BoundOperand) -> Predicate:
    """False when an operand is missing, even when both are: nothing equals nothing else."""
    read, read_other = left.read, right.read
    if right.constant is not None:
        matches = matcher(right.constant)
        return lambda item: matches(read(item))

    def holds(item: Item) -> bool:
        value, other = read(item), read_other(item)
        return value is not None and other is not None and equal(value, other)

    return holds


def _ordering(left: BoundOperand, right: BoundOperand, compare: Callable[[Any, Any], bool]) -> Predicate:
    if right.constant is not None:
        return _ordering_to_constant(left, right.constant, compare)
    read, read_other = left.read, right.read

    def holds(item: Item) -> bool:
        value, other = read(item), read_other(item)
        return value is not None and other is not None and ordered(value, other, compare)

    return holds


def _ordering_to_constant(
    operand: BoundOperand, constant: AttributeValue, compare: Callable[[Any, Any], bool]
) -> Predicate:
    read, tag, bound = operand.read, type_of(constant), rank(constant)
    to_rank = RANKS[tag]

    def holds(item: Item) -> bool:
        value = read(item)
        return value is not None and tag in value and compare(to_rank(value[tag]), bound)

    return holds


def _between(node: Between, scope: Scope) -> Predicate:
    operand, lower, upper = (bind_operand(part, scope) for part in (node.operand, node.lower, node.upper))
    for part in (operand, lower, upper):
        part.check_type("BETWEEN", ORDERED_TYPES, scope)
    check_bounds(lower, upper, scope)
    return _every([_ordering(operand, lower, operator.ge), _ordering(operand, upper, operator.le)])


def _membership(node: Membership, scope: Scope) -> Predicate:
    operand = bind_operand(node.operand, scope)
    return _some([_equality(operand, bind_operand(candidate, scope)) for candidate in node.candidates])


def _attribute_exists(node: Call, scope: Scope) -> Predicate:
    read = bind_operand(node.operands[0], scope).read
    return lambda item: read(item) is not None


def _attribute_not_exists(node: Call, scope: Scope) -> Predicate:
    read = bind_operand(node.operands[0], scope).read
    return lambda item: read(item) is None


def _attribute_type(node: Call, scope: Scope) -> Predicate:
    read = bind_operand(node.operands[0], scope).read
    wanted = bind_operand(node.operands[1], scope)
    wanted.check_type("attribute_type", _STRING, scope)
    if wanted.constant is None:
        raise scope.invalid(
            "Operator or function requires an expression attribute value; operator or function: attribute_type"
        )
    tag = wanted.constant["S"]
    if tag not in _TYPE_NAMES:
        raise scope.invalid(f"Invalid attribute type name found; type: {tag}, valid types: {{{','.join(_TYPE_NAMES)}}}")
    return lambda item: (value := read(item)) is not None and tag in value


def _begins_with(node: Call, scope: Scope) -> Predicate:
    operand, prefix = (bind_operand(part, scope) for part in node.operands)
    for part in (operand, prefix):
        part.check_type("begins_with", _PREFIXED_TYPES, scope)
    read, read_prefix = operand.read, prefix.read

    def holds(item: Item) -> bool:
        value, start = read(item), read_prefix(item)
        if value is None or start is None:
            return False
        if "S" in value and "S" in start:
            return bool(value["S"].startswith(start["S"]))
        return "B" in value and "B" in start and b64decode(value["B"]).startswith(b64decode(start["B"]))

    return holds


def _contains(node: Call, scope: Scope) -> Predicate:
    container, element = (bind_operand(part, scope) for part in node.operands)
    container.check_type("contains", _CONTAINING_TYPES, scope)
    _check_distinct("contains", container, element, scope)
    read, read_element = container.read, element.read

    def holds(item: Item) -> bool:
        value, sought = read(item), read_element(item)
        return value is not None and sought is not None and _has(value, sought)

    return holds


def _has(container: AttributeValue, sought: AttributeValue) -> bool:
    """Whether a string or binary has the sought part, a set or list the sought element."""
    ((tag, content),) = container.items()
    if tag == "L":
        return any(equal(element, sought) for element in content)
    if tag in SET_TYPES:
        return sought.get(tag[0]) in content
    part = sought.get(tag)
    if part is None or tag not in _PREFIXED_TYPES:
        return False
    return part in content if tag == "S" else b64decode(part) in b64decode(content)


def _size(node: Call, scope: Scope) -> BoundOperand:
    operand = bind_operand(node.operands[0], scope)
    operand.check_type("size", _SIZED_TYPES, scope)
    read = operand.read

    def read_size(item: Item) -> AttributeValue | None:
        value = read(item)
        return None if value is None else _size_of(value)

    return BoundOperand(read_size, type="N")


def _size_of(value: AttributeValue) -> AttributeValue | None:
    """Strings count UTF-16 code units (observed), binaries bytes, sets, lists and maps their elements."""
    ((tag, content),) = value.items()
    if tag not in _SIZED_TYPES:
        return None
    if tag == "S":
        size = len(content) if content.isascii() else len(content.encode("utf-16-le")) // 2
    else:
        size = binary_size_bytes(content) if tag == "B" else len(content)
    return {"N": str(size)}


_COMPILERS: Final[dict[str, Callable[[Call, Scope], Predicate]]] = {
    "attribute_exists": _attribute_exists,
    "attribute_not_exists": _attribute_not_exists,
    "attribute_type": _attribute_type,
    "begins_with": _begins_with,
    "contains": _contains,
}
