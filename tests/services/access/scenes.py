"""An organisation with roles and members, and the use cases of teams and invitations with what they ask the table."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Barrier
from typing import Any, get_args

from tests.services.access.conftest import World

from tenantable.data.database import Database
from tenantable.declare.grants import Component
from tenantable.errors import ServiceError
from tenantable.services.access import declaration
from tenantable.services.access.changes.chain import digest_of
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.declaration import (
    OWNER,
    AuditEvents,
    AuditType,
    Invitations,
    Member,
    Members,
    OrganisationHead,
    OrganisationHeads,
    OrganisationRole,
    OrganisationRoles,
    PermissionEntry,
    TeamMembers,
    TeamRoleDefinitions,
    Teams,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.invitations.acceptance import Acceptance
from tenantable.services.access.invitations.service import InvitationService, NewInvitation
from tenantable.services.access.invitations.tokens import Issued, new_token
from tenantable.services.access.permissions.service import SetContent
from tenantable.services.access.roles.definitions import RoleContent
from tenantable.services.access.teams.definitions import Reach, TeamRoleContent, TeamRoles
from tenantable.services.access.teams.members import Memberships
from tenantable.services.access.teams.service import TeamContent, TeamService
from tenantable.wire.client import DynamoClient

PLATFORM = Caller(kind="platform", id="platform")
DAY = 86400.0


def user(user_id: str, *, email: str | None = None) -> Caller:
    return Caller(kind="user", id=user_id, email=email or f"{user_id}@example.com")


def actor(caller: Caller) -> Actor:
    return Actor(id=caller.id)


@dataclass(frozen=True)
class RecordingClient:
    """Notes every operation, with the index where there is one."""

    client: DynamoClient
    operations: list[str]
    hits: list[bool]
    """Whether each GetItem found something."""

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        index = request.get("IndexName")
        self.operations.append(operation if index is None else f"{operation} {index[-4:]}")
        answer = self.client.call(operation, request)
        if operation == "GetItem":
            self.hits.append("Item" in answer)
        return answer


@dataclass(kw_only=True)
class Scene:
    """The use cases, each with the identity of its component, and what they have asked the table."""

    world: World
    operations: list[str] = field(default_factory=list)
    hits: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dependencies = replace(self.world.dependencies, client=self._client)
        team_changes = self.dependencies.changes(declaration.team_service)
        self.teams = TeamService(team_changes)
        self.team_roles = TeamRoles(team_changes)
        self.memberships = Memberships(team_changes)
        changes = self.dependencies.changes(declaration.invitation_service)
        clock = self.dependencies.clock
        draw = self.dependencies.entropy
        self.invitations = InvitationService(changes, new_token=lambda: new_token(draw), clock=clock)
        self.acceptance = Acceptance(changes, expiry=self.invitations.expiry, clock=clock)

    def _client(self, component: Component) -> DynamoClient:
        return RecordingClient(self.world.dependencies.client(component), self.operations, self.hits)

    @property
    def database(self) -> Database:
        """The whole table, as nobody but a test sees it."""
        return Database(self.world.engine, naming=declaration.naming("dev"), cursor_key=bytes(32))

    @contextmanager
    def observed(self) -> Iterator[list[str]]:
        """What is asked within the block."""
        self.operations.clear()
        self.hits.clear()
        yield self.operations

    def join(self, user_id: str, *role_ids: str, organisation_id: str = "acme", active: bool = True) -> Caller:
        """Make a member with roles."""

        def build(change: Change) -> None:
            member = Member(
                organisation_id=organisation_id,
                user_id=user_id,
                email=f"{user_id}@example.com",
                active=active,
                date_joined=change.now,
            )
            change.create(Members, member)
            change.take_seats(1)
            for role_id in role_ids:
                change.create(UserRoleAssignments, _assignment(change, user_id, role_id))
                if role_id in ("clerk", "inviter"):
                    key = OrganisationRoles.get.key(organisation_id=organisation_id, role_id=role_id)
                    change.update(OrganisationRoles, key, OrganisationRole.assigned.add(1))
            change.count_owners(int(OWNER in role_ids and active))
            change.record("USER_MANAGEMENT", "member.add", target=user_id)

        self.dependencies.changes(declaration.directory_service).run(organisation_id, Actor(id="platform"), build)
        return user(user_id)

    def define_role(self, role_id: str, *keys: str, organisation_id: str = "acme") -> None:
        """A role that allows the keys, by a permission set of the same id."""
        state, by = self.world.app.state, actor(PLATFORM)
        content = SetContent(name=role_id, active=True, entries=[PermissionEntry(key=key) for key in keys])
        state.permission_sets.create(by, PLATFORM, organisation_id, role_id, content=content)
        role = RoleContent(name=role_id, active=True, permission_set_ids=[role_id], parent_role_ids=[])
        state.roles.create(by, PLATFORM, organisation_id, role_id, content=role)

    def team(self, team_id: str, *, organisation_id: str = "acme", division_id: str | None = None) -> None:
        content = TeamContent(name=team_id.title(), active=True, division_id=division_id)
        self.teams.create(actor(PLATFORM), organisation_id, team_id, content=content)

    def team_role(
        self, team_role_id: str, *set_ids: str, organisation_id: str = "acme", reach: Reach = "organisation"
    ) -> None:
        content = team_role_content(team_role_id, *set_ids, reach=reach)
        self.team_roles.create(actor(PLATFORM), PLATFORM, organisation_id, team_role_id, content=content)

    def invite(self, caller: Caller = PLATFORM, *, organisation_id: str = "acme", **values: Any) -> Issued:
        """By e-mail unless `uses_max` is given; as a `member` unless another role is."""
        if "uses_max" not in values:
            values.setdefault("email", "bob@example.com")
        new = NewInvitation(**({"role_id": "member"} | values))
        return self.invitations.create(actor(caller), caller, organisation_id, new).result

    def accept(self, caller: Caller, token: str) -> bool:
        """Whether the caller joined by it."""
        return self.acceptance.accept(actor(caller), caller, token).result.joined

    def head(self, organisation_id: str = "acme") -> OrganisationHead:
        found = self.database.repository(OrganisationHeads).get(organisation_id=organisation_id)
        assert found is not None
        return found

    def members(self, organisation_id: str = "acme") -> list[Member]:
        return self.database.repository(Members).of_organisation(organisation_id=organisation_id).all()

    def allows(self, user_id: str, key: str, organisation_id: str = "acme") -> bool:
        """Whether a decision that is made now allows it."""
        snapshot = self.world.app.state.doors.snapshots.fresh(organisation_id)
        allowed: bool = snapshot.allows(user_id, key, now=self.world.clock())
        return allowed


def at_once(calls: Sequence[Callable[[], object]]) -> Counter[str]:
    """Start all calls in the same moment; how many came to what."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> str:
        barrier.wait()
        try:
            call()
        except ServiceError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(len(calls)) as threads:
        return Counter(threads.map(run, calls))


def team_role_content(name: str, *set_ids: str, active: bool = True, reach: Reach = "organisation") -> TeamRoleContent:
    return TeamRoleContent(name=name.title(), active=active, permission_set_ids=list(set_ids), reach=reach)


def _assignment(change: Change, user_id: str, role_id: str) -> UserRoleAssignment:
    return UserRoleAssignment(
        organisation_id=change.organisation_id,
        user_id=user_id,
        role_id=role_id,
        assigned_by="platform",
        date_assigned=change.now,
    )


def check_books(scene: Scene, organisation_id: str = "acme") -> None:
    """What must hold after every change: seats, owners, counts, teams in step, an unbroken chain of events."""
    database, head = scene.database, scene.head(organisation_id)
    members = {each.user_id: each for each in scene.members(organisation_id)}
    by_status = database.repository(Invitations).by_status
    pending = by_status(organisation_id=organisation_id, status="pending").all()
    assert head.seats_taken == len(members) + sum(each.seats for each in pending)
    assert head.seat_limit is None or head.seats_taken <= head.seat_limit
    assignments = [each for user_id in members for each in _assignments(scene, organisation_id, user_id)]
    owners = {
        each.user_id
        for each in assignments
        if each.role_id == OWNER and each.not_before is each.not_after is None and members[each.user_id].active
    }
    assert head.owners == len(owners) >= 1
    for role in database.repository(OrganisationRoles).by_name(organisation_id=organisation_id, active=True):
        having = [each.role_id for each in assignments] + [each.role_id for each in pending]
        assert role.assigned == having.count(role.role_id), role.role_id
    _check_teams(scene, organisation_id, members, [each.team_role_id for each in pending])
    _check_chain(scene, head)


def _assignments(scene: Scene, organisation_id: str, user_id: str) -> list[UserRoleAssignment]:
    return (
        scene.database.repository(UserRoleAssignments).of_user(organisation_id=organisation_id, user_id=user_id).all()
    )


def _check_teams(
    scene: Scene, organisation_id: str, members: Mapping[str, Member], invited: Sequence[str | None]
) -> None:
    database = scene.database
    found = [
        each
        for team in database.repository(Teams).of_organisation(organisation_id=organisation_id)
        for each in _team_members(scene, organisation_id, team.team_id, team.members)
    ]
    in_step = {(user_id, team, role) for user_id, each in members.items() for team, role in each.team_roles.items()}
    assert {(each.user_id, each.team_id, each.team_role_id) for each in found} == in_step
    for role in database.repository(TeamRoleDefinitions).by_name(organisation_id=organisation_id, active=True):
        having = [each.team_role_id for each in found] + list(invited)
        assert role.assigned == having.count(role.team_role_id), role.team_role_id


def _team_members(scene: Scene, organisation_id: str, team_id: str, counted: int) -> list[declaration.TeamMember]:
    found = scene.database.repository(TeamMembers).of_team(organisation_id=organisation_id, team_id=team_id).all()
    assert len(found) == counted, team_id
    return found


def _check_chain(scene: Scene, head: OrganisationHead) -> None:
    of_type = scene.database.repository(AuditEvents).of_type
    found = [
        each for kind in get_args(AuditType) for each in of_type(organisation_id=head.organisation_id, event_type=kind)
    ]
    before = ""
    for number, event in enumerate(sorted(found, key=lambda each: each.sequence), start=1):
        expected = digest_of(event, before=before, key=scene.dependencies.chain_key)
        assert (event.sequence, event.digest) == (number, expected)
        before = event.digest
    assert (head.sequence, head.digest) == (len(found), before)
