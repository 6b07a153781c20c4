"""
Invitations under fire: real threads on one engine. After every round the books must be right.

`TENANTABLE_ROUNDS` says how many rounds the tests of one acceptance, of a link and of seats run; the others run a
quarter of that.
"""

import os
from collections.abc import Callable

import pytest
from tests.services.access.conftest import World
from tests.services.access.scenes import Scene, actor, at_once, check_books, user

from tenantable.services.access.invitations.tokens import Issued

ROUNDS = int(os.environ.get("TENANTABLE_ROUNDS", "20"))
ROUNDS_OF_OTHERS = max(1, ROUNDS // 4)
AT_ONCE = 50
ANN = user("ann")


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world=world)


def found(scene: Scene, number: int, *, seat_limit: int | None = None) -> str:
    """A new organisation for each round."""
    organisation_id = f"acme{number}"
    scene.world.found(organisation_id, owner="ann", seat_limit=seat_limit)
    return organisation_id


def accepting(scene: Scene, user_id: str, token: str, *, email: str | None = None) -> Callable[[], object]:
    return lambda: scene.accept(user(user_id, email=email), token)


def test_one_of_many_acceptances_of_an_invitation_wins(scene: Scene) -> None:
    """Even of different users, who all have the address that was invited."""
    for number in range(ROUNDS):
        organisation_id = found(scene, number, seat_limit=2)
        token = scene.invite(organisation_id=organisation_id).token
        calls = [accepting(scene, f"u{each % 5}", token, email="bob@example.com") for each in range(AT_ONCE)]
        assert at_once(calls) == {"done": 1, "not-found": AT_ONCE - 1}
        assert len(scene.members(organisation_id)) == 2
        check_books(scene, organisation_id)


def test_a_link_is_followed_no_more_often_than_it_says(scene: Scene) -> None:
    for number in range(ROUNDS):
        organisation_id = found(scene, number)
        token = scene.invite(organisation_id=organisation_id, uses_max=3).token
        calls = [accepting(scene, f"u{each}", token) for each in range(AT_ONCE)]
        assert at_once(calls) == {"done": 3, "not-found": AT_ONCE - 3}
        assert len(scene.members(organisation_id)) == 4
        check_books(scene, organisation_id)


def test_a_user_who_follows_a_link_many_times_at_once_uses_it_once(scene: Scene) -> None:
    for number in range(ROUNDS_OF_OTHERS):
        organisation_id = found(scene, number)
        issued = scene.invite(organisation_id=organisation_id, uses_max=3)
        assert at_once([accepting(scene, "bob", issued.token)] * 20) == {"done": 1, "already-member": 19}
        assert scene.invitations.invitation(organisation_id, issued.invitation.invitation_id).uses == 1
        check_books(scene, organisation_id)


def test_seats_are_never_exceeded(scene: Scene) -> None:
    """Three are free; 25 invitations and 25 acceptances of a link want one each."""
    for number in range(ROUNDS):
        organisation_id = found(scene, number, seat_limit=4)
        token = scene.invite(organisation_id=organisation_id, uses_max=AT_ONCE).token

        def inviting(each: int, organisation_id: str = organisation_id) -> Callable[[], object]:
            return lambda: scene.invite(ANN, organisation_id=organisation_id, email=f"i{each}@example.com")

        calls = [inviting(each) if each % 2 else accepting(scene, f"u{each}", token) for each in range(AT_ONCE)]
        assert at_once(calls) == {"done": 3, "seats-taken": AT_ONCE - 3}
        assert scene.head(organisation_id).seats_taken == 4
        check_books(scene, organisation_id)


def test_an_address_that_is_invited_many_times_at_once_has_one_invitation(scene: Scene) -> None:
    for number in range(ROUNDS_OF_OTHERS):
        organisation_id = found(scene, number)
        calls = [lambda where=organisation_id: scene.invite(ANN, organisation_id=where)] * 20
        assert at_once(calls) == {"done": 1, "already-invited": 19}
        check_books(scene, organisation_id)


def test_accepting_and_revoking_at_once_do_one_of_both(scene: Scene) -> None:
    for number in range(ROUNDS_OF_OTHERS):
        organisation_id = found(scene, number)
        issued = scene.invite(organisation_id=organisation_id)

        def revoke(where: str = organisation_id, invitation_id: str = issued.invitation.invitation_id) -> None:
            scene.invitations.revoke(actor(ANN), where, invitation_id, if_match=None)

        came_to = at_once([accepting(scene, "bob", issued.token), revoke] * 4)
        status = scene.invitations.invitation(organisation_id, issued.invitation.invitation_id).status
        assert came_to["done"] == 1
        assert status in {"accepted", "revoked"}
        assert len(scene.members(organisation_id)) == 1 + (status == "accepted")
        check_books(scene, organisation_id)


def test_resending_and_accepting_at_once_leave_one_token_at_most(scene: Scene) -> None:
    """Either the acceptance came first, and nothing is resent; or its token was dead."""
    for number in range(ROUNDS_OF_OTHERS):
        organisation_id = found(scene, number)
        issued = scene.invite(organisation_id=organisation_id)
        tokens: list[str] = []

        def resend(where: str = organisation_id, issued: Issued = issued, kept: list[str] = tokens) -> None:
            invitation_id = issued.invitation.invitation_id
            again = scene.invitations.resend(actor(ANN), ANN, where, invitation_id, days=7, if_match=None)
            kept.append(again.result.token)

        at_once([accepting(scene, "bob", issued.token), resend])
        joined = len(scene.members(organisation_id)) == 2
        assert joined is not bool(tokens)
        if tokens:
            assert at_once([accepting(scene, "bob", issued.token)]) == {"not-found": 1}
            assert scene.accept(user("bob"), tokens[0])
        check_books(scene, organisation_id)


def test_an_acceptance_does_not_outrun_a_right_that_is_taken_from_its_inviter(scene: Scene) -> None:
    for number in range(ROUNDS_OF_OTHERS):
        organisation_id = found(scene, number)
        scene.define_role("inviter", "access:*", organisation_id=organisation_id)
        ivy = scene.join("ivy", "inviter", organisation_id=organisation_id)
        token = scene.invite(ivy, organisation_id=organisation_id).token

        def unassign(where: str = organisation_id) -> None:
            scene.world.app.state.assignments.unassign(actor(ANN), ANN, where, user_id="ivy", role_id="inviter")

        came_to = at_once([accepting(scene, "bob", token), unassign])
        joined = len(scene.members(organisation_id)) == 3
        assert came_to == ({"done": 2} if joined else {"done": 1, "inviter-lacks-rights": 1})
        check_books(scene, organisation_id)
