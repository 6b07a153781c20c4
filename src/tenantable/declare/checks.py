"""What a declaration must fulfil, found out when it is imported. Each check yields every fault it sees."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from tenantable.declare.annotations import value_types
from tenantable.declare.attributes import EntityDeclaration
from tenantable.declare.keys.layouts import EntityLayout, FieldPart, KeyLayout, KeyPart, TemplatePart
from tenantable.declare.keys.templates import SEPARATOR, TENANT, Letter, anything, overlap
from tenantable.declare.keys.text import key_text
from tenantable.declare.patterns import KeyPattern, Pattern, Resolution
from tenantable.declare.tables import Index
from tenantable.errors import Fault

MARKER_HEAD = "UNIQUE#"
"""With this begin the partition keys of the items that keep unique values (after the tenant's prefix)."""
MARKER_SORT = "UNIQUE"
"""The sort key of those items."""


def layout_faults(layout: EntityLayout, others: Sequence[EntityLayout]) -> Iterator[Fault]:
    """Faults of one entity's keys, alone and beside the entities that its table has already."""
    for key in (layout.table_key, *layout.index_keys.values()):
        yield from _tenancy_faults(layout, key)
        yield from _attribute_faults(layout, key)
    yield from _primary_key_faults(layout)
    yield from _marker_faults(layout, layout)
    for other in others:
        yield from _collision_faults(layout, other)
        yield from _marker_faults(layout, other)
        yield from _marker_faults(other, layout)


def pattern_faults(pattern: Pattern, resolution: Resolution) -> Iterator[Fault]:
    """Faults of one access pattern whose keys are known."""
    if not pattern.description:
        yield Fault(place=pattern.place, problem="has no docstring", hint="say in one sentence what it finds")
    yield from _parameter_faults(pattern, resolution.key)
    yield from _type_faults(pattern, resolution.layouts[0])
    yield from _view_faults(pattern, resolution)
    if len(pattern.entities) > 1:
        yield from _collection_faults(pattern, resolution)


def _tenancy_faults(layout: EntityLayout, key: KeyLayout) -> Iterator[Fault]:
    tenancy = layout.table.tenancy
    if tenancy is None:
        return
    if TENANT in layout.entity.attributes:
        hint = "the tenant is known from the scope; drop the field or rename it"
        yield Fault(place=f"{layout.entity.model.__name__}.{TENANT}", problem="is a reserved name", hint=hint)
    if key.index is not None and key.index.across_tenants:
        return
    text = str(key.partition)
    rest = text.removeprefix(tenancy.prefix)
    begins = isinstance(key.partition, TemplatePart) and text.startswith(tenancy.prefix)
    if isinstance(key.partition, TemplatePart) and key.partition.template.template.delimiters != {SEPARATOR}:
        problem = f"the partition key {text!r} has another delimiter than {SEPARATOR!r}"
        yield Fault(place=key.place, problem=problem, hint=f"separate values with {SEPARATOR!r}")
    if not begins or (rest and rest[0] != SEPARATOR):
        problem = f"the partition key {text!r} does not begin with the tenant's prefix"
        hint = f"write pk={tenancy.prefix + '#...'!r}, in every index too"
        yield Fault(place=key.place, problem=problem, hint=hint)


def _attribute_faults(layout: EntityLayout, key: KeyLayout) -> Iterator[Fault]:
    stored = {attribute.stored_as for attribute in layout.entity.attributes.values()}
    for part in key.parts:
        if isinstance(part, TemplatePart) and part.attribute.name in stored:
            problem = f"{part.attribute.name} is a field, and filled from a template"
            hint = "drop the template, or store the field under another name"
            yield Fault(place=key.place, problem=problem, hint=hint)


def _primary_key_faults(layout: EntityLayout) -> Iterator[Fault]:
    model, key = layout.entity.model.__name__, layout.table_key
    for name in sorted(key.names):
        if layout.entity.attributes[name].optional:
            yield Fault(place=f"{model}.{name}", problem="is part of the primary key and may be None", hint="drop None")
    if not layout.entity.unique:
        return
    if any(part.attribute.type != "S" for part in key.parts):
        hint = "unique values need text keys, because their markers live in the same table"
        yield Fault(place=model, problem="has unique values, and a key that is no text", hint=hint)
    for field in layout.entity.unique:
        try:
            key_text(field.annotation)
        except TypeError as error:
            yield Fault(place=f"{model}.{field.name}", problem=f"cannot be unique: {error}", hint="drop unique=True")


def _marker_faults(layout: EntityLayout, owner: EntityLayout) -> Iterator[Fault]:
    """Could an item of `layout` have the key of a marker that `owner`'s unique values need?"""
    key, tenancy = layout.table_key, layout.table.tenancy
    if not owner.entity.unique or isinstance(key.partition, FieldPart):
        return  # a field that is the key is checked when it is written
    prefix: list[Letter] = []
    if tenancy is not None:
        prefix = [*tenancy.prefix.removesuffix(f"{{{TENANT}}}"), _is_no_separator, SEPARATOR]
    marker: list[Letter] = [*prefix, *f"{MARKER_HEAD}{owner.entity.name}{SEPARATOR}", anything]
    meets = overlap(key.partition.letters(), marker)
    if meets and (key.sort is None or overlap(key.sort.letters(), [*MARKER_SORT])):
        problem = f"can have the key of a marker that keeps unique values of {owner.entity.model.__name__}"
        hint = f"begin its partition key with a word other than {MARKER_HEAD}"
        yield Fault(place=layout.entity.model.__name__, problem=problem, hint=hint)


def _is_no_separator(character: str) -> bool:
    return character != SEPARATOR


def _collision_faults(layout: EntityLayout, other: EntityLayout) -> Iterator[Fault]:
    names = f"{layout.entity.model.__name__} and {other.entity.model.__name__}"
    if layout.entity.name == other.entity.name:
        yield Fault(place=names, problem=f"are both named {layout.entity.name!r}", hint="give one name=")
        return
    if _may_meet(layout.table_key.parts, other.table_key.parts):
        hint = "begin one of the templates with a word of its own, such as 'TEAM#'"
        problem = f"can have the same primary key ({_shown(layout.table_key)} and {_shown(other.table_key)})"
        yield Fault(place=names, problem=problem, hint=hint)
        return
    if layout.table.discriminator is not None:
        return
    for index in (None, *layout.table.indexes):
        key, other_key = layout.key(index), other.key(index)
        if key and other_key and _mixes(key, other_key):
            where = "the table" if index is None else index.name
            problem = f"cannot be told apart by their sort keys in {where} ({_shown(key)} and {_shown(other_key)})"
            hint = "begin the sort keys with different words, or give the table discriminator='_entity'"
            yield Fault(place=names, problem=problem, hint=hint)


def _may_meet(parts: Sequence[KeyPart], others: Sequence[KeyPart]) -> bool:
    return all(overlap(part.letters(), other.letters()) for part, other in zip(parts, others, strict=True))


def _mixes(key: KeyLayout, other: KeyLayout) -> bool:
    if not overlap(key.partition.letters(), other.partition.letters()):
        return False
    if key.sort is None or other.sort is None:
        return True
    return any(
        overlap([*sort_head(mine), anything], theirs.letters())
        for mine, theirs in ((key.sort, other.sort), (other.sort, key.sort))
    )


def sort_head(part: KeyPart) -> str:
    """The text with which every sort key of an entity begins; empty for a field that is the key."""
    return part.template.template.head if isinstance(part, TemplatePart) else ""


def _shown(key: KeyLayout) -> str:
    return " / ".join(map(repr, map(str, key.parts)))


def _parameter_faults(pattern: Pattern, key: KeyLayout) -> Iterator[Fault]:
    given = set(pattern.parameters)
    for name in sorted(given - key.names):
        hint = f"the key is made from {', '.join(sorted(key.names)) or 'nothing'}"
        if name == TENANT and TENANT in key.partition.names:
            hint = "drop it: {tenant} comes from the scope"
        yield Fault(place=pattern.place, problem=f"the parameter {name} is no part of the key", hint=hint)
    for name in key.partition.names:
        if name != TENANT and name not in given:
            hint = f"add the keyword parameter {name}"
            yield Fault(place=pattern.place, problem=f"the partition key needs {{{name}}}", hint=hint)
    sort_names = [] if key.sort is None else [name for name in key.sort.names if name not in key.partition.names]
    missing = [name for name in sort_names if name not in given]
    if missing and isinstance(pattern, KeyPattern):
        hint = f"add the keyword parameters {', '.join(missing)}"
        yield Fault(place=pattern.place, problem="the sort key is not complete", hint=hint)
    elif missing and any(name in given for name in sort_names[sort_names.index(missing[0]) :]):
        hint = f"a query fixes leading parts of the sort key; add {missing[0]}"
        yield Fault(place=pattern.place, problem=f"the sort key has a gap at {{{missing[0]}}}", hint=hint)


def _type_faults(pattern: Pattern, layout: EntityLayout) -> Iterator[Fault]:
    for name, annotation in pattern.annotations.items():
        attribute = layout.entity.attributes.get(name)
        if attribute is None:
            continue
        wanted, found = value_types(attribute.annotation), value_types(annotation)
        is_day = found == {date} and any(issubclass(kind, date) for kind in wanted)
        if found and wanted and not found & wanted and not is_day:
            problem = f"the parameter {name} is {annotation}, and the field {attribute.annotation}"
            yield Fault(place=pattern.place, problem=problem, hint="give both the same type")


def _view_faults(pattern: Pattern, resolution: Resolution) -> Iterator[Fault]:
    entity = resolution.layouts[0].entity
    if pattern.view is not None:
        for name, field in pattern.view.model_fields.items():
            attribute = entity.attributes.get(name)
            if attribute is None or attribute.annotation != field.annotation:
                problem = f"{pattern.view.__name__}.{name} is no field of {entity.model.__name__}, or has another type"
                yield Fault(place=pattern.place, problem=problem, hint="a view repeats fields of the entity")
    if pattern.index is not None and pattern.index.projection != "all":
        for name in sorted(_needed(pattern, entity) - _held(pattern.index, entity)):
            problem = f"{pattern.index!r} does not hold {name}"
            yield Fault(place=pattern.place, problem=problem, hint="add it to the projection, or give a smaller view=")


def _needed(pattern: Pattern, entity: EntityDeclaration) -> set[str]:
    """What a read of the index asks for by name, or cannot do without. A local index fetches what it does not hold."""
    if pattern.view is None:
        return {attribute.stored_as for attribute in entity.attributes.values() if attribute.required}
    if pattern.index is not None and pattern.index.local:
        return set()
    names = {entity.attributes[name].stored_as for name in pattern.view.model_fields if name in entity.attributes}
    return names | entity.bookkeeping


def _held(index: Index, entity: EntityDeclaration) -> set[str]:
    included = set(index.projection) if isinstance(index.projection, tuple) else set()
    return included | set(entity.table.keys.names) | set(entity.table.keys_of(index).names)


def _collection_faults(pattern: Pattern, resolution: Resolution) -> Iterator[Fault]:
    if len(resolution.layouts) < len(pattern.entities):
        known = {layout.entity.model for layout in resolution.layouts}
        missing = ", ".join(entity.__name__ for entity in pattern.entities if entity not in known)
        yield Fault(place=pattern.place, problem=f"{missing} has no keys yet", hint="declare its repository before")
    first = resolution.key
    for name in sorted(pattern.parameters.keys() & (first.names - set(first.partition.names))):
        hint = "drop it: a collection finds the whole partition"
        yield Fault(place=pattern.place, problem=f"the parameter {name} is no part of the partition key", hint=hint)
    for layout in resolution.layouts:
        key = layout.key(pattern.index)
        if key is None or isinstance(key.partition, FieldPart) or str(key.partition) != pattern.pk:
            name = layout.entity.model.__name__
            problem = f"{name} does not have the partition key {pattern.pk!r} there"
            yield Fault(
                place=pattern.place, problem=problem, hint="a collection's entities share one partition template"
            )


def marker_head(layout: EntityLayout, field_name: str, tenant: Mapping[str, str]) -> str:
    """The text before the value in the key of a unique value's marker; `tenant` may fill the tenant's placeholder."""
    tenancy = layout.table.tenancy
    prefix = "" if tenancy is None else tenancy.prefix.replace(f"{{{TENANT}}}", tenant.get(TENANT, "*")) + "#"
    return f"{prefix}{MARKER_HEAD}{layout.entity.name}#{field_name}#"
