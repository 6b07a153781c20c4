"""What is counted of assignments: who has a role, and who is an owner."""

from collections.abc import Sequence

from tenantable.services.access.changes.change import Change
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    OWNER,
    Member,
    OrganisationRole,
    OrganisationRoles,
    UserRoleAssignment,
)


def count_assigned(change: Change, snapshot: Snapshot, role_id: str, number: int) -> None:
    """So many more have a role (fewer, when negative). The platform's are not counted: they are never deleted."""
    if number and role_id in snapshot.definitions.roles:
        key = OrganisationRoles.get.key(organisation_id=change.organisation_id, role_id=role_id)
        change.update(OrganisationRoles, key, OrganisationRole.assigned.add(number))


def counted_owners(assignments: Sequence[UserRoleAssignment], member: Member) -> int:
    """1 when the member, active, is an owner without an end by one of the assignments; else 0."""
    lasting = any(each.role_id == OWNER and each.not_before is None and each.not_after is None for each in assignments)
    return int(lasting and member.active)
