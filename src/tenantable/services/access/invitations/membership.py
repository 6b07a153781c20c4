"""Whether an invited address is a member's already, and what an invitation would give the member."""

from collections.abc import Iterator
from itertools import islice

from tenantable.services.access.changes.change import Change
from tenantable.services.access.declaration import Invitation, Invitations, Member, Members, UserGrants
from tenantable.services.access.errors import AlreadyMember, Inactive

MEMBERS_LOOKED_AT = 1_000
"""Of larger organisations those members alone are known by address who came by an invitation of it."""


def seats_of(change: Change, invitation: Invitation) -> int:
    """
    How many seats an invitation takes while it is open: none for a link, and none for who is a member.

    Raises:
        AlreadyMember: The address is a member's, whom the invitation would give nothing.
        Inactive: The member is switched off.
    """
    if invitation.email is None:
        return 0
    member = next(_members(change, invitation.email), None)
    if member is None:
        return 1
    if not member.active:
        hint = "switch the member on"
        raise Inactive(f"The address is that of {member.user_id}, a member who is switched off", hint=hint)
    if not _gives(change, invitation, member):
        hint = "invite members to a role or a team that they are not in, or change what they have"
        raise AlreadyMember(f"The address is that of {member.user_id}, a member who has all of this", hint=hint)
    return 0


def _members(change: Change, email: str) -> Iterator[Member]:
    """Members with the address, as far as they are known by it."""
    database, place = change.database, {"organisation_id": change.organisation_id}
    if change.head.seats_taken <= MEMBERS_LOOKED_AT:
        found = database.repository(Members).of_organisation(**place)
        user_ids = [each.user_id for each in islice(found, MEMBERS_LOOKED_AT) if each.email == email]
    else:
        invited = database.repository(Invitations).by_email(email=email, **place)
        user_ids = [each.accepted_by for each in invited if each.accepted_by is not None]
    members = database.repository(Members).consistent
    for user_id in dict.fromkeys(user_ids):
        member = members.get(**place, user_id=user_id)
        if member is not None and member.email == email:
            yield member


def _gives(change: Change, invitation: Invitation, member: Member) -> bool:
    """Whether the member has not got the role without an end, or is not in the team."""
    if invitation.team_id is not None and invitation.team_id not in member.team_roles:
        return True
    grants = change.database.repository(UserGrants).consistent
    found = grants.of_user(organisation_id=change.organisation_id, user_id=member.user_id)
    return not any(
        not isinstance(each, Member)
        and each.role_id == invitation.role_id
        and each.not_before is None
        and each.not_after is None
        for each in found
    )
