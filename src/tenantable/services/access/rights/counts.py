"""What is counted of assignments: who has a role, and who is an owner; and that owners can do what they are for."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from tenantable.data.database import Database
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import covers, meet
from tenantable.services.access.decisions.snapshot import OWNERS_HOLD, Snapshot
from tenantable.services.access.declaration import (
    OWNER,
    Member,
    Members,
    OrganisationRole,
    OrganisationRoles,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import LastOwner, Unprocessable

ResultT = TypeVar("ResultT")
BEGUN_AT_ONCE = 10
"""Owners who are counted in one change."""


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


def run_counting_begun(
    changes: Changes, organisation_id: str, actor: Actor, build: Callable[[Change], ResultT]
) -> Changed[ResultT]:
    """
    As `Changes.run`, for what may take the last owner away. No clock counts owners whose time has begun since they were
    made; so they are counted here, before it is refused.
    """
    try:
        return changes.run(organisation_id, actor, build)
    except LastOwner as refused:
        refusal = refused
    plain = Actor(id=actor.id, request_id=actor.request_id)
    changes.run(organisation_id, plain, lambda change: _count_begun(change, refusal))
    return changes.run(organisation_id, actor, build)


def begun_owners(database: Database, organisation_id: str, now: datetime) -> list[UserRoleAssignment]:
    """Who is an owner without an end, and is not counted because that had still to begin; some of them, if many."""
    assignments = database.repository(UserRoleAssignments)
    found = assignments.users_of_role(organisation_id=organisation_id, role_id=OWNER)
    keys = ({"organisation_id": organisation_id, "user_id": each.user_id, "role_id": OWNER} for each in found)
    stored = (assignments.consistent.get(**key) for key in keys)  # the index may be behind
    return list(islice((each for each in stored if each is not None and _has_begun(each, now)), BEGUN_AT_ONCE))


def _has_begun(assignment: UserRoleAssignment, now: datetime) -> bool:
    return assignment.not_before is not None and assignment.not_before <= now and assignment.not_after is None


def _count_begun(change: Change, refusal: LastOwner) -> None:
    found = begun_owners(change.database, change.organisation_id, change.now)
    if not found:
        raise refusal
    members = change.database.repository(Members).consistent
    for each in found:
        member = members.get(organisation_id=change.organisation_id, user_id=each.user_id)
        change.update(UserRoleAssignments, each, UserRoleAssignment.not_before.remove())
        change.count_owners(int(member is not None and member.active))
        change.record("ROLE_CHANGE", "role.begin", target=each.user_id, details={"role": OWNER})
