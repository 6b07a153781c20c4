"""Members over HTTP: added, listed, changed, switched off and on, removed; and those who leave."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.services.access.acting import (
    add_member,
    assign,
    database_of,
    events_of,
    head_of,
    made,
    make_role,
    place,
    refusal,
    true_owners,
)
from tests.services.access.conftest import World

from tenantable.services.access.changes.change import Actor
from tenantable.services.access.declaration import (
    Member,
    Members,
    OrganisationRole,
    OrganisationRoles,
    Team,
    TeamMember,
    TeamMembers,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
    UserGrants,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.directory.removal import GRANTS_AT_ONCE, Removal
from tenantable.services.access.identity.callers import Caller

MEMBERS = f"{place()}/members"


@pytest.fixture
def ann(world: World) -> httpx.Client:
    world.found("acme", seat_limit=6)
    return world.as_user("ann")


def test_the_administrator_adds_members_and_others_invite(world: World, ann: httpx.Client) -> None:
    body = {"userId": "cat", "email": "Cat@Example.com", "name": "Cat", "properties": {"level": 1.5, "tags": ["a"]}}
    added = made(world.as_platform().post(MEMBERS, json=body))
    assert (added.status_code, added.headers["location"]) == (201, f"{MEMBERS}/cat")
    assert added.json() == ann.get(f"{MEMBERS}/cat").json()
    assert added.json() | {"dateJoined": ""} == {
        "userId": "cat",
        "email": "cat@example.com",
        "name": "Cat",
        "active": True,
        "properties": {"level": 1.5, "tags": ["a"]},
        "teamRoles": {},
        "invitedBy": None,
        "dateJoined": "",
    }
    assert head_of(world).seats_taken == 2
    assert refusal(world.as_platform().post(MEMBERS, json=body)) == (409, "already-exists")
    assert refusal(ann.post(MEMBERS, json=body)) == (403, "forbidden")
    assert refusal(world.as_platform().post(MEMBERS, json=body | {"email": "x"})) == (422, "malformed-request")


def test_no_member_is_added_without_a_seat(world: World, ann: httpx.Client) -> None:
    for number in range(5):
        add_member(world, f"u{number}")
    body = {"userId": "late", "email": "late@example.com"}
    assert refusal(world.as_platform().post(MEMBERS, json=body)) == (409, "seats-taken")
    made(ann.delete(f"{MEMBERS}/u0"))
    made(world.as_platform().post(MEMBERS, json=body))


def test_members_are_listed_by_id_a_page_at_a_time(world: World, ann: httpx.Client) -> None:
    for user_id in ("bob", "cat", "dan"):
        add_member(world, user_id)
    first = ann.get(MEMBERS, params={"limit": 3}).json()
    second = ann.get(MEMBERS, params={"limit": 3, "cursor": first["next"]}).json()
    assert [each["userId"] for each in first["items"] + second["items"]] == ["ann", "bob", "cat", "dan"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"prefix": "ca"}, ["cat", "cathy"]),
        ({"prefix": "cat"}, ["cat", "cathy"]),
        ({"prefix": "x"}, []),
        ({"email": "CAT@Example.com"}, ["cat"]),
        ({"email": "cat@example.org"}, []),
        ({"prefix": "cath", "email": "cat@example.com"}, []),
    ],
)
def test_members_are_found_by_address_and_by_how_their_ids_begin(
    world: World, ann: httpx.Client, asked: dict[str, str], found: list[str]
) -> None:
    for user_id in ("bob", "cat", "cathy"):
        add_member(world, user_id)
    page = made(ann.get(MEMBERS, params=asked)).json()
    assert ([each["userId"] for each in page["items"]], page["next"]) == (found, None)


@pytest.mark.parametrize("asked", [{"prefix": "a b"}, {"email": "no address"}])
def test_what_can_be_no_member_is_refused(ann: httpx.Client, asked: dict[str, str]) -> None:
    assert ann.get(MEMBERS, params=asked).status_code == 422


def test_a_cursor_of_one_search_is_none_of_another(world: World, ann: httpx.Client) -> None:
    add_member(world, "anna")
    first = made(ann.get(MEMBERS, params={"prefix": "an", "limit": 1})).json()
    again = {"limit": 1, "cursor": first["next"]}
    assert [each["userId"] for each in ann.get(MEMBERS, params=again | {"prefix": "an"}).json()["items"]] == ["anna"]
    assert ann.get(MEMBERS, params=again).status_code == 400


def test_what_is_absent_of_a_change_stays(world: World, ann: httpx.Client) -> None:
    add_member(world, "cat")
    made(ann.patch(f"{MEMBERS}/cat", json={"properties": {"a": 1}}))
    changed = made(ann.patch(f"{MEMBERS}/cat", json={"name": "Cat"}, headers={"if-match": '"2"'}))
    assert (changed.json()["name"], changed.json()["properties"], changed.headers["etag"]) == ("Cat", {"a": 1}, '"3"')
    stale = ann.patch(f"{MEMBERS}/cat", json={"name": "x"}, headers={"if-match": '"2"'})
    assert refusal(stale) == (412, "precondition-failed")
    assert refusal(ann.patch(f"{MEMBERS}/nobody", json={})) == (404, "not-found")


TOO_MUCH: list[dict[str, Any]] = [
    {"a": {"b": {"c": {"d": {"e": 1}}}}},
    {"a": "x" * 9000},
    {f"p{number}": 1 for number in range(65)},
    {"a": 10**38},
    {"a": 1e200},
    {"": 1},
    {"x" * 129: 1},
    {"a": "\ud800"},
]


@pytest.mark.parametrize("properties", TOO_MUCH, ids=range(len(TOO_MUCH)))
def test_properties_are_limited(ann: httpx.Client, properties: dict[str, Any]) -> None:
    headers = {"content-type": "application/json"}
    body = json.dumps({"properties": properties})
    refused = ann.patch(f"{MEMBERS}/ann", content=body, headers=headers)
    assert refused.status_code == 422


def test_numbers_of_many_digits_come_back_as_they_were(ann: httpx.Client) -> None:
    properties = {"big": 10**37, "small": -(2**63), "nested": {"deep": [True, None, 0.25]}}
    changed = made(ann.patch(f"{MEMBERS}/ann", json={"properties": properties}))
    assert changed.json()["properties"] == ann.get(f"{MEMBERS}/ann").json()["properties"] == properties


def test_whoever_is_switched_off_is_a_stranger_until_switched_on(world: World, ann: httpx.Client) -> None:
    cat = add_member(world, "cat", "member")
    made(cat.get(MEMBERS))
    for active, status in ((False, 404), (True, 200)):
        changed = made(ann.patch(f"{MEMBERS}/cat", json={"active": active}))
        cat.headers["access-version"] = changed.headers["access-version"]
        assert cat.get(MEMBERS).status_code == status
    assert [event.action for event in events_of(world)][-2:] == ["member.disable", "member.enable"]


@pytest.mark.parametrize("way", ["remove", "leave", "disable"])
def test_the_last_owner_stays(world: World, ann: httpx.Client, way: str) -> None:
    add_member(world, "bob", "owner")
    made(ann.patch(f"{MEMBERS}/bob", json={"active": False}))
    assert head_of(world).owners == 1
    answer = {
        "remove": lambda: ann.delete(f"{MEMBERS}/ann"),
        "leave": lambda: ann.post(f"{place()}/leave"),
        "disable": lambda: ann.patch(f"{MEMBERS}/ann", json={"active": False}),
    }[way]()
    assert refusal(answer) == (409, "last-owner")
    made(ann.patch(f"{MEMBERS}/bob", json={"active": True}))
    assert (head_of(world).owners, true_owners(world)) == (2, {"ann", "bob"})


def test_whoever_is_removed_has_nothing_left(world: World, ann: httpx.Client) -> None:
    make_role(world, "reader", "record:read")
    cat = add_member(world, "cat", "reader", "admin")
    removed = made(ann.delete(f"{MEMBERS}/cat"))
    assert removed.status_code == 204
    cat.headers["access-version"] = removed.headers["access-version"]
    assert cat.get(place()).status_code == 404
    assert ann.get(f"{place()}/roles/reader").json()["assigned"] == 0
    assert head_of(world).seats_taken == 1
    assert database_of(world).repository(UserGrants).of_user(organisation_id="acme", user_id="cat").all() == []
    assert refusal(ann.delete(f"{MEMBERS}/cat")) == (404, "not-found")


def test_everybody_may_leave_without_any_permission(world: World, ann: httpx.Client) -> None:
    cat = add_member(world, "cat")
    assert cat.delete(f"{MEMBERS}/cat").status_code == 403
    assert made(cat.post(f"{place()}/leave")).status_code == 204
    assert events_of(world)[-1].action == "member.leave"
    assert refusal(world.as_platform().post(f"{place()}/leave")) == (403, "forbidden")


def fill(world: World, roles: int, teams: int) -> None:
    """`cat` with many roles and teams, written at once and counted as they must be."""
    database, now = database_of(world), datetime.fromtimestamp(world.clock.now, UTC)
    org: dict[str, Any] = {"organisation_id": "acme"}
    for number in range(roles):
        role = OrganisationRole(**org, role_id=f"r{number}", name="r", assigned=1, date_created=now)
        database.repository(OrganisationRoles).create(role)
        had = UserRoleAssignment(**org, user_id="cat", role_id=f"r{number}", assigned_by="t", date_assigned=now)
        database.repository(UserRoleAssignments).create(had)
    captain = TeamRoleDefinition(**org, team_role_id="captain", name="c", assigned=teams, date_created=now)
    database.repository(TeamRoleDefinitions).create(captain)
    for number in range(teams):
        team = Team(**org, team_id=f"t{number}", name="t", members=1, date_created=now)
        database.repository(Teams).create(team)
        in_team = TeamMember(**org, team_id=f"t{number}", user_id="cat", team_role_id="captain", date_joined=now)
        database.repository(TeamMembers).create(in_team)
    key = Members.get.key(**org, user_id="cat")
    team_roles = {f"t{number}": "captain" for number in range(teams)}
    database.repository(Members).update(key, Member.team_roles.set(team_roles))


def test_a_member_with_more_than_fits_one_transaction_is_removed_in_steps(world: World, ann: httpx.Client) -> None:
    add_member(world, "cat")
    fill(world, roles=30, teams=30)
    removal: Removal = world.app.state.removal
    steps = []
    changes_run = removal._changes.run  # noqa: SLF001 - the steps are what is looked at

    def watched(*arguments: Any) -> Any:
        changed = changes_run(*arguments)
        found = database_of(world).repository(Members).get(organisation_id="acme", user_id="cat")
        steps.append(None if found is None else found.active)
        return changed

    removal._changes.run = watched  # type: ignore[method-assign, assignment]  # noqa: SLF001
    made(ann.delete(f"{MEMBERS}/cat"))
    assert steps == [False, False, None]
    assert len(steps) == 60 // GRANTS_AT_ONCE + 1
    database = database_of(world)
    assert {
        role.assigned for role in database.repository(OrganisationRoles).by_name(organisation_id="acme", active=True)
    } == {0}
    assert {team.members for team in database.repository(Teams).of_organisation(organisation_id="acme")} == {0}
    captains = database.repository(TeamRoleDefinitions).by_name(organisation_id="acme", active=True)
    assert [role.assigned for role in captains] == [0]
    assert database.repository(TeamMembers).memberships(user_id="cat").all() == []
    assert head_of(world).seats_taken == 1
    events_of(world)


def test_what_a_crash_left_of_a_removal_has_no_rights_and_is_removed_by_the_same_again(
    world: World, ann: httpx.Client
) -> None:
    cat = add_member(world, "cat", "admin")
    fill(world, roles=40, teams=0)
    removal: Removal = world.app.state.removal
    caller = Caller(kind="platform", id="platform")
    changed = removal._changes.run(  # noqa: SLF001 - one step, and then the crash
        "acme",
        Actor(id="platform"),
        lambda change: removal._step(change, caller, "cat", if_match=None),  # noqa: SLF001
    )
    assert changed.result is False
    cat.headers["access-version"] = f"acme.{changed.version}"
    assert cat.get(place()).status_code == 404
    made(ann.delete(f"{MEMBERS}/cat"))
    assert refusal(ann.get(f"{MEMBERS}/cat")) == (404, "not-found")


def test_users_see_their_own_organisations(world: World, ann: httpx.Client) -> None:
    world.found("beta", owner="bob")
    world.found("zeta", owner="zoe")
    add_member(world, "ann", organisation_id="beta")
    made(world.as_platform().patch(f"{place('beta')}/members/ann", json={"active": False}))
    found = ann.get("/v1/me/organisations").json()
    assert [(each["organisationId"], each["name"], each["active"]) for each in found["items"]] == [
        ("acme", "Acme", True),
        ("beta", "Beta", False),
    ]
    assert ann.get("/v1/me/organisations", params={"limit": 1}).json()["next"] is not None
    assert refusal(world.as_platform().get("/v1/me/organisations")) == (403, "forbidden")


def test_a_user_is_erased_everywhere_and_last_owners_are_named(world: World, ann: httpx.Client) -> None:
    for organisation_id in ("beta", "zeta"):
        world.found(organisation_id, owner="bob")
        add_member(world, "ann", "owner", organisation_id=organisation_id)
    erase = "/v1/platform/users/ann/erase"
    assert refusal(ann.post(erase)) == (403, "forbidden")
    first = made(world.as_platform().post(erase)).json()
    assert (first["removed"], first["lastOwnerOf"]) == (["beta", "zeta"], ["acme"])
    assert "Give acme another owner" in first["summary"]
    add_member(world, "cat", "owner")
    second = made(world.as_platform().post(erase)).json()
    assert (second["removed"], second["lastOwnerOf"]) == (["acme"], [])
    third = made(world.as_platform().post(erase)).json()
    assert (third["removed"], third["lastOwnerOf"], third["found"]) == ([], [], False)
    for organisation_id in ("acme", "beta", "zeta"):
        assert head_of(world, organisation_id).owners == 1
        events_of(world, organisation_id)


def test_a_timed_owner_goes_freely(world: World, ann: httpx.Client) -> None:
    add_member(world, "cat")
    assign(world, "cat", "owner", notAfter="2100-01-01T00:00:00Z")
    made(ann.delete(f"{MEMBERS}/cat"))
    assert head_of(world).owners == 1
