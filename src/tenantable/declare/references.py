"""What can be said about an attribute: `Order.total > Decimal(10)`, `Order.status.set("paid")`."""

import builtins
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar, overload

from pydantic import BaseModel

EntityT = TypeVar("EntityT", bound=BaseModel)
ValueT = TypeVar("ValueT")
ElementT = TypeVar("ElementT")
KeyT = TypeVar("KeyT")

Comparator = Literal["=", "<>", "<", "<=", ">", ">="]
PathStep = str | int


@dataclass(frozen=True, kw_only=True, eq=False)
class Condition(Generic[EntityT]):
    """
    Something that holds for an item or not. Combine with `&`, `|` and `~`.

    Conditions compare nothing by themselves: DynamoDB evaluates them, so `and`, `or`, `not` and `if` are refused.
    """

    def __and__(self, other: "Condition[EntityT]") -> "Condition[EntityT]":
        return Combination(operator="AND", conditions=(self, other))

    def __or__(self, other: "Condition[EntityT]") -> "Condition[EntityT]":
        return Combination(operator="OR", conditions=(self, other))

    def __invert__(self) -> "Condition[EntityT]":
        return Negation(condition=self)

    def __bool__(self) -> bool:
        raise TypeError("a condition is evaluated by DynamoDB; combine conditions with &, | and ~")


@dataclass(frozen=True, kw_only=True, eq=False)
class Combination(Condition[EntityT]):
    """All (`AND`) or any (`OR`) of several conditions."""

    operator: Literal["AND", "OR"]
    conditions: tuple[Condition[EntityT], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Negation(Condition[EntityT]):
    """The opposite of a condition."""

    condition: Condition[EntityT]


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison(Condition[EntityT]):
    """
    One test of one attribute.

    `operator` is a comparator or a named test; `operands` are Python values, or a `Reference` to compare with.
    """

    operator: Comparator | Literal["BETWEEN", "IN", "begins_with", "contains", "exists", "missing"]
    subject: "Reference[EntityT, Any] | Size[EntityT]"
    operands: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Change(Generic[EntityT]):
    """One change of one attribute; see the methods of `Reference`."""

    action: Literal["set", "set_default", "add", "append", "prepend", "remove", "add_to_set", "remove_from_set"]
    subject: "Reference[EntityT, Any]"
    value: Any = None


class Reference(Generic[EntityT, ValueT]):
    """
    An attribute of an entity, as `Order.total` at class level; `[...]` reaches into maps and lists.

    `entity` is the class, `name` the attribute's Python name, `path` the steps below it.
    """

    def __init__(self, entity: "type[EntityT]", name: str, path: tuple[PathStep, ...] = ()) -> None:
        self.entity = entity
        self.name = name
        self.path = path

    def __repr__(self) -> str:
        return f"{self.entity.__name__}.{self.name}" + "".join(f"[{step!r}]" for step in self.path)

    __hash__ = object.__hash__

    def __eq__(self, other: "ValueT | Reference[EntityT, ValueT]") -> Condition[EntityT]:  # type: ignore[override]
        return self._compare("=", other)

    def __ne__(self, other: "ValueT | Reference[EntityT, ValueT]") -> Condition[EntityT]:  # type: ignore[override]
        return self._compare("<>", other)

    def __lt__(self, other: "ValueT | Reference[EntityT, ValueT]") -> Condition[EntityT]:
        return self._compare("<", other)

    def __le__(self, other: "ValueT | Reference[EntityT, ValueT]") -> Condition[EntityT]:
        return self._compare("<=", other)

    def __gt__(self, other: "ValueT | Reference[EntityT, ValueT]") -> Condition[EntityT]:
        return self._compare(">", other)

    def __ge__(self, other: "ValueT | Reference[EntityT, ValueT]") -> Condition[EntityT]:
        return self._compare(">=", other)

    def between(self, low: ValueT, high: ValueT) -> Condition[EntityT]:
        """Both ends belong to the range."""
        return self._compare("BETWEEN", low, high)

    def in_(self, values: Iterable[ValueT]) -> Condition[EntityT]:
        """The value is one of 1 to 100 values."""
        operands = tuple(values)
        if not 1 <= len(operands) <= 100:
            raise ValueError(f"{self!r}.in_() takes 1 to 100 values, not {len(operands)}")
        return self._compare("IN", *operands)

    def begins_with(self: "Reference[EntityT, str] | Reference[EntityT, str | None]", text: str) -> Condition[EntityT]:
        return self._compare("begins_with", text)

    @overload
    def contains(self: "Reference[EntityT, str]", element: str) -> Condition[EntityT]: ...
    @overload
    def contains(self: "Reference[EntityT, str | None]", element: str) -> Condition[EntityT]: ...
    @overload
    def contains(self: "Reference[EntityT, list[ElementT]]", element: ElementT) -> Condition[EntityT]: ...
    @overload
    def contains(self: "Reference[EntityT, builtins.set[ElementT]]", element: ElementT) -> Condition[EntityT]: ...
    @overload
    def contains(self: "Reference[EntityT, frozenset[ElementT]]", element: ElementT) -> Condition[EntityT]: ...
    def contains(self, element: Any) -> Condition[EntityT]:
        """A text contains another, or a list or set an element."""
        return self._compare("contains", element)

    def exists(self) -> Condition[EntityT]:
        """The item has the attribute."""
        return self._compare("exists")

    def missing(self) -> Condition[EntityT]:
        """The item does not have the attribute."""
        return self._compare("missing")

    @property
    def size(self) -> "Size[EntityT]":
        """Characters of a text, bytes of a binary, elements of a collection."""
        return Size(subject=self)

    def set(self, value: ValueT) -> Change[EntityT]:
        """The attribute gets this value; None removes it."""
        return Change(action="remove" if value is None and not self.path else "set", subject=self, value=value)

    def set_default(self, value: ValueT) -> Change[EntityT]:
        """The attribute gets this value unless it has one."""
        return Change(action="set_default", subject=self, value=value)

    def remove(self) -> Change[EntityT]:
        """The attribute goes; refused at run time for an attribute without a default."""
        return Change(action="remove", subject=self)

    @overload
    def add(self: "Reference[EntityT, int]", amount: int) -> Change[EntityT]: ...
    @overload
    def add(self: "Reference[EntityT, int | None]", amount: int) -> Change[EntityT]: ...
    @overload
    def add(self: "Reference[EntityT, Decimal]", amount: Decimal) -> Change[EntityT]: ...
    @overload
    def add(self: "Reference[EntityT, Decimal | None]", amount: Decimal) -> Change[EntityT]: ...
    def add(self, amount: Any) -> Change[EntityT]:
        """
        Add to a number, atomically; a missing number counts as its default, else as 0. Negative amounts subtract.

        The write fails (ConditionFailed) where the sum would leave the bounds that the field declares.
        """
        return Change(action="add", subject=self, value=amount)

    def append(self: "Reference[EntityT, list[ElementT]]", *elements: ElementT) -> Change[EntityT]:
        """Elements at the end of a list, which is made when it is missing."""
        return Change(action="append", subject=self, value=list(elements))

    def prepend(self: "Reference[EntityT, list[ElementT]]", *elements: ElementT) -> Change[EntityT]:
        """Elements at the beginning of a list, which is made when it is missing."""
        return Change(action="prepend", subject=self, value=list(elements))

    @overload
    def add_to_set(self: "Reference[EntityT, builtins.set[ElementT]]", *elements: ElementT) -> Change[EntityT]: ...
    @overload
    def add_to_set(self: "Reference[EntityT, frozenset[ElementT]]", *elements: ElementT) -> Change[EntityT]: ...
    def add_to_set(self, *elements: Any) -> Change[EntityT]:
        """Elements into a set, which is made when it is missing."""
        return Change(action="add_to_set", subject=self, value=frozenset(elements))

    @overload
    def remove_from_set(self: "Reference[EntityT, builtins.set[ElementT]]", *elements: ElementT) -> Change[EntityT]: ...
    @overload
    def remove_from_set(self: "Reference[EntityT, frozenset[ElementT]]", *elements: ElementT) -> Change[EntityT]: ...
    def remove_from_set(self, *elements: Any) -> Change[EntityT]:
        """Elements out of a set; the set's last element takes the attribute with it."""
        return Change(action="remove_from_set", subject=self, value=frozenset(elements))

    @overload
    def __getitem__(self: "Reference[EntityT, dict[KeyT, ElementT]]", step: KeyT) -> "Reference[EntityT, ElementT]": ...
    @overload
    def __getitem__(self: "Reference[EntityT, list[ElementT]]", step: int) -> "Reference[EntityT, ElementT]": ...
    def __getitem__(self, step: Any) -> "Reference[EntityT, Any]":
        """A member of a map or an element of a list."""
        return Reference(self.entity, self.name, (*self.path, step))

    def _compare(self, operator: Any, *operands: Any) -> Condition[EntityT]:
        return Comparison(operator=operator, subject=self, operands=operands)


@dataclass(frozen=True, kw_only=True, eq=False)
class Size(Generic[EntityT]):
    """The size of an attribute, to be compared with a number."""

    subject: Reference[EntityT, Any]

    def __eq__(self, other: int) -> Condition[EntityT]:  # type: ignore[override]
        return Comparison(operator="=", subject=self, operands=(other,))

    def __ne__(self, other: int) -> Condition[EntityT]:  # type: ignore[override]
        return Comparison(operator="<>", subject=self, operands=(other,))

    def __lt__(self, other: int) -> Condition[EntityT]:
        return Comparison(operator="<", subject=self, operands=(other,))

    def __le__(self, other: int) -> Condition[EntityT]:
        return Comparison(operator="<=", subject=self, operands=(other,))

    def __gt__(self, other: int) -> Condition[EntityT]:
        return Comparison(operator=">", subject=self, operands=(other,))

    def __ge__(self, other: int) -> Condition[EntityT]:
        return Comparison(operator=">=", subject=self, operands=(other,))

    __hash__ = object.__hash__
