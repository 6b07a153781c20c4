"""Whoever is refused is told what is in the way, and the way out."""

import httpx
import pytest
from tests.services.access.acting import add_member, entries, made, make_role, place
from tests.services.access.conftest import World

from tenantable.services.access.declaration import directory_service
from tenantable.services.access.directory.platform import found_platform


@pytest.fixture
def ann(world: World) -> httpx.Client:
    world.found()
    return world.as_user("ann")


def told(answer: httpx.Response) -> tuple[int, str, str | None]:
    problem = answer.json()
    return answer.status_code, problem["detail"], problem.get("hint")


def test_an_id_that_is_taken_by_the_platform_is_said_to_be_the_platforms(ann: httpx.Client) -> None:
    of_set = ann.post(f"{place()}/permission-sets", json={"permissionSetId": "auditor", "name": "Auditor"})
    of_role = ann.post(f"{place()}/roles", json={"roleId": "auditor", "name": "Auditor"})
    assert told(of_set) == (409, "auditor is a permission set of the platform", "choose another id")
    assert told(of_role) == (409, "auditor is a role of the platform", "choose another id")


def test_a_role_in_use_is_told_with_its_users_invitations_and_roles(world: World, ann: httpx.Client) -> None:
    make_role(world, "clerk", "billing:read")
    for user_id in ("bob", "cat"):
        add_member(world, user_id, "clerk")
    made(ann.post(f"{place()}/invitations", json={"email": "dan@example.com", "roleId": "clerk"}))
    for role_id in ("lead", "head", "chief"):
        make_role(world, role_id, parents=("clerk",))
    status, detail, hint = told(ann.delete(f"{place()}/roles/clerk"))
    assert (status, detail) == (
        409,
        "The role clerk is in use, by 2 users, 1 open invitation, 3 roles below it",
    )
    assert hint is not None
    assert 'POST /v1/organisations/acme/roles/clerk/remap with {"toRoleId": ...}' in hint


def test_a_role_remapped_to_one_below_it_is_told_the_way_between_them(world: World, ann: httpx.Client) -> None:
    make_role(world, "clerk", "billing:read")
    make_role(world, "lead", parents=("clerk",))
    make_role(world, "chief", parents=("lead",))
    assert told(ann.post(f"{place()}/roles/clerk/remap", json={"toRoleId": "chief"})) == (
        422,
        "chief would be above itself: it is chief below lead below clerk",
        "take clerk out of the parents of lead first (parentRoleIds)",
    )


def test_a_circle_is_told_with_the_parents_that_make_it(world: World, ann: httpx.Client) -> None:
    make_role(world, "clerk")
    make_role(world, "lead", parents=("clerk",))
    make_role(world, "chief", parents=("lead",))
    assert told(ann.put(f"{place()}/roles/clerk", json={"name": "Clerk", "parentRoleIds": ["chief"]})) == (
        422,
        "The role clerk would be above itself: clerk below chief below lead below clerk",
        "leave chief out of the parents of clerk, or take clerk out of those of lead first",
    )
    own = ann.put(f"{place()}/roles/clerk", json={"name": "Clerk", "parentRoleIds": ["clerk"]})
    assert told(own)[2] == "leave clerk out of the parents of clerk"


@pytest.mark.parametrize(
    ("body", "place_of_it", "problem"),
    [
        ({"permissionSets": ["a"]}, "body.permissionSets", "is not known here; did you mean permissionSetIds"),
        ({"parents": ["a"]}, "body.parents", "parents is not known here; "),
        ({"colour": "red"}, "body.colour", "colour is not known here; known: name, active, permissionSetIds"),
    ],
)
def test_a_member_that_is_not_known_is_told_with_what_was_meant(
    ann: httpx.Client, body: dict[str, object], place_of_it: str, problem: str
) -> None:
    (found,) = ann.post(f"{place()}/roles", json={"roleId": "x", "name": "X", **body}).json()["errors"]
    assert found["place"] == place_of_it
    assert problem in found["problem"]


def test_a_member_within_a_list_is_told_too(ann: httpx.Client) -> None:
    body = {"permissionSetId": "x", "name": "X", "entries": [{"key": "a:b", "efect": "deny"}, 7]}
    found = ann.post(f"{place()}/permission-sets", json=body).json()["errors"]
    assert [(each["place"], each["problem"]) for each in found] == [
        ("body.entries.0.efect", "efect is not known here; did you mean effect?"),
        ("body.entries.1", "An object is expected here, with key, effect, when"),
    ]


def test_an_entry_that_allows_may_be_its_key_alone(ann: httpx.Client) -> None:
    body = {"permissionSetId": "x", "name": "X", "entries": ["a:b", *entries("!a:c")]}
    found = made(ann.post(f"{place()}/permission-sets", json=body)).json()["entries"]
    assert [(each["key"], each["effect"]) for each in found] == [("a:b", "allow"), ("a:c", "deny")]


def test_a_platform_that_was_founded_earlier_gets_the_sets_that_are_new(world: World) -> None:
    """The set is added at the next start; those that there are stay as the administrator made them."""
    dependencies, administrator = world.dependencies, world.as_platform()
    made(administrator.put("/v1/platform/permission-sets/member", json={"name": "Member", "entries": ["a:b"]}))
    key = {"PK": {"S": "PLATFORM"}, "SK": {"S": "PERMSET#decision"}}
    world.engine.call("DeleteItem", {"TableName": dependencies.naming.table_name("access-management"), "Key": key})
    assert administrator.get("/v1/platform/permission-sets/decision").status_code == 404
    for _ in range(2):
        found_platform(dependencies.changes(directory_service), now=world.clock())
    added = made(administrator.get("/v1/platform/permission-sets/decision")).json()
    assert [each["key"] for each in added["entries"]] == ["access:decision:read"]
    assert made(administrator.get("/v1/platform/permission-sets/member")).json()["name"] == "Member"


def test_a_resource_may_have_any_type_that_permissions_have(world: World, ann: httpx.Client) -> None:
    make_role(world, "clerk", "billing:invoice:read")
    add_member(world, "bob", "clerk")
    known = {"properties": {"status": "open"}}
    made(ann.put(f"{place()}/resources/billing:invoice/i-1", json=known))
    found = made(ann.get(f"{place()}/resources", params={"type": "billing:invoice"})).json()["items"]
    assert [each["resourceId"] for each in found] == ["i-1"]
    assert ann.put(f"{place()}/resources/billing:/i-1", json=known).status_code == 422
