"""The use cases of those who are invited: what a token is worth, for whom, and what it makes of them."""

from datetime import timedelta
from typing import Any

import pytest
from tests.services.access.conftest import World
from tests.services.access.scenes import DAY, Scene, actor, check_books, user

from tenantable.services.access.changes.change import Actor, Answered, Repeatable
from tenantable.services.access.declaration import (
    AuditEvents,
    Member,
    Members,
    Organisation,
    Organisations,
    ServiceKey,
    ServiceKeys,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.errors import (
    AlreadyMember,
    Forbidden,
    Inactive,
    InUse,
    InvitationOutdated,
    InviterLacksRights,
    NotFound,
    SeatsTaken,
    Unprocessable,
    WrongAddress,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.invitations.tokens import Issued
from tenantable.services.access.teams.service import TeamContent

ANN, BOB = user("ann"), user("bob")


@pytest.fixture
def scene(world: World) -> Scene:
    """Ann owns acme, which has 4 seats; ivy may invite, and write invoices as clerks do."""
    world.found("acme", owner="ann", seat_limit=4)
    made = Scene(world=world)
    made.define_role("inviter", "access:invitation:*")
    made.define_role("clerk", "invoice:write")
    made.team("reds")
    made.team_role("captain", "clerk")
    made.join("ivy", "inviter", "clerk")
    return made


def assignment(scene: Scene, user_id: str, role_id: str) -> UserRoleAssignment | None:
    repository = scene.database.repository(UserRoleAssignments)
    return repository.get(organisation_id="acme", user_id=user_id, role_id=role_id)


def member(scene: Scene, user_id: str) -> Member | None:
    return scene.database.repository(Members).get(organisation_id="acme", user_id=user_id)


def test_an_acceptance_makes_a_member_with_role_and_team(scene: Scene) -> None:
    issued = scene.invite(user("ivy"), role_id="clerk", team_id="reds", team_role_id="captain")
    assert scene.accept(BOB, issued.token)
    joined = member(scene, "bob")
    assert joined is not None
    assert (joined.email, joined.invited_by, joined.team_roles) == ("bob@example.com", "ivy", {"reds": "captain"})
    assert assignment(scene, "bob", "clerk") is not None
    assert scene.allows("bob", "invoice:write")
    accepted = scene.invitations.invitation("acme", issued.invitation.invitation_id)
    assert (accepted.status, accepted.accepted_by, accepted.uses) == ("accepted", "bob", 1)
    assert scene.head().seats_taken == 3
    check_books(scene)


def test_an_acceptance_says_in_the_audit_trail_what_it_did(scene: Scene) -> None:
    scene.accept(BOB, scene.invite(role_id="clerk", team_id="reds", team_role_id="captain").token)
    events = scene.database.repository(AuditEvents).of_user(user_id="bob")
    assert {event.action for event in events} == {"invitation.accept", "member.join", "role.assign", "team-member.add"}
    assert "example.com" not in str([event.details for event in events])


def test_an_invitation_is_accepted_once(scene: Scene) -> None:
    token = scene.invite().token
    scene.accept(BOB, token)
    with pytest.raises(NotFound):
        scene.accept(BOB, token)


def test_the_last_seat_is_the_invited_ones(scene: Scene) -> None:
    token = scene.invite().token
    scene.invite(email="b2@example.com")
    assert scene.accept(BOB, token)
    assert scene.head().seats_taken == 4


@pytest.mark.parametrize("email", ["eve@example.com", None])
def test_an_invitation_is_for_its_verified_address_alone(scene: Scene, email: str | None) -> None:
    token = scene.invite().token
    eve = Caller(kind="user", id="eve", email=email)
    for answer in (scene.acceptance.accept, scene.acceptance.decline):
        with pytest.raises(WrongAddress):
            answer(actor(eve), eve, token)
    assert scene.accept(BOB, token)


@pytest.mark.parametrize("caller", [Caller(kind="platform", id="platform"), Caller(kind="service", id="key:k1")])
def test_only_users_answer(scene: Scene, caller: Caller) -> None:
    token = scene.invite().token
    for answer in (scene.acceptance.accept, scene.acceptance.decline):
        with pytest.raises(Forbidden):
            answer(actor(caller), caller, token)


@pytest.mark.parametrize("subject", ["a#b", "", "ann/bob", "x" * 256, "-a", "platform", "key:k1"])
def test_a_subject_that_no_route_could_name_does_not_join(scene: Scene, subject: str) -> None:
    caller = user(subject, email="bob@example.com")
    with pytest.raises(Unprocessable):
        scene.accept(caller, scene.invite().token)


def test_a_link_is_followed_as_often_as_it_says(scene: Scene) -> None:
    token = scene.invite(uses_max=2).token
    assert scene.accept(BOB, token)
    check_books(scene)
    assert scene.accept(user("carl"), token)
    with pytest.raises(NotFound):
        scene.accept(user("dora"), token)
    check_books(scene)


def test_a_link_takes_a_seat_at_each_use(scene: Scene) -> None:
    token = scene.invite(uses_max=5).token
    scene.accept(BOB, token)
    scene.accept(user("carl"), token)
    with pytest.raises(SeatsTaken):
        scene.accept(user("dora"), token)
    assert scene.acceptance.lookup(token).invitation.uses == 2
    check_books(scene)


def test_a_link_finds_the_seat_of_an_invitation_whose_time_is_over(scene: Scene) -> None:
    token = scene.invite(uses_max=5).token
    scene.invite(days=1)
    scene.invite(email="b2@example.com", days=1)
    scene.world.clock.now += DAY
    assert scene.accept(user("carl"), token)
    check_books(scene)


def test_a_link_reaches_the_allowed_domains_alone(scene: Scene) -> None:
    token = scene.invite(uses_max=5).token
    key = Organisations.get.key(organisation_id="acme")
    scene.database.repository(Organisations).update(key, Organisation.allowed_domains.set(["acme.com"]))
    for email in ("bob@evil-acme.com", None):
        with pytest.raises(WrongAddress):
            scene.accept(Caller(kind="user", id="bob", email=email), token)
    assert scene.accept(user("bob", email="bob@acme.com"), token)


def test_nobody_joins_an_organisation_that_is_switched_off(scene: Scene) -> None:
    token = scene.invite().token
    key = Organisations.get.key(organisation_id="acme")
    scene.database.repository(Organisations).update(key, Organisation.active.set(False))
    with pytest.raises(Inactive):
        scene.accept(BOB, token)


def test_a_member_gets_what_is_missing_and_loses_nothing(scene: Scene) -> None:
    ann = user("ann")
    issued = scene.invite(email="ann@example.com", role_id="clerk", team_id="reds", team_role_id="captain")
    assert not scene.accept(ann, issued.token)
    assert assignment(scene, "ann", "owner") is not None
    assert assignment(scene, "ann", "clerk") is not None
    assert scene.head().seats_taken == 2
    check_books(scene)


def test_a_member_of_a_team_keeps_the_role_there(scene: Scene) -> None:
    scene.team_role("player")
    scene.memberships.add(actor(ANN), ANN, "acme", "reds", user_id="ivy", team_role_id="captain")
    scene.accept(user("ivy"), scene.invite(email="ivy@example.com", team_id="reds", team_role_id="player").token)
    found = member(scene, "ivy")
    assert found is not None
    assert found.team_roles == {"reds": "captain"}
    check_books(scene)


def test_a_role_that_a_member_has_for_a_time_stays_for_good(scene: Scene) -> None:
    """Requirement of seats and owners alike: a timed owner is not counted, and is from now on."""
    stored = UserRoleAssignment(
        organisation_id="acme",
        user_id="ivy",
        role_id="owner",
        assigned_by="ann",
        date_assigned=scene.invite(uses_max=1).invitation.date_created,
        not_after=scene.invite(uses_max=1).invitation.expires_at,
    )
    scene.database.repository(UserRoleAssignments).create(stored)
    scene.accept(user("ivy"), scene.invite(email="ivy@example.com", role_id="owner").token)
    found = assignment(scene, "ivy", "owner")
    assert found is not None
    assert found.not_after is None
    assert scene.head().owners == 2
    check_books(scene)


def test_a_link_that_gives_a_member_nothing_keeps_its_use(scene: Scene) -> None:
    token = scene.invite(uses_max=2).token
    scene.accept(BOB, token)
    with pytest.raises(AlreadyMember):
        scene.accept(BOB, token)
    assert scene.accept(user("carl"), token)


def test_an_invitation_that_gives_a_member_nothing_is_closed_and_frees_its_seat(scene: Scene) -> None:
    token = scene.invite().token
    scene.join("bob", "member")
    assert not scene.accept(BOB, token)
    assert scene.head().seats_taken == 3
    check_books(scene)


def test_a_member_who_is_switched_off_stays_so(scene: Scene) -> None:
    token = scene.invite().token
    scene.join("bob", active=False)
    with pytest.raises(Inactive):
        scene.accept(BOB, token)


def test_what_the_inviter_does_not_hold_any_more_is_not_given(scene: Scene) -> None:
    """The invitation stays, and somebody else can send it again."""
    issued = scene.invite(user("ivy"), role_id="clerk")
    unassign = scene.world.app.state.assignments.unassign
    unassign(actor(ANN), ANN, "acme", user_id="ivy", role_id="clerk")
    with pytest.raises(InviterLacksRights):
        scene.accept(BOB, issued.token)
    invitation_id = issued.invitation.invitation_id
    assert scene.invitations.invitation("acme", invitation_id).status == "pending"
    again = scene.invitations.resend(actor(ANN), ANN, "acme", invitation_id, days=7, if_match=None).result
    assert scene.accept(BOB, again.token)
    check_books(scene)


def test_an_inviter_who_may_not_invite_any_more_gives_nothing(scene: Scene) -> None:
    token = scene.invite(user("ivy"), role_id="clerk").token
    scene.world.app.state.assignments.unassign(actor(ANN), ANN, "acme", user_id="ivy", role_id="inviter")
    with pytest.raises(InviterLacksRights):
        scene.accept(BOB, token)


def test_an_inviter_who_has_left_gives_nothing(scene: Scene) -> None:
    token = scene.invite(user("ivy"), role_id="clerk").token
    key = Members.get.key(organisation_id="acme", user_id="ivy")
    scene.database.repository(Members).update(key, Member.active.set(False))
    with pytest.raises(InviterLacksRights):
        scene.accept(BOB, token)


@pytest.mark.parametrize("change", ["kept", "revoked", "narrowed"])
def test_a_service_key_that_invited_is_looked_at_again(scene: Scene, change: str) -> None:
    now = scene.invite(uses_max=1).invitation.date_created
    key = ServiceKey(
        key_id="k1",
        organisation_id="acme",
        name="provisioning",
        secret_digest="",
        permission_set_ids=["inviter", "clerk"],
        created_by="ann",
        date_created=now,
    )
    keys = scene.database.repository(ServiceKeys)
    stored = keys.create(key)
    caller = Caller(
        kind="service", id="key:k1", organisation_id="acme", permission_set_ids=tuple(stored.permission_set_ids)
    )
    token = scene.invite(caller, role_id="clerk").token
    if change == "kept":
        assert scene.accept(BOB, token)
        return
    if change == "revoked":
        keys.update(stored, ServiceKey.revoked_at.set(now + timedelta(seconds=1)))
    else:
        keys.update(stored, ServiceKey.permission_set_ids.set(["inviter"]))
    with pytest.raises(InviterLacksRights):
        scene.accept(BOB, token)


def test_a_user_with_the_administrators_name_is_no_administrator(scene: Scene) -> None:
    """Ids of users and of the administrator may be the same; the kind is kept beside them."""
    scene.join("platform", "inviter", "clerk")
    issued = scene.invite(user("platform"), role_id="clerk")
    scene.world.app.state.assignments.unassign(actor(ANN), ANN, "acme", user_id="platform", role_id="clerk")
    with pytest.raises(InviterLacksRights):
        scene.accept(BOB, issued.token)


def test_what_is_gone_is_not_given(scene: Scene) -> None:
    token = scene.invite(team_id="reds", team_role_id="captain").token
    off = TeamContent(name="Reds", active=False, division_id=None)
    scene.teams.change(actor(ANN), ANN, "acme", "reds", content=off, if_match=None)
    with pytest.raises(InvitationOutdated):
        scene.accept(BOB, token)
    with pytest.raises(InUse, match="1 open invitations"):
        scene.teams.delete(actor(ANN), "acme", "reds", if_match=None)


def test_declining_frees_the_seat(scene: Scene) -> None:
    issued = scene.invite(role_id="clerk")
    scene.acceptance.decline(actor(BOB), BOB, issued.token)
    assert scene.invitations.invitation("acme", issued.invitation.invitation_id).status == "declined"
    check_books(scene)
    with pytest.raises(NotFound):
        scene.accept(BOB, issued.token)


def test_a_link_is_not_declined(scene: Scene) -> None:
    with pytest.raises(Unprocessable):
        scene.acceptance.decline(actor(BOB), BOB, scene.invite(uses_max=2).token)


def test_resending_kills_the_token_before(scene: Scene) -> None:
    before = scene.invite()
    after = scene.invitations.resend(
        actor(ANN), ANN, "acme", before.invitation.invitation_id, days=7, if_match=None
    ).result
    with pytest.raises(NotFound):
        scene.accept(BOB, before.token)
    assert scene.accept(BOB, after.token)


def test_an_acceptance_that_comes_again_is_answered_as_before(scene: Scene) -> None:
    token = scene.invite().token
    again = Repeatable(key_digest="k1", request_digest="r1", status=200, render=lambda admitted: admitted.user_id)
    by = Actor(id="bob", repeatable=again)
    scene.acceptance.accept(by, BOB, token)
    with pytest.raises(Answered) as answered:
        scene.acceptance.accept(by, BOB, token)
    assert answered.value.answer.body == "bob"


def ended(scene: Scene, how: str) -> Issued:
    """An invitation that is not open any more."""
    issued = scene.invite()
    if how == "used":
        scene.accept(BOB, issued.token)
    elif how == "declined":
        scene.acceptance.decline(actor(BOB), BOB, issued.token)
    elif how == "revoked":
        scene.invitations.revoke(actor(ANN), "acme", issued.invitation.invitation_id, if_match=None)
    elif how == "resent":
        scene.invitations.resend(actor(ANN), ANN, "acme", issued.invitation.invitation_id, days=7, if_match=None)
    elif how in {"expired", "swept"}:
        scene.world.clock.now += 7 * DAY
        assert how == "expired" or scene.invitations.expiry.sweep() == 1
    else:
        issued = Issued(invitation=issued.invitation, token=how)
    return issued


@pytest.mark.parametrize("how", ["x" * 43, "?", "\ud800", "used", "declined", "revoked", "resent", "expired", "swept"])
def test_every_token_that_opens_nothing_costs_the_same_work_and_has_the_same_answer(scene: Scene, how: str) -> None:
    """Neither the answer nor the time tells an unknown token from one that was good once."""
    issued = ended(scene, how)
    calls: list[Any] = [scene.acceptance.accept, scene.acceptance.decline]
    with scene.observed() as operations:
        with pytest.raises(NotFound) as refused:
            scene.acceptance.lookup(issued.token)
        assert operations == ["GetItem"] * 3
        assert sorted(scene.hits) == [False, True, True]
    for call in calls:
        with scene.observed() as operations:
            with pytest.raises(NotFound) as again:
                call(actor(BOB), BOB, issued.token)
            assert operations == ["GetItem"] * 3
            assert sorted(scene.hits) == [False, True, True]
        assert str(again.value) == str(refused.value) == "No open invitation has this token (ask for a new one)"
