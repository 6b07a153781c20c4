"""Attributes of entities: how they are declared, and what is known of them afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, overload

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from tenantable.declare.annotations import is_optional
from tenantable.declare.references import EntityT, Reference
from tenantable.declare.tables import Table
from tenantable.errors import DeclarationError, Fault
from tenantable.wire.values import Item

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeOptions:
    """What `attr` was told beyond the default."""

    stored_as: str | None = None
    unique: bool = False
    lock: bool = False
    soft_delete: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """
    One attribute of an entity.

    `name` is the Python name, `stored_as` the name in DynamoDB, `annotation` the type. `ttl` marks the time of expiry
    (stored as epoch seconds); `unique`, `lock` and `soft_delete` are explained at `attr`.
    """

    name: str
    stored_as: str
    annotation: Any
    required: bool
    unique: bool = False
    lock: bool = False
    soft_delete: bool = False
    ttl: bool = False

    @property
    def optional(self) -> bool:
        """May the value be None?"""
        return is_optional(self.annotation)


Upgrade = Callable[[Item], Item]
"""From an item as an older version stored it (DynamoDB JSON) to the item of the next version."""


SCHEMA_VERSION = "_version"
"""Where items of entities beyond version 1 keep their version."""


@dataclass(frozen=True, kw_only=True)
class EntityDeclaration:
    """What an entity class was declared with; `model` is the class, `attributes` go by Python name."""

    model: type[BaseModel]
    name: str
    table: Table
    version: int
    upgrades: Mapping[int, Upgrade]
    attributes: Mapping[str, Attribute]

    @cached_property
    def lock(self) -> Attribute | None:
        return next((attribute for attribute in self.attributes.values() if attribute.lock), None)

    @cached_property
    def soft_delete(self) -> Attribute | None:
        return next((attribute for attribute in self.attributes.values() if attribute.soft_delete), None)

    @cached_property
    def ttl(self) -> Attribute | None:
        return next((attribute for attribute in self.attributes.values() if attribute.ttl), None)

    @cached_property
    def unique(self) -> tuple[Attribute, ...]:
        return tuple(attribute for attribute in self.attributes.values() if attribute.unique)

    @cached_property
    def bookkeeping(self) -> frozenset[str]:
        """Attributes (as stored) that typed reads look at besides what was asked for."""
        names = {attribute.stored_as for attribute in (self.ttl, self.soft_delete) if attribute is not None}
        if self.version > 1:
            names.add(SCHEMA_VERSION)
        if self.table.discriminator is not None:
            names.add(self.table.discriminator)
        return frozenset(names)


def declaration_of(entity: type[BaseModel]) -> EntityDeclaration:
    """
    Raises:
        DeclarationError: The class has no table.
    """
    declaration = vars(entity).get("__entity__")
    if not isinstance(declaration, EntityDeclaration):
        fault = Fault(place=entity.__name__, problem="has no table", hint="write class X(Entity, table=...)")
        raise DeclarationError([fault])
    return declaration


if TYPE_CHECKING:

    class Attr(Generic[ValueT]):
        """An attribute of type `ValueT`: the value at an instance, a typed `Reference` at the class."""

        @overload
        def __get__(self, instance: None, owner: type[EntityT]) -> Reference[EntityT, ValueT]: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> ValueT: ...
        def __get__(self, instance: object | None, owner: Any) -> Any: ...
        def __set__(self, instance: object, value: ValueT) -> None: ...

else:

    class Attr:
        """An attribute: `Attr[T]` is `T` to Pydantic, marked as declared here."""

        def __class_getitem__(cls, annotation: Any) -> Any:
            return Annotated[annotation, cls]


_REQUIRED: Any = ...


def attr(
    *,
    default: Any = _REQUIRED,
    default_factory: Callable[[], Any] | None = None,
    stored_as: str | None = None,
    unique: bool = False,
    lock: bool = False,
    soft_delete: bool = False,
) -> Any:
    """
    Say more of an attribute than its type. Limits belong to the type: `Attr[Annotated[int, Field(ge=0)]]`.

    Args:
        default: Its value when none is given.
        default_factory: Makes that value.
        stored_as: Its name in DynamoDB when neither the Python name nor the entity's `stored_names` rule gives it.
        unique: No two entities of this kind (of one tenant) hold the same value. Kept by marker items that are written
            in one transaction with the entity, and that follow updates, deletes and expiry. None is never taken.
        lock: A counter that every write raises by one; a write of an entity that somebody else wrote since it was
            read raises `StaleItem`. An `int` with default 0, where 0 means never written.
        soft_delete: A `datetime | None`: deleting sets it, and reads leave the entity out until it is restored. Its
            key and its unique values stay taken until it is erased.
    """
    declared: FieldInfo = Field(default_factory=default_factory) if default_factory is not None else Field(default)
    declared.metadata.append(AttributeOptions(stored_as=stored_as, unique=unique, lock=lock, soft_delete=soft_delete))
    return declared


def options_of(field: FieldInfo) -> AttributeOptions:
    """What `attr` was told, or nothing where it was not used."""
    found = [mark for mark in field.metadata if isinstance(mark, AttributeOptions)]
    return found[-1] if found else AttributeOptions()


def is_told_by_attr(field: FieldInfo) -> bool:
    """Was `attr` used?"""
    return any(isinstance(mark, AttributeOptions) for mark in field.metadata)


def is_declared(field: FieldInfo) -> bool:
    """Was the field annotated with `Attr[...]`?"""
    return any(mark is Attr for mark in field.metadata)


def snake_case(name: str) -> str:
    """Store attributes under their Python names."""
    return name


def camel_case(name: str) -> str:
    """Store `tenant_id` as `tenantId`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
