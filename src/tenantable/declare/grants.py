"""Components and what each may do: grants per access pattern, from which policies are made."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel

from tenantable.declare.attributes import EntityDeclaration, declaration_of
from tenantable.declare.checks import marker_head
from tenantable.declare.keys.layouts import EntityLayout, KeyLayout, TemplatePart, layout_of
from tenantable.declare.keys.templates import TENANT
from tenantable.declare.naming import Naming
from tenantable.declare.patterns import KeyPattern, Pattern
from tenantable.declare.references import Reference
from tenantable.declare.tables import PhysicalTable, physical_table
from tenantable.errors import DeclarationError, Fault

WriteKind = Literal["create", "put", "update", "delete", "check"]
TENANT_VARIABLE = "${aws:PrincipalTag/tenant}"
"""Stands for the tenant in the leading keys of a component whose credentials belong to one tenant."""

_PLACEHOLDERS = Naming(table="table-{table}", index="index-{index}")
"""Names to compare grants by, before a system has its own."""

_ACTIONS: dict[WriteKind, frozenset[str]] = {
    "create": frozenset({"PutItem"}),
    "put": frozenset({"PutItem"}),
    "update": frozenset({"UpdateItem"}),
    "delete": frozenset({"DeleteItem"}),
    "check": frozenset({"ConditionCheckItem"}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """
    What a policy statement must allow.

    Args:
        table: Physical name of the table.
        index: Physical name of the index, or None for the table itself.
        actions: Names of API actions without prefix, such as `GetItem`.
        attributes: Names (as stored) that requests may contain besides `key_attributes`; None: all.
        leading_keys: Patterns of partition keys, `*` for any text; None: any key.
        transactional: Allowed only inside TransactWriteItems or TransactGetItems.
        key_attributes: Every key attribute of the table and its indexes.
    """

    table: str
    index: str | None
    actions: frozenset[str]
    attributes: frozenset[str] | None
    leading_keys: tuple[str, ...] | None
    transactional: bool
    key_attributes: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourcePermission:
    """Actions of another service on one resource: `sqs`, {`SendMessage`}, the queue's physical name."""

    service: str
    actions: frozenset[str]
    resource: str


@dataclass(frozen=True, kw_only=True)
class Writes:
    """Writes of one entity: what `writes` gives."""

    entity: EntityDeclaration
    kinds: tuple[WriteKind, ...]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What `allow` gives."""

    patterns: tuple[Pattern, ...]
    writes: tuple[Writes, ...]
    attributes: frozenset[str] | None
    batch: bool
    in_transaction: bool


@dataclass(frozen=True, kw_only=True)
class ResourceGrant:
    """What `allow_resource` gives; `resource` is the logical name."""

    service: str
    actions: frozenset[str]
    resource: str


def writes(entity: type[BaseModel], *kinds: WriteKind) -> Writes:
    """
    Writes of an entity, to be granted: `writes(Order, "create", "update")`.

    `check` is a condition on an item that a transaction does not change.
    """
    return Writes(entity=declaration_of(entity), kinds=kinds)


def allow(
    *granted: Pattern | Writes,
    attributes: Iterable[str | Reference[Any, Any]] | None = None,
    batch: bool = False,
    in_transaction: bool = False,
) -> Grant:
    """
    Grant access patterns and writes.

    Args:
        granted: Access patterns (`Orders.by_status`) and `writes(Order, "put")`.
        attributes: Names as stored, or references, that requests may contain; key attributes always may.
            None: all, or the view's where a pattern has one.
        batch: Also as part of batch operations.
        in_transaction: Only inside a transaction.
    """
    names = None if attributes is None else frozenset(map(_stored_name, attributes))
    return Grant(
        patterns=tuple(item for item in granted if isinstance(item, Pattern)),
        writes=tuple(item for item in granted if isinstance(item, Writes)),
        attributes=names,
        batch=batch,
        in_transaction=in_transaction,
    )


def allow_resource(service: str, *actions: str, resource: str) -> ResourceGrant:
    """Grant actions of another service on one resource, by its logical name: `"sqs", "SendMessage", resource="dlq"`."""
    return ResourceGrant(service=service, actions=frozenset(actions), resource=resource)


@dataclass(frozen=True)
class Component:
    """
    A part of a system with an identity of its own: a service, a worker, an authorizer.

    Args:
        name: Its name within the system.
        grants: What it may do; nothing else.
        description: One sentence.
        tenant_bound: Its credentials belong to one tenant, and reach only keys with that tenant's prefix.
    """

    name: str
    grants: Sequence[Grant | ResourceGrant] = ()
    description: str = ""
    tenant_bound: bool = False

    def __post_init__(self) -> None:
        faults = [*_attribute_faults(self), *_tenant_faults(self), *_void_faults(self)]
        if faults:
            raise DeclarationError(faults)

    def permissions(self, naming: Naming) -> tuple[Permission, ...]:
        """What its policy must allow on tables, as few statements as possible, in a stable order."""
        found = (
            permission
            for grant in self.grants
            if isinstance(grant, Grant)
            for permission in _grant_permissions(grant, naming, _variables(self))
        )
        return _merged(found)

    def resource_permissions(self, naming: Naming) -> tuple[ResourcePermission, ...]:
        """What its policy must allow on other resources, in a stable order."""
        actions: dict[tuple[str, str], frozenset[str]] = {}
        for grant in self.grants:
            if isinstance(grant, ResourceGrant):
                place = (grant.service, naming.resource_name(grant.resource))
                actions[place] = actions.get(place, frozenset()) | grant.actions
        return tuple(
            ResourcePermission(service=service, resource=resource, actions=allowed)
            for (service, resource), allowed in sorted(actions.items())
        )


def _variables(component: Component) -> dict[str, str]:
    return {TENANT: TENANT_VARIABLE} if component.tenant_bound else {}


def _stored_name(attribute: str | Reference[Any, Any]) -> str:
    if isinstance(attribute, str):
        return attribute
    return declaration_of(attribute.entity).attributes[attribute.name].stored_as


def _grant_permissions(grant: Grant, naming: Naming, variables: dict[str, str]) -> Iterator[Permission]:
    for pattern in grant.patterns:
        for layout in pattern.resolution.layouts:
            permission = _pattern_permission(pattern, layout, naming, variables)
            actions = permission.actions | (
                {"BatchGetItem"} if grant.batch and "GetItem" in permission.actions else set()
            )
            yield _limited(replace(permission, actions=actions), grant, layout.entity)
    for written in grant.writes:
        layout = layout_of(written.entity)
        for permission in _write_permissions(written, layout, naming, variables):
            actions = permission.actions
            if grant.batch and actions & {"PutItem", "DeleteItem"}:
                actions |= {"BatchWriteItem"}
            yield _limited(replace(permission, actions=actions), grant, layout.entity)


def _limited(permission: Permission, grant: Grant, entity: EntityDeclaration) -> Permission:
    if grant.attributes is not None:
        names = grant.attributes | entity.bookkeeping
        if "UpdateItem" in permission.actions and entity.lock is not None:
            names |= {entity.lock.stored_as}  # every update raises it
        permission = replace(permission, attributes=names)
    return replace(permission, transactional=permission.transactional or grant.in_transaction)


def _pattern_permission(
    pattern: Pattern, layout: EntityLayout, naming: Naming, variables: dict[str, str]
) -> Permission:
    table = physical_table(layout.table, naming)
    key = layout.key(pattern.index)
    assert key is not None, "a resolved pattern has a key"
    permission = _permission(
        table, key, variables, frozenset({"GetItem" if isinstance(pattern, KeyPattern) else "Query"})
    )
    if pattern.view is None:
        return permission
    stored = {layout.entity.attributes[name].stored_as for name in pattern.view.model_fields}
    return replace(permission, attributes=frozenset(stored) | layout.entity.bookkeeping)


def _write_permissions(
    written: Writes, layout: EntityLayout, naming: Naming, variables: dict[str, str]
) -> Iterator[Permission]:
    table = physical_table(layout.table, naming)
    actions: frozenset[str] = frozenset().union(*(_write_actions(kind, layout) for kind in written.kinds))
    permission = _permission(table, layout.table_key, variables, actions)
    yield permission
    if layout.entity.unique and set(written.kinds) - {"check"}:
        # With a unique value the write goes together with its marker; where there is none it goes alone.
        yield replace(permission, actions=actions - {"GetItem"}, transactional=True)
        markers = frozenset({"PutItem"} if set(written.kinds) <= {"create"} else {"PutItem", "DeleteItem"})
        keys = tuple(marker_head(layout, field.name, variables) + "*" for field in layout.entity.unique)
        leading = None if permission.leading_keys is None else keys
        yield replace(permission, actions=markers, leading_keys=leading, transactional=True)


def _write_actions(kind: WriteKind, layout: EntityLayout) -> frozenset[str]:
    entity = layout.entity
    if kind == "delete" and entity.soft_delete is not None:
        return frozenset({"UpdateItem"})
    actions = _ACTIONS[kind]
    # Old values must be known: to release unique ones, and to derive an index key from a part that was not given.
    reads = bool(entity.unique) and kind in {"put", "update", "delete"}
    if reads or (kind == "update" and _derives(layout)):
        actions |= {"GetItem"}
    if kind == "update" and entity.version > 1:
        actions |= {"GetItem", "PutItem"}
    return actions


def _derives(layout: EntityLayout) -> bool:
    fixed = layout.table_key.names
    return any(
        isinstance(part, TemplatePart) and len(set(part.names) - fixed) > 1
        for key in layout.index_keys.values()
        for part in key.parts
    )


def _permission(table: PhysicalTable, key: KeyLayout, variables: dict[str, str], actions: frozenset[str]) -> Permission:
    leading = None
    if isinstance(key.partition, TemplatePart):
        wildcard = key.partition.template.wildcard(variables)
        leading = None if wildcard == "*" else (wildcard,)
    return Permission(
        table=table.name,
        index=None if key.index is None else table.index_names[key.index.name],
        actions=actions,
        attributes=None,
        leading_keys=leading,
        transactional=False,
        key_attributes=frozenset(table.table.key_attributes),
    )


def _merged(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Permissions that differ in their actions alone become one."""
    actions: dict[Permission, frozenset[str]] = {}
    for permission in permissions:
        place = replace(permission, actions=frozenset())
        actions[place] = actions.get(place, frozenset()) | permission.actions
    merged = [replace(place, actions=allowed) for place, allowed in actions.items()]
    return tuple(sorted(merged, key=_order))


def _order(permission: Permission) -> tuple[str, ...]:
    return (permission.table, permission.index or "", *(permission.leading_keys or ()), *sorted(permission.actions))


def _tenant_faults(component: Component) -> Iterator[Fault]:
    if not component.tenant_bound:
        return
    for grant in component.grants:
        for pattern in grant.patterns if isinstance(grant, Grant) else ():
            if pattern.index is not None and pattern.index.across_tenants:
                problem = f"is bound to one tenant, and {pattern.place} reads across tenants"
                yield Fault(place=f"Component {component.name!r}", problem=problem, hint="drop the grant")


def _attribute_faults(component: Component) -> Iterator[Fault]:
    for grant in component.grants:
        if not isinstance(grant, Grant) or grant.attributes is None:
            continue
        entities = [layout.entity for pattern in grant.patterns for layout in pattern.resolution.layouts]
        entities += [written.entity for written in grant.writes]
        known = {field.stored_as for entity in entities for field in entity.attributes.values()}
        known |= {name for entity in entities for name in entity.table.key_attributes}
        for name in sorted(grant.attributes - known):
            hint = f"attributes as stored are {', '.join(sorted(known))}"
            yield Fault(
                place=f"Component {component.name!r}", problem=f"grants the unknown attribute {name}", hint=hint
            )
        replaced = {kind for written in grant.writes for kind in written.kinds} & {"create", "put", "delete"}
        if replaced:
            problem = f"limits the attributes of {', '.join(sorted(replaced))}, which writes whole items"
            yield Fault(place=f"Component {component.name!r}", problem=problem, hint="limit reads and updates alone")


def _void_faults(component: Component) -> Iterator[Fault]:
    """Policies see partition keys, never sort keys: two kinds of items in one partition share what is granted there."""
    granted = [
        (grant, list(_grant_permissions(grant, _PLACEHOLDERS, _variables(component))))
        for grant in component.grants
        if isinstance(grant, Grant)
    ]
    unlimited = [
        permission for _, permissions in granted for permission in permissions if permission.attributes is None
    ]
    for grant, permissions in granted:
        own_reading = {"GetItem"} if grant.writes else set()
        for permission in permissions if grant.attributes is not None else ():
            actions = {action for wide in unlimited if _reaches(wide, permission) for action in wide.actions}
            void = sorted((actions & permission.actions) - own_reading)
            if void:
                table = permission.table.removeprefix("table-")
                problem = (
                    f"limits {', '.join(void)} on {table}, and another grant allows it on the same keys without limit"
                )
                hint = "give the other entity partition keys of its own, or drop the limit"
                yield Fault(place=f"Component {component.name!r}", problem=problem, hint=hint)


def _reaches(wide: Permission, narrow: Permission) -> bool:
    same = (wide.table, wide.index, wide.transactional) == (narrow.table, narrow.index, narrow.transactional)
    if not same or wide.leading_keys is None:
        return same
    patterns = [re.compile(re.escape(key).replace(r"\*", ".*"), re.DOTALL) for key in wide.leading_keys]
    return narrow.leading_keys is not None and all(
        any(pattern.fullmatch(key) for pattern in patterns) for key in narrow.leading_keys
    )
