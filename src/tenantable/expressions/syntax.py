"""
The syntax tree of every expression: frozen values, with placeholders still unresolved.

A parser yields it from text alone, so it can be cached by text; what a placeholder stands for is known only when the
tree is bound to the names and values of one request.
"""

from dataclasses import dataclass
from typing import Literal

from tenantable.wire.errors import DynamoError, validation_error

ExpressionKind = Literal[
    "ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression", "UpdateExpression"
]
"""The request member that an expression came in; DynamoDB's messages begin with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """A document path such as `a.#b[3]`: names as written (a placeholder keeps its `#`), list indexes as integers."""

    elements: tuple[str | int, ...]
    has_placeholders: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A value placeholder, with its colon."""

    placeholder: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A function applied to operands. Predicates (`attribute_exists`) are conditions by themselves."""

    function: str
    operands: tuple["Operand", ...]


Operand = Path | Value | Call


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """`operator` is one of `=`, `<>`, `<`, `<=`, `>`, `>=`."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, kw_only=True, slots=True)
class Between:
    """Whether the operand lies between two bounds, both included."""

    operand: Operand
    lower: Operand
    upper: Operand


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """`operand IN (candidates)`."""

    operand: Operand
    candidates: tuple[Operand, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conjunction:
    """Two or more conditions of which all must hold; none of them is itself a conjunction."""

    parts: tuple["ConditionNode", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Disjunction:
    """Two or more conditions of which one must hold; none of them is itself a disjunction."""

    parts: tuple["ConditionNode", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Negation:
    """A condition that must not hold."""

    part: "ConditionNode"


ConditionNode = Comparison | Between | Membership | Call | Conjunction | Disjunction | Negation


@dataclass(frozen=True, kw_only=True, slots=True)
class Arithmetic:
    """The sum or difference on the right of a SET action; `operator` is `+` or `-`."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAction:
    """Store what the right-hand side yields at the path."""

    path: Path
    value: Operand | Arithmetic


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveAction:
    """Remove an attribute or a list element."""

    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class AddAction:
    """Add to a number or a set, which is created when it is absent."""

    path: Path
    value: Value


@dataclass(frozen=True, kw_only=True, slots=True)
class DeleteAction:
    """Take elements out of a set."""

    path: Path
    value: Value


UpdateAction = SetAction | RemoveAction | AddAction | DeleteAction


def invalid_expression(kind: ExpressionKind, detail: str) -> DynamoError:
    """The ValidationException for a fault of an expression itself, whatever item it would meet."""
    return validation_error(f"Invalid {kind}: {detail}")
