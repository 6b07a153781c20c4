"""Who has which role, over HTTP: given, for a time, taken away, listed."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.services.access.acting import (
    add_member,
    assign,
    events_of,
    head_of,
    made,
    make_role,
    place,
    refusal,
    true_owners,
)
from tests.services.access.conftest import World


@pytest.fixture
def ann(world: World) -> httpx.Client:
    """The owner of `acme`, where `cat` is a member, and `reader` a role."""
    world.found("acme")
    make_role(world, "reader", "access:role:read")
    add_member(world, "cat")
    return world.as_user("ann")


def roles(user_id: str, role_id: str | None = None) -> str:
    return f"{place()}/users/{user_id}/roles" + ("" if role_id is None else f"/{role_id}")


def moment(world: World, hours: float) -> str:
    return (datetime.fromtimestamp(world.clock.now, UTC) + timedelta(hours=hours)).isoformat()


def test_a_role_is_given_seen_from_both_sides_and_taken_away(world: World, ann: httpx.Client) -> None:
    given = made(ann.put(roles("cat", "reader"), json={}))
    assert given.status_code == 201
    assert given.json()["assignedBy"] == "ann"
    assert ann.get(roles("cat")).json()["items"] == [given.json()]
    assert ann.get(f"{place()}/roles/reader/users").json() == {"items": [given.json()], "next": None}
    assert ann.get(f"{place()}/roles/reader").json()["assigned"] == 1
    taken = made(ann.delete(roles("cat", "reader")))
    assert taken.status_code == 204
    assert taken.headers["access-version"] == f"acme.{head_of(world).revision}"
    assert ann.get(roles("cat")).json()["items"] == []
    assert ann.get(f"{place()}/roles/reader").json()["assigned"] == 0


def test_what_is_not_there_is_not_found(ann: httpx.Client) -> None:
    answers = [
        ann.put(roles("nobody", "reader"), json={}),
        ann.put(roles("cat", "none"), json={}),
        ann.delete(roles("cat", "reader")),
        ann.delete(roles("nobody", "reader")),
    ]
    assert [refusal(answer) for answer in answers] == [(404, "not-found")] * 4


def test_users_of_a_role_come_a_page_at_a_time(world: World, ann: httpx.Client) -> None:
    for number in range(5):
        add_member(world, f"u{number}", "reader")
    seen, cursor = [], None
    while True:
        page = ann.get(f"{place()}/roles/reader/users", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [each["userId"] for each in page.json()["items"]]
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert seen == [f"u{number}" for number in range(5)]


def test_a_timed_role_counts_while_it_lasts(world: World, ann: httpx.Client) -> None:
    cat = world.as_user("cat")
    term = {"notBefore": moment(world, 1), "notAfter": moment(world, 2)}
    cat.headers["access-version"] = made(ann.put(roles("cat", "reader"), json=term)).headers["access-version"]
    heard = []
    for minutes in (0, 59, 61, 119, 121):
        world.clock.now += minutes * 60
        heard.append(cat.get(f"{place()}/roles").status_code)
        world.clock.now -= minutes * 60
    assert heard == [403, 403, 200, 200, 403]


def test_a_term_ends_after_it_begins(world: World, ann: httpx.Client) -> None:
    for hours in (1, 0):
        term = {"notBefore": moment(world, 1), "notAfter": moment(world, hours)}
        assert refusal(ann.put(roles("cat", "reader"), json=term)) == (422, "unprocessable")
    assert refusal(ann.put(roles("cat", "reader"), json={"notAfter": "2100-01-01T00:00:00"})) == (
        422,
        "malformed-request",
    )


def test_a_term_is_changed_by_giving_the_role_again(world: World, ann: httpx.Client) -> None:
    made(ann.put(roles("cat", "reader"), json={}))
    changed = made(ann.put(roles("cat", "reader"), json={"notAfter": moment(world, 1)}))
    assert changed.status_code == 200
    assert ann.get(roles("cat")).json()["items"] == [changed.json()]
    assert ann.get(f"{place()}/roles/reader").json()["assigned"] == 1


def test_an_owner_for_a_time_is_not_counted(world: World, ann: httpx.Client) -> None:
    """Requirement: no clock leaves an organisation without an owner."""
    assign(world, "cat", "owner", notAfter=moment(world, 1))
    assert head_of(world).owners == 1
    for refused in (
        ann.delete(roles("ann", "owner")),
        ann.put(roles("ann", "owner"), json={"notAfter": moment(world, 5)}),
        ann.put(roles("ann", "owner"), json={"notBefore": moment(world, -1)}),
    ):
        assert refusal(refused) == (409, "last-owner")
    made(ann.put(roles("cat", "owner"), json={}))
    assert head_of(world).owners == 2
    made(ann.put(roles("ann", "owner"), json={"notAfter": moment(world, 5)}))
    assert true_owners(world) == {"cat"}
    assert head_of(world).owners == 1


def test_an_owner_whose_time_has_begun_takes_the_place_of_the_last_one(world: World, ann: httpx.Client) -> None:
    """In whatever way the last one goes; until then the first owner cannot go."""
    made(ann.put(roles("cat", "owner"), json={"notBefore": moment(world, 1)}))
    assert refusal(ann.post(f"{place()}/leave")) == (409, "last-owner")
    world.clock.now += 2 * 3600
    made(ann.put(roles("ann", "owner"), json={"notAfter": moment(world, 1)}))
    assert true_owners(world) == {"cat"}
    assert head_of(world).owners == 1
    made(ann.post(f"{place()}/leave"))
    assert refusal(world.as_user("cat").post(f"{place()}/leave")) == (409, "last-owner")
    events_of(world)


def test_an_assignment_is_changed_as_it_was_read_or_not_at_all(world: World, ann: httpx.Client) -> None:
    assert refusal(ann.put(roles("cat", "reader"), json={}, headers={"if-match": '"1"'}))[0] == 412
    first = made(ann.put(roles("cat", "reader"), json={})).headers["etag"]
    assert made(ann.get(roles("cat", "reader"))).headers["etag"] == first
    second = made(
        ann.put(roles("cat", "reader"), json={"notAfter": moment(world, 1)}, headers={"if-match": first})
    ).headers["etag"]
    assert second != first
    stale = {"if-match": first}
    assert refusal(ann.put(roles("cat", "reader"), json={}, headers=stale)) == (412, "precondition-failed")
    assert refusal(ann.delete(roles("cat", "reader"), headers=stale)) == (412, "precondition-failed")
    made(ann.delete(roles("cat", "reader"), headers={"if-match": second}))
    assert refusal(ann.get(roles("cat", "reader"))) == (404, "not-found")


def test_assignments_take_their_own_permission(world: World, ann: httpx.Client) -> None:
    make_role(world, "assigner", "access:assignment:write")
    bob = add_member(world, "bob", "assigner", "reader")
    assert refusal(bob.get(roles("cat"))) == (403, "forbidden")
    made(bob.put(roles("cat", "reader"), json={}))
    assert refusal(world.as_user("cat").put(roles("cat", "reader"), json={})) == (403, "forbidden")


def test_a_term_that_is_over_is_refused(world: World) -> None:
    """As for service keys; the same term again is not, though it is over by now."""
    world.found()
    make_role(world, "clerk", "billing:*")
    add_member(world, "bob")
    address, platform = f"{place()}/users/bob/roles/clerk", world.as_platform()
    past = {"notBefore": "2019-01-01T00:00:00Z", "notAfter": "2020-01-01T00:00:00Z"}
    assert refusal(platform.put(address, json=past)) == (422, "unprocessable")
    lasting = {"notAfter": "2027-02-01T00:00:00Z"}
    assert platform.put(address, json=lasting).status_code == 201
    assert refusal(platform.put(address, json=past)) == (422, "unprocessable")
    world.clock.now += 365 * 86400
    assert platform.put(address, json=lasting).status_code == 200
