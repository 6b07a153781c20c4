"""Invitations over HTTP: statuses, tokens that are shown once, limits, and that other organisations do not exist."""

from typing import Any

import httpx
import pytest
from tests.services.access.conftest import World
from tests.services.access.scenes import DAY, Scene, check_books

from tenantable.services.access.errors import TooManyRequests
from tenantable.services.access.http.limits import CALLERS_MAX, TokenBuckets
from tenantable.services.access.invitations.answers_api import TRIES_AT_ONCE

ACME = "/v1/organisations/acme"
INVITATIONS = f"{ACME}/invitations"
BOB = {"email": "Bob@Example.com", "roleId": "member"}


@pytest.fixture
def ann(world: World) -> httpx.Client:
    """Ann owns acme, zoe owns zeta."""
    world.found("acme", owner="ann", seat_limit=5)
    world.found("zeta", owner="zoe")
    return world.as_user("ann")


def test_an_invitation_is_made_looked_up_and_accepted(world: World, ann: httpx.Client) -> None:
    created = ann.post(INVITATIONS, json=BOB)
    assert created.status_code == 201
    shown = created.json()
    assert created.headers["location"] == f"{INVITATIONS}/{shown['invitationId']}"
    assert (shown["email"], shown["kind"], shown["status"]) == ("bob@example.com", "email", "pending")
    token = {"token": shown["token"]}
    looked_up = world.as_nobody().post("/v1/invitations/lookup", json=token)
    assert looked_up.json() == {"organisationName": "Acme", "kind": "email", "expiresAt": shown["expiresAt"]}
    accepted = world.as_user("bob").post("/v1/invitations/accept", json=token)
    assert accepted.json() == {
        "organisationId": "acme",
        "userId": "bob",
        "roleId": "member",
        "teamId": None,
        "teamRoleId": None,
        "joined": True,
    }
    assert accepted.headers["access-version"] == "acme.3"
    assert world.as_user("bob").get(ACME).status_code == 200
    check_books(Scene(world=world))


def test_a_token_is_shown_once(ann: httpx.Client) -> None:
    """Neither lists nor a request that comes again show it, nor its digest."""
    headers = {"idempotency-key": "k1"}
    first, again = (ann.post(INVITATIONS, json=BOB, headers=headers) for _ in range(2))
    assert len(first.json()["token"]) == 43
    assert again.json() == first.json() | {"token": None}
    assert again.headers["idempotent-replayed"] == "true"
    one = f"{INVITATIONS}/{first.json()['invitationId']}"
    for path in (INVITATIONS, one, f"{INVITATIONS}?email=bob@example.com"):
        text = ann.get(path).text
        assert "bob@example.com" in text
        assert "oken" not in text
    resent = ann.post(f"{one}/resend", headers={"idempotency-key": "k2"})
    assert resent.json()["token"] not in {None, first.json()["token"]}
    assert ann.post(f"{one}/resend", headers={"idempotency-key": "k2"}).json() == resent.json() | {"token": None}


def test_resend_and_revoke_rest_on_what_was_read(ann: httpx.Client) -> None:
    created = ann.post(INVITATIONS, json=BOB)
    one, headers = f"{INVITATIONS}/{created.json()['invitationId']}", {"if-match": created.headers["etag"]}
    assert ann.get(one).headers["etag"] == created.headers["etag"]
    resent = ann.post(f"{one}/resend", json={"expiresInDays": 30}, headers=headers)
    assert resent.status_code == 200
    assert ann.post(f"{one}/revoke", headers=headers).status_code == 412
    revoked = ann.post(f"{one}/revoke", headers={"if-match": resent.headers["etag"]})
    assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
    again = ann.post(f"{one}/revoke")
    assert (again.status_code, again.json()["code"]) == (409, "not-pending")


@pytest.mark.parametrize(
    "body",
    [
        {"roleId": "member"},
        BOB | {"usesMax": 2},
        BOB | {"expiresInDays": 31},
        BOB | {"expiresInDays": 0},
        BOB | {"email": "nobody"},
        BOB | {"teamId": "reds"},
        BOB | {"unknown": 1},
        {"email": "bob@example.com"},
    ],
)
def test_what_no_invitation_can_be_is_refused(ann: httpx.Client, body: dict[str, Any]) -> None:
    assert ann.post(INVITATIONS, json=body).status_code == 422


def test_a_hundred_invitations_are_made_at_once_each_for_itself(ann: httpx.Client) -> None:
    items: list[Any] = [{"usesMax": 1, "roleId": "member"}] * 99 + [{"usesMax": 0, "roleId": "member"}]
    made = ann.post(f"{INVITATIONS}/bulk", json={"invitations": items})
    assert made.status_code == 200
    results = made.json()["results"]
    assert [each["status"] for each in results] == [201] * 99 + [422]
    assert len({each["invitation"]["token"] for each in results[:99]}) == 99
    assert results[99]["problem"]["code"] == "unprocessable"
    assert ann.post(f"{INVITATIONS}/bulk", json={"invitations": items + items}).status_code == 422
    assert ann.post(f"{INVITATIONS}/bulk", json={"invitations": []}).status_code == 422


def test_another_bulk_request_with_the_same_key_is_refused_whole(ann: httpx.Client) -> None:
    headers, path = {"idempotency-key": "k1"}, f"{INVITATIONS}/bulk"
    first = ann.post(path, json={"invitations": [BOB]}, headers=headers)
    again = ann.post(path, json={"invitations": [BOB]}, headers=headers)
    assert again.json()["results"][0]["invitation"] == first.json()["results"][0]["invitation"] | {"token": None}
    carl = {"email": "carl@example.com", "roleId": "member"}
    other = ann.post(path, json={"invitations": [BOB, carl]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(ann.get(INVITATIONS).json()["items"]) == 1


@pytest.mark.parametrize(("route", "body"), [("", BOB), ("/bulk", {"invitations": [BOB]})])
def test_an_answer_that_comes_again_has_the_version_of_the_change(
    ann: httpx.Client, route: str, body: dict[str, Any]
) -> None:
    """Whoever lost the first answer must be able to ask decisions for it."""
    first, again = (ann.post(INVITATIONS + route, json=body, headers={"idempotency-key": "k1"}) for _ in range(2))
    assert again.headers["access-version"] == first.headers["access-version"]


@pytest.mark.parametrize("how", ["unknown", "revoked", "expired", "used"])
@pytest.mark.parametrize("route", ["lookup", "accept", "decline"])
def test_a_token_that_opens_nothing_does_not_say_why(world: World, ann: httpx.Client, how: str, route: str) -> None:
    created = ann.post(INVITATIONS, json=BOB).json()
    token = {"token": "unknown" if how == "unknown" else created["token"]}
    bob = world.as_user("bob")
    if how == "revoked":
        ann.post(f"{INVITATIONS}/{created['invitationId']}/revoke")
    elif how == "used":
        bob.post("/v1/invitations/accept", json=token)
    elif how == "expired":
        world.clock.now += 7 * DAY
        bob = world.as_user("bob")
    answer = bob.post(f"/v1/invitations/{route}", json=token)
    assert answer.json() | {"requestId": ""} == {
        "type": "urn:tenantable:problem:not-found",
        "title": "Not Found",
        "status": 404,
        "code": "not-found",
        "detail": "No open invitation has this token",
        "hint": "ask for a new one",
        "requestId": "",
    }


@pytest.mark.parametrize(("route", "status"), [("accept", 200), ("decline", 204)])
def test_an_answer_that_comes_again_is_answered_as_before(
    world: World, ann: httpx.Client, route: str, status: int
) -> None:
    token = {"token": ann.post(INVITATIONS, json=BOB).json()["token"]}
    bob, headers = world.as_user("bob"), {"idempotency-key": "k1"}
    first, again = (bob.post(f"/v1/invitations/{route}", json=token, headers=headers) for _ in range(2))
    assert (first.status_code, first.content) == (status, again.content)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (status, "true")
    assert bob.post(f"/v1/invitations/{route}", json=token).status_code == 404


def test_a_user_of_another_providers_making_accepts(world: World, ann: httpx.Client) -> None:
    """Ids such as `auth0|bob`."""
    token = ann.post(INVITATIONS, json=BOB).json()["token"]
    bob = world.as_user("auth0|bob", email="bob@example.com")
    assert bob.post("/v1/invitations/accept", json={"token": token}).json()["userId"] == "auth0|bob"


def test_declining_is_for_whoever_was_invited(world: World, ann: httpx.Client) -> None:
    token = {"token": ann.post(INVITATIONS, json=BOB).json()["token"]}
    wrong = world.as_user("eve").post("/v1/invitations/decline", json=token)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong-address")
    assert world.as_user("bob").post("/v1/invitations/decline", json=token).status_code == 204
    assert [each["status"] for each in ann.get(INVITATIONS, params={"status": "declined"}).json()["items"]] == [
        "declined"
    ]


@pytest.mark.parametrize("route", ["accept", "decline"])
def test_only_users_answer(world: World, ann: httpx.Client, route: str) -> None:
    token = {"token": ann.post(INVITATIONS, json=BOB).json()["token"]}
    assert world.as_platform().post(f"/v1/invitations/{route}", json=token).status_code == 403
    assert world.as_nobody().post(f"/v1/invitations/{route}", json=token).status_code == 401


def test_whoever_tries_too_often_waits(world: World, ann: httpx.Client) -> None:
    """Each caller alone; a credential that is none is refused as ever."""
    eve, token = world.as_user("eve"), {"token": "x"}
    statuses = [eve.post("/v1/invitations/accept", json=token).status_code for _ in range(TRIES_AT_ONCE)]
    assert set(statuses) == {404}
    tries = [eve.post("/v1/invitations/lookup", json=token) for _ in range(10)]
    refused = [each for each in tries if each.status_code == 429]
    assert refused
    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].json()["code"] == "too-many-requests"
    assert world.as_user("bob").post("/v1/invitations/accept", json=token).status_code == 404
    assert world.as_nobody().post("/v1/invitations/lookup", json=token).status_code == 404
    assert world.as_bearer("x").post("/v1/invitations/lookup", json=token).status_code == 401


def test_a_bucket_fills_again() -> None:
    now = 0.0
    buckets = TokenBuckets(capacity=2, per_second=0.1, monotonic=lambda: now)
    for _ in range(2):
        buckets.take("ann")
    with pytest.raises(TooManyRequests) as refused:
        buckets.take("ann")
    assert refused.value.retry_after_seconds == 10
    now = 9.0
    with pytest.raises(TooManyRequests) as refused:
        buckets.take("ann")
    assert refused.value.retry_after_seconds == 1
    now = 10.0
    buckets.take("ann")
    now = 1000.0
    for _ in range(2):
        buckets.take("ann")
    with pytest.raises(TooManyRequests):
        buckets.take("ann")


def test_buckets_forget_who_was_not_seen_for_longest() -> None:
    buckets = TokenBuckets(capacity=1, per_second=0.1, monotonic=lambda: 0.0)
    for number in range(CALLERS_MAX + 1):
        buckets.take(f"u{number}")
    buckets.take("u0")
    with pytest.raises(TooManyRequests):
        buckets.take(f"u{CALLERS_MAX}")


def test_users_see_the_invitations_of_their_own_address(world: World, ann: httpx.Client) -> None:
    ann.post(INVITATIONS, json=BOB)
    found = world.as_user("bob").get("/v1/me/invitations").json()["items"]
    assert [(each["organisationId"], each["status"]) for each in found] == [("acme", "pending")]
    assert world.as_user("eve").get("/v1/me/invitations").json()["items"] == []
    assert world.as_platform().get("/v1/me/invitations").status_code == 403


def test_a_verified_address_is_enough_to_accept(world: World, ann: httpx.Client) -> None:
    """Without the token, by the user with the address alone, once, and not after the end."""
    ann.post(INVITATIONS, json=BOB)
    bob = world.as_user("bob")
    (shown,) = bob.get("/v1/me/invitations").json()["items"]
    assert shown["organisationName"] == "Acme"
    own = "/v1/me/invitations/acme"
    assert world.as_user("eve").post(f"{own}/accept").status_code == 404
    assert world.as_platform().post(f"{own}/accept").status_code == 403
    assert bob.post("/v1/me/invitations/other/accept").status_code == 404
    accepted = bob.post(f"{own}/accept")
    assert (accepted.status_code, accepted.json()["joined"]) == (200, True)
    assert bob.post(f"{own}/accept").status_code == 404
    ann.post(INVITATIONS, json=BOB | {"email": "carl@example.com"})
    world.clock.now += 8 * DAY
    assert world.as_user("carl").post(f"{own}/accept").status_code == 404


def test_a_verified_address_is_enough_to_decline(world: World, ann: httpx.Client) -> None:
    ann.post(INVITATIONS, json=BOB)
    bob = world.as_user("bob")
    assert [bob.post("/v1/me/invitations/acme/decline").status_code for _ in range(2)] == [204, 404]
    assert bob.get("/v1/me/invitations").json()["items"][0]["status"] == "declined"


def test_the_administrator_closes_what_is_over(world: World, ann: httpx.Client) -> None:
    ann.post(INVITATIONS, json=BOB)
    world.clock.now += 7 * DAY
    assert world.as_platform().post("/v1/platform/invitations/expire").json() == {"expired": 1}
    assert world.as_user("ann").post("/v1/platform/invitations/expire").status_code == 403
    expired = world.as_user("ann").get(INVITATIONS, params={"status": "expired"}).json()["items"]
    assert [each["status"] for each in expired] == ["expired"]


def test_a_member_without_the_permission_sees_no_invitations(world: World, ann: httpx.Client) -> None:
    Scene(world=world).join("bob", "member")
    bob = world.as_user("bob")
    assert bob.get(INVITATIONS).status_code == 403
    assert bob.post(INVITATIONS, json=BOB).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/ID", None),
        ("POST", "/ID/resend", None),
        ("POST", "/ID/revoke", None),
        ("POST", "", BOB | {"roleId": "ID"}),
        ("POST", "", BOB | {"teamId": "ID", "teamRoleId": "own"}),
        ("POST", "", BOB | {"teamId": "own", "teamRoleId": "ID"}),
    ],
)
def test_what_another_organisation_has_is_not_there(
    world: World, ann: httpx.Client, method: str, path: str, body: dict[str, str] | None
) -> None:
    """The answer is that for an id that nobody has, but for the id itself."""
    scene = Scene(world=world)
    scene.define_role("theirs", "invoice:read", organisation_id="zeta")
    for organisation_id, name in (("zeta", "theirs"), ("acme", "own")):
        scene.team(name, organisation_id=organisation_id)
        scene.team_role(name, organisation_id=organisation_id)
    invited = scene.invite(organisation_id="zeta").invitation
    their_id = "theirs" if method == "POST" and not path else invited.invitation_id
    answers = []
    for name in (their_id, "unknown"):
        named = None if body is None else {key: value.replace("ID", name) for key, value in body.items()}
        answer = ann.request(method, INVITATIONS + path.replace("ID", name), json=named)
        text = answer.text.replace(answer.headers["x-request-id"], "").replace(name, "ID")
        answers.append((answer.status_code, text))
    assert answers[0][0] == 404
    assert answers[0] == answers[1]
    zoe = world.as_user("zoe")
    listed = zoe.get("/v1/organisations/zeta/invitations").json()["items"]
    assert [each["invitationId"] for each in listed] == [invited.invitation_id]
    assert ann.get(f"{INVITATIONS}?email=bob@example.com").json()["items"] == []
    assert ann.get("/v1/organisations/zeta/invitations").status_code == 404


def test_errors_show_no_token(world: World, ann: httpx.Client) -> None:
    """Not even one that is too long."""
    answer = world.as_user("bob").post("/v1/invitations/accept", json={"token": "secret" * 100})
    assert answer.status_code == 422
    assert "secret" not in answer.text
