"""Components, and what their grants must fulfil."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tenantable.declare.grants.granted import Grant, ResourceGrant
from tenantable.declare.grants.permissions import (
    TENANT_VARIABLE,
    Permission,
    ResourcePermission,
    grant_permissions,
    merged,
)
from tenantable.declare.keys.templates import TENANT
from tenantable.declare.naming import Naming
from tenantable.declare.patterns import KeyPattern, Pattern
from tenantable.errors import DeclarationError, Fault

ROLE_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
"""What IAM allows as the name of a role; a component's name is part of one."""

_PLACEHOLDERS = Naming(table="table-{table}", index="index-{index}")
"""Names to compare grants by, before a system has its own."""


@dataclass(frozen=True)
class Component:
    """
    A part of a system with an identity of its own: a service, a worker, an authorizer.

    Args:
        name: Its name within the system: 1 to 64 characters that IAM allows in the name of a role.
        grants: What it may do; nothing else.
        description: One sentence.
        tenant_bound: Its credentials belong to one tenant, and reach only keys with that tenant's prefix.
    Raises:
        DeclarationError: The name cannot be part of a role's name, or a grant can never work; lists every fault.
    """

    name: str
    grants: Sequence[Grant | ResourceGrant] = ()
    description: str = ""
    tenant_bound: bool = False

    def __post_init__(self) -> None:
        faults = [*_own_faults(self)]
        if not faults:
            faults = [*_attribute_faults(self), *_tenant_faults(self), *_void_faults(self)]
        if faults:
            raise DeclarationError(faults)

    def permissions(self, naming: Naming, *, tenant: str | None = None) -> tuple[Permission, ...]:
        """
        What its policy must allow on tables, as few statements as possible, in a stable order.

        Args:
            tenant: Only this tenant's keys where keys begin with a tenant; None: those of all tenants, or of the one
                that a tenant-bound component's credentials belong to.
        """
        found = (
            permission
            for grant in self.grants
            if isinstance(grant, Grant)
            for permission in grant_permissions(grant, naming, _variables(self) if tenant is None else {TENANT: tenant})
        )
        return merged(found)

    def resource_permissions(self, naming: Naming) -> tuple[ResourcePermission, ...]:
        """What its policy must allow on other resources, in a stable order."""
        actions: dict[tuple[str, str], frozenset[str]] = {}
        for grant in self.grants:
            if isinstance(grant, ResourceGrant):
                # Roles are named by system and component, in every stage alike.
                name = grant.resource if grant.service == "sts" else naming.resource_name(grant.resource)
                place = (grant.service, name)
                actions[place] = actions.get(place, frozenset()) | grant.actions
        return tuple(
            ResourcePermission(service=service, resource=resource, actions=allowed)
            for (service, resource), allowed in sorted(actions.items())
        )


def _variables(component: Component) -> dict[str, str]:
    return {TENANT: TENANT_VARIABLE} if component.tenant_bound else {}


def _own_faults(component: Component) -> Iterator[Fault]:
    place = f"Component {component.name!r}"
    if not ROLE_NAME.fullmatch(component.name):
        hint = "use 1 to 64 letters, digits and + = , . @ _ -"
        yield Fault(place=place, problem="the name cannot be part of an IAM role's name", hint=hint)
    grants: object = component.grants
    if not isinstance(grants, Sequence):
        yield Fault(place=place, problem=f"grants is a {type(grants).__name__}, and no list", hint="write grants=[...]")
        return
    for grant in grants:
        if not isinstance(grant, Grant | ResourceGrant):
            shown = grant.place if isinstance(grant, Pattern) else repr(grant)
            hint = f"write grants=[allow({shown}, ...)]" if isinstance(grant, Pattern) else "write grants=[allow(...)]"
            yield Fault(place=place, problem=f"{shown} is no grant", hint=hint)


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
        for pattern in grant.patterns:
            yield from _pattern_limit_faults(component, grant.attributes, pattern)
        replaced = {kind for written in grant.writes for kind in written.kinds} & {"create", "put", "delete"}
        if replaced:
            problem = f"limits the attributes of {', '.join(sorted(replaced))}, which writes whole items"
            yield Fault(place=f"Component {component.name!r}", problem=problem, hint="limit reads and updates alone")


def _pattern_limit_faults(component: Component, allowed: frozenset[str], pattern: Pattern) -> Iterator[Fault]:
    """Whoever may see some attributes only must ask for no others: a pattern asks for those of its view, or for all."""
    place = f"Component {component.name!r}"
    attributes = pattern.resolution.layouts[0].entity.attributes
    if pattern.view is None:
        if isinstance(pattern, KeyPattern):
            problem = f"limits the attributes of {pattern.place}, which asks for whole items and so would be refused"
            hint = "give the pattern view=, a Pydantic model with these fields; the limit then follows from it"
            yield Fault(place=place, problem=problem, hint=hint)
        return
    for name in pattern.view.model_fields:
        if attributes[name].stored_as not in allowed:
            problem = f"{pattern.place} asks for {attributes[name].stored_as}, which the grant leaves out"
            yield Fault(
                place=place, problem=problem, hint=f"add it to attributes=, or drop it from {pattern.view.__name__}"
            )


def _void_faults(component: Component) -> Iterator[Fault]:
    """Policies see partition keys, never sort keys: two kinds of items in one partition share what is granted there."""
    granted = [
        (grant, list(grant_permissions(grant, _PLACEHOLDERS, _variables(component))))
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
