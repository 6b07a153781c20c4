"""Team roles: what they are made of, and that nobody makes one with more than they hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import TeamRoleDefinition, TeamRoleDefinitions
from tenantable.services.access.errors import AlreadyExists, InUse, NotFound, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.handing_out import (
    Given,
    of_team_role,
    refuse_changing,
    refuse_making,
    refuse_other_denies,
)
from tenantable.services.access.rights.held import refuse_more_than_held, snapshot_for
from tenantable.web.etags import check_if_match

Reach = Literal["organisation", "team"]


TOLD = ("name", "active", "permission_set_ids", "reach")
"""Of a team role, in the audit trail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TeamRoleContent:
    """What a team role is to be: its permission sets, and whether they count everywhere or with the team's own."""

    name: str
    active: bool
    permission_set_ids: Sequence[str]
    reach: Reach


class TeamRoles:
    """Roles that the members of an organisation's teams can have."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._roles = changes.database.repository(TeamRoleDefinitions)

    def role(self, organisation_id: str, team_role_id: str) -> TeamRoleDefinition:
        """
        Raises:
            NotFound: The organisation has none of this id.
        """
        found = self._roles.consistent.get(organisation_id=organisation_id, team_role_id=team_role_id)
        if found is None:
            raise NotFound(f"There is no team role {team_role_id}")
        return found

    def by_name(
        self, organisation_id: str, *, active: bool, name: str | None, limit: int, cursor: str | None
    ) -> Page[TeamRoleDefinition]:
        """An organisation's active (or inactive) team roles by name, or those of one name."""
        return self._roles.by_name(organisation_id=organisation_id, active=active, name=name).page(limit, cursor)

    def create(
        self, actor: Actor, caller: Caller, organisation_id: str, team_role_id: str, *, content: TeamRoleContent
    ) -> Changed[TeamRoleDefinition]:
        """
        Raises:
            AlreadyExists: There is a team role of this id.
            Unprocessable: It names a permission set that is not there.
            Forbidden: It allows more than the caller holds, or longer.
        """

        def build(change: Change) -> TeamRoleDefinition:
            snapshot = snapshot_for(change)
            if team_role_id in snapshot.definitions.team_roles:
                raise AlreadyExists(f"There is a team role {team_role_id} already")
            made = TeamRoleDefinition(
                organisation_id=organisation_id,
                team_role_id=team_role_id,
                date_created=change.now,
                **_values(content),
            )
            _check_references(snapshot, made)
            refuse_making(given_everywhere(snapshot.definitions, made), caller, snapshot, now=change.now.timestamp())
            change.create(TeamRoleDefinitions, made)
            change.record("ROLE_CHANGE", "team-role.create", target=team_role_id, details=changed(None, made, *TOLD))
            return made.model_copy(update={"revision": 1})

        return self._changes.run(organisation_id, actor, build)

    def change(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        team_role_id: str,
        *,
        content: TeamRoleContent,
        if_match: str | None,
    ) -> Changed[TeamRoleDefinition]:
        """
        Give a team role another content; whoever has it has that from now on.

        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            Unprocessable: It names a permission set that is not there.
            Forbidden: It allows more than the caller holds, before or afterwards, or comes to allow what the caller
                does not hold for ever; or a deny would come or go of what the caller does not hold.
        """

        def build(change: Change) -> TeamRoleDefinition:
            stored = self.role(organisation_id, team_role_id)
            check_if_match(if_match, stored.revision)
            made = stored.model_copy(update=_values(content))
            snapshot = snapshot_for(change)
            _check_references(snapshot, made)
            refuse_changing_team_role(stored, made, caller, snapshot, now=change.now.timestamp())
            change.put(TeamRoleDefinitions, made)
            change.record("ROLE_CHANGE", "team-role.change", target=team_role_id, details=changed(stored, made, *TOLD))
            return made.model_copy(update={"revision": stored.revision + 1})

        return self._changes.run(organisation_id, actor, build)

    def delete(
        self, actor: Actor, caller: Caller, organisation_id: str, team_role_id: str, *, if_match: str | None
    ) -> Changed[None]:
        """
        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            InUse: A member of a team or an open invitation has it.
            Forbidden: It allows more than the caller holds.
        """

        def build(change: Change) -> None:
            stored = self.role(organisation_id, team_role_id)
            check_if_match(if_match, stored.revision)
            if stored.assigned:
                hint = "give them another team role first"
                raise InUse(f"{stored.assigned} members of teams or invitations have this team role", hint=hint)
            snapshot = snapshot_for(change)
            rules = given_everywhere(snapshot.definitions, stored).every
            refuse_more_than_held(rules, caller, snapshot, now=change.now.timestamp())
            change.delete(TeamRoleDefinitions, stored)
            change.record("ROLE_CHANGE", "team-role.delete", target=team_role_id, details=changed(stored, None, *TOLD))

        return self._changes.run(organisation_id, actor, build)


def _values(content: TeamRoleContent) -> dict[str, Any]:
    return {
        "name": content.name,
        "active": content.active,
        "permission_set_ids": list(dict.fromkeys(content.permission_set_ids)),
        "reach": content.reach,
    }


def refuse_changing_team_role(
    stored: TeamRoleDefinition,
    made: TeamRoleDefinition,
    caller: Caller,
    snapshot: Snapshot,
    *,
    now: float,
    definitions: tuple[Definitions, Definitions] | None = None,
) -> None:
    """
    As `refuse_changing`; with another reach all that the role allows is new.

    Args:
        definitions: Those before and afterwards, where more than the role changes.
    """
    known = definitions or (snapshot.definitions, snapshot.definitions)
    before, after = (given_everywhere(*each) for each in zip(known, (stored, made), strict=True))
    refuse_changing(before, after, caller, snapshot, now=now)
    if stored.reach != made.reach:
        refuse_making(after, caller, snapshot, now=now)
        old, new = (
            _with_role(found, role).rules_of_team_role(role.team_role_id, "")
            for found, role in zip(known, (stored, made), strict=True)
        )
        refuse_other_denies(old, new, caller, snapshot, now=now)


def given_everywhere(definitions: Definitions, role: TeamRoleDefinition) -> Given:
    """The role may come to count in any team, so that it takes what it allows everywhere."""
    everywhere = role.model_copy(update={"reach": "organisation"})
    return of_team_role(_with_role(definitions, everywhere), role.team_role_id, "")


def _check_references(snapshot: Snapshot, role: TeamRoleDefinition) -> None:
    for set_id in role.permission_set_ids:
        if snapshot.definitions.permission_set(set_id) is None:
            raise Unprocessable(f"There is no permission set {set_id}")


def _with_role(definitions: Definitions, role: TeamRoleDefinition) -> Definitions:
    return replace(definitions, team_roles={role.team_role_id: role})
