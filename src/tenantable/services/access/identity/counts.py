"""What is counted of assignments: who has a role, and who is an owner; and that owners can do what they are for."""

from collections.abc import Sequence

from tenantable.services.access.changes.change import Change
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import covers, meet
from tenantable.services.access.decisions.snapshot import OWNERS_HOLD, Snapshot
from tenantable.services.access.declaration import (
    OWNER,
    Member,
    OrganisationRole,
    OrganisationRoles,
    UserRoleAssignment,
)
from tenantable.services.access.errors import Unprocessable


def refuse_powerless_owners(platform: Definitions) -> None:
    """
    For changes of the platform's roles and permission sets.

    Raises:
        Unprocessable: The owners' role would not allow everything about access any more, or only on conditions.
    """
    rules = platform.rules_of_role(OWNER)
    allowed = any(rule.effect == "allow" and not rule.tests and covers(rule.pattern, OWNERS_HOLD) for rule in rules)
    denied = any(rule.effect == "deny" and meet(rule.pattern, OWNERS_HOLD) for rule in rules)
    if OWNER in platform.roles and (denied or not allowed):
        hint = "owners are who gives the others their rights"
        raise Unprocessable(f"The role {OWNER} must allow {OWNERS_HOLD}, always and in full", hint=hint)


def count_assigned(change: Change, snapshot: Snapshot, role_id: str, number: int) -> None:
    """So many more have a role (fewer, when negative). The platform's are not counted: they are never deleted."""
    if number and role_id in snapshot.definitions.roles:
        key = OrganisationRoles.get.key(organisation_id=change.organisation_id, role_id=role_id)
        change.update(OrganisationRoles, key, OrganisationRole.assigned.add(number))


def counted_owners(assignments: Sequence[UserRoleAssignment], member: Member) -> int:
    """1 when the member, active, is an owner without an end by one of the assignments; else 0."""
    lasting = any(each.role_id == OWNER and each.not_before is None and each.not_after is None for each in assignments)
    return int(lasting and member.active)
