"""Typed conditions and changes to DynamoDB's expression texts. Every name and value goes behind a placeholder."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import ge, gt, le, lt
from typing import Any

from tenantable.data.codecs.entities import EntityCodec
from tenantable.data.codecs.validation import BOUNDS
from tenantable.data.codecs.values import Encoder, encode_any, encoder_of
from tenantable.declare.annotations import value_types
from tenantable.declare.references import Change, Combination, Comparison, Condition, Negation, Reference, Size
from tenantable.errors import DataError
from tenantable.wire.values import AttributeValue

_FUNCTIONS = {"begins_with", "contains"}
_NUMBERS = (int, Decimal, float)
_TEXTUAL: frozenset[type] = frozenset({str, bytes})
_EXISTENCE = {"exists": "attribute_exists", "missing": "attribute_not_exists"}


class Expressions:
    """The expressions of one request: they share its placeholders."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, AttributeValue] = {}

    def name(self, stored_as: str) -> str:
        placeholder = self._names.get(stored_as)
        if placeholder is None:
            placeholder = self._names[stored_as] = f"#{len(self._names)}"
        return placeholder

    def value(self, value: AttributeValue) -> str:
        placeholder = f":{len(self._values)}"
        self._values[placeholder] = value
        return placeholder

    def members(self) -> dict[str, Any]:
        """The request members that explain the placeholders."""
        members: dict[str, Any] = {}
        if self._names:
            members["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in self._names.items()}
        if self._values:
            members["ExpressionAttributeValues"] = self._values
        return members

    def equals(self, stored_as: str, value: AttributeValue | None) -> str:
        """The attribute has this value; None: it is not there."""
        if value is None:
            return f"attribute_not_exists({self.name(stored_as)})"
        return f"{self.name(stored_as)} = {self.value(value)}"

    def exists(self, stored_as: str) -> str:
        return f"attribute_exists({self.name(stored_as)})"

    def projection(self, stored_names: Sequence[str]) -> str:
        return ", ".join(map(self.name, stored_names))


def all_of(conditions: Sequence[str]) -> str:
    """One condition from several; those with OR bring their own parentheses."""
    return " AND ".join(conditions)


def condition_text(condition: Condition[Any], codec: EntityCodec[Any], expressions: Expressions) -> str:
    """
    Raises:
        DataError: The condition speaks of another entity, or a value cannot be stored.
    """
    if isinstance(condition, Combination):
        parts = [condition_text(part, codec, expressions) for part in condition.conditions]
        return "(" + f" {condition.operator} ".join(parts) + ")"
    if isinstance(condition, Negation):
        return f"(NOT {condition_text(condition.condition, codec, expressions)})"
    if not isinstance(condition, Comparison):
        hint = f"write one such as {codec.model.__name__}.{next(iter(codec.fields))} == ..., combined with &, | and ~"
        raise DataError(f"a {type(condition).__name__} is no condition of {codec.entity.name}", hint=hint)
    return _comparison_text(condition, codec, expressions)


def _comparison_text(comparison: Comparison[Any], codec: EntityCodec[Any], expressions: Expressions) -> str:
    operator = comparison.operator
    if isinstance(comparison.subject, Size):
        size = f"size({_path(comparison.subject.subject, codec, expressions)})"
        (number,) = comparison.operands
        if type(number) is not int:
            raise DataError(f"{comparison.subject.subject!r}.size is an int, and compared with {number!r}")
        return f"{size} {operator} {expressions.value(encode_any(number))}"
    reference = comparison.subject
    path = _path(reference, codec, expressions)
    if operator in _EXISTENCE:
        return f"{_EXISTENCE[operator]}({path})"
    if operator in {"=", "<>"} and comparison.operands[0] is None:
        return _none_text(path, absent=operator == "=", expressions=expressions)
    # Values may come from a set, and a cursor must know the same condition again in another process.
    given = sorted(comparison.operands, key=repr) if operator == "IN" else comparison.operands
    operands = [_operand(operand, comparison, codec, expressions) for operand in given]
    if operator in _FUNCTIONS:
        return f"{operator}({path}, {operands[0]})"
    if operator == "BETWEEN":
        return f"({path} BETWEEN {operands[0]} AND {operands[1]})"
    if operator == "IN":
        return f"{path} IN ({', '.join(operands)})"
    return f"{path} {operator} {operands[0]}"


def _none_text(path: str, *, absent: bool, expressions: Expressions) -> str:
    null = expressions.value({"NULL": True})
    if absent:
        return f"(attribute_not_exists({path}) OR {path} = {null})"
    return f"(attribute_exists({path}) AND {path} <> {null})"


def _operand(operand: Any, comparison: Comparison[Any], codec: EntityCodec[Any], expressions: Expressions) -> str:
    if isinstance(operand, Reference):
        return _path(operand, codec, expressions)
    reference, operator = comparison.subject, comparison.operator
    assert isinstance(reference, Reference), "sizes are compared apart"
    annotation = codec.validation.annotation(reference.name, reference.path)
    kinds = (
        _TEXTUAL if operator == "begins_with" else frozenset() if operator == "contains" else value_types(annotation)
    )
    if kinds and not _is_comparable(operand, kinds):
        wanted = " or ".join(sorted(kind.__name__ for kind in kinds))
        given = f"a value of type {type(operand).__name__}"
        raise DataError(f"{reference!r} {operator}: {given} does not fit; it is compared with {wanted}")
    is_foreign = operator in _FUNCTIONS or (kinds and type(operand) not in kinds)
    encode = encode_any if is_foreign else reference_encoder(reference, codec)
    return expressions.value(encoded(operand, encode, reference))


def _is_comparable(operand: Any, kinds: frozenset[type]) -> bool:
    """Is it of one of these kinds? All numbers are comparable; a bool is no number, and a datetime no date."""
    if isinstance(operand, Enum):
        operand = operand.value
    kind = type(operand)
    if kind is bool or kind is datetime:
        return bool(kinds & {kind, object, Any})
    if isinstance(operand, _NUMBERS) and not kinds.isdisjoint(_NUMBERS):
        return True
    return Any in kinds or isinstance(operand, tuple(kinds))


def encoded(value: Any, encode: Encoder, reference: Reference[Any, Any]) -> AttributeValue:
    """A value of an attribute, or to compare with it; DataError when it cannot be stored."""
    try:
        return encode_any(value) if value is None else encode(value)
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{reference!r}: {value!r} cannot be stored: {error}") from error


def _path(reference: Reference[Any, Any], codec: EntityCodec[Any], expressions: Expressions) -> str:
    field = field_of(reference, codec)
    path = expressions.name(codec.fields[field].stored_as)
    for step in reference.path:
        path += f"[{step}]" if isinstance(step, int) else f".{expressions.name(step)}"
    return path


def field_of(reference: Reference[Any, Any], codec: EntityCodec[Any]) -> str:
    """The field's Python name; DataError when it belongs to another entity."""
    if reference.entity is not codec.model:
        raise DataError(f"{reference!r} is no attribute of {codec.entity.name}")
    return reference.name


def reference_encoder(reference: Reference[Any, Any], codec: EntityCodec[Any]) -> Encoder:
    """How values of an attribute, or of what lies below it, are encoded."""
    if not reference.path:
        return codec.fields[reference.name].encode
    return encoder_of(codec.validation.annotation(reference.name, reference.path))


class UpdateClauses:
    """
    The clauses of one update expression, collected change by change.

    `limits` are the conditions under which the results stay in their bounds, each with its meaning in words.
    """

    def __init__(self, codec: EntityCodec[Any], expressions: Expressions) -> None:
        self.limits: dict[str, str] = {}
        self._codec = codec
        self._expressions = expressions
        self._clauses: dict[str, list[str]] = {"SET": [], "REMOVE": [], "ADD": [], "DELETE": []}

    def text(self) -> str:
        return " ".join(f"{word} {', '.join(parts)}" for word, parts in self._clauses.items() if parts)

    def assign(self, stored_as: str, value: AttributeValue | None) -> None:
        """Set an attribute by its stored name; None removes it."""
        name = self._expressions.name(stored_as)
        if value is None:
            self._clauses["REMOVE"].append(name)
        else:
            self._clauses["SET"].append(f"{name} = {self._expressions.value(value)}")

    def raise_by_one(self, stored_as: str) -> None:
        """Add 1 to a number that counts as 0 when it is missing."""
        name, one = self._expressions.name(stored_as), self._expressions.value({"N": "1"})
        self._clauses["SET"].append(f"{name} = if_not_exists({name}, {self._expressions.value({'N': '0'})}) + {one}")

    def change(self, change: Change[Any]) -> None:
        """
        Raises:
            DataError: The change does not fit the attribute.
        """
        if isinstance(change.value, set | frozenset) and not change.value and change.action != "set":
            return  # adding nothing, removing nothing, or an empty set as default, which is what a missing set is
        path = _path(change.subject, self._codec, self._expressions)
        match change.action:
            case "set":
                self._set(change, path)
            case "set_default":
                self._clauses["SET"].append(f"{path} = if_not_exists({path}, {self._value(change)})")
            case "remove":
                self._remove(change, path)
            case "add":
                self._add(change, path)
            case "append" | "prepend":
                old, new = f"if_not_exists({path}, {self._expressions.value({'L': []})})", self._value(change)
                both = f"{old}, {new}" if change.action == "append" else f"{new}, {old}"
                self._clauses["SET"].append(f"{path} = list_append({both})")
            case "add_to_set" | "remove_from_set":
                word = "ADD" if change.action == "add_to_set" else "DELETE"
                given = self._expressions.value(encoded(change.value, encode_any, change.subject))
                self._clauses[word].append(f"{path} {given}")

    def _value(self, change: Change[Any]) -> str:
        encode = reference_encoder(change.subject, self._codec)
        return self._expressions.value(encoded(change.value, encode, change.subject))

    def _set(self, change: Change[Any], path: str) -> None:
        if isinstance(change.value, set | frozenset) and not change.value:
            self._clauses["REMOVE"].append(path)
        else:
            self._clauses["SET"].append(f"{path} = {self._value(change)}")

    def _add(self, change: Change[Any], path: str) -> None:
        missing = _number_default(change, self._codec)
        encode = reference_encoder(change.subject, self._codec)
        zero = self._expressions.value(encoded(missing, encode, change.subject))
        self._clauses["SET"].append(f"{path} = if_not_exists({path}, {zero}) + {self._value(change)}")
        bounds = self._codec.validation.bounds(change.subject.name, change.subject.path)
        for word, bound in bounds.items():
            latest = self._expressions.value(encode_any(Decimal(str(bound)) - Decimal(str(change.value))))
            text = f"{path} {BOUNDS[word]} {latest}"
            if _keeps(word, missing + change.value, bound):
                text = f"(attribute_not_exists({path}) OR {text})"
            self.limits[text] = f"{change.subject!r} stays {BOUNDS[word]} {bound}"

    def _remove(self, change: Change[Any], path: str) -> None:
        field = self._codec.fields[change.subject.name]
        if not change.subject.path and field.keep_null:
            self._clauses["SET"].append(f"{path} = {self._expressions.value({'NULL': True})}")
        else:
            self._clauses["REMOVE"].append(path)


def _number_default(change: Change[Any], codec: EntityCodec[Any]) -> Any:
    """What a missing number counts as: the field's default, as typed reads would give, else 0."""
    kind = type(change.value)
    if change.subject.path:
        return kind(0)
    default = codec.model.model_fields[change.subject.name].default
    return kind(default) if isinstance(default, _NUMBERS) else kind(0)


def _keeps(word: str, result: Any, bound: Any) -> bool:
    return bool({"ge": ge, "gt": gt, "le": le, "lt": lt}[word](result, bound))
