"""
Sample values of an entity: of the sizes that a traffic file gives, else of sizes assumed from the types.

A sample has a number, from which its keys follow: two numbers never make one key. `variant` 1 gives values that differ
from those of variant 0, and have their size where the type allows it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError

from tenantable.data.codecs.entities import codec_of
from tenantable.declare.annotations import plain_type
from tenantable.declare.attributes import Attribute
from tenantable.declare.keys.layouts import EntityLayout, TemplatePart
from tenantable.declare.keys.templates import TENANT
from tenantable.errors import InfrastructureError
from tenantable.infra.cost.traffic import Items
from tenantable.wire.values import Item, item_size_bytes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""The time at which samples live."""

ID_BYTES = 26
TEXT_BYTES = 32
BINARY_BYTES = 256
ELEMENTS = 3
_KEYWORDS = ("id", "key", "token")
_NUMBER = 111_111  # six significant digits, as most numbers of samples have then
_DIGITS = 8
_LISTS, _SETS = (list, tuple), (set, frozenset)


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """Makes samples of one entity."""

    layout: EntityLayout
    items: Items = field(default_factory=Items)
    tenant_bytes: int = 12

    @property
    def model(self) -> type[BaseModel]:
        return self.layout.entity.model

    def tenant(self, number: int) -> str:
        return _text(number, self.tenant_bytes)

    def values(
        self, number: int, *, shared: Collection[str] = (), absent: Collection[str] | None = None, variant: int = 0
    ) -> dict[str, Any]:
        """
        Values by Python name.

        Args:
            shared: Fields that have the same value whatever the number, so that samples meet in a partition.
            absent: Optional fields that are None, in the place of those that the traffic file names.
        """
        lacking = self.items.absent if absent is None else absent
        values: dict[str, Any] = {}
        for name, attribute in self.layout.entity.attributes.items():
            if attribute.lock:
                values[name] = 0
            elif attribute.soft_delete or name in lacking:
                values[name] = self._nothing(attribute)
            else:
                values[name] = self._value(attribute, 0 if name in shared else number, variant)
        return self._filled(values, variant)

    def entity(self, number: int, **options: Any) -> Any:
        """As `values`, as an instance; nothing is validated, because the values are nobody's."""
        return self.model.model_construct(**self.values(number, **options))

    def item(self, values: Mapping[str, Any], *, tenant: str) -> Item:
        """The item that these values are stored as, a stored lock included."""
        lock = self.layout.entity.lock
        stored = {**values, lock.name: max(values[lock.name], 1)} if lock is not None else values
        return codec_of(self.model).encode({**stored, TENANT: tenant})

    def size_bytes(self, values: Mapping[str, Any]) -> int:
        return item_size_bytes(self.item(values, tenant=self.tenant(0)))

    def _nothing(self, attribute: Attribute) -> Any:
        if attribute.optional:
            return None
        default = self.model.model_fields[attribute.name]
        if default.is_required():
            place = f"items.{self.model.__name__}.absent"
            raise InfrastructureError(f"{place}: {attribute.name} is never absent", hint="name optional attributes")
        return default.get_default(call_default_factory=True, validated_data={})

    def _value(self, attribute: Attribute, number: int, variant: int) -> Any:
        if attribute.name in self.items.values:
            return self._given(attribute)
        if attribute.ttl:
            return NOW + timedelta(days=30, seconds=number % 86_400 + variant)
        if plain_type(attribute.annotation) is int:
            return self._integer(attribute, number + variant)
        size = self.items.attributes.get(attribute.name)
        limits = self.model.model_fields[attribute.name].metadata
        if size is None and plain_type(attribute.annotation) in {str, bytes}:
            most, least = _limit(limits, "max_length"), _limit(limits, "min_length")
            usual = _usual_bytes(plain_type(attribute.annotation), attribute.name)
            size = max(usual if most is None else min(usual, most), least or 0)
        return sample_value(attribute.annotation, attribute.name, number=number, variant=variant, size=size)

    def _given(self, attribute: Attribute) -> Any:
        try:
            return TypeAdapter(attribute.annotation).validate_python(self.items.values[attribute.name])
        except ValidationError as error:
            place = f"items.{self.model.__name__}.values.{attribute.name}"
            raise InfrastructureError(f"{place}: {error.errors()[0]['msg']}") from error

    def _integer(self, attribute: Attribute, number: int) -> int:
        """Six digits, or as many as keys leave room for, within the bounds of the type."""
        width = min([6, *_widths(self.layout, attribute.name)])
        value = 10 ** (width - 1) + number % (9 * 10 ** (width - 1)) if width > 1 else number % 10
        limits = self.model.model_fields[attribute.name].metadata
        most = min(
            (limit for limit in (_limit(limits, "le"), _limit(limits, "lt", -1)) if limit is not None), default=value
        )
        least = max(
            (limit for limit in (_limit(limits, "ge"), _limit(limits, "gt", 1)) if limit is not None), default=0
        )
        return value if least <= value <= most else least + number % (max(most - least, 0) + 1)

    def _filled(self, values: dict[str, Any], variant: int) -> dict[str, Any]:
        """Bring the item to its declared size by one attribute that is no key."""
        wanted = self.items.bytes
        if wanted is None:
            return values
        missing = wanted - self.size_bytes(values)
        filler = self._filler(values)
        place = f"items.{self.model.__name__}.bytes"
        if missing == 0:
            return values
        if missing < 0 and filler is None:
            least = wanted - missing
            raise InfrastructureError(f"{place}: an item has {least} bytes at least, and not {wanted}", hint="raise it")
        if filler is None:
            hint = "give attributes: with the size of each instead"
            raise InfrastructureError(f"{place}: no text or binary attribute can take up {missing} bytes", hint=hint)
        length = len(values[filler]) + missing
        if length < 0:
            least = wanted - length
            raise InfrastructureError(f"{place}: an item has {least} bytes at least, and not {wanted}", hint="raise it")
        kind = plain_type(self.layout.entity.attributes[filler].annotation)
        content = _text(variant, length)
        return {**values, filler: content.encode() if kind is bytes else content}

    def _filler(self, values: Mapping[str, Any]) -> str | None:
        """The longest text or binary whose size nobody gave."""
        keyed = {name for key in (self.layout.table_key, *self.layout.index_keys.values()) for name in key.names}
        free = [
            name
            for name, attribute in self.layout.entity.attributes.items()
            if plain_type(attribute.annotation) in {str, bytes}
            and values[name] is not None
            and name not in keyed | self.items.attributes.keys()
            and not attribute.unique
        ]
        return max(free, key=lambda name: len(values[name]), default=None)


def _limit(limits: Sequence[Any], name: str, shift: int = 0) -> int | None:
    found = [getattr(limit, name) for limit in limits if isinstance(getattr(limit, name, None), int)]
    return found[-1] + shift if found else None


def _widths(layout: EntityLayout, name: str) -> Iterator[int]:
    """How many digits key templates leave for a number."""
    for key in (layout.table_key, *layout.index_keys.values()):
        for part in key.parts:
            if isinstance(part, TemplatePart):
                for each in part.template.template.placeholders:
                    if each.name == name and each.specification.isdigit():
                        yield int(each.specification)


def sample_value(annotation: Any, name: str, *, number: int, variant: int = 0, size: int | None = None) -> Any:
    """A value of a type; `size` are bytes of a text or binary, elements of a list, set or map."""
    plain = plain_type(annotation)
    origin = get_origin(plain) or plain
    if origin is Literal:
        return _choice(list(get_args(plain)), variant)
    if origin in _LISTS or origin in _SETS or origin is dict:
        return _container(plain, name, number=number + variant, elements=ELEMENTS if size is None else size)
    if isinstance(plain, type) and issubclass(plain, Enum):
        return _choice(list(plain), variant)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        members = {
            member: sample_value(each.annotation, member, number=number, variant=variant)
            for member, each in plain.model_fields.items()
        }
        return plain.model_construct(**members)
    if plain is bool:
        return variant == 0
    return _scalar(plain, name, number=number + variant, size=size)


def _scalar(plain: Any, name: str, *, number: int, size: int | None) -> Any:
    if plain is int:
        return _NUMBER + number % 800_000
    if plain is Decimal:
        return Decimal(_NUMBER + number % 800_000) / 100
    if plain is float:
        return (_NUMBER + number % 800_000) / 4
    if plain is bytes:
        return _text(number, _usual_bytes(bytes, name) if size is None else size).encode()
    if plain is datetime:
        return NOW + timedelta(seconds=number)
    if plain is date:
        return (NOW + timedelta(days=number % 100_000)).date()
    if plain is UUID:
        return UUID(int=number)
    return _text(number, _usual_bytes(str, name) if size is None else size)


def _usual_bytes(kind: type, name: str) -> int:
    if kind is bytes:
        return BINARY_BYTES
    is_id = name in _KEYWORDS or name.endswith(tuple(f"_{word}" for word in _KEYWORDS))
    return ID_BYTES if is_id else TEXT_BYTES


def _container(plain: Any, name: str, *, number: int, elements: int) -> Any:
    arguments = get_args(plain)
    origin = get_origin(plain) or plain
    if origin is tuple and arguments and Ellipsis not in arguments:
        return tuple(sample_value(each, name, number=number + place) for place, each in enumerate(arguments))
    element = arguments[-1] if arguments and arguments[-1] is not Ellipsis else arguments[0] if arguments else str
    element = str if element is Any else element
    singular = name.removesuffix("s")
    made = [sample_value(element, singular, number=number * 1000 + place) for place in range(elements)]
    if origin is dict:
        return {f"member_{place}": value for place, value in enumerate(made)}
    return origin(made)


def _choice(values: list[Any], variant: int) -> Any:
    """The longest first: what is estimated is rather too much than too little."""
    ordered = sorted(values, key=lambda value: (-len(str(getattr(value, "value", value))), str(value)))
    return ordered[variant % len(ordered)]


def _text(number: int, length: int) -> str:
    """Digits at the end, so that texts of one length differ; short ones may not."""
    return f"{number % 10**_DIGITS:0{_DIGITS}}"[-length:].rjust(length, "x") if length else ""
