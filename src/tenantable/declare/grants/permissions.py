"""From grants to permissions: the exact actions, keys and attributes that a policy must allow."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tenantable.declare.attributes import EntityDeclaration
from tenantable.declare.checks import marker_head
from tenantable.declare.grants.granted import Grant, WriteKind, Writes
from tenantable.declare.keys.layouts import EntityLayout, KeyLayout, TemplatePart, layout_of
from tenantable.declare.naming import Naming
from tenantable.declare.patterns import KeyPattern, Pattern
from tenantable.declare.tables import PhysicalTable, physical_table

TENANT_VARIABLE = "${aws:PrincipalTag/tenant}"
"""Stands for the tenant in the leading keys of a component whose credentials belong to one tenant."""

_ACTIONS: dict[WriteKind, frozenset[str]] = {
    "create": frozenset({"PutItem"}),
    "put": frozenset({"PutItem"}),
    "update": frozenset({"UpdateItem"}),
    "delete": frozenset({"DeleteItem"}),
    "erase": frozenset({"DeleteItem"}),
    "check": frozenset({"ConditionCheckItem"}),
}
_READS = frozenset({"GetItem"})


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
        foreign_keys: Patterns of partition keys that `leading_keys` take in, and that are of other entities: with
            `ORG#*` for organisations, `ORG#*#USER#*` for users. They are not meant.
    """

    table: str
    index: str | None
    actions: frozenset[str]
    attributes: frozenset[str] | None
    leading_keys: tuple[str, ...] | None
    transactional: bool
    key_attributes: frozenset[str]
    foreign_keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourcePermission:
    """Actions of another service on one resource: `sqs`, {`SendMessage`}, the queue's physical name."""

    service: str
    actions: frozenset[str]
    resource: str


def grant_permissions(grant: Grant, naming: Naming, variables: dict[str, str]) -> Iterator[Permission]:
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
            limited = _limited(replace(permission, actions=actions - _READS), grant, layout.entity)
            yield limited
            if actions & _READS:  # old values are read before a transaction begins, never inside it
                yield replace(limited, actions=actions & _READS, transactional=permission.transactional)


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
    reads = bool(entity.unique) and kind in {"put", "update", "delete", "erase"}
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
    foreign = () if leading is None else tuple(_foreign_keys(table, key, leading[0], variables))
    return Permission(
        table=table.name,
        index=None if key.index is None else table.index_names[key.index.name],
        actions=actions,
        attributes=None,
        leading_keys=leading,
        transactional=False,
        key_attributes=frozenset(table.table.key_attributes),
        foreign_keys=foreign,
    )


def _foreign_keys(table: PhysicalTable, key: KeyLayout, leading: str, variables: dict[str, str]) -> Iterator[str]:
    """Patterns of other entities' partition keys, in the table or in the same index, that the leading one takes in."""
    takes_in = re.compile(re.escape(leading).replace(r"\*", ".*"), re.DOTALL)
    found = set()
    for layout in table.table.layouts.values():
        other = layout.key(key.index)
        if other is not None and isinstance(other.partition, TemplatePart):
            wildcard = other.partition.template.wildcard(variables)
            if wildcard != leading and takes_in.fullmatch(wildcard):
                found.add(wildcard)
    yield from sorted(found)


def merged(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Permissions that differ in their actions alone become one."""
    actions: dict[Permission, frozenset[str]] = {}
    for permission in permissions:
        place = replace(permission, actions=frozenset())
        actions[place] = actions.get(place, frozenset()) | permission.actions
    merged = [replace(place, actions=allowed) for place, allowed in actions.items()]
    return tuple(sorted(merged, key=_order))


def _order(permission: Permission) -> tuple[str, ...]:
    return (permission.table, permission.index or "", *(permission.leading_keys or ()), *sorted(permission.actions))
