"""Erasing a person: nothing in the table or in the archive has the address or the name afterwards; the id stays."""

import gzip
import json
from typing import Any

import httpx
import pytest
from tests.services.access.acting import database_of, entries, head_of, made, make_role, place
from tests.services.access.audit.trails import (
    DAY_SECONDS,
    TABLE,
    archive_all,
    archiver_in,
    bucket_of,
    kinds,
    verify,
    write_events,
)
from tests.services.access.conftest import World

from tenantable.cloud.objects.bucket import below
from tenantable.engine import Engine
from tenantable.errors import CloudError
from tenantable.services.access.declaration import PLATFORM, AuditEvents
from tenantable.services.access.erasure.users import UserErasure

ADDRESS, NAME = "bob@example.com", "Bob Smith"
ERASE = "/v1/platform/users/bob/erase"
EMPTY = {"memberships": 0, "openInvitations": 0, "invitations": 0, "keptAnswers": 0, "auditEvents": 0}


def items_of(engine: Engine) -> list[str]:
    """Every item of the table, its index keys too, as text."""
    found: list[str] = []
    start: dict[str, Any] = {}
    while True:
        page = engine.call("Scan", {"TableName": TABLE, **start})
        found += [json.dumps(item, default=str).casefold() for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def objects_of(world: World) -> list[str]:
    bucket = bucket_of(world)
    bodies = [bucket.get(found.key).body for found in below(bucket, "")]
    return [(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode().casefold() for body in bodies]


def traces(world: World) -> list[str]:
    """What has the address or the name."""
    every = items_of(world.engine) + objects_of(world)
    return [each for each in every if ADDRESS in each or NAME.casefold() in each]


def invite(world: World, organisation_id: str = "acme", **headers: str) -> str:
    body = {"email": ADDRESS, "roleId": "member"}
    issued = made(world.as_platform().post(f"{place(organisation_id)}/invitations", json=body, headers=headers))
    return str(issued.json()["token"])


def erase(world: World, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = made(world.as_platform().post(ERASE, json=body or None)).json()
    return found


def put_set(world: World, *found: dict[str, Any]) -> None:
    made(world.as_platform().put(f"{place()}/permission-sets/clerk", json={"name": "clerk", "entries": list(found)}))


@pytest.fixture
def bob(world: World) -> httpx.Client:
    """Bob accepted an invitation, declined one, and is invited to others, lately and long ago."""
    platform = world.as_platform()
    for organisation_id in ("acme", "beta", "zeta"):
        world.found(organisation_id)
    make_role(world, "clerk", "billing:*")
    test = {"of": "subject", "name": "mail", "value": ADDRESS}
    put_set(world, {"key": "billing:*", "when": [test]})
    put_set(world, *entries("billing:*"))
    write_events(world, 5)
    world.clock.now += 28 * DAY_SECONDS
    archive_all(archiver_in(world))
    invite(world, "zeta")
    world.clock.now += 8 * DAY_SECONDS  # nobody has closed it
    client = world.as_user("bob", email=ADDRESS)
    made(client.post("/v1/invitations/decline", json={"token": invite(world, "beta")}))
    invite(world, "beta", **{"idempotency-key": "invite-bob"})
    token = invite(world, **{"idempotency-key": "invite-bob-too"})
    made(client.post("/v1/invitations/accept", json={"token": token}))
    put_set(world, {"key": "billing:*", "when": [test]})
    put_set(world, *entries("billing:*"))
    body = {"name": NAME, "properties": {"mail": ADDRESS}}
    made(platform.patch(f"{place()}/members/bob", json=body))
    return client


def test_nothing_of_the_person_is_left_in_the_table_or_in_the_archive(world: World, bob: httpx.Client) -> None:
    assert any(ADDRESS in each for each in objects_of(world))
    assert any(NAME.casefold() in each for each in items_of(world.engine))
    found = erase(world)
    assert traces(world) == []
    assert (found["removed"], found["lastOwnerOf"], found["found"]) == (["acme"], [], True)
    assert found["erased"] == {
        "memberships": 1,
        "openInvitations": 2,
        "invitations": 4,
        "keptAnswers": 2,
        "auditEvents": found["erased"]["auditEvents"],
    }
    assert found["erased"]["auditEvents"] >= 9
    for organisation_id in ("acme", "beta", "zeta", PLATFORM):
        assert kinds(verify(world, organisation_id)) == []
    invitations = world.as_platform().get(f"{place()}/invitations", params={"email": ADDRESS}).json()
    assert invitations["items"] == []


def test_the_record_of_the_acceptance_stays(world: World, bob: httpx.Client) -> None:
    erase(world)
    (accepted,) = world.as_platform().get(f"{place()}/invitations", params={"status": "accepted"}).json()["items"]
    shown = {name: accepted[name] for name in ("acceptedBy", "email", "addressErased", "kind", "roleId")}
    assert shown == {"acceptedBy": "bob", "email": None, "addressErased": True, "kind": "email", "roleId": "member"}


def test_seats_and_the_address_are_free_again(world: World, bob: httpx.Client) -> None:
    erase(world)
    assert [head_of(world, each).seats_taken for each in ("acme", "beta", "zeta")] == [1, 1, 1]
    invite(world, "beta")


def test_it_is_recorded_by_counts_alone(world: World, bob: httpx.Client) -> None:
    erase(world)
    events = database_of(world).repository(AuditEvents).of_type(organisation_id=PLATFORM, event_type="USER_MANAGEMENT")
    (event,) = [event for event in events if event.action == "user.erase"]
    assert (event.target, event.outcome, event.details["openInvitations"]) == ("bob", "done", "2")


def test_a_second_time_nothing_is_left_and_says_so(world: World, bob: httpx.Client) -> None:
    erase(world)
    sequence = head_of(world, PLATFORM).sequence
    again = erase(world)
    assert (again["erased"], again["found"]) == (EMPTY, True)
    assert again["summary"].startswith("Nothing is left")
    assert head_of(world, PLATFORM).sequence == sequence


def test_of_somebody_unknown_nothing_is_found_and_says_so(world: World) -> None:
    found = erase(world)
    assert (found["erased"], found["found"], found["removed"]) == (EMPTY, False, [])
    assert found["summary"] == "Nothing was found of this user: nothing is erased."


def test_who_left_long_ago_is_found_by_the_invitation(world: World, bob: httpx.Client) -> None:
    made(world.as_platform().delete(f"{place()}/members/bob"))
    assert erase(world)["found"]
    assert [each for each in traces(world) if ADDRESS in each] == []


def test_an_address_that_nothing_leads_to_can_be_named(world: World) -> None:
    world.found()
    invite(world)
    assert not erase(world)["found"]
    found = erase(world, emails=["Bob@Example.com"])
    assert (found["erased"]["openInvitations"], found["found"]) == (1, True)
    assert traces(world) == []
    assert world.as_platform().post(ERASE, json={"emails": ["nobody"]}).status_code == 422


@pytest.mark.parametrize("calls", range(1, 13))
def test_what_a_crash_left_is_erased_by_the_same_call(
    world: World, bob: httpx.Client, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever between two of its changes it ends."""
    erasure: UserErasure = world.app.state.user_erasure
    left = [calls]

    def crashing(run: Any) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise CloudError("crashed")
            return run(*given, **named)

        return called

    with monkeypatch.context() as patch:
        for part, name in (("_invitations", "revoke"), ("_invitations", "clear"), ("_answers", "erase")):
            patch.setattr(getattr(erasure, part), name, crashing(getattr(getattr(erasure, part), name)))
        for part, name in (("_audit", "erase"), ("_removal", "remove")):
            patch.setattr(getattr(erasure, part), name, crashing(getattr(getattr(erasure, part), name)))
        assert world.as_platform().post(ERASE).status_code == 503
    erase(world)
    assert traces(world) == []


def test_another_user_with_the_same_address_keeps_what_that_user_accepted(world: World, bob: httpx.Client) -> None:
    world.found("other")
    other = world.as_user("robert", email=ADDRESS)
    made(other.post("/v1/invitations/accept", json={"token": invite(world, "other")}))
    erase(world)
    (accepted,) = world.as_platform().get(f"{place('other')}/invitations", params={"email": ADDRESS}).json()["items"]
    assert accepted["acceptedBy"] == "robert"


def test_a_kept_answer_is_still_given_without_the_person(world: World, bob: httpx.Client) -> None:
    erase(world)
    body, headers = {"email": ADDRESS, "roleId": "member"}, {"idempotency-key": "invite-bob-too"}
    again = made(world.as_platform().post(f"{place()}/invitations", json=body, headers=headers))
    assert (again.headers["idempotent-replayed"], again.json()["email"]) == ("true", "erased")


def test_an_answer_is_found_in_an_organisation_that_the_person_left(world: World) -> None:
    world.found("acme")
    platform = world.as_platform()
    body = {"userId": "bob", "email": ADDRESS, "name": NAME}
    made(platform.post(f"{place()}/members", json=body, headers={"idempotency-key": "k1"}))
    made(platform.delete(f"{place()}/members/bob"))
    assert traces(world)
    assert erase(world, emails=[ADDRESS])["found"] is True
    assert traces(world) == []


def test_an_id_that_is_an_address_stays_and_is_told(world: World) -> None:
    world.found("acme")
    member = {"userId": "bob@x.com", "email": "bob@x.com"}
    made(world.as_platform().post(f"{place()}/members", json=member))
    answer = made(world.as_platform().post("/v1/platform/users/bob@x.com/erase")).json()
    assert answer["summary"].endswith("although it is an address.")
