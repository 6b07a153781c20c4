"""Bringing a document about: one bounded transaction after the other, each through the service that it belongs to."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenantable.data.database import Database
from tenantable.errors import ServiceError
from tenantable.services.access.changes.change import Actor
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.configuration.checks import faults_of, refuse_in_use, refuse_inactive, refuse_ownerless
from tenantable.services.access.configuration.differences import Difference, Operation, differences, merged
from tenantable.services.access.configuration.document import (
    OrganisationPart,
    RolePart,
    SetPart,
    TeamPart,
    TeamRolePart,
    Written,
)
from tenantable.services.access.configuration.planning import plan
from tenantable.services.access.configuration.refusals import refuse_more_than_callers
from tenantable.services.access.configuration.state import State, member_ids, read_state
from tenantable.services.access.declaration import TeamMembers
from tenantable.services.access.directory.service import Directory
from tenantable.services.access.errors import LastOwner
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.permissions.service import PermissionSetService, SetContent
from tenantable.services.access.rights.counts import begun_owners
from tenantable.services.access.roles.assignments import Assignments, Term
from tenantable.services.access.roles.definitions import RoleContent, RoleDefinitions
from tenantable.services.access.teams.definitions import TeamRoleContent, TeamRoles
from tenantable.services.access.teams.members import Memberships
from tenantable.services.access.teams.service import TeamContent, TeamService
from tenantable.web.etags import check_if_match

OPERATIONS_MAX = 500
"""Transactions of one request; a document that takes more is brought about by several requests with it."""
SECONDS_MAX = 20.0
"""After this a request is answered, though not all is done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """The use cases that a configuration is brought about with, each under its own component's identity."""

    directory: Directory
    permission_sets: PermissionSetService
    roles: RoleDefinitions
    assignments: Assignments
    teams: TeamService
    team_roles: TeamRoles
    memberships: Memberships


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """
    What a document changes, and how far that is done. `operations` is how many transactions it took, `left` how many
    are still to be made; `version` is the organisation's then.
    """

    differences: list[Difference]
    operations: int
    left: int
    version: int


class Configuration:
    """
    Args:
        database: The table, as a component that may read the configuration and change nothing.
        answers: Keeps the answers of requests that may come again.
        monotonic: Seconds that only grow.
    """

    def __init__(
        self,
        database: Database,
        services: Services,
        *,
        answers: Changes,
        clock: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database = database
        self.services = services
        self.answers = answers
        self._clock = clock
        self._monotonic = monotonic

    def read(self, organisation_id: str, *, with_members: bool) -> State:
        """
        The configuration as it is.

        Raises:
            NotFound: There is no such organisation.
            Unprocessable: There are too many members for a document.
        """
        ids = member_ids(self.database, organisation_id) if with_members else []
        return read_state(self.database, organisation_id, user_ids=ids)

    def compare(self, caller: Caller, organisation_id: str, written: Written, *, if_match: str | None) -> Outcome:
        """
        What would change.

        Raises:
            NotFound: There is no such organisation.
            PreconditionFailed: It was changed since the version that `if_match` names.
            RequestValidationError: The document names what there will not be.
            InUse: Something that is in use would be deleted.
            LastOwner: There would be no owner.
            Inactive: Somebody would get a place in what is switched off.
            Forbidden: The caller does not hold what would be given or taken, or not as long.
        """
        state, found, operations = self._planned(caller, organisation_id, written, if_match=if_match)
        return Outcome(differences=found, operations=0, left=len(operations), version=state.version)

    def apply(
        self, actor: Actor, caller: Caller, organisation_id: str, written: Written, *, if_match: str | None
    ) -> Outcome:
        """
        Bring the document about. What was done stays done when a step fails; the same document carries on from there.

        Raises:
            As `compare`; and whatever refuses a step, with what was done before.
            Answered, IdempotencyKeyReused: As `Changes.once`.
        """

        def bring_about(each: Actor) -> Changed[Outcome]:
            outcome = self._apply(each, caller, organisation_id, written, if_match=if_match)
            return Changed(result=outcome, version=outcome.version)

        done = self.answers.once(organisation_id, actor, bring_about, is_done=lambda outcome: outcome.left == 0)
        return done.result

    def _apply(
        self, actor: Actor, caller: Caller, organisation_id: str, written: Written, *, if_match: str | None
    ) -> Outcome:
        state, found, operations = self._planned(caller, organisation_id, written, if_match=if_match)
        hand = _Hand(self.services, actor, caller, organisation_id)
        deadline, version, done = self._monotonic() + SECONDS_MAX, state.version, 0
        for operation in operations[:OPERATIONS_MAX]:
            if self._monotonic() > deadline:
                break
            before = version
            try:
                version = hand.carry_out(operation)
            except ServiceError as error:
                place = f"step {done + 1} of {len(operations)}, {operation.difference.sentence()}"
                hint = "what was done before stays; send the document again to carry on"
                raise type(error)(f"{error.message} ({place})", hint=error.hint or hint) from error
            done += 1
            if version != before + 1:  # somebody else changed the organisation: what is left rests on what was
                break
        return Outcome(differences=found, operations=done, left=len(operations) - done, version=version)

    def _planned(
        self, caller: Caller, organisation_id: str, written: Written, *, if_match: str | None
    ) -> tuple[State, list[Difference], list[Operation]]:
        wanted = written.document
        user_ids = [each.id for each in wanted.members or ()]
        state = read_state(self.database, organisation_id, user_ids=user_ids)
        check_if_match(if_match, state.version)
        target = merged(state.document, wanted)
        written.refuse(faults_of(state, wanted, target))
        found = differences(state.document, wanted)
        refuse_in_use(state, found)

        def roles_in_team(team_id: str) -> set[str]:
            members = self.database.repository(TeamMembers).of_team(organisation_id=organisation_id, team_id=team_id)
            return {each.team_role_id for each in members.consistent()}

        now = self._clock()
        refuse_more_than_callers(state, target, found, caller, now=now, roles_in_team=roles_in_team)
        self._refuse_ownerless(state, found)
        above = state.snapshot.definitions.above
        assert above is not None, "an organisation's definitions stand below the platform's"
        operations = plan(found, state.document, target, above, own=caller.id)
        refuse_inactive(state, operations)
        return state, found, operations

    def _refuse_ownerless(self, state: State, found: Sequence[Difference]) -> None:
        now = datetime.fromtimestamp(self._clock(), UTC)
        try:
            refuse_ownerless(state, found)
        except LastOwner:  # owners whose time has begun are counted when they are needed
            if not begun_owners(self.database, state.snapshot.organisation_id, now):
                raise


@dataclass(slots=True)
class _Hand:
    """
    Carries operations out for one caller. The document says what is to be there, whatever the revision of what was.
    """

    services: Services
    actor: Actor
    caller: Caller
    organisation_id: str

    def carry_out(self, operation: Operation) -> int:
        """Gives the organisation's version."""
        if operation.difference.kind == "member":
            return self._member(operation).version
        return self._definition(operation).version

    def _definition(self, operation: Operation) -> Changed[Any]:
        part = operation.part
        if isinstance(part, OrganisationPart):
            values = {"name": part.name, "allowed_domains": part.allowed_domains}
            where = (self.actor, self.caller, self.organisation_id)
            return self.services.directory.change(*where, values=values, if_match=None)
        if isinstance(part, SetPart):
            return self._permission_set(operation, part)
        if isinstance(part, RolePart):
            return self._role(operation, part)
        if isinstance(part, TeamRolePart):
            return self._team_role(operation, part)
        assert isinstance(part, TeamPart)
        return self._team(operation, part)

    def _permission_set(self, operation: Operation, part: SetPart) -> Changed[Any]:
        service, where = self.services.permission_sets, (self.actor, self.caller, self.organisation_id, part.id)
        entries = [entry.declared() for entry in part.entries]
        content = SetContent(name=part.name, active=part.active, entries=entries)
        if operation.doing == "create":
            return service.create(*where, content=content)
        if operation.doing == "change":
            return service.change(*where, content=content, if_match=None)
        return service.delete(*where, if_match=None)

    def _role(self, operation: Operation, part: RolePart) -> Changed[Any]:
        service, where = self.services.roles, (self.actor, self.caller, self.organisation_id, part.id)
        content = RoleContent(
            name=part.name,
            active=part.active,
            permission_set_ids=part.permission_sets,
            parent_role_ids=part.parents,
        )
        if operation.doing == "create":
            return service.create(*where, content=content)
        if operation.doing == "change":
            return service.change(*where, content=content, if_match=None)
        return service.delete(*where, if_match=None)

    def _team_role(self, operation: Operation, part: TeamRolePart) -> Changed[Any]:
        service, where = self.services.team_roles, (self.actor, self.caller, self.organisation_id, part.id)
        content = TeamRoleContent(
            name=part.name, active=part.active, permission_set_ids=part.permission_sets, reach=part.reach
        )
        if operation.doing == "create":
            return service.create(*where, content=content)
        if operation.doing == "change":
            return service.change(*where, content=content, if_match=None)
        return service.delete(*where, if_match=None)

    def _team(self, operation: Operation, part: TeamPart) -> Changed[Any]:
        service, place = self.services.teams, (self.organisation_id, part.id)
        content = TeamContent(name=part.name, active=part.active, division_id=part.division)
        if operation.doing == "create":
            return service.create(self.actor, *place, content=content)
        if operation.doing == "change":
            return service.change(self.actor, self.caller, *place, content=content, if_match=None)
        return service.delete(self.actor, *place, if_match=None)

    def _member(self, operation: Operation) -> Changed[Any]:
        user_id, where = operation.difference.id, (self.actor, self.caller, self.organisation_id)
        given = operation.given
        if given is not None:
            assignments, role = self.services.assignments, given.role
            if operation.doing == "unassign":
                return assignments.unassign(*where, user_id=user_id, role_id=role)
            term = Term(not_before=given.not_before, not_after=given.not_after, may_be_past=True)
            if operation.doing == "change-term":
                return assignments.change_term(*where, user_id=user_id, role_id=role, term=term)
            return assignments.assign(*where, user_id=user_id, role_id=role, term=term)
        memberships, place = self.services.memberships, (*where, operation.team)
        if operation.doing == "leave":
            return memberships.remove(*place, user_id=user_id, if_match=None)
        if operation.doing == "join":
            return memberships.add(*place, user_id=user_id, team_role_id=operation.team_role)
        return memberships.change_role(*place, user_id=user_id, team_role_id=operation.team_role, if_match=None)
