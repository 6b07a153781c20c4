"""Roles above roles: no circles, and not too many above one another."""

from collections.abc import Iterator
from dataclasses import replace

from tenantable.services.access.decisions.definitions import INHERITANCE_MAX, Definitions
from tenantable.services.access.declaration import OrganisationRole, PlatformRole
from tenantable.services.access.errors import Unprocessable

PLATFORM_INHERITANCE_MAX = 5
"""The platform's roles above one another: the rest of `INHERITANCE_MAX` is for the organisations' own."""

AnyRole = OrganisationRole | PlatformRole


def with_role(definitions: Definitions, role: AnyRole) -> Definitions:
    """The definitions with the role in the place of the one of its id."""
    return replace(definitions, roles={**definitions.roles, role.role_id: role})


def check_references(definitions: Definitions, role: AnyRole) -> None:
    """
    Raises:
        Unprocessable: The role names a permission set or a role that is not there; it would be above itself; or too
            many roles would stand above one another, above it or above a role below it.
    """
    for set_id in role.permission_set_ids:
        if definitions.permission_set(set_id) is None:
            raise Unprocessable(f"There is no permission set {set_id}")
    for parent_id in role.parent_role_ids:
        if parent_id != role.role_id and definitions.role(parent_id) is None:
            raise Unprocessable(f"There is no role {parent_id}")
    # Whatever stands below the role grows with it, so all of them are looked at.
    limit = PLATFORM_INHERITANCE_MAX if definitions.above is None else INHERITANCE_MAX - PLATFORM_INHERITANCE_MAX
    heights: dict[str, int] = {}
    changed = with_role(definitions, role)
    for role_id in [role.role_id, *changed.roles]:
        if _height(changed, role_id, heights, below=()) > limit:
            raise Unprocessable(f"More than {limit} roles would stand above one another")


def inheritance_faults(definitions: Definitions) -> Iterator[tuple[str, str]]:
    """The roles above which something is wrong, each with what is."""
    limit = INHERITANCE_MAX - PLATFORM_INHERITANCE_MAX
    heights: dict[str, int] = {}
    for role_id in definitions.roles:
        try:
            if _height(definitions, role_id, heights, below=()) > limit:
                yield role_id, f"More than {limit} roles would stand above one another"
        except Unprocessable as error:
            yield role_id, error.message


def _height(definitions: Definitions, role_id: str, heights: dict[str, int], *, below: tuple[str, ...]) -> int:
    """How many roles of these definitions stand above one another up from this one, with it."""
    if role_id in below:
        circle = [*below[below.index(role_id) :], role_id]
        hint = f"leave {circle[1]} out of the parents of {role_id}"
        if len(circle) > 2:
            hint += f", or take {role_id} out of those of {circle[-2]} first"
        raise Unprocessable(f"The role {role_id} would be above itself: {' below '.join(circle)}", hint=hint)
    role = definitions.roles.get(role_id)
    if role is None:
        return 0
    if role_id not in heights:
        if len(below) > INHERITANCE_MAX:
            raise Unprocessable(f"More than {INHERITANCE_MAX} roles would stand above one another")
        way = (*below, role_id)
        heights[role_id] = 1 + max(
            (_height(definitions, each, heights, below=way) for each in role.parent_role_ids), default=0
        )
    return heights[role_id]


def way_up(definitions: Definitions, role_id: str, above_id: str) -> list[str]:
    """The roles from one up to another one that it has the permissions of, both included; empty: there is no way."""
    ways, seen = [[role_id]], {role_id}
    while ways:
        way = ways.pop()
        if way[-1] == above_id:
            return way
        role = definitions.roles.get(way[-1])
        for each in () if role is None else role.parent_role_ids:
            if each not in seen:
                seen.add(each)
                ways.append([*way, each])
    return []
