"""Making a user what an invitation says, within one change: a member never loses anything by it."""

from dataclasses import dataclass

from tenantable.services.access.changes.change import Change
from tenantable.services.access.changes.comparing import changed
from tenantable.services.access.declaration import (
    OWNER,
    TEAMS_OF_USER_MAX,
    Invitation,
    Invitations,
    InvitedAddresses,
    Member,
    Members,
    TeamMember,
    TeamMembers,
    UserGrants,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import AlreadyMember, Inactive, InvitationOutdated
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.invitations.endings import Counts


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """What came of an acceptance. `joined`: the user was no member before."""

    invitation: Invitation
    user_id: str
    joined: bool


def admit(change: Change, invitation: Invitation, caller: Caller) -> Admitted:
    """
    Raises:
        Inactive: The caller is a member who is switched off.
        AlreadyMember: A link gives the caller nothing.
        SeatsTaken: A link finds no seat.
        InvitationOutdated: The caller is in as many teams as one can be.
    """
    grants = change.database.repository(UserGrants).consistent
    found = grants.of_user(organisation_id=change.organisation_id, user_id=caller.id).all()
    member = next((each for each in found if isinstance(each, Member)), None)
    if member is not None and not member.active:
        raise Inactive("The caller is a member who is switched off", hint="ask somebody of the organisation")
    counts = Counts()
    gives_role = _give_role(change, invitation, caller, [each for each in found if not isinstance(each, Member)])
    if gives_role == "new":
        counts.roles[invitation.role_id] += 1
    team = _give_team(change, invitation, caller, member)
    if team is not None:
        counts.teams[team.team_id] += 1
        counts.team_roles[team.team_role_id] += 1
    if member is not None and invitation.email is None and gives_role is None and team is None:
        raise AlreadyMember
    _enter(change, invitation, caller, member, team=team)
    _use(change, invitation, caller, counts)
    counts.write(change)
    return Admitted(invitation=invitation, user_id=caller.id, joined=member is None)


def _give_role(
    change: Change, invitation: Invitation, caller: Caller, assignments: list[UserRoleAssignment]
) -> str | None:
    """`new`, or `longer` where the role had a term, which it loses; None for a member who has it."""
    before = next((each for each in assignments if each.role_id == invitation.role_id), None)
    details = {"role": invitation.role_id}
    if before is None:
        assignment = UserRoleAssignment(
            organisation_id=change.organisation_id,
            user_id=caller.id,
            role_id=invitation.role_id,
            assigned_by=invitation.invited_by,
            date_assigned=change.now,
        )
        change.create(UserRoleAssignments, assignment)
    elif before.not_before is not None or before.not_after is not None:
        no_term = UserRoleAssignment.not_before.remove(), UserRoleAssignment.not_after.remove()
        change.update(UserRoleAssignments, before, *no_term)
        longer = before.model_copy(update={"not_before": None, "not_after": None})
        details |= changed(before, longer, "not_before", "not_after")
    else:
        return None
    if invitation.role_id == OWNER:
        change.count_owners(1)
    change.record("ROLE_CHANGE", "role.assign", target=caller.id, details=details)
    return "new" if before is None else "longer"


def _give_team(change: Change, invitation: Invitation, caller: Caller, member: Member | None) -> TeamMember | None:
    """Whoever is in the team keeps the role there."""
    teams = {} if member is None else member.team_roles
    if invitation.team_id is None or invitation.team_role_id is None or invitation.team_id in teams:
        return None
    if len(teams) >= TEAMS_OF_USER_MAX:
        raise InvitationOutdated(f"The caller is in {TEAMS_OF_USER_MAX} teams; nobody can be in more")
    made = TeamMember(
        organisation_id=change.organisation_id,
        team_id=invitation.team_id,
        user_id=caller.id,
        team_role_id=invitation.team_role_id,
        date_joined=change.now,
    )
    change.create(TeamMembers, made)
    details = {"team": made.team_id, "teamRole": made.team_role_id}
    change.record("TEAM_MEMBERSHIP", "team-member.add", target=caller.id, details=details)
    return made


def _enter(
    change: Change, invitation: Invitation, caller: Caller, member: Member | None, *, team: TeamMember | None
) -> None:
    team_roles = {} if team is None else {team.team_id: team.team_role_id}
    if member is None:
        made = Member(
            organisation_id=change.organisation_id,
            user_id=caller.id,
            email=caller.email or "",
            team_roles=team_roles,
            invited_by=invitation.invited_by,
            date_joined=change.now,
        )
        change.create(Members, made)
        change.record("USER_MANAGEMENT", "member.join", target=caller.id)
    elif team_roles:
        change.update(Members, member, Member.team_roles.set(member.team_roles | team_roles))
    # If the open invitation had a seat, it is the new member's now.
    change.take_seats(int(member is None) - invitation.seats)


def _use(change: Change, invitation: Invitation, caller: Caller, counts: Counts) -> None:
    """One use more; with the last one the invitation is accepted, and open no more."""
    uses = invitation.uses + 1
    changes = [Invitation.uses.set(uses), Invitation.accepted_by.set(caller.id)]
    if uses >= invitation.uses_max:
        changes += [Invitation.status.set("accepted"), Invitation.date_answered.set(change.now)]
        counts.open(invitation, -1)
    if invitation.email is not None:
        key = {"organisation_id": invitation.organisation_id, "email": invitation.email}
        change.delete(InvitedAddresses, InvitedAddresses.get.key(**key))
    is_open = (Invitation.status == "pending") & (Invitation.expires_at > change.now)
    change.update(Invitations, invitation, *changes, when=is_open)
    details = {"use": f"{uses} of {invitation.uses_max}", "role": invitation.role_id}
    change.record("INVITATION", "invitation.accept", target=invitation.invitation_id, details=details)
