"""Teams over HTTP: statuses, headers, whose teams one sees, and that other organisations do not exist."""

from typing import Any

import httpx
import pytest
from tests.services.access.acting import made, place, refusal
from tests.services.access.conftest import World
from tests.services.access.scenes import Scene

ACME = "/v1/organisations/acme"
TEAM = {"teamId": "reds", "name": "Reds", "divisionId": "north"}
ROLE = {"teamRoleId": "captain", "name": "Captain", "permissionSetIds": ["member"]}
BOB = {"userId": "bob", "teamRoleId": "captain"}


@pytest.fixture
def ann(world: World) -> httpx.Client:
    """Ann owns acme, where bob is a member; zoe owns zeta."""
    world.found("acme", owner="ann")
    world.found("zeta", owner="zoe")
    Scene(world=world).join("bob", "member")
    return world.as_user("ann")


def staffed(client: httpx.Client) -> None:
    for path, body in (("teams", TEAM), ("team-roles", ROLE), ("teams/reds/members", BOB)):
        assert client.post(f"{ACME}/{path}", json=body).status_code == 201


def test_a_team_lives_from_creation_to_deletion(ann: httpx.Client) -> None:
    created = ann.post(f"{ACME}/teams", json=TEAM)
    assert created.status_code == 201
    assert created.headers["location"] == f"{ACME}/teams/reds"
    assert created.headers["access-version"] == "acme.3"
    read = ann.get(f"{ACME}/teams/reds")
    assert read.json() == created.json() | {"members": 0}
    body = {"name": "Reds", "active": False}
    headers = {"if-match": read.headers["etag"]}
    changed = ann.put(f"{ACME}/teams/reds", json=body, headers=headers)
    assert (changed.status_code, changed.json()["divisionId"]) == (200, None)
    assert ann.put(f"{ACME}/teams/reds", json=body, headers=headers).status_code == 412
    assert ann.delete(f"{ACME}/teams/reds").status_code == 204
    assert ann.get(f"{ACME}/teams/reds").status_code == 404


def test_a_team_into_which_somebody_is_invited_is_not_deleted(ann: httpx.Client) -> None:
    made(ann.post(f"{place()}/teams", json={"teamId": "gold", "name": "Gold"}))
    made(ann.post(f"{place()}/team-roles", json={"teamRoleId": "panner", "name": "Panner"}))
    body = {"email": "tom@example.com", "roleId": "member", "teamId": "gold", "teamRoleId": "panner"}
    invited = made(ann.post(f"{place()}/invitations", json=body)).json()
    assert ann.get(f"{place()}/teams/gold").json()["invited"] == 1
    assert refusal(ann.delete(f"{place()}/teams/gold")) == (409, "in-use")
    made(ann.post(f"{place()}/invitations/{invited['invitationId']}/revoke"))
    assert ann.get(f"{place()}/teams/gold").json()["invited"] == 0
    made(ann.delete(f"{place()}/teams/gold"))


def test_a_team_is_found_however_its_accents_were_typed(ann: httpx.Client) -> None:
    made = ann.post(f"{ACME}/teams", json={"teamId": "jose", "name": "Jose\u0301"})
    assert (made.status_code, made.json()["name"]) == (201, "Jos\u00e9")
    for name in ("Jos\u00e9", "Jose\u0301"):
        found = ann.get(f"{ACME}/teams", params={"name": name, "active": True}).json()["items"]
        assert [each["teamId"] for each in found] == ["jose"]


@pytest.mark.parametrize("name", ["a\0b", "a\x1bb", "a\nb", "a\x9bb", ""])
def test_a_name_has_no_control_characters(ann: httpx.Client, name: str) -> None:
    assert ann.post(f"{ACME}/teams", json={"teamId": "odd", "name": name}).status_code == 422
    assert ann.post(f"{ACME}/roles", json={"roleId": "odd", "name": name}).status_code == 422


def test_a_key_of_repeated_requests_is_one_of_the_organisation(world: World, ann: httpx.Client) -> None:
    """The administrator may send the same key to two organisations."""
    for organisation_id in ("acme", "zeta"):
        path = f"/v1/organisations/{organisation_id}/teams"
        answer = world.as_platform().post(path, json=TEAM, headers={"idempotency-key": "k1"})
        assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)


def test_a_team_role_lives_from_creation_to_deletion(ann: httpx.Client) -> None:
    created = ann.post(f"{ACME}/team-roles", json=ROLE)
    assert (created.status_code, created.json()["assigned"]) == (201, 0)
    assert ann.get(f"{ACME}/team-roles/captain").json() == created.json()
    changed = ann.put(f"{ACME}/team-roles/captain", json={"name": "Captain", "reach": "team"})
    assert (changed.json()["reach"], changed.json()["permissionSetIds"]) == ("team", [])
    assert [each["teamRoleId"] for each in ann.get(f"{ACME}/team-roles").json()["items"]] == ["captain"]
    assert ann.delete(f"{ACME}/team-roles/captain").status_code == 204


def test_a_member_is_added_changed_and_removed(ann: httpx.Client) -> None:
    staffed(ann)
    one = f"{ACME}/teams/reds/members/bob"
    assert ann.get(one).json()["teamRoleId"] == "captain"
    ann.post(f"{ACME}/team-roles", json=ROLE | {"teamRoleId": "player"})
    headers = {"if-match": ann.get(one).headers["etag"]}
    assert ann.put(one, json={"teamRoleId": "player"}, headers=headers).json()["teamRoleId"] == "player"
    assert ann.put(one, json={"teamRoleId": "player"}, headers=headers).status_code == 412
    members = f"{ACME}/teams/reds/members"
    assert [each["userId"] for each in ann.get(members, params={"teamRoleId": "player"}).json()["items"]] == ["bob"]
    assert ann.get(members, params={"teamRoleId": "captain"}).json()["items"] == []
    assert ann.delete(one).status_code == 204
    assert ann.delete(one).status_code == 404


def test_adding_a_member_again_with_the_same_key_answers_as_before(ann: httpx.Client) -> None:
    staffed(ann)
    ann.delete(f"{ACME}/teams/reds/members/bob")
    path, headers = f"{ACME}/teams/reds/members", {"idempotency-key": "k1"}
    first, second = (ann.post(path, json=BOB, headers=headers) for _ in range(2))
    assert (second.status_code, second.json()) == (201, first.json())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["blues", "reds"]),
        ({"active": "true"}, ["reds"]),
        ({"active": "false"}, ["blues"]),
        ({"name": "Reds"}, ["reds"]),
        ({"divisionId": "north"}, ["reds"]),
        ({"divisionId": "south"}, []),
    ],
)
def test_teams_are_listed_in_four_ways(ann: httpx.Client, query: dict[str, str], found: list[str]) -> None:
    ann.post(f"{ACME}/teams", json=TEAM)
    ann.post(f"{ACME}/teams", json={"teamId": "blues", "name": "Blues", "active": False})
    assert [each["teamId"] for each in ann.get(f"{ACME}/teams", params=query).json()["items"]] == found


def test_a_list_goes_on_where_its_page_ended(ann: httpx.Client) -> None:
    for number in range(5):
        ann.post(f"{ACME}/teams", json={"teamId": f"t{number}", "name": "T"})
    found, cursor = [], None
    while True:
        params: Any = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = ann.get(f"{ACME}/teams", params=params).json()
        found += [each["teamId"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [f"t{number}" for number in range(5)]


def test_users_see_their_own_teams_everywhere_and_members_those_of_their_organisation(
    world: World, ann: httpx.Client
) -> None:
    """Requirement: A-05."""
    staffed(ann)
    scene = Scene(world=world)
    scene.join("bob", "member", organisation_id="zeta")
    zoe = world.as_user("zoe")
    for path, body in (("teams", TEAM), ("team-roles", ROLE), ("teams/reds/members", BOB)):
        assert zoe.post(f"/v1/organisations/zeta/{path}", json=body).status_code == 201
    bob = world.as_user("bob")

    def organisations(client: httpx.Client, path: str, **params: str) -> list[str]:
        return [each["organisationId"] for each in client.get(path, params=params).json()["items"]]

    assert organisations(bob, "/v1/me/teams") == ["acme", "zeta"]
    assert organisations(bob, "/v1/me/teams", organisationId="zeta") == ["zeta"]
    assert organisations(ann, f"{ACME}/users/bob/teams") == ["acme"]
    assert organisations(ann, "/v1/me/teams") == []
    assert world.as_platform().get("/v1/me/teams").status_code == 403


def test_a_member_without_the_permission_reads_and_does_not_write(world: World, ann: httpx.Client) -> None:
    staffed(ann)
    bob = world.as_user("bob")
    assert bob.get(f"{ACME}/teams/reds").status_code == 200
    assert bob.post(f"{ACME}/teams", json=TEAM | {"teamId": "blues"}).status_code == 403
    assert bob.delete(f"{ACME}/teams/reds/members/bob").status_code == 403


ROUTES = [
    ("GET", "teams/{team}", None),
    ("PUT", "teams/{team}", {"name": "X"}),
    ("DELETE", "teams/{team}", None),
    ("GET", "teams/{team}/members", None),
    ("POST", "teams/{team}/members", {"userId": "zoe", "teamRoleId": "member"}),
    ("GET", "teams/{team}/members/zoe", None),
    ("PUT", "teams/{team}/members/zoe", {"teamRoleId": "captain"}),
    ("DELETE", "teams/{team}/members/zoe", None),
    ("GET", "team-roles/{role}", None),
    ("PUT", "team-roles/{role}", {"name": "X"}),
    ("DELETE", "team-roles/{role}", None),
    ("GET", "users/{user}/teams", None),
    ("POST", "teams/own/members", {"userId": "{user}", "teamRoleId": "own"}),
    ("POST", "teams/own/members", {"userId": "ann", "teamRoleId": "{role}"}),
    ("PUT", "teams/own/members/bob", {"teamRoleId": "{role}"}),
    ("GET", "teams/own/members/{user}", None),
    ("DELETE", "teams/own/members/{user}", None),
]
FOREIGN = {"{team}": "theirteam", "{role}": "theirrole", "{user}": "zoe"}
UNKNOWN = {"{team}": "unknownx", "{role}": "unknowny", "{user}": "unknownz"}


def _with(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with(each, names) for key, each in value.items()}
    for placeholder, name in names.items():
        value = value.replace(placeholder, name)
    return value


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_what_another_organisation_has_is_not_there(
    world: World, ann: httpx.Client, method: str, path: str, body: dict[str, str] | None
) -> None:
    """The answer is that for an id that nobody has, but for the id itself."""
    zoe = world.as_user("zoe")
    zeta = "/v1/organisations/zeta"
    zoe.post(f"{zeta}/teams", json=TEAM | {"teamId": "theirteam"})
    zoe.post(f"{zeta}/team-roles", json=ROLE | {"teamRoleId": "theirrole"})
    zoe.post(f"{zeta}/teams/theirteam/members", json={"userId": "zoe", "teamRoleId": "theirrole"})
    ann.post(f"{ACME}/teams", json=TEAM | {"teamId": "own"})
    ann.post(f"{ACME}/team-roles", json=ROLE | {"teamRoleId": "own"})
    ann.post(f"{ACME}/teams/own/members", json={"userId": "bob", "teamRoleId": "own"})
    answers = []
    for names in (FOREIGN, UNKNOWN):
        answer = ann.request(method, f"{ACME}/{_with(path, names)}", json=_with(body, names) if body else None)
        text = answer.text.replace(answer.headers["x-request-id"], "")
        for placeholder, name in names.items():
            text = text.replace(name, placeholder)
        answers.append((answer.status_code, text))
    assert answers[0][0] == 404
    assert answers[0] == answers[1]
    theirs = zoe.get(f"{zeta}/teams/theirteam").json()
    assert (theirs["name"], theirs["members"]) == ("Reds", 1)
