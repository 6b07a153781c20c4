"""The codec of one entity: instances to items with all their keys, and items to instances."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Generic, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ValidationError

from tenantable.data.codecs.validation import FieldValidation
from tenantable.data.codecs.values import (
    NULL,
    Decoder,
    Encoder,
    decode_time_to_live,
    decoder_of,
    encode_time_to_live,
    encoder_of,
)
from tenantable.declare.annotations import plain_type
from tenantable.declare.attributes import SCHEMA_VERSION, Attribute, declaration_of
from tenantable.declare.keys.layouts import EntityLayout, layout_of
from tenantable.declare.references import EntityT
from tenantable.declare.tables import Table
from tenantable.errors import CorruptItem, DataError
from tenantable.wire.values import AttributeValue, Item

_SETS = (set, frozenset)
_SCALARS = (str, int, float, Decimal, bytes, date, UUID)
_MISFITS = (ValidationError, ValueError, TypeError, KeyError, ArithmeticError)


class FieldCodec(NamedTuple):
    """
    How one field is stored. `keep_null` stores None (because a default would otherwise take its place when read);
    `absent` makes the value of a field that the item does not have, None: Pydantic's default applies.
    """

    name: str
    stored_as: str
    encode: Encoder
    decode: Decoder
    keep_null: bool
    absent: Callable[[], Any] | None


class EntityCodec(Generic[EntityT]):
    """Encodes and decodes one entity."""

    def __init__(self, model: type[EntityT], layout: EntityLayout) -> None:
        self.model = model
        self.layout = layout
        self.entity = layout.entity
        self.fields = {name: _field_codec(model, attribute) for name, attribute in self.entity.attributes.items()}
        self._fields = tuple(self.fields.values())
        self._key_names = layout.table.keys.names
        self._made_key_names = sorted(_key_names(layout.table) - {field.stored_as for field in self._fields})
        self._render_table_key = layout.table_key.render
        self._render_index_keys = tuple(key.render for key in layout.index_keys.values())
        self._validate = model.model_validate
        self.defaults = _defaults(model)
        self.stored_defaults = {
            self.fields[name].stored_as: self.fields[name].encode(value) for name, value in self.defaults.items()
        }
        self.validation = FieldValidation(model)
        self._projections: dict[type[BaseModel], Mapping[str, Any]] = {}
        self._fixed = self._fixed_attributes()

    def encode(self, values: Mapping[str, Any]) -> Item:
        """
        The item of these field values (and the tenant), keys of the table and of every index included.

        Raises:
            DataError: A value cannot be stored, or not as part of a key.
        """
        item: Item = {}
        for name, stored_as, encode, _, keep_null, _ in self._fields:
            value = values[name]
            if value is None:
                if keep_null:
                    item[stored_as] = NULL
            elif value or not isinstance(value, _SETS):
                try:
                    item[stored_as] = encode(value)
                except (TypeError, ValueError, AttributeError) as error:  # `model_copy(update=)` validates nothing
                    raise DataError(f"{self.entity.name}.{name}: {value!r} cannot be stored: {error}") from error
        item.update(self.table_key(values))
        for render in self._render_index_keys:
            item.update(self._rendered(render, values) or ())
        item.update(self._fixed)
        return item

    def as_stored(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values as reading gives them back: the time of expiry has whole seconds."""
        ttl = self.entity.ttl
        expiry = None if ttl is None else values.get(ttl.name)
        if ttl is None or not isinstance(expiry, datetime) or not expiry.microsecond:
            return values
        return {**values, ttl.name: expiry.replace(microsecond=0)}

    def table_key(self, values: Mapping[str, Any]) -> dict[str, AttributeValue]:
        """The primary key; DataError when a part is missing or does not fit."""
        key = self._rendered(self._render_table_key, values)
        if key is None:
            missing = sorted(name for name in self.layout.table_key.names if values.get(name) is None)
            raise DataError(f"{self.entity.name}: the key needs {', '.join(missing)}")
        return key

    def misplaced(self, item: Item, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The key attributes of table and indexes, by name, that are not what these values (and the tenant) make."""
        made: dict[str, AttributeValue] = self.table_key(values)
        for render in self._render_index_keys:
            made.update(self._rendered(render, values) or ())
        return tuple(name for name in self._made_key_names if item.get(name) != made.get(name))

    def decode(self, item: Item) -> EntityT:
        """
        The entity of an item, brought to the current version.

        Raises:
            CorruptItem: The item does not fit the entity, or a newer program wrote it.
        """
        try:
            return self._validate(self.values(self.upgraded(item)))
        except _MISFITS as error:
            raise CorruptItem(f"{self.described(item)} does not fit {self.entity.name}: {error}") from error

    def decode_view(self, view: type[BaseModel], item: Item) -> Any:
        """As `decode`, for a model with some of the fields."""
        try:
            return view.model_validate(self.values(self.upgraded(item), view.model_fields))
        except _MISFITS as error:
            raise CorruptItem(f"{self.described(item)} does not fit {view.__name__}: {error}") from error

    def values(self, item: Item, names: Iterable[str] | None = None) -> dict[str, Any]:
        """Field values by Python name; fields that the item does not have are left to their defaults."""
        values: dict[str, Any] = {}
        fields = self._fields if names is None else [self.fields[name] for name in names]
        get = item.get
        for name, stored_as, _, decode, _, absent in fields:
            stored = get(stored_as)
            if stored is None:
                if absent is not None:
                    values[name] = absent()
            elif "NULL" in stored:
                values[name] = None
            else:
                values[name] = decode(stored)
        return values

    def validated(self, item: Item, names: Sequence[str]) -> tuple[Any, ...]:
        """Some fields' values, each validated as its annotation says; CorruptItem as for `decode`."""
        fields = self.model.model_fields
        try:
            values = self.values(self.upgraded(item), names)
            return tuple(
                self.validation.below(name, (), values[name])
                if name in values
                else fields[name].get_default(call_default_factory=True, validated_data={})
                for name in names
            )
        except _MISFITS as error:
            raise CorruptItem(f"{self.described(item)} does not fit {self.entity.name}: {error}") from error

    def view_projection(self, view: type[BaseModel]) -> Mapping[str, Any]:
        """The request members that read a view's fields, and what tells whether the item is alive; made once."""
        known = self._projections.get(view)
        if known is None:
            known = self._projections[view] = self._projection_members(view)
        return known

    def _projection_members(self, view: type[BaseModel]) -> dict[str, Any]:
        if self.entity.version > 1:
            return {}  # upgrades need the whole item
        fields = (self.fields[name].stored_as for name in view.model_fields)
        names = list(dict.fromkeys([*fields, *sorted(self.entity.bookkeeping)]))
        if self.entity.table.tenancy is not None:
            names.append(self.entity.table.partition.name)
        return {
            "ProjectionExpression": ", ".join(f"#{position}" for position in range(len(names))),
            "ExpressionAttributeNames": {f"#{position}": name for position, name in enumerate(names)},
        }

    def version_of(self, item: Item) -> int:
        stored = item.get(SCHEMA_VERSION)
        return 1 if stored is None else int(stored["N"])

    def upgraded(self, item: Item) -> Item:
        """The item as the current version stores it; ValueError when a newer version wrote it."""
        if self.entity.version == 1 and SCHEMA_VERSION not in item:
            return item
        version = self.version_of(item)
        if version > self.entity.version:
            raise ValueError(f"it has version {version}, and this program knows {self.entity.version}")
        for older in range(version, self.entity.version):
            item = self.entity.upgrades[older](item)
        return {**item, **self._fixed}

    def owns(self, item: Item) -> bool:
        """Is the item one of this entity's? Told by the discriminator, else by the form of its primary key."""
        discriminator = self.entity.table.discriminator
        if discriminator is not None:
            return item.get(discriminator) == {"S": self.entity.name}
        try:
            self.layout.table_key.read(item)
        except ValueError:
            return False
        return True

    def described(self, item: Mapping[str, AttributeValue]) -> str:
        """The primary key of an item, for messages."""
        return " / ".join([str(*item[name].values()) for name in self._key_names if name in item])

    def _rendered(
        self, render: Callable[[Mapping[str, Any]], dict[str, AttributeValue] | None], values: Mapping[str, Any]
    ) -> dict[str, AttributeValue] | None:
        try:
            return render(values)
        except (TypeError, ValueError) as error:
            raise DataError(f"{self.entity.name}: {error}") from error

    def _fixed_attributes(self) -> Item:
        fixed: Item = {}
        if self.entity.version > 1:
            fixed[SCHEMA_VERSION] = {"N": str(self.entity.version)}
        if self.entity.table.discriminator is not None:
            fixed[self.entity.table.discriminator] = {"S": self.entity.name}
        return fixed


@cache
def codec_of(model: type[EntityT]) -> EntityCodec[EntityT]:
    """The codec of an entity class; made once."""
    return EntityCodec(model, layout_of(declaration_of(model)))


def _field_codec(model: type[BaseModel], attribute: Attribute) -> FieldCodec:
    field = model.model_fields[attribute.name]
    default = None if field.is_required() else field.get_default(call_default_factory=False)
    has_default = default is not None or field.default_factory is not None
    absent: Callable[[], Any] | None = None
    if getattr(plain_type(attribute.annotation), "__origin__", plain_type(attribute.annotation)) in _SETS:
        absent = None if attribute.optional else frozenset
    elif field.is_required() and attribute.optional:
        absent = _none
    return FieldCodec(
        name=attribute.name,
        stored_as=attribute.stored_as,
        encode=encode_time_to_live if attribute.ttl else encoder_of(attribute.annotation),
        decode=decode_time_to_live if attribute.ttl else decoder_of(attribute.annotation),
        keep_null=attribute.optional and has_default,
        absent=absent,
    )


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    """
    What fields are when they are not stored, as far as keys can be made from them: single values other than None.

    Items that were stored before a field was declared lack it, and count as having its default.
    """
    fields = ((name, field.default) for name, field in model.model_fields.items() if not field.is_required())
    return {name: default for name, default in fields if isinstance(default, _SCALARS)}


def _key_names(table: Table) -> set[str]:
    """The key attributes of a table and of its indexes."""
    keys = [table.keys, *(table.keys_of(index) for index in table.indexes)]
    return {name for each in keys for name in each.names}


def _none() -> None:
    return None
