"""Members who are invited: not to what they have, and without a seat of their own."""

import httpx
import pytest
from tests.services.access.acting import add_member, assign, head_of, made, make_role, place, refusal
from tests.services.access.conftest import World

from tenantable.services.access.invitations import membership


@pytest.fixture
def ann(world: World) -> httpx.Client:
    """The owner of `acme`, where bob came by an invitation and cat by the administrator; three of four seats taken."""
    world.found("acme", seat_limit=4)
    make_role(world, "clerk", "record:read")
    ann = world.as_user("ann")
    token = made(invite(ann, "bob")).json()["token"]
    made(world.as_user("bob").post("/v1/invitations/accept", json={"token": token}))
    add_member(world, "cat", "member")
    return ann


def invite(client: httpx.Client, user_id: str, role_id: str = "member", **body: object) -> httpx.Response:
    return client.post(f"{place()}/invitations", json={"email": f"{user_id}@example.com", "roleId": role_id, **body})


@pytest.mark.parametrize(("user_id", "role_id"), [("bob", "member"), ("cat", "member"), ("ann", "owner")])
def test_a_member_is_not_invited_to_what_the_member_has(
    world: World, ann: httpx.Client, user_id: str, role_id: str
) -> None:
    assert refusal(invite(ann, user_id, role_id)) == (409, "already-member")
    assert head_of(world).seats_taken == 3


def test_in_a_large_organisation_those_are_known_who_came_by_an_invitation(
    ann: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "MEMBERS_LOOKED_AT", 0)
    assert refusal(invite(ann, "bob")) == (409, "already-member")


def test_a_member_is_invited_to_what_is_missing_without_a_seat(world: World, ann: httpx.Client) -> None:
    made(invite(ann, "dan"))
    assert head_of(world).seats_taken == 4
    token = made(invite(ann, "bob", "clerk")).json()["token"]
    assert head_of(world).seats_taken == 4
    again = made(invite(ann, "bob", "clerk", replace=True)).json()
    made(ann.post(f"{place()}/invitations/{again['invitationId']}/revoke"))
    assert head_of(world).seats_taken == 4
    assert refusal(world.as_user("bob").post("/v1/invitations/accept", json={"token": token}))[0] == 404
    token = made(invite(ann, "bob", "clerk")).json()["token"]
    made(world.as_user("bob").post("/v1/invitations/accept", json={"token": token}))
    assert head_of(world).seats_taken == 4
    assign(world, "cat", "clerk", notAfter="2100-01-01T00:00:00Z")
    made(invite(ann, "cat", "clerk"))


def test_a_member_who_left_meanwhile_needs_a_seat(world: World, ann: httpx.Client) -> None:
    token = made(invite(ann, "bob", "clerk")).json()["token"]
    bob = world.as_user("bob")
    made(bob.post(f"{place()}/leave"))
    for user_id in ("dan", "eve"):
        made(invite(ann, user_id))
    assert refusal(bob.post("/v1/invitations/accept", json={"token": token})) == (409, "seats-taken")
    made(ann.delete(f"{place()}/members/cat"))
    made(bob.post("/v1/invitations/accept", json={"token": token}))
    assert head_of(world).seats_taken == 4


def test_a_member_who_is_switched_off_is_not_invited(ann: httpx.Client) -> None:
    made(ann.patch(f"{place()}/members/bob", json={"active": False}))
    assert refusal(invite(ann, "bob", "clerk")) == (409, "inactive")


def test_resending_takes_the_seat_of_who_is_no_member_any_more(world: World, ann: httpx.Client) -> None:
    invited = made(invite(ann, "bob", "clerk")).json()["invitationId"]
    made(world.as_user("bob").post(f"{place()}/leave"))
    made(ann.post(f"{place()}/invitations/{invited}/resend"))
    assert head_of(world).seats_taken == 3
    made(invite(ann, "dan"))
    assert refusal(invite(ann, "eve")) == (409, "seats-taken")


def test_nothing_is_resent_where_there_is_no_seat_for_it(world: World, ann: httpx.Client) -> None:
    invited = made(invite(ann, "bob", "clerk")).json()["invitationId"]
    made(world.as_user("bob").post(f"{place()}/leave"))
    for user_id in ("dan", "eve"):
        made(invite(ann, user_id))
    assert refusal(ann.post(f"{place()}/invitations/{invited}/resend")) == (409, "seats-taken")
