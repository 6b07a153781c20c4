"""The WHERE clause: from text to the same tree of conditions that a filter expression becomes."""

from typing import Final, TypeGuard

from tenantable.expressions.conditions import all_of, any_of
from tenantable.expressions.parsing import PREDICATES
from tenantable.expressions.partiql.cursor import StatementCursor, not_well_formed
from tenantable.expressions.partiql.literals import LITERAL_STARTS, parse_template
from tenantable.expressions.syntax import (
    Between,
    Call,
    Comparison,
    ConditionNode,
    Membership,
    Negation,
    Operand,
    Path,
    Value,
)
from tenantable.expressions.tokens import IDENTIFIER
from tenantable.wire.errors import validation_error
from tenantable.wire.limits import EXPRESSION_IN_OPERANDS_MAX, EXPRESSION_OPERATORS_MAX

_COMPARATORS: Final = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_PREDICATE_STARTS: Final = frozenset({*_COMPARATORS, "BETWEEN", "IN", "IS"})
_OPERAND_COUNTS: Final = {"attribute_type": 2, "begins_with": 2, "contains": 2, "size": 1}
_DEPTH_MAX = 64
"""How deeply parentheses and calls may nest; two functions of Python's stack each."""


def parse_where(cursor: StatementCursor) -> ConditionNode:
    """The condition behind WHERE; it may have as many operators as any other condition."""
    condition = _as_condition(cursor, _parse_logical(cursor, 0))
    if cursor.operator_count > EXPRESSION_OPERATORS_MAX:
        raise validation_error(f"The expression contains too many operators; operator count: {cursor.operator_count}")
    return condition


def _parse_logical(cursor: StatementCursor, depth: int) -> ConditionNode | Operand:
    """Terms joined by AND and OR; an operand when there is but one, and it is followed by no operator."""
    if depth > _DEPTH_MAX:
        raise not_well_formed("The expression is nested too deeply")
    first = _parse_term(cursor, depth)
    if cursor.upcoming not in {"AND", "OR"}:
        return first
    alternatives = [[_as_condition(cursor, first)]]
    while cursor.upcoming in {"AND", "OR"}:
        cursor.operator_count += 1
        if cursor.take().kind == "OR":
            alternatives.append([])
        alternatives[-1].append(_as_condition(cursor, _parse_term(cursor, depth)))
    return any_of([all_of(parts) for parts in alternatives])


def _parse_term(cursor: StatementCursor, depth: int) -> ConditionNode | Operand:
    negations = 0
    while cursor.accept("NOT"):
        cursor.operator_count += 1
        negations += 1
    node: ConditionNode | Operand
    if cursor.accept("("):
        node = _parse_logical(cursor, depth + 1)
        cursor.expect(")")
    else:
        node = parse_operand(cursor, depth)
    if _is_value(node):
        node = _parse_predicate(cursor, node, depth)
    if negations == 0:
        return node
    condition = _as_condition(cursor, node)
    return Negation(part=condition) if negations % 2 else condition


def _parse_predicate(cursor: StatementCursor, operand: Operand, depth: int) -> ConditionNode | Operand:
    """What the operand begins: a comparison, BETWEEN, IN, IS; the operand itself when none of these follows."""
    if cursor.upcoming not in _PREDICATE_STARTS:
        return operand
    cursor.operator_count += 1
    if cursor.upcoming in _COMPARATORS:
        operator = _COMPARATORS[cursor.take().kind]
        return Comparison(operator=operator, left=operand, right=parse_value_operand(cursor, depth))
    if cursor.accept("BETWEEN"):
        lower = parse_value_operand(cursor, depth)
        cursor.expect("AND")
        return Between(operand=operand, lower=lower, upper=parse_value_operand(cursor, depth))
    if cursor.accept("IN"):
        return Membership(operand=operand, candidates=_parse_candidates(cursor, depth))
    return _parse_is(cursor, operand)


def _parse_is(cursor: StatementCursor, operand: Operand) -> ConditionNode:
    cursor.expect("IS")
    negated = cursor.accept("NOT")
    wanted = cursor.expect("MISSING", "NULL").kind
    if not isinstance(operand, Path):
        raise not_well_formed("Unexpected path component")
    if wanted == "MISSING":
        return Call(function="attribute_exists" if negated else "attribute_not_exists", operands=(operand,))
    is_null = Call(function="attribute_type", operands=(operand, cursor.constant("NULL")))
    return Negation(part=is_null) if negated else is_null


def _parse_candidates(cursor: StatementCursor, depth: int) -> tuple[Operand, ...]:
    opening = cursor.expect("[", "(").kind
    candidates = [parse_value_operand(cursor, depth)]
    while cursor.accept(","):
        candidates.append(parse_value_operand(cursor, depth))
    cursor.expect("]" if opening == "[" else ")")
    if len(candidates) > EXPRESSION_IN_OPERANDS_MAX:
        raise validation_error(
            f"The IN operator is provided with too many operands; number of operands: {len(candidates)}"
        )
    return tuple(candidates)


def parse_value_operand(cursor: StatementCursor, depth: int) -> Operand:
    """An operand that has a value: no predicate."""
    operand = parse_operand(cursor, depth)
    if not _is_value(operand):
        cursor.refuse_token()
    return operand


def parse_operand(cursor: StatementCursor, depth: int) -> Operand:
    """A path, a value or a call."""
    if cursor.upcoming in LITERAL_STARTS:
        return cursor.hold(parse_template(cursor))
    if cursor.comes(IDENTIFIER, "("):
        return _parse_call(cursor, depth)
    return cursor.path()


def _parse_call(cursor: StatementCursor, depth: int) -> Call:
    if depth > _DEPTH_MAX:
        raise not_well_formed("The expression is nested too deeply")
    cursor.operator_count += 1
    written = cursor.take().text
    function = written.lower()
    wanted = _OPERAND_COUNTS.get(function)
    if wanted is None:
        raise not_well_formed(f"Unsupported function: {written}")
    cursor.expect("(")
    operands = [parse_value_operand(cursor, depth + 1)]
    while cursor.accept(","):
        operands.append(parse_value_operand(cursor, depth + 1))
    cursor.expect(")")
    if len(operands) != wanted:
        raise not_well_formed(
            f"Incorrect number of operands for operator or function; operator or function: {function}, "
            f"number of operands: {len(operands)}"
        )
    return Call(function=function, operands=tuple(operands))


def _is_value(node: ConditionNode | Operand) -> TypeGuard[Operand]:
    return isinstance(node, Path | Value) or (isinstance(node, Call) and node.function not in PREDICATES)


def _as_condition(cursor: StatementCursor, node: ConditionNode | Operand) -> ConditionNode:
    """Refuse an operand where a condition is wanted: the token that follows it comes too early."""
    if isinstance(node, Path | Value) or (isinstance(node, Call) and node.function not in PREDICATES):
        cursor.refuse_token()
    return node
