"""The declaring side of a repository: its access patterns, checked together when its class is complete."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Generic, get_args

from pydantic import BaseModel

from tenantable.declare.attributes import EntityDeclaration, declaration_of
from tenantable.declare.checks import layout_faults, pattern_faults
from tenantable.declare.keys.layouts import EntityLayout, KeyLayout, KeyPart, key_part
from tenantable.declare.patterns import KeyPattern, Pattern, Resolution
from tenantable.declare.references import EntityT
from tenantable.declare.tables import Index
from tenantable.errors import DeclarationError, Fault


class _Body(dict[str, Any]):
    """The names of a class body; a second one would replace a pattern without a word."""

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(self.get(name), Pattern):
            place = f"{self['__qualname__']}.{name}"
            hint = "give each access pattern a name of its own"
            raise DeclarationError([Fault(place=place, problem="is declared twice", hint=hint)])
        super().__setitem__(name, value)


class _AccessPatternsMeta(type):
    @classmethod
    def __prepare__(cls, _name: str, _bases: tuple[type, ...], /, **_keywords: Any) -> _Body:
        return _Body()


class AccessPatterns(Generic[EntityT], metaclass=_AccessPatternsMeta):
    """
    The access patterns of one entity. Subclass it as `AccessPatterns[Order]`; its methods, decorated with
    `@Order.key` and `@Order.query`, are the patterns.

    The first such class of an entity gives its keys; a further one may use them, not add any.

    Raises:
        DeclarationError: When the class statement ends, with every fault of its patterns.
    """

    entity: ClassVar[type[BaseModel]]
    patterns: ClassVar[dict[str, Pattern]]
    tenant_scoped: ClassVar[bool] = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        entity = _entity_argument(cls)
        patterns = {name: value for name, value in vars(cls).items() if isinstance(value, Pattern)}
        if entity is None:
            is_generic = "__orig_bases__" in vars(cls)
            if patterns or not (is_generic or hasattr(cls, "entity")):
                hint = (
                    f"write class {cls.__name__}({cls.__bases__[0].__name__}[...]) with its entity and all its patterns"
                )
                raise DeclarationError([Fault(place=cls.__name__, problem="names no entity", hint=hint)])
            return
        cls.entity = entity
        cls.patterns = patterns
        _declare(cls, declaration_of(entity))


def _entity_argument(cls: type) -> Any:
    for base in vars(cls).get("__orig_bases__", ()):
        for argument in get_args(base):
            if isinstance(argument, type) and issubclass(argument, BaseModel):
                return argument
    return None


def _declare(cls: type[AccessPatterns[Any]], entity: EntityDeclaration) -> None:
    faults = list(_foundation_faults(cls, entity))
    if faults:
        raise DeclarationError(faults)  # whatever else might be said would follow from these
    faults += _class_faults(cls, entity)
    layout, layout_problems = _layout(cls.patterns.values(), entity)
    faults += layout_problems
    if layout is not None:
        known = entity.table.layouts.get(entity.model)
        if known is None:
            faults += layout_faults(layout, tuple(entity.table.layouts.values()))
        elif _keys(layout) != _keys(known):
            hint = f"declare all keys of {entity.model.__name__} in its first repository"
            faults.append(
                Fault(place=cls.__name__, problem="gives other keys than the entity's first repository", hint=hint)
            )
        resolutions = dict(_resolutions(cls.patterns.values(), layout))
        for pattern, resolution in resolutions.items():
            faults += pattern_faults(pattern, resolution)
    if faults:
        raise DeclarationError(faults)
    assert layout is not None, "a layout is missing only with a fault"
    entity.table.layouts.setdefault(entity.model, layout)
    entity.table.repositories.append(cls)
    for pattern, resolution in resolutions.items():
        pattern.resolve(resolution)


def _foundation_faults(cls: type[AccessPatterns[Any]], entity: EntityDeclaration) -> Iterator[Fault]:
    """Patterns of other entities, patterns that are no methods, and no key pattern at all."""
    name, patterns = entity.model.__name__, cls.patterns.values()
    for pattern in patterns:
        if entity.model not in pattern.entities:
            hint = f"use @{name}, or move it to that entity's repository"
            yield Fault(place=pattern.place, problem=f"belongs to {pattern.entities[0].__name__}", hint=hint)
        if not pattern.takes_self:
            parameters = ", ".join(["self", *(["*", *pattern.parameters] if pattern.parameters else [])])
            hint = f"write def {pattern.name}({parameters})"
            yield Fault(place=pattern.place, problem="has no parameter self", hint=hint)
    if not any(isinstance(pattern, KeyPattern) for pattern in patterns) and entity.model not in entity.table.layouts:
        hint = f"decorate a method with @{name}.key(pk=..., sk=...)"
        yield Fault(place=cls.__name__, problem=f"has no key pattern of {name}", hint=hint)


def _class_faults(cls: type[AccessPatterns[Any]], entity: EntityDeclaration) -> Iterator[Fault]:
    for pattern in cls.patterns.values():
        if any(pattern.name in vars(base) for base in cls.__mro__[1:]):
            yield Fault(place=pattern.place, problem="hides what every repository has", hint="choose another name")
    if cls.tenant_scoped and entity.table.tenancy is None:
        hint = "derive from Repository, or give the table tenancy="
        yield Fault(place=cls.__name__, problem=f"needs tenants, and {entity.table!r} has none", hint=hint)
    if entity.table.tenancy is not None and not cls.tenant_scoped:
        hint = "derive from TenantRepository"
        yield Fault(place=cls.__name__, problem=f"{entity.table!r} is shared by tenants", hint=hint)


def _layout(patterns: Iterable[Pattern], entity: EntityDeclaration) -> tuple[EntityLayout | None, list[Fault]]:
    """The entity's keys as its patterns give them, and what is wrong with them."""
    faults: list[Fault] = []
    known = entity.table.layouts.get(entity.model)
    own = [pattern for pattern in patterns if pattern.entities == (entity.model,)]
    indexes: dict[str | None, Index | None] = {None: None}
    indexes |= {pattern.index.name: pattern.index for pattern in own if pattern.index is not None}
    keys: dict[str | None, KeyLayout] = {}
    for name, index in indexes.items():
        giving = [pattern for pattern in own if pattern.index is index]
        if index is not None and index not in entity.table.indexes:
            hint = f"pass {index!r} to {entity.table!r}"
            problem = f"{index!r} is not of {entity.table!r}"
            faults += [Fault(place=pattern.place, problem=problem, hint=hint) for pattern in giving]
            continue
        declared = known.key(index) if known is not None else None
        if declared is not None and all(pattern.pk is None and pattern.sk is None for pattern in giving):
            keys[name] = declared
            continue
        shared = keys.get(None)
        partition = shared.partition if shared is not None and index is not None and index.local else None
        key, problems = _key_layout(entity, index, giving, partition)
        faults += problems
        if key is not None:
            keys[name] = key
    if None not in keys:
        return None, faults
    table_key = keys.pop(None)
    index_keys = {str(name): key for name, key in keys.items()}
    if known is not None:
        index_keys = {**known.index_keys, **index_keys}
    return EntityLayout(entity=entity, table_key=table_key, index_keys=index_keys), faults


def _key_layout(
    entity: EntityDeclaration, index: Index | None, patterns: list[Pattern], partition: KeyPart | None
) -> tuple[KeyLayout | None, list[Fault]]:
    faults: list[Fault] = []
    place = patterns[0].place if patterns else entity.model.__name__
    places: dict[str, str] = {}
    templates: dict[str, str | None] = {"pk": None, "sk": None}
    for pattern in patterns:
        for role, before in tuple(templates.items()):
            given = getattr(pattern, role)
            if given is not None and before not in {None, given}:
                problem = f"{role} is {given!r}, and {before!r} in another pattern of the same key"
                hint = "an entity has one key in a table or index; give the template once"
                faults.append(Fault(place=pattern.place, problem=problem, hint=hint))
            if before is None and given is not None:
                templates[role], places[role] = given, pattern.place
    names = entity.table.keys_of(index)
    parts: dict[str, KeyPart] = {} if partition is None else {"pk": partition}
    for role, attribute in (("pk", names.partition), ("sk", names.sort)):
        if attribute is None and templates[role] is not None:
            hint = f"declare sort= on {index or entity.table!r}, or drop {role}="
            faults.append(Fault(place=places[role], problem="there is no sort key", hint=hint))
        if attribute is None or role in parts:
            continue
        try:
            parts[role] = key_part(entity, attribute, templates[role], role=role, place=places.get(role, place))
        except DeclarationError as error:
            faults += error.faults
    if "pk" not in parts or (names.sort is not None and "sk" not in parts):
        return None, faults
    return KeyLayout(index=index, partition=parts["pk"], sort=parts.get("sk"), place=place), faults


def _resolutions(patterns: Iterable[Pattern], layout: EntityLayout) -> Iterator[tuple[Pattern, Resolution]]:
    model = layout.entity.model
    for pattern in patterns:
        found = [layout if entity is model else layout.table.layouts.get(entity) for entity in pattern.entities]
        layouts = tuple(entity_layout for entity_layout in found if entity_layout is not None)
        own = next((key for key in (entity_layout.key(pattern.index) for entity_layout in layouts) if key), None)
        if own is not None:
            yield pattern, Resolution(layouts=layouts, key=own)


def _keys(layout: EntityLayout) -> dict[str | None, tuple[str, ...]]:
    keys: dict[str | None, KeyLayout] = {None: layout.table_key}
    keys.update(layout.index_keys)
    return {name: tuple(map(str, key.parts)) for name, key in keys.items()}
