"""Entities: Pydantic models that live in a declared table."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar, dataclass_transform, overload

from pydantic import BaseModel, ConfigDict

from tenantable.declare.annotations import is_optional, plain_type
from tenantable.declare.attributes import (
    SCHEMA_VERSION,
    Attribute,
    EntityDeclaration,
    Upgrade,
    attr,
    is_declared,
    is_told_by_attr,
    options_of,
    snake_case,
)
from tenantable.declare.patterns import KeyPattern, QueryPattern
from tenantable.declare.references import Reference
from tenantable.declare.tables import Index, Table
from tenantable.errors import DeclarationError, Fault

if TYPE_CHECKING:
    # The checkers must see `attr` among the field specifiers, and only a metaclass can override Pydantic's own list.
    # At run time Pydantic's metaclass is used as it is.
    from pydantic._internal._model_construction import ModelMetaclass

    @dataclass_transform(kw_only_default=True, field_specifiers=(attr,))
    class _EntityMeta(ModelMetaclass): ...

else:
    _EntityMeta = type(BaseModel)

EntityT = TypeVar("EntityT", bound="Entity")
ViewT = TypeVar("ViewT", bound=BaseModel)
Parameters = ParamSpec("Parameters")
Signature = Callable[Concatenate[Any, Parameters], None]


class Entity(BaseModel, metaclass=_EntityMeta):
    """
    What a table stores: a frozen Pydantic model whose fields are `Attr[...]`.

    Class keywords:
        table: The table it lives in. Without one the class only lends its fields to others, and entities with a table
            are final.
        name: The entity's name in descriptions, markers and the table's discriminator. Default: the class name.
        version: Version of its schema, from 1.
        upgrades: For each older version a function to the next one; reading applies them.
        stored_names: From Python names to names in DynamoDB, such as `camel_case`.

    Keys are given by the access patterns of the entity's repository.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    __entity__: ClassVar[EntityDeclaration]

    def __init_subclass__(
        cls,
        *,
        table: Table | None = None,
        name: str | None = None,
        version: int = 1,
        upgrades: Mapping[int, Upgrade] | None = None,
        stored_names: Callable[[str], str] = snake_case,
        **unknown: Any,  # those of Pydantic's configuration do not come here
    ) -> None:
        if unknown:
            hint = "known are table, name, version, upgrades, stored_names, and the settings of Pydantic's ConfigDict"
            faults = [Fault(place=cls.__name__, problem=f"{word}= is no class keyword", hint=hint) for word in unknown]
            raise DeclarationError(faults)
        parents = [base.__name__ for base in cls.__mro__[1:] if "__entity__" in vars(base)]
        if parents:
            problem = f"{parents[0]} has a table and is final"
            hint = "put shared fields into an Entity class without table="
            raise DeclarationError([Fault(place=cls.__name__, problem=problem, hint=hint)])
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(cls, **keywords: Any) -> None:
        # Pydantic calls this with the class keywords once the fields are known.
        if keywords.get("table") is not None:
            cls.__entity__ = _declare(cls, **keywords)
            for name in cls.model_fields:
                # Pydantic keeps values in the instance's own dictionary, which wins over this non-data attribute.
                setattr(cls, name, Reference(cls, name))

    @overload
    @classmethod
    def key(
        cls: type[EntityT], *, pk: str | None = None, sk: str | None = None
    ) -> Callable[[Signature[Parameters]], KeyPattern[Parameters, EntityT, EntityT]]: ...
    @overload
    @classmethod
    def key(
        cls: type[EntityT], *, pk: str | None = None, sk: str | None = None, view: type[ViewT]
    ) -> Callable[[Signature[Parameters]], KeyPattern[Parameters, EntityT, ViewT]]: ...
    @classmethod
    def key(cls, *, pk: str | None = None, sk: str | None = None, view: type[BaseModel] | None = None) -> Any:
        """
        Declare an access pattern that finds one entity by its primary key.

        Args:
            pk: Template of the partition key. None where the key attribute is a field of the entity, or where
                another pattern of the repository gave it.
            sk: Template of the sort key, likewise.
            view: A Pydantic model with some of the entity's fields: only these are read, and the result is a `view`.
        """
        return lambda signature: KeyPattern(signature, entity=cls, pk=pk, sk=sk, view=view)

    @overload
    @classmethod
    def query(
        cls: type[EntityT], index: Index | None = None, *, pk: str | None = None, sk: str | None = None
    ) -> Callable[[Signature[Parameters]], QueryPattern[Parameters, EntityT, EntityT]]: ...
    @overload
    @classmethod
    def query(
        cls: type[EntityT],
        index: Index | None = None,
        *,
        pk: str | None = None,
        sk: str | None = None,
        view: type[ViewT],
    ) -> Callable[[Signature[Parameters]], QueryPattern[Parameters, EntityT, ViewT]]: ...
    @classmethod
    def query(
        cls,
        index: Index | None = None,
        *,
        pk: str | None = None,
        sk: str | None = None,
        view: type[BaseModel] | None = None,
    ) -> Any:
        """
        Declare an access pattern that finds many entities in one partition of the table or of an index.

        The method's parameters fill the partition template and any leading part of the sort template; a parameter
        that is None (give it a default) leaves the rest of the sort key open. Arguments as for `key`.
        """
        return lambda signature: QueryPattern(signature, entities=(cls,), index=index, pk=pk, sk=sk, view=view)


def _declare(
    model: type[Entity],
    *,
    table: Table,
    name: str | None = None,
    version: int = 1,
    upgrades: Mapping[int, Upgrade] | None = None,
    stored_names: Callable[[str], str] = snake_case,
) -> EntityDeclaration:
    declaration = EntityDeclaration(
        model=model,
        name=name or model.__name__,
        table=table,
        version=version,
        upgrades=dict(upgrades or {}),
        attributes={
            field_name: _attribute(field_name, field, table, stored_names)
            for field_name, field in model.model_fields.items()
        },
    )
    faults = _entity_faults(declaration)
    if faults:
        raise DeclarationError(faults)
    return declaration


def _attribute(name: str, field: Any, table: Table, stored_names: Callable[[str], str]) -> Attribute:
    options = options_of(field)
    stored_as = options.stored_as or stored_names(name)
    return Attribute(
        name=name,
        stored_as=stored_as,
        annotation=field.annotation,
        required=field.is_required(),
        unique=options.unique,
        lock=options.lock,
        soft_delete=options.soft_delete,
        ttl=stored_as == table.ttl,
    )


def _entity_faults(entity: EntityDeclaration) -> list[Fault]:
    faults = [*_name_faults(entity)]
    for attribute in entity.attributes.values():
        faults += _type_faults(entity, attribute)
    for mark in ("lock", "soft_delete"):
        marked = [name for name, attribute in entity.attributes.items() if getattr(attribute, mark)]
        if len(marked) > 1:
            problem = f"{' and '.join(marked)} are both {mark}=True"
            faults.append(Fault(place=entity.model.__name__, problem=problem, hint="keep one of them"))
    expected = set(range(1, entity.version))
    if set(entity.upgrades) != expected:
        needed = ", ".join(map(str, sorted(expected))) or "none"
        problem, hint = f"upgrades start from {sorted(entity.upgrades)}", f"give one for each older version: {needed}"
        faults.append(Fault(place=entity.model.__name__, problem=problem, hint=hint))
    return faults


def _name_faults(entity: EntityDeclaration) -> Iterator[Fault]:
    stored: dict[str, str] = {}
    for name, attribute in entity.attributes.items():
        place, stored_as = f"{entity.model.__name__}.{name}", attribute.stored_as
        if name in {"key", "query"}:
            problem = "hides the method that declares access patterns"
            yield Fault(place=place, problem=problem, hint=f"rename it, with stored_as={name!r}")
        first = stored.setdefault(stored_as, name)
        if first != name:
            yield Fault(place=place, problem=f"is stored as {stored_as!r}, as {first} is", hint="give it stored_as=")
        if stored_as in {SCHEMA_VERSION, entity.table.discriminator}:
            problem = f"{stored_as!r} is kept for the table itself"
            yield Fault(place=place, problem=problem, hint="choose another stored name")


def _type_faults(entity: EntityDeclaration, attribute: Attribute) -> Iterator[Fault]:
    name, field = attribute.name, entity.model.model_fields[attribute.name]
    place = f"{entity.model.__name__}.{name}"
    if not is_declared(field):
        yield Fault(place=place, problem="is not declared with Attr[...]", hint=f"write {name}: Attr[...]")
    if not field.is_required() and not is_told_by_attr(field):
        shown = "default_factory=..." if field.default_factory is not None else f"default={field.default!r}"
        hint = f"write {name}: Attr[...] = attr({shown}); limits go into Attr[Annotated[..., Field(...)]]"
        yield Fault(place=place, problem="has a default without attr(...), which type checkers refuse", hint=hint)
    if attribute.ttl and plain_type(attribute.annotation) is not datetime:
        hint = "declare it as Attr[datetime] or Attr[datetime | None]"
        yield Fault(place=place, problem="is the TTL attribute, and no datetime", hint=hint)
    if attribute.lock and (attribute.annotation is not int or field.default != 0):
        hint = "declare it as Attr[int] = attr(default=0, lock=True)"
        yield Fault(place=place, problem="is a lock, and no int with default 0", hint=hint)
    if attribute.soft_delete and not _is_optional_instant(attribute.annotation):
        hint = "declare it as Attr[datetime | None] with default None"
        yield Fault(place=place, problem="marks deletion, and is no datetime | None", hint=hint)


def _is_optional_instant(annotation: Any) -> bool:
    return is_optional(annotation) and plain_type(annotation) is datetime
