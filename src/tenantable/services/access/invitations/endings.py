"""How invitations end, and what they held until then: seats, roles, their address."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tenantable.services.access.changes.change import Change
from tenantable.services.access.declaration import (
    Invitation,
    Invitations,
    InvitationStatus,
    InvitedAddresses,
    OrganisationRole,
    OrganisationRoles,
    Team,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """
    How many more have each role, are in each team or invited into it, added up: a transaction touches no item twice.
    """

    roles: Counter[str] = field(default_factory=Counter)
    team_roles: Counter[str] = field(default_factory=Counter)
    teams: Counter[str] = field(default_factory=Counter)
    invited: Counter[str] = field(default_factory=Counter)

    def open(self, invitation: Invitation, number: int) -> None:
        """So many more open invitations of this kind."""
        self.roles[invitation.role_id] += number
        if invitation.team_role_id is not None:
            self.team_roles[invitation.team_role_id] += number
        if invitation.team_id is not None:
            self.invited[invitation.team_id] += number

    def write(self, change: Change) -> None:
        """With the change. The platform's roles are not counted: they are never deleted."""
        organisation_id = change.organisation_id
        own = change.database.repository(OrganisationRoles).consistent
        for role_id, number in self.roles.items():
            role = own.get(organisation_id=organisation_id, role_id=role_id) if number else None
            if role is not None:
                change.update(OrganisationRoles, role, OrganisationRole.assigned.add(number))
        for team_role_id, number in self.team_roles.items():
            if number:
                key = TeamRoleDefinitions.get.key(organisation_id=organisation_id, team_role_id=team_role_id)
                change.update(TeamRoleDefinitions, key, TeamRoleDefinition.assigned.add(number))
        for team_id in {*self.teams, *self.invited}:
            members, invited = self.teams[team_id], self.invited[team_id]
            if members or invited:
                team = Teams.get.key(organisation_id=organisation_id, team_id=team_id)
                change.update(Teams, team, Team.members.add(members), Team.invited.add(invited))


def end(change: Change, invitation: Invitation, status: InvitationStatus, counts: Counts) -> Invitation:
    """Close a pending invitation without a member; gives back what it held. The address is free for another."""
    if invitation.email is not None:
        key = {"organisation_id": invitation.organisation_id, "email": invitation.email}
        change.delete(InvitedAddresses, InvitedAddresses.get.key(**key))
        change.take_seats(-invitation.seats)
    return close(change, invitation, status, counts)


def close(change: Change, invitation: Invitation, status: InvitationStatus, counts: Counts) -> Invitation:
    """As `end`, where address and seat go over to another invitation."""
    counts.open(invitation, -1)
    change.update(
        Invitations,
        invitation,
        Invitation.status.set(status),
        Invitation.date_answered.set(change.now),
        when=Invitation.status == "pending",
    )
    updated = {"status": status, "date_answered": change.now, "revision": invitation.revision + 1}
    return invitation.model_copy(update=updated)


def expire(change: Change, due: Iterable[Invitation]) -> int:
    """Close those whose time is over; how many they were."""
    counts, number = Counts(), 0
    for invitation in due:
        end(change, invitation, "expired", counts)
        change.record("INVITATION", "invitation.expire", target=invitation.invitation_id)
        number += 1
    counts.write(change)
    return number
