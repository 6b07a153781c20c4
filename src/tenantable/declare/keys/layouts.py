"""Where an entity stands in a table or an index: its key parts, and keys as values."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Generic

from tenantable.declare.annotations import plain_type
from tenantable.declare.attributes import Attribute, EntityDeclaration
from tenantable.declare.keys.templates import TENANT, BoundTemplate, Letter, Placeholder, anything, parse_template
from tenantable.declare.keys.text import KeyText, key_text
from tenantable.declare.references import EntityT
from tenantable.declare.tables import Index, Table
from tenantable.errors import DeclarationError, Fault
from tenantable.wire.keys import KeyAttribute
from tenantable.wire.limits import PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX
from tenantable.wire.values import AttributeValue

_TENANT_TEXT = key_text(str)
_NUMBERS = {"int", "Decimal"}

Refusal = Callable[[object, str], DeclarationError]
"""Makes the error of one key part from what is wrong and the way out."""


class TemplatePart:
    """A key attribute that is filled from a template; `days` are the fields of which it holds the day alone."""

    def __init__(self, attribute: KeyAttribute, template: BoundTemplate) -> None:
        self.attribute = attribute
        self.template = template
        self.names = template.names
        self.days = frozenset(part.name for part in template.template.placeholders if part.specification == "date")

    def value(self, values: Mapping[str, Any]) -> AttributeValue | None:
        """The attribute's value, or None where a part is None. TypeError or ValueError for values that do not fit."""
        text = self.template.render(values)
        return None if text is None else {"S": text}

    def read(self, value: AttributeValue) -> dict[str, Any]:
        """The placeholders' values; ValueError when the key has another form."""
        return self.template.read(value.get("S", ""))

    def letters(self) -> list[Letter]:
        return self.template.letters()

    def __str__(self) -> str:
        return self.template.text


class FieldPart:
    """A key attribute that is a field of the entity, stored as it is."""

    def __init__(self, attribute: KeyAttribute, of: Attribute) -> None:
        self.attribute = attribute
        self.of = of
        self.names = (of.name,)
        self._text = None if attribute.type != "S" else key_text(of.annotation)
        self._check_type()

    def value(self, values: Mapping[str, Any]) -> AttributeValue | None:
        """As `TemplatePart.value`; the form is the one in which the attribute is stored."""
        value = values.get(self.of.name)
        if value is None:
            return None
        try:
            return {self.attribute.type: self.text(value)}
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self.of.name}: {error}") from None

    def text(self, value: Any) -> str:
        if self._text is not None:
            return self._text.write(value)
        if self.of.ttl:
            return str(epoch_seconds(value))
        if self.attribute.type == "B":
            return base64.b64encode(value).decode()
        return key_text(self.of.annotation).write(value)

    def read(self, value: AttributeValue) -> dict[str, Any]:
        """The field's value."""
        (content,) = value.values()
        if self.of.ttl:
            return {self.of.name: datetime.fromtimestamp(int(content), UTC)}
        if self.attribute.type == "B":
            return {self.of.name: base64.b64decode(content)}
        text: KeyText = self._text or key_text(self.of.annotation)
        return {self.of.name: text.read(content)}

    def letters(self) -> list[Letter]:
        return [anything]

    def __str__(self) -> str:
        return f"{{{self.of.name}}}"

    def _check_type(self) -> None:
        plain = plain_type(self.of.annotation)
        kind = "N" if self.of.ttl or getattr(plain, "__name__", "") in _NUMBERS else "B" if plain is bytes else "S"
        if plain is bool or kind != self.attribute.type:
            raise TypeError(f"{plain} is not what a key attribute of type {self.attribute.type} holds")


KeyPart = TemplatePart | FieldPart


def epoch_seconds(instant: datetime) -> int:
    """Whole seconds since 1970, rounded down. ValueError without a time zone."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    return int(instant.timestamp() // 1)


@dataclass(frozen=True, kw_only=True)
class KeyLayout:
    """How an entity's key is made in the table (`index` None) or in an index; `place` is a pattern that says so."""

    index: Index | None
    partition: KeyPart
    sort: KeyPart | None
    place: str = field(compare=False)

    @cached_property
    def parts(self) -> tuple[KeyPart, ...]:
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    @cached_property
    def names(self) -> frozenset[str]:
        """The fields that the key is made from."""
        return frozenset(name for part in self.parts for name in part.names if name != TENANT)

    def render(self, values: Mapping[str, Any]) -> dict[str, AttributeValue] | None:
        """
        The key attributes of these values; None when any part is None: an index then leaves the item out.

        Raises:
            TypeError, ValueError: A value does not fit, or the key is empty or too long.
        """
        key: dict[str, AttributeValue] = {}
        for part in self.parts:
            value = part.value(values)
            if value is None:
                return None
            check_length(part.attribute, value, partition=part is self.partition)
            key[part.attribute.name] = value
        return key

    def read(self, key: Mapping[str, AttributeValue]) -> dict[str, Any]:
        """The values a key was made from; ValueError when it was not made by this layout."""
        values: dict[str, Any] = {}
        for part in self.parts:
            if part.attribute.name not in key:
                raise ValueError(f"the key attribute {part.attribute.name} is missing")
            values |= part.read(key[part.attribute.name])
        return values


def check_length(attribute: KeyAttribute, value: AttributeValue, *, partition: bool) -> None:
    """ValueError for what DynamoDB refuses as a key: empty text, or too many bytes."""
    text = value.get("S")
    if text is None:
        return
    if not text:
        raise ValueError(f"the key attribute {attribute.name} is empty")
    limit = PARTITION_KEY_BYTES_MAX if partition else SORT_KEY_BYTES_MAX
    if len(text) * 4 > limit and len(text.encode()) > limit:
        raise ValueError(
            f"the key attribute {attribute.name} has {len(text.encode())} bytes; at most {limit} are allowed"
        )


def key_part(
    entity: EntityDeclaration, attribute: KeyAttribute, template: str | None, *, role: str, place: str
) -> KeyPart:
    """
    A key part from its template, or from the field that the key attribute is.

    Args:
        role: `pk` or `sk`, as patterns call it.
        place: The pattern that gives it, for faults.
    Raises:
        DeclarationError: The template or the field cannot be such a key part.
    """

    def refusal(problem: object, hint: str) -> DeclarationError:
        return DeclarationError([Fault(place=place, problem=f"{role}: {problem}", hint=hint)])

    if template is None:
        return _field_part(entity, attribute, role, refusal)
    if attribute.type != "S":
        problem = f"a template makes text, and the key attribute {attribute.name} has type {attribute.type}"
        raise refusal(problem, f"drop {role}=, and store a field as {attribute.name}")
    try:
        parsed = parse_template(template)
    except ValueError as error:
        raise refusal(f"{template!r}: {error}", "write it as words and {field}s with '#' between them") from error
    texts = {
        placeholder.name: _placeholder_text(entity, placeholder, role, refusal) for placeholder in parsed.placeholders
    }
    return TemplatePart(attribute, BoundTemplate(parsed, texts))


def _field_part(entity: EntityDeclaration, attribute: KeyAttribute, role: str, refusal: Refusal) -> FieldPart:
    stored = {field.stored_as: field for field in entity.attributes.values()}
    if attribute.name not in stored:
        problem = f"the key attribute {attribute.name} needs a template: no field is stored under that name"
        raise refusal(problem, f"give {role}=, such as {role}={_example(entity, role)!r}")
    try:
        return FieldPart(attribute, stored[attribute.name])
    except TypeError as error:
        hint = f"change the type of {stored[attribute.name].name}, or declare the key as KeyAttribute(name=, type=)"
        raise refusal(error, hint) from error


def _placeholder_text(entity: EntityDeclaration, placeholder: Placeholder, role: str, refusal: Refusal) -> KeyText:
    name = placeholder.name
    if name == TENANT and entity.table.tenancy is not None:
        return _TENANT_TEXT
    if name not in entity.attributes:
        hint = f"its fields are {', '.join(entity.attributes)}"
        if name == TENANT:
            hint = f"give {entity.table!r} tenancy=Tenancy(...): {{tenant}} then comes from the scope"
        raise refusal(f"{{{name}}} is no field of {entity.model.__name__}", hint)
    try:
        annotation = entity.attributes[name].annotation
        return key_text(annotation, specification=placeholder.specification, ordered=role == "sk")
    except TypeError as error:
        hint = f"change the type of {name}, or what the template says of it"
        raise refusal(f"{{{name}}}: {error}", hint) from error


def _example(entity: EntityDeclaration, role: str) -> str:
    word = entity.name.upper()
    return word if role == "sk" else f"{word}#{{{next(iter(entity.attributes), 'id')}}}"


@dataclass(frozen=True, kw_only=True)
class Key(Generic[EntityT]):
    """
    One entity's primary key as a value: what `Orders.get.key(...)` gives. `values` are the fields it is made from.
    """

    entity: type[EntityT]
    values: Mapping[str, Any] = field(hash=False)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.entity.__name__}({shown})"


@dataclass(frozen=True, kw_only=True)
class EntityLayout:
    """Every key of an entity: of the table, and of each index it stands in, by index name."""

    entity: EntityDeclaration
    table_key: KeyLayout
    index_keys: Mapping[str, KeyLayout]

    @property
    def table(self) -> Table:
        return self.entity.table

    @cached_property
    def derived_keys(self) -> tuple[KeyLayout, ...]:
        """The index keys that are made from fields by templates, and so must follow their changes."""
        return tuple(
            key for key in self.index_keys.values() if any(isinstance(part, TemplatePart) for part in key.parts)
        )

    def key(self, index: Index | None) -> KeyLayout | None:
        return self.table_key if index is None else self.index_keys.get(index.name)


def layout_of(entity: EntityDeclaration) -> EntityLayout:
    """
    The entity's keys.

    Raises:
        DeclarationError: No repository gives it any.
    """
    layout = entity.table.layouts.get(entity.model)
    if not isinstance(layout, EntityLayout):
        hint = f"declare a class Repository[{entity.model.__name__}] with a key pattern"
        raise DeclarationError([Fault(place=entity.model.__name__, problem="has no keys yet", hint=hint)])
    return layout
