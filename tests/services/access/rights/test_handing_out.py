"""Whatever is handed out, and until when: at every moment until then, who hands it out may do it themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.rules import Rules
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    Member,
    OrganisationRole,
    PermissionEntry,
    PermissionSet,
    UserRoleAssignment,
)
from tenantable.services.access.errors import Forbidden
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.held import refuse_longer_than_held

START = datetime(2027, 1, 1, tzinfo=UTC)
HOURS = 6
PATTERNS = ("*", "a:*", "a:x", "a:y", "b:x")
KEYS = ("a:x", "a:y", "b:x", "c")
ROLES = ("r0", "r1", "r2")


def at(hour: int | None) -> datetime | None:
    return None if hour is None else START + timedelta(hours=hour)


entries = st.builds(
    PermissionEntry, key=st.sampled_from(PATTERNS), effect=st.sampled_from(["allow", "allow", "allow", "deny"])
)
hours = st.none() | st.integers(0, HOURS)


@st.composite
def snapshots(draw: Any) -> Snapshot:
    """Of an organisation where bob has some of the roles, each for some time."""
    place: dict[str, Any] = {"organisation_id": "acme", "date_created": START}
    sets = {
        each: PermissionSet(
            permission_set_id=each,
            name=each,
            entries=draw(st.lists(entries, max_size=3)),
            active=draw(st.booleans()),
            **place,
        )
        for each in ROLES
    }
    roles = {each: OrganisationRole(role_id=each, name=each, permission_set_ids=[each], **place) for each in ROLES}
    given = [
        UserRoleAssignment(
            organisation_id="acme",
            user_id="bob",
            role_id=each,
            assigned_by="t",
            date_assigned=START,
            not_before=at(draw(hours)),
            not_after=at(draw(hours)),
        )
        for each in draw(st.lists(st.sampled_from(ROLES), unique=True))
    ]
    member = Member(organisation_id="acme", user_id="bob", email="bob@example.com", date_joined=START)
    return Snapshot(
        organisation_id="acme",
        version=1,
        definitions=Definitions(roles=roles, permission_sets=sets, above=Definitions()),
        read_user=lambda _: [member, *given],
    )


@given(snapshots(), st.sampled_from(ROLES), hours, st.integers(0, HOURS))
def test_nothing_is_handed_out_for_longer_than_it_is_held(
    snapshot: Snapshot, role_id: str, until: int | None, now: int
) -> None:
    """Requirement: nobody hands out more than they hold."""
    caller, start = Caller(kind="user", id="bob"), START.timestamp()
    granted = snapshot.definitions.rules_of_role(role_id)
    try:
        refuse_longer_than_held(granted, caller, snapshot, until=at(until), now=start + 3600 * now)
    except Forbidden:
        return
    user = snapshot.user("bob", now=start)
    end = HOURS + 2 if until is None else until
    for half_hour in range(2 * now, max(2 * end, 2 * now + 1)):
        holder = snapshot.compiled(user.member, user.assignments, now=start + 1800 * half_hour)
        for key in KEYS:
            assert not Rules(granted).allows(key) or holder.allows(key), (half_hour, key)
