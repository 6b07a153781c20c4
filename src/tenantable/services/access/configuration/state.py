"""An organisation's configuration as it is, read through a component that may see it all and change nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from tenantable.data.database import Database
from tenantable.services.access.configuration.document import (
    PARTS_MAX,
    Document,
    GivenRole,
    MemberPart,
    OrganisationPart,
    RolePart,
    SetPart,
    TeamPart,
    TeamRolePart,
)
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.decisions.snapshots import read_snapshot
from tenantable.services.access.declaration import (
    Member,
    Members,
    OrganisationHeads,
    OrganisationRole,
    Organisations,
    PermissionSet,
    TeamRoleDefinition,
    Teams,
    UserGrants,
    UserRoleAssignment,
)
from tenantable.services.access.errors import Unprocessable, no_such_organisation
from tenantable.services.access.permissions.schemas import Entry


@dataclass(frozen=True, kw_only=True)
class State:
    """
    What is there, in the words of a document, as it was at a version or later.

    `document.members` are those that were asked for, `active` those of them who are switched on; `owners` counts all
    that there are. `used` says how often something is in use: a role or team role by users, invitations and roles below
    it, a team by its members and open invitations.
    """

    document: Document
    snapshot: Snapshot
    version: int
    used: dict[tuple[str, str], int] = field(default_factory=dict)
    active: frozenset[str] = frozenset()
    owners: int = 0
    seat_limit: int | None = None


def read_state(database: Database, organisation_id: str, *, user_ids: Iterable[str] = ()) -> State:
    """
    Args:
        user_ids: Members to be read, too; those who are none are left out.
    Raises:
        NotFound: There is no such organisation.
    """
    head = database.repository(OrganisationHeads).consistent.get(organisation_id=organisation_id)
    if head is None:
        raise no_such_organisation(organisation_id)
    organisation = database.repository(Organisations).consistent.get(organisation_id=organisation_id)
    if organisation is None:
        raise no_such_organisation(organisation_id)
    snapshot = read_snapshot(database, organisation_id, version=head.revision)
    found = snapshot.definitions
    sets = [each for each in found.permission_sets.values() if isinstance(each, PermissionSet)]
    roles = [each for each in found.roles.values() if isinstance(each, OrganisationRole)]
    team_roles = list(found.team_roles.values())
    teams = list(database.repository(Teams).of_organisation(organisation_id=organisation_id).consistent())
    found_members = [_member(database, organisation_id, each) for each in user_ids]
    members = [each for each in found_members if each is not None]
    return State(
        document=Document(
            organisation=OrganisationPart(name=organisation.name, allowed_domains=organisation.allowed_domains),
            permission_sets=[_set(each) for each in sets],
            roles=[_role(each) for each in roles],
            team_roles=[_team_role(each) for each in team_roles],
            teams=[
                TeamPart(id=each.team_id, name=each.name, active=each.active, division=each.division_id)
                for each in teams
            ],
            members=[part for part, _ in members],
        ),
        snapshot=snapshot,
        version=head.revision,
        used={("role", each.role_id): each.assigned for each in roles}
        | {("team-role", each.team_role_id): each.assigned for each in team_roles}
        | {("team", each.team_id): each.members + each.invited for each in teams},
        active=frozenset(part.id for part, active in members if active),
        owners=head.owners,
        seat_limit=head.seat_limit,
    )


def member_ids(database: Database, organisation_id: str) -> list[str]:
    """
    Everybody in the organisation, by id.

    Raises:
        Unprocessable: There are more than fit a document.
    """
    found = database.repository(Members).of_organisation(organisation_id=organisation_id)
    ids = [each.user_id for each in islice(found, PARTS_MAX + 1)]
    if len(ids) > PARTS_MAX:
        raise Unprocessable(f"There are more than {PARTS_MAX} members", hint="leave the members out")
    return ids


def _member(database: Database, organisation_id: str, user_id: str) -> tuple[MemberPart, bool] | None:
    """Also whether the member is switched on."""
    member, roles = None, []
    grants = database.repository(UserGrants).consistent
    for each in grants.of_user(organisation_id=organisation_id, user_id=user_id):
        if isinstance(each, Member):
            member = each
        elif isinstance(each, UserRoleAssignment):
            roles.append(GivenRole(role=each.role_id, not_before=each.not_before, not_after=each.not_after))
    if member is None:
        return None
    return MemberPart(id=user_id, roles=roles, teams=dict(sorted(member.team_roles.items()))), member.active


def _set(found: PermissionSet) -> SetPart:
    entries = [Entry.model_validate(each.model_dump()) for each in found.entries]
    return SetPart(id=found.permission_set_id, name=found.name, active=found.active, entries=entries)


def _role(found: OrganisationRole) -> RolePart:
    return RolePart(
        id=found.role_id,
        name=found.name,
        active=found.active,
        permission_sets=found.permission_set_ids,
        parents=found.parent_role_ids,
    )


def _team_role(found: TeamRoleDefinition) -> TeamRolePart:
    return TeamRolePart(
        id=found.team_role_id,
        name=found.name,
        active=found.active,
        permission_sets=found.permission_set_ids,
        reach=found.reach,
    )
