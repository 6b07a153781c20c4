"""The statements of PartiQL as frozen values, and what binds one to its parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tenantable.expressions.comparison import type_of
from tenantable.expressions.evaluation import Predicate, compile_condition
from tenantable.expressions.partiql.columns import Columns
from tenantable.expressions.partiql.templates import Template, fill
from tenantable.expressions.placeholders import Placeholders, Scope
from tenantable.expressions.syntax import AddAction, ConditionNode, ExpressionKind
from tenantable.expressions.updates import Update, UpdateExpression
from tenantable.wire.errors import validation_error
from tenantable.wire.values import Item, check_value

Returning = Literal["ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]
"""What RETURNING asks for, in the words of ReturnValues."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordering:
    """`ORDER BY attribute`, ascending unless it says DESC."""

    attribute: str
    descending: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Select:
    """`columns` is None for `*`, `where` None for every item."""

    table: str
    index: str | None
    columns: Columns | None
    where: ConditionNode | None
    order: tuple[Ordering, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Insert:
    """One item to store where none is."""

    table: str
    item: Template


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateStatement:
    """Changes to one item that exists and fulfils `where`."""

    table: str
    changes: UpdateExpression
    where: ConditionNode
    returning: Returning | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delete:
    """The removal of one item that fulfils `where`; there may be none."""

    table: str
    where: ConditionNode
    returning: Returning | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Exists:
    """A check that a transaction makes: that there is the item that `where` describes."""

    table: str
    where: ConditionNode


Body = Select | Insert | UpdateStatement | Delete | Exists


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """
    A statement, read but not yet bound to parameters.

    In its trees the placeholder `:3` stands for the template with index 3. `names` are the top-level attributes that
    its text mentions, those of an inserted item excepted.
    """

    body: Body
    templates: tuple[Template, ...]
    parameter_count: int
    names: frozenset[str]

    @property
    def reads(self) -> bool:
        """Whether it is a SELECT; EXISTS belongs to the writes of a transaction."""
        return isinstance(self.body, Select)

    def bind(self, parameters: Sequence[Any] | None) -> "BoundStatement":
        """
        Args:
            parameters: Attribute values as a request has them, one for each question mark in the order of the text;
                None for none.
        Raises:
            DynamoError: ValidationException when their number differs, and for a wrong value; SerializationException
                for a value of a wrong JSON type.
        """
        given = parameters or ()
        if len(given) != self.parameter_count:
            raise validation_error("Number of parameters in request and statement don't match.")
        canonical = [check_value(value)[0] for value in given]
        values = {f":{position}": fill(template, canonical) for position, template in enumerate(self.templates)}
        item: Item | None = None
        if isinstance(self.body, Insert):
            inserted = fill(self.body.item, canonical)
            if "M" not in inserted:
                raise validation_error("The item of an INSERT must be a tuple")
            item = inserted["M"]
        return BoundStatement(statement=self, placeholders=Placeholders(None, values or None), item=item)


@dataclass(frozen=True, kw_only=True, slots=True)
class BoundStatement:
    """A statement with its parameters; `item` is what an INSERT stores, else None."""

    statement: Statement
    placeholders: Placeholders
    item: Item | None

    @property
    def body(self) -> Body:
        return self.statement.body

    def predicate(self, where: ConditionNode, kind: ExpressionKind) -> Predicate:
        """
        A condition of the statement as a function of an item.

        Raises:
            DynamoError: ValidationException for operands that no item could make right.
        """
        return compile_condition(where, self.scope(kind))

    def scope(self, kind: ExpressionKind) -> Scope:
        """What its trees are bound in."""
        return Scope(self.placeholders, kind)

    def update(self, changes: UpdateExpression) -> Update:
        """
        Raises:
            DynamoError: ValidationException for paths that overlap or conflict, and for operands that no item could
                make right.
        """
        for action in changes.actions:
            if isinstance(action, AddAction) and type_of(self.scope("UpdateExpression").value(action.value)) == "N":
                raise validation_error("The second operand of set_add must be a set")
        return changes.bind(self.placeholders)
