"""The smallest grant in the declaration's own words: which `allow(...)` a component lacks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

from tenantable.declare.access import AccessPatterns
from tenantable.declare.attributes import EntityDeclaration
from tenantable.declare.grants import Component, Grant, Permission, ResourceGrant, Writes
from tenantable.declare.grants.granted import WriteKind
from tenantable.declare.grants.parts import breadth, grant_words
from tenantable.declare.naming import Naming
from tenantable.declare.patterns import Pattern, QueryPattern
from tenantable.declare.systems import System
from tenantable.declare.tables import Table
from tenantable.errors import DeclarationError, PolicyError
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.patterns import Context
from tenantable.iam.synthesis.statements import component_policies
from tenantable.wire.arns import Home

_READS = frozenset({"BatchGetItem", "GetItem", "Query"})
_WRITES = frozenset({"BatchWriteItem", "ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"})
_BATCHES = frozenset({"BatchGetItem", "BatchWriteItem"})


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredComponent:
    """A component with its system and the names and place that its policies are made for."""

    system: System
    component: Component
    naming: Naming
    home: Home

    def with_grants(self, grants: Iterable[Grant | ResourceGrant]) -> "DeclaredComponent":
        return replace(self, component=replace(self.component, grants=list(grants)))

    def policies(self) -> PolicySet:
        return PolicySet(component_policies(self.component, self.naming, self.home))


def smallest_declared_grant(request: AccessRequest, declared: DeclaredComponent) -> str | None:
    """
    The smallest grant of a declared access pattern, or of a write, that allows a request beside what the component has.

    Returns:
        Its words, such as `allow(TenantIdentities.get)`, proven by evaluating the component's policies with it. None
        when no declared pattern covers the request: a scan, a table of another system, a key that no entity has.
    """
    service, _, action = request.action.partition(":")
    if service != "dynamodb":
        return _resource_grant(request, declared)
    table = next((each for each in declared.system.tables if _is_about(each, request.resource, declared)), None)
    if table is None:
        return None
    granted = [
        (breadth(permissions), order, grant)
        for order, grant in enumerate(_candidates(request.context, action, table))
        for permissions in [_permissions_that_allow(request, declared, grant)]
        if permissions is not None
    ]
    for _, _, grant in sorted(granted, key=lambda each: each[:2]):
        if _is_allowed_beside(request, declared, grant):
            return grant_words(grant)
    return None


def declared_patterns(table: Table) -> tuple[Pattern, ...]:
    """Every access pattern of the entities of a table, in the order of their declaration."""
    found: dict[Pattern, None] = {}
    for repository in _repositories(AccessPatterns):
        for pattern in vars(repository).get("patterns", {}).values():
            if any(entity in table.layouts for entity in pattern.entities):
                found[pattern] = None
    return tuple(found)


def _repositories(parent: type[Any]) -> Iterator[type[Any]]:
    for child in parent.__subclasses__():
        yield child
        yield from _repositories(child)


def _is_about(table: Table, resource: str, declared: DeclaredComponent) -> bool:
    arn = declared.home.table(declared.naming.table_name(table.name))
    return resource == arn or resource.startswith(f"{arn}/")


def _candidates(context: Context, action: str, table: Table) -> Iterator[Grant]:
    """Each pattern and each kind of write alone, without and with a list of the attributes that the request has."""
    attributes = context.get("dynamodb:attributes") or ()
    names = frozenset((attributes,) if isinstance(attributes, str) else attributes)
    common = {"batch": action in _BATCHES, "in_transaction": "dynamodb:enclosingoperation" in context}
    if action in _READS:
        for pattern in declared_patterns(table):
            yield Grant(patterns=(pattern,), writes=(), attributes=None, **common)
            if isinstance(pattern, QueryPattern) and pattern.view is None:
                entity = pattern.resolution.layouts[0].entity
                yield Grant(patterns=(pattern,), writes=(), attributes=_own_names(names, entity), **common)
    if action in _WRITES:
        for layout in table.layouts.values():
            for kind in get_args(WriteKind):
                written = Writes(entity=layout.entity, kinds=(kind,))
                yield Grant(patterns=(), writes=(written,), attributes=None, **common)
                if kind == "update":
                    limit = _own_names(names, layout.entity)
                    yield Grant(patterns=(), writes=(written,), attributes=limit, **common)


def _own_names(names: frozenset[str], entity: EntityDeclaration) -> frozenset[str]:
    """What a grant must name: keys, bookkeeping and the lock it always has."""
    given = names.difference(entity.table.key_attributes, entity.bookkeeping)
    return given - {entity.lock.stored_as} if entity.lock is not None else given


def _permissions_that_allow(
    request: AccessRequest, declared: DeclaredComponent, grant: Grant
) -> tuple[Permission, ...] | None:
    if grant.attributes is not None and not grant.attributes:
        return None
    try:
        alone = declared.with_grants([grant])
        allows = alone.policies().decide(request).allowed
    except (DeclarationError, PolicyError):  # a grant that no declaration may have
        return None
    return alone.component.permissions(declared.naming) if allows else None


def _is_allowed_beside(request: AccessRequest, declared: DeclaredComponent, grant: Grant | ResourceGrant) -> bool:
    try:
        changed = declared.with_grants([*declared.component.grants, grant])
        return changed.policies().decide(request).allowed
    except (DeclarationError, PolicyError):  # the two grants would make each other's limits void
        return False


def _resource_grant(request: AccessRequest, declared: DeclaredComponent) -> str | None:
    service, _, action = request.action.partition(":")
    for resource in declared.system.resources:
        if resource.service == service:
            grant = ResourceGrant(service=service, actions=frozenset({action}), resource=resource.name)
            if _is_allowed_beside(request, declared, grant):
                return grant_words(grant)
    return None
