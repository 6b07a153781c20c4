"""Condition and filter expressions: their grammar, and what one yields when it is bound."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tenantable.expressions.evaluation import Predicate, compile_condition
from tenantable.expressions.parsing import (
    CACHED_EXPRESSIONS_MAX,
    PREDICATES,
    Cursor,
    Grammar,
    note_misplaced,
    note_predicate,
    parse_bare_operand,
    parse_operand,
)
from tenantable.expressions.placeholders import Placeholders, Scope
from tenantable.expressions.syntax import (
    Between,
    Call,
    Comparison,
    ConditionNode,
    Conjunction,
    Disjunction,
    ExpressionKind,
    Membership,
    Negation,
    Operand,
    Path,
    Value,
)
from tenantable.wire.limits import EXPRESSION_IN_OPERANDS_MAX, EXPRESSION_OPERATORS_MAX

CONDITION_GRAMMAR = Grammar(
    title="a condition expression",
    keywords=frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"}),
    functions=PREDICATES | {"size"},
)
_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})

# Each level of parentheses that is not redundant holds an operator, so a deeper nesting could never be accepted.
_GROUP_DEPTH_MAX = EXPRESSION_OPERATORS_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A condition or filter expression, read but not yet bound to a request's placeholders."""

    kind: ExpressionKind
    root: ConditionNode
    written_names: frozenset[str]

    def attribute_names(self, placeholders: Placeholders) -> frozenset[str]:
        """The top-level attributes that it reads."""
        return Scope(placeholders, self.kind).names(self.written_names)

    def bind(self, placeholders: Placeholders) -> Predicate:
        """
        A function that tells whether a canonical item fulfils the condition; an item that does not exist is `{}`.

        Raises:
            DynamoError: ValidationException for an undefined placeholder and for operands that no item could make
                right. The function itself never fails.
        """
        return compile_condition(self.root, Scope(placeholders, self.kind))


@lru_cache(maxsize=CACHED_EXPRESSIONS_MAX)
def parse_condition(text: str, kind: Literal["ConditionExpression", "FilterExpression"]) -> Condition:
    """
    Read a condition. Cached by text and kind.

    Args:
        kind: The request member that the text comes from; errors name it.
    Raises:
        DynamoError: ValidationException with DynamoDB's message for the fault.
    """
    root, written_names = read_condition(text, kind)
    return Condition(kind=kind, root=root, written_names=written_names)


def read_condition(text: str, kind: ExpressionKind) -> tuple[ConditionNode, frozenset[str]]:
    """The tree of a condition, and the top-level attribute names in it as written."""
    cursor = Cursor(text, kind, CONDITION_GRAMMAR)
    root = _as_condition(cursor, _parse_logical(cursor, 0))
    cursor.finish()
    return root, frozenset(cursor.top_level_names)


def _parse_logical(cursor: Cursor, depth: int) -> ConditionNode | Operand:
    """Terms joined by AND and OR; an operand when there is but one, and it is followed by no operator."""
    first = _parse_term(cursor, depth)
    if cursor.upcoming not in {"AND", "OR"}:
        return first
    alternatives = [[_as_condition(cursor, first)]]
    while cursor.upcoming in {"AND", "OR"}:
        cursor.count_operator()
        if cursor.take().kind == "OR":
            alternatives.append([])
        alternatives[-1].append(_as_condition(cursor, _parse_term(cursor, depth)))
    return any_of([all_of(parts) for parts in alternatives])


def _parse_term(cursor: Cursor, depth: int) -> ConditionNode | Operand:
    """
    A predicate with any number of NOT before it, or whatever stands in parentheses.

    The two functions of this recursion are all that a level of parentheses costs: 300 levels fit Python's stack.
    """
    negations = 0
    while cursor.accept("NOT"):
        cursor.count_operator()
        negations += 1
    if cursor.upcoming == "(":
        if depth >= _GROUP_DEPTH_MAX:
            cursor.refuse(f"The expression is nested too deeply; nesting levels: {depth + 1}")
        opened = cursor.open_group()
        node = _parse_logical(cursor, depth + 1)
        cursor.close_group(opened)
    else:
        node = parse_bare_operand(cursor)
    if isinstance(node, Operand):
        node = _parse_predicate(cursor, node)
    if negations == 0:
        return node
    condition = _as_condition(cursor, node)
    return Negation(part=condition) if negations % 2 else condition


def _parse_predicate(cursor: Cursor, operand: Operand) -> ConditionNode | Operand:
    """What the operand begins: a comparison, BETWEEN, IN; the operand itself when none of these follows."""
    if cursor.upcoming not in _COMPARATORS and cursor.upcoming not in {"BETWEEN", "IN"}:
        return operand
    note_predicate(cursor, operand)
    cursor.count_operator()
    operator = cursor.take().kind
    if operator == "BETWEEN":
        lower = parse_operand(cursor)
        cursor.expect("AND")
        return Between(operand=operand, lower=lower, upper=parse_operand(cursor))
    if operator == "IN":
        return Membership(operand=operand, candidates=_parse_candidates(cursor))
    return Comparison(operator=operator, left=operand, right=parse_operand(cursor))


def _parse_candidates(cursor: Cursor) -> tuple[Operand, ...]:
    cursor.expect("(")
    candidates = [parse_operand(cursor)]
    while cursor.accept(","):
        candidates.append(parse_operand(cursor))
    cursor.expect(")")
    if len(candidates) > EXPRESSION_IN_OPERANDS_MAX:
        cursor.note(f"The IN operator is provided with too many operands; number of operands: {len(candidates)}")
    return tuple(dict.fromkeys(candidates))


def _as_condition(cursor: Cursor, node: ConditionNode | Operand) -> ConditionNode:
    """Refuse an operand where a condition is wanted: the token that follows it comes too early."""
    if isinstance(node, Path | Value):
        cursor.refuse_token()
    if isinstance(node, Call) and node.function not in PREDICATES:
        note_misplaced(cursor, node)
    return node


def all_of(parts: list[ConditionNode]) -> ConditionNode:
    flat: list[ConditionNode] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Conjunction) else [part])
    return flat[0] if len(flat) == 1 else Conjunction(parts=tuple(flat))


def any_of(parts: list[ConditionNode]) -> ConditionNode:
    flat: list[ConditionNode] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Disjunction) else [part])
    return flat[0] if len(flat) == 1 else Disjunction(parts=tuple(flat))
