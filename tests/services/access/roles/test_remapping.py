"""Everybody who has one role gets another one, in steps; then the first can be deleted."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import pytest
from tests.services.access.acting import (
    add_member,
    assign,
    database_of,
    events_of,
    made,
    make_role,
    place,
    refusal,
)
from tests.services.access.conftest import World

from tenantable.services.access.changes.change import Actor
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.declaration import (
    Member,
    Members,
    OrganisationRole,
    OrganisationRoles,
    UserRoleAssignment,
    UserRoleAssignments,
    role_service,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.roles.remapping import REMAPPED_AT_ONCE, Remapping

PLATFORM = Caller(kind="platform", id="platform")


@pytest.fixture
def ann(world: World) -> httpx.Client:
    world.found("acme")
    make_role(world, "old", "record:read")
    make_role(world, "new", "record:read", "record:list")
    return world.as_user("ann")


def give_to_many(world: World, number: int, role_id: str = "old") -> None:
    """Written at once, with the count as it must be; each as if a change had made it."""
    database, now = database_of(world), datetime.fromtimestamp(world.clock.now, UTC)
    for each in range(number):
        place_: dict[str, Any] = {"organisation_id": "acme", "user_id": f"u{each:03}"}
        database.repository(Members).create(Member(**place_, email="x@example.com", date_joined=now))
        made_ = UserRoleAssignment(**place_, role_id=role_id, assigned_by="t", date_assigned=now)
        database.repository(UserRoleAssignments).create(made_)
    key = OrganisationRoles.get.key(organisation_id="acme", role_id=role_id)
    database.repository(OrganisationRoles).update(key, OrganisationRole.assigned.add(number))


def test_a_role_of_150_users_is_remapped_and_deleted(world: World, ann: httpx.Client) -> None:
    give_to_many(world, 150)
    assert refusal(ann.delete(f"{place()}/roles/old")) == (409, "in-use")
    moved = made(ann.post(f"{place()}/roles/old/remap", json={"toRoleId": "new"}))
    assert moved.json() == {"users": 150, "roles": 0, "invitations": 0, "left": 0}
    assert ann.get(f"{place()}/roles/new").json()["assigned"] == 150
    assert made(ann.delete(f"{place()}/roles/old")).status_code == 204
    events_of(world)


def test_what_was_left_after_a_crash_is_done_by_the_same_again(world: World, ann: httpx.Client) -> None:
    give_to_many(world, 2 * REMAPPED_AT_ONCE + 5)
    changes, steps = world.dependencies.changes(role_service), iter([True, False])

    class Crashing(Changes):
        def run(self, *arguments: Any) -> Any:
            if not next(steps):
                raise KeyboardInterrupt
            return changes.run(*arguments)

    crashing = Crashing(changes.database, chain_key=b"", clock=world.clock, new_id=str, random=Random(1))  # noqa: S311
    with pytest.raises(KeyboardInterrupt):
        Remapping(crashing).remap(Actor(id="ann"), PLATFORM, "acme", role_id="old", to_role_id="new")
    counts = [ann.get(f"{place()}/roles/{role_id}").json()["assigned"] for role_id in ("old", "new")]
    assert counts == [REMAPPED_AT_ONCE + 5, REMAPPED_AT_ONCE]
    again = made(ann.post(f"{place()}/roles/old/remap", json={"toRoleId": "new"}))
    assert again.json() == {"users": REMAPPED_AT_ONCE + 5, "roles": 0, "invitations": 0, "left": 0}
    assert len(ann.get(f"{place()}/roles/new/users", params={"limit": 200}).json()["items"]) == 45


def test_roles_below_get_the_other_one_above_them(world: World, ann: httpx.Client) -> None:
    make_role(world, "low", parents=("old",))
    make_role(world, "both", parents=("old", "new"))
    moved = made(ann.post(f"{place()}/roles/old/remap", json={"toRoleId": "new"}))
    assert moved.json() == {"users": 0, "roles": 2, "invitations": 0, "left": 0}
    assert ann.get(f"{place()}/roles/low").json()["parentRoleIds"] == ["new"]
    assert ann.get(f"{place()}/roles/both").json()["parentRoleIds"] == ["new"]
    assert ann.get(f"{place()}/roles/new").json()["assigned"] == 2
    made(ann.delete(f"{place()}/roles/old"))


def test_whoever_has_both_keeps_the_longer(world: World, ann: httpx.Client) -> None:
    add_member(world, "cat", "old")
    assign(world, "cat", "new", notAfter="2100-01-01T00:00:00Z")
    add_member(world, "dan", "new")
    assign(world, "dan", "old", notAfter="2100-01-01T00:00:00Z")
    made(ann.post(f"{place()}/roles/old/remap", json={"toRoleId": "new"}))
    users = ann.get(f"{place()}/roles/new/users").json()["items"]
    assert [(each["userId"], each["notAfter"]) for each in users] == [("cat", None), ("dan", None)]
    assert ann.get(f"{place()}/roles/new").json()["assigned"] == 2


def test_what_cannot_be_remapped_is_refused(world: World, ann: httpx.Client) -> None:
    for role_id, to_role_id in (("old", "old"), ("old", "owner"), ("owner", "old")):
        refused = ann.post(f"{place()}/roles/{role_id}/remap", json={"toRoleId": to_role_id})
        assert refusal(refused) == (422, "unprocessable")
    for role_id, to_role_id in (("old", "none"), ("none", "old"), ("member", "old")):
        refused = ann.post(f"{place()}/roles/{role_id}/remap", json={"toRoleId": to_role_id})
        assert refusal(refused) == (404, "not-found")
    make_role(world, "low", parents=("old",))
    refused = ann.post(f"{place()}/roles/old/remap", json={"toRoleId": "low"})
    assert refusal(refused) == (422, "unprocessable")


def test_users_may_be_remapped_to_a_role_of_the_platform(world: World, ann: httpx.Client) -> None:
    add_member(world, "cat", "old")
    moved = made(ann.post(f"{place()}/roles/old/remap", json={"toRoleId": "member"}))
    assert moved.json()["users"] == 1
    assert [each["roleId"] for each in ann.get(f"{place()}/users/cat/roles").json()["items"]] == ["member"]


def test_open_invitations_are_remapped_too(world: World, ann: httpx.Client) -> None:
    """Whoever is invited to the one role gets the other one, and the one can be deleted."""
    inviting = made(ann.post(f"{place()}/invitations", json={"email": "tom@example.com", "roleId": "old"}))
    made(ann.post(f"{place()}/invitations", json={"usesMax": 3, "roleId": "old"}))
    moved = made(ann.post(f"{place()}/roles/old/remap", json={"toRoleId": "new"}))
    assert moved.json() == {"users": 0, "roles": 0, "invitations": 2, "left": 0}
    made(ann.delete(f"{place()}/roles/old"))
    tom = world.as_user("tom")
    made(tom.post("/v1/invitations/accept", json={"token": inviting.json()["token"]}))
    assert [each["roleId"] for each in ann.get(f"{place()}/users/tom/roles").json()["items"]] == ["new"]
    assert ann.get(f"{place()}/roles/new").json()["assigned"] == 2
    events_of(world)


def test_invitations_are_left_by_those_who_may_not_invite(world: World, ann: httpx.Client) -> None:
    make_role(world, "assigner", "access:assignment:write", "record:*")
    bob = add_member(world, "bob", "assigner")
    made(ann.post(f"{place()}/invitations", json={"email": "tom@example.com", "roleId": "old"}))
    moved = made(bob.post(f"{place()}/roles/old/remap", json={"toRoleId": "new"}))
    assert moved.json() == {"users": 0, "roles": 0, "invitations": 0, "left": 1}
