"""The use cases of those who invite: seats, duplicates, domains, tokens, time, and nobody above themselves."""

from datetime import timedelta
from typing import Any

import pytest
from tests.services.access.conftest import World
from tests.services.access.scenes import DAY, PLATFORM, Scene, actor, check_books, user

from tenantable.services.access.changes.change import Actor, Repeatable
from tenantable.services.access.declaration import (
    Invitation,
    InvitationStatus,
    InvitationTokens,
    Organisation,
    Organisations,
)
from tenantable.services.access.errors import (
    AlreadyInvited,
    DomainNotAllowed,
    Forbidden,
    Inactive,
    InUse,
    NotFound,
    NotPending,
    SeatsTaken,
    Unprocessable,
)
from tenantable.services.access.invitations.bulk import create_many
from tenantable.services.access.invitations.schemas import CreateInvitations, without_token
from tenantable.services.access.invitations.service import NewInvitation
from tenantable.services.access.invitations.tokens import Issued, token_digest
from tenantable.services.access.roles.definitions import RoleContent

ANN = user("ann")
PAGE: Any = {"limit": 10, "cursor": None}


@pytest.fixture
def scene(world: World) -> Scene:
    """Ann owns acme, which has 4 seats; ivy may invite, and read invoices."""
    world.found("acme", owner="ann", seat_limit=4)
    made = Scene(world=world)
    made.define_role("inviter", "access:invitation:*", "invoice:read")
    made.define_role("clerk", "invoice:write")
    made.join("ivy", "inviter")
    return made


def listed(scene: Scene, status: InvitationStatus) -> list[str]:
    return [each.invitation_id for each in scene.invitations.by_status("acme", status, **PAGE)]


def allow_domains(scene: Scene, *domains: str) -> None:
    key = Organisations.get.key(organisation_id="acme")
    scene.database.repository(Organisations).update(key, Organisation.allowed_domains.set(list(domains)))


def test_an_invitation_is_open_for_seven_days_and_its_token_is_kept_a_day_longer(scene: Scene) -> None:
    issued = scene.invite()
    assert issued.invitation.expires_at - issued.invitation.date_created == timedelta(days=7)
    item = scene.database.repository(InvitationTokens).get(token=token_digest(issued.token))
    assert item is not None
    assert item.ttl - issued.invitation.expires_at == timedelta(hours=24)
    assert len(issued.token) == 43
    check_books(scene)


@pytest.mark.parametrize(
    "values",
    [
        {"days": 31},
        {"days": 0},
        {"email": None},
        {"uses_max": 3},
        {"email": None, "uses_max": 0},
        {"email": None, "uses_max": 1001},
        {"team_id": "reds"},
        {"team_role_id": "captain"},
    ],
)
def test_what_no_invitation_can_be_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable):
        NewInvitation(**({"role_id": "member", "email": "bob@example.com"} | values))


def test_the_table_holds_no_token(scene: Scene) -> None:
    """Nor do audit events; a digest alone is kept."""
    tokens = [scene.invite().token, scene.invite(uses_max=2).token]
    (first,) = scene.invitations.by_email("acme", "bob@example.com", **PAGE)
    tokens.append(
        scene.invitations.resend(actor(ANN), ANN, "acme", first.invitation_id, days=7, if_match=None).result.token
    )
    stored = str(scene.world.engine.call("Scan", {"TableName": "bbws-access-dev-ddb-access-management"}))
    assert "INVTOKEN#" in stored
    assert not any(token in stored for token in tokens)


def test_open_invitations_take_seats_and_links_do_not(scene: Scene) -> None:
    scene.invite(uses_max=5)
    scene.invite(email="b1@example.com")
    scene.invite(email="b2@example.com")
    with pytest.raises(SeatsTaken):
        scene.invite(email="b3@example.com")
    scene.invite(uses_max=5)
    check_books(scene)


@pytest.mark.parametrize("ending", ["revoke", "expire"])
def test_what_is_open_no_more_frees_its_seat_and_its_role(scene: Scene, ending: str) -> None:
    made = scene.invite(role_id="clerk").invitation
    with pytest.raises(InUse):
        scene.world.app.state.roles.delete(actor(ANN), ANN, "acme", "clerk", if_match=None)
    if ending == "revoke":
        scene.invitations.revoke(actor(ANN), "acme", made.invitation_id, if_match=None)
    else:
        scene.world.clock.now += 7 * DAY
        assert scene.invitations.expiry.sweep() == 1
        assert scene.invitations.expiry.sweep() == 0
    assert scene.head().seats_taken == 2
    check_books(scene)
    scene.world.app.state.roles.delete(actor(ANN), ANN, "acme", "clerk", if_match=None)


def test_many_expire_in_turn(scene: Scene) -> None:
    for _ in range(40):
        scene.invite(uses_max=1, days=1)
    scene.invite(uses_max=1, days=2)
    scene.world.clock.now += DAY
    assert scene.invitations.expiry.expire_due("acme") == 40
    assert len(listed(scene, "pending")) == 1
    check_books(scene)


def test_seats_of_invitations_whose_time_is_over_are_found_when_they_are_needed(scene: Scene) -> None:
    for number in range(2):
        scene.invite(email=f"b{number}@example.com", days=1)
    scene.world.clock.now += DAY
    scene.invite(email="b3@example.com")
    assert scene.head().seats_taken == 3
    check_books(scene)


def test_an_address_has_one_open_invitation(scene: Scene) -> None:
    made = scene.invite().invitation
    with pytest.raises(AlreadyInvited, match=made.invitation_id):
        scene.invite()
    again = scene.invite(replace=True).invitation
    assert scene.invitations.invitation("acme", made.invitation_id).status == "revoked"
    assert listed(scene, "pending") == [again.invitation_id]
    check_books(scene)


def test_an_address_may_be_invited_again_after_the_end(scene: Scene) -> None:
    first = scene.invite(days=1).invitation
    scene.world.clock.now += DAY
    second = scene.invite().invitation
    scene.invitations.revoke(actor(ANN), "acme", second.invitation_id, if_match=None)
    scene.invite()
    assert listed(scene, "expired") == [first.invitation_id]
    check_books(scene)


def test_replacing_takes_no_further_seat(scene: Scene) -> None:
    scene.invite(email="b1@example.com")
    scene.invite(email="b2@example.com")
    scene.invite(email="b2@example.com", replace=True)
    assert scene.head().seats_taken == 4


def test_resending_takes_no_seat_and_gives_a_new_time(scene: Scene) -> None:
    made = scene.invite().invitation
    scene.invite(email="b2@example.com")
    scene.world.clock.now += DAY
    again = scene.invitations.resend(
        actor(ANN), ANN, "acme", made.invitation_id, days=30, if_match='"1"'
    ).result.invitation
    assert again.expires_at - made.expires_at == timedelta(days=24)
    assert again == scene.invitations.invitation("acme", made.invitation_id)
    assert scene.head().seats_taken == 4
    check_books(scene)


@pytest.mark.parametrize("days", [0, 7])
def test_what_is_not_open_is_neither_resent_nor_revoked(scene: Scene, days: int) -> None:
    made = scene.invite().invitation
    if not days:
        scene.invitations.revoke(actor(ANN), "acme", made.invitation_id, if_match=None)
    scene.world.clock.now += days * DAY
    with pytest.raises(NotPending, match="expired" if days else "revoked"):
        scene.invitations.resend(actor(ANN), ANN, "acme", made.invitation_id, days=7, if_match=None)
    with pytest.raises(NotPending):
        scene.invitations.revoke(actor(ANN), "acme", made.invitation_id, if_match=None)


def test_the_expired_are_shown_as_expired_before_anybody_closed_them(scene: Scene) -> None:
    made = scene.invite().invitation
    scene.world.clock.now += 7 * DAY
    assert scene.invitations.invitation("acme", made.invitation_id).status == "expired"
    assert [each.status for each in scene.invitations.by_email("acme", "bob@example.com", **PAGE)] == ["expired"]
    assert listed(scene, "pending") == []
    assert listed(scene, "expired") == [made.invitation_id]


def test_invitations_of_a_state_are_listed_by_expiry(scene: Scene) -> None:
    for days in (3, 1, 2):
        scene.invite(uses_max=1, days=days)
    expiries = [each.expires_at for each in scene.invitations.by_status("acme", "pending", **PAGE)]
    assert expiries == sorted(expiries)
    assert len(expiries) == 3


@pytest.mark.parametrize(
    ("domains", "email", "is_allowed"),
    [
        (["acme.com"], "bob@acme.com", True),
        (["Acme.COM."], "bob@acme.com", True),
        (["acme.com"], "bob@evil-acme.com", False),
        (["acme.com"], "bob@sub.acme.com", False),
        (["acme.com"], "bob@acme.com.evil.org", False),
        (["sub.acme.com"], "bob@acme.com", False),
        (["bücher.example"], "bob@xn--bcher-kva.example", True),
        (["xn--bcher-kva.example"], "bob@xn--bcher-kva.example", True),
        (["a..b"], "bob@acme.com", False),
        (["straße.de"], "bob@strasse.de", False),
        (["straße.de"], "bob@xn--strae-oqa.de", True),
        (["nowhere", "-"], "bob@nowhere", False),
        (["zeta.com", "acme.com"], "bob@acme.com", True),
    ],
)
def test_only_the_allowed_domains_are_invited_label_by_label(
    scene: Scene, domains: list[str], email: str, is_allowed: bool
) -> None:
    allow_domains(scene, *domains)
    if is_allowed:
        assert scene.invite(email=email).invitation.email == email
    else:
        with pytest.raises(DomainNotAllowed):
            scene.invite(email=email)


def test_resending_looks_at_the_domains_again(scene: Scene) -> None:
    made = scene.invite().invitation
    allow_domains(scene, "acme.com")
    with pytest.raises(DomainNotAllowed):
        scene.invitations.resend(actor(ANN), ANN, "acme", made.invitation_id, days=7, if_match=None)


def test_nobody_invites_with_more_than_they_hold(scene: Scene) -> None:
    scene.team("reds")
    scene.team_role("captain", "clerk")
    ivy = user("ivy")
    for values in ({"role_id": "clerk"}, {"role_id": "owner"}, {"team_id": "reds", "team_role_id": "captain"}):
        with pytest.raises(Forbidden):
            scene.invite(ivy, **({"role_id": "inviter"} | values))
    assert scene.invite(ivy, role_id="inviter").invitation.invited_by == "ivy"


def test_nobody_resends_what_gives_more_than_they_hold(scene: Scene) -> None:
    made, ivy = scene.invite(role_id="clerk").invitation, user("ivy")
    with pytest.raises(Forbidden):
        scene.invitations.resend(actor(ivy), ivy, "acme", made.invitation_id, days=7, if_match=None)
    scene.invitations.revoke(actor(ivy), "acme", made.invitation_id, if_match=None)


def test_what_an_invitation_gives_is_there_and_switched_on(scene: Scene) -> None:
    scene.team("reds")
    gifts: list[Any] = [{"role_id": "x"}, {"team_id": "x", "team_role_id": "x"}]
    for values in [*gifts, {"team_id": "reds", "team_role_id": "x"}]:
        with pytest.raises(NotFound):
            scene.invite(**values)
    off = RoleContent(name="Clerk", active=False, permission_set_ids=[], parent_role_ids=[])
    scene.world.app.state.roles.change(actor(ANN), ANN, "acme", "clerk", content=off, if_match=None)
    with pytest.raises(Inactive):
        scene.invite(role_id="clerk")


def _kept(issued: Issued) -> str:
    return without_token(issued).model_dump_json()


def bulk(scene: Scene, items: list[Any], *, key: str | None = None) -> list[Any]:
    again = None
    if key is not None:
        again = Repeatable(key_digest=key, request_digest=str(items), status=201, render=_kept)
    by = Actor(id="ann", repeatable=again)
    wanted = CreateInvitations(invitations=items).wanted()
    return create_many(scene.invitations, by, ANN, "acme", wanted=wanted)


def test_a_bad_one_among_many_stops_no_other(scene: Scene) -> None:
    items = [
        {"email": "b1@example.com", "roleId": "member"},
        {"email": "no address", "roleId": "member"},
        {"email": "B1@Example.com", "roleId": "member"},
        {"email": "b2@example.com", "roleId": "unknown"},
        {"email": "b2@example.com"},
        "nothing",
        {"email": "b2@example.com", "roleId": "member"},
        {"email": "b3@example.com", "roleId": "member"},
    ]
    codes = [each.error.code if each.error else None for each in bulk(scene, items)]
    refused = ["unprocessable", "already-invited", "not-found", "unprocessable", "unprocessable"]
    assert codes == [None, *refused, None, "seats-taken"]
    check_books(scene)


def test_many_that_come_again_are_made_where_they_are_missing(scene: Scene) -> None:
    items = [{"email": f"b{number}@example.com", "roleId": "member"} for number in range(3)]
    first = bulk(scene, items, key="k1")
    assert [each.error is None for each in first] == [True, True, False]
    made = first[0].issued.invitation
    scene.invitations.revoke(actor(ANN), "acme", made.invitation_id, if_match=None)
    second = bulk(scene, items, key="k1")
    assert [each.kept is not None for each in second] == [True, True, False]
    assert made.invitation_id in second[0].kept.body
    assert second[2].issued is not None
    assert first[0].issued.token not in second[0].kept.body


def test_each_list_is_one_query(scene: Scene) -> None:
    """Requirements: A-03 (pending invitations by expiry), A-04 (by e-mail, by e-mail and organisation)."""
    scene.invite()
    service = scene.invitations
    with scene.observed() as operations:
        service.by_status("acme", "pending", **PAGE)
        service.by_email("acme", "bob@example.com", **PAGE)
        service.of_address("bob@example.com", **PAGE)
    assert operations == ["Query gsi1", "Query gsi2", "Query gsi2"]


def test_the_invitations_of_an_address_are_found_in_all_organisations(scene: Scene) -> None:
    scene.world.found("zeta", owner="zoe")
    for organisation_id in ("zeta", "acme"):
        scene.invite(organisation_id=organisation_id)
    found: list[Invitation] = list(scene.invitations.of_address("bob@example.com", **PAGE))
    assert [each.organisation_id for each in found] == ["acme", "zeta"]
    assert [each.organisation_id for each in scene.invitations.by_email("zeta", "bob@example.com", **PAGE)] == ["zeta"]


def test_an_administrator_invites_the_second_owner(scene: Scene) -> None:
    made = scene.invite(PLATFORM, role_id="owner").invitation
    assert made.inviter_kind == "platform"
