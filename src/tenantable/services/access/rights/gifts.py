"""What an invitation gives: a role, and perhaps a place in a team; and who may give it."""

from dataclasses import replace
from datetime import datetime

from tenantable.data.database import Database
from tenantable.services.access.changes.change import Change
from tenantable.services.access.decisions.rules import Rule
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import Invitation, ServiceKeys, Teams
from tenantable.services.access.errors import Forbidden, Inactive, InviterLacksRights, NotFound
from tenantable.services.access.identity.callers import PLATFORM_ACTOR, SERVICE_ACTOR, Caller
from tenantable.services.access.identity.service_keys import caller_of, is_valid
from tenantable.services.access.rights.handing_out import (
    given_by_role,
    given_by_team_role,
    given_to,
    refuse_other_denies_of,
)
from tenantable.services.access.rights.held import refuse_longer_than_held, rules_of

INVITE = "access:invitation:write"
"""The permission that whoever invites must have, and still have when the invitation is accepted."""


def check_gift(change: Change, snapshot: Snapshot, invitation: Invitation) -> None:
    """
    Raises:
        NotFound: There is no such role, team or team role.
        Inactive: One of them is switched off.
    """
    role = snapshot.definitions.role(invitation.role_id)
    if role is None:
        raise NotFound(f"There is no role {invitation.role_id}")
    if not role.active:
        raise Inactive(f"The role {invitation.role_id} is switched off")
    if invitation.team_id is None or invitation.team_role_id is None:
        return
    teams = change.database.repository(Teams).consistent
    team = teams.get(organisation_id=change.organisation_id, team_id=invitation.team_id)
    if team is None:
        raise NotFound(f"There is no team {invitation.team_id}")
    team_role = snapshot.definitions.team_roles.get(invitation.team_role_id)
    if team_role is None:
        raise NotFound(f"There is no team role {invitation.team_role_id}")
    if not (team.active and team_role.active):
        raise Inactive(f"The team {invitation.team_id} or the team role {invitation.team_role_id} is switched off")


def refuse_giving(change: Change, snapshot: Snapshot, invitation: Invitation, giver: Caller) -> None:
    """
    Raises:
        Forbidden: The invitation gives more than the giver holds, or longer: what is accepted has no end.
        NotFound: The giver has no part in the organisation.
    """
    for rules in _given(snapshot, invitation):
        refuse_longer_than_held(rules, giver, snapshot, until=None, now=change.now.timestamp())


def refuse_giver_of_old(change: Change, snapshot: Snapshot, invitation: Invitation, *, user_id: str) -> None:
    """
    Look again at whoever sent an invitation, by what is true now, and by whom it is accepted.

    Raises:
        InviterLacksRights: They may not invite any more, do not hold what they gave, or would deny a member what they
            do not hold.
    """
    hint = "ask somebody else of the organisation to send it again"
    giver = _inviter(change.database, invitation, change.now)
    if giver is None:
        raise InviterLacksRights(hint=hint)
    try:
        rules = rules_of(giver, snapshot, now=change.now.timestamp())
        refuse_giving(change, snapshot, invitation, giver)
        _refuse_denying(change, snapshot, invitation, giver, user_id=user_id)
    except (Forbidden, NotFound) as error:
        raise InviterLacksRights(hint=hint) from error
    if rules is not None and not rules.allows(INVITE):
        raise InviterLacksRights(hint=hint)


def _refuse_denying(change: Change, snapshot: Snapshot, invitation: Invitation, giver: Caller, *, user_id: str) -> None:
    now = change.now.timestamp()
    user = snapshot.user(user_id, now=now)
    if user.member is not None:
        rules = [rule for rules in _given(snapshot, invitation) for rule in rules]
        refuse_other_denies_of(rules, given_to(snapshot, user.member, user.assignments), giver, snapshot, now=now)


def _given(snapshot: Snapshot, invitation: Invitation) -> list[list[Rule]]:
    """What role and team role allow, each for itself: what one denies excuses no other, for it may be taken away."""
    given = [given_by_role(snapshot.definitions, invitation.role_id)]
    if invitation.team_id is not None and invitation.team_role_id is not None:
        active = replace(snapshot.definitions, inactive_teams=frozenset())
        given.append(given_by_team_role(active, invitation.team_role_id, invitation.team_id))
    return given


def _inviter(database: Database, invitation: Invitation, now: datetime) -> Caller | None:
    """Whoever sent it, as they would call now; None for a service key that counts no more."""
    if invitation.inviter_kind == "platform":
        return Caller(kind="platform", id=PLATFORM_ACTOR)
    if invitation.inviter_kind == "user":
        return Caller(kind="user", id=invitation.invited_by)
    keys = database.repository(ServiceKeys).consistent
    key = keys.get(key_id=invitation.invited_by.removeprefix(SERVICE_ACTOR))
    return caller_of(key) if key is not None and is_valid(key, now) else None
