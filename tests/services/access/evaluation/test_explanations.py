"""Explanations: every rule that concerns a decision, or what is missing."""

from datetime import timedelta
from typing import Any

import pytest
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import NOW, Organisation, allow, decision, deny, question, when

READ = question("bob", "read", "record/r1")


@pytest.fixture
def acme(world: World) -> Organisation:
    made = Organisation(world)
    made.role("reader", allow("record:read"))
    made.role("editor", allow("record:*"))
    return made


def explained(acme: Organisation, asked: dict[str, Any] = READ) -> Any:
    """The explanation; it must agree with the decision."""
    asker = acme.asker()
    answer = asker.post("/v1/organisations/acme/explain", json=asked)
    assert answer.status_code == 200, answer.text
    version = answer.headers["access-version"]
    assert answer.json()["decision"] is decision(asker, asked, version=version)
    return answer.json()


def test_every_rule_that_allows_is_named(acme: Organisation) -> None:
    acme.role("chief", allow("other:thing"), parents=["editor"])
    acme.team_role("captain", "reader")
    acme.member("bob", "reader", "chief", team_roles={"reds": "captain"})
    found = explained(acme)
    assert (found["decision"], found["reason"], found["missing"]) == (True, "allowed", None)
    shown = [(each["key"], each["wildcard"], each["holds"], each["origin"]) for each in found["grants"]]

    def origin(
        kind: str, role_id: str, *inherited: str, permission_set: str, team: str | None = None
    ) -> dict[str, Any]:
        parts = {"kind": kind, "roleId": role_id, "inherited": list(inherited)}
        return parts | {"permissionSetId": permission_set, "teamId": team}

    assert shown == [
        ("record:read", False, True, origin("organisation-role", "reader", permission_set="reader")),
        ("record:read", False, True, origin("team-role", "captain", permission_set="reader", team="reds")),
        ("record:*", True, True, origin("organisation-role", "chief", "editor", permission_set="editor")),
    ]


def test_the_rule_that_denies_is_named(acme: Organisation) -> None:
    acme.role("never", deny("record:*"))
    acme.member("bob", "reader", "never")
    found = explained(acme)
    assert (found["reason"], found["grants"][0]["effect"], found["grants"][0]["key"]) == ("denied", "deny", "record:*")
    assert found["missing"] is None


def condition(of: str, name: str, value: Any, **parts: Any) -> dict[str, Any]:
    shown = {"of": of, "name": name, "comparison": "equals", "value": value, "holds": False}
    return shown | {"source": None, "found": None} | parts


def test_conditions_are_shown_without_the_kept_values_that_the_caller_may_not_read(acme: Organisation) -> None:
    acme.role("desk", allow("record:read", when("subject", "desk", 7), when("resource", "status", "active")))
    acme.member("bob", "desk", properties={"desk": 31337})
    acme.resource("record", "r1", status="active")
    found = explained(acme)
    assert found["reason"] == "conditions"
    assert found["grants"][0]["conditions"] == [
        condition("subject", "desk", 7, source="directory"),
        condition("resource", "status", "active", source="directory", holds=True),
    ]
    assert "31337" not in str(found)


def test_whoever_may_read_the_directory_is_told_what_was_found(acme: Organisation) -> None:
    acme.role("desk", allow("record:read", when("subject", "desk", 7), when("resource", "status", "active")))
    acme.member("bob", "desk", properties={"desk": 31337})
    acme.resource("record", "r1", status="active")
    found = acme.world.as_user("ann").post("/v1/organisations/acme/explain", json=READ).json()
    assert [each["found"] for each in found["grants"][0]["conditions"]] == [31337, "active"]


def test_a_failed_condition_is_no_lack_of_a_role(acme: Organisation) -> None:
    """What is missing is the property, with what was given in the request; a role is never the cure."""
    region = when("resource", "region", "eu")
    acme.role("desk", allow("record:read", region, when("context", "shift", "day")), allow("record:*", region))
    acme.member("bob", "desk")
    lacking = {"permission": "record:read", "smallestRole": None, "allowsEverything": False}
    found = explained(acme)
    assert found["missing"] == lacking | {"conditions": [condition("resource", "region", "eu")]}
    asked = question("bob", "read", "record/r1", resource={"region": "us"})
    found = explained(acme, asked)
    wrong = condition("resource", "region", "eu", source="request", found="us")
    assert (found["reason"], found["missing"]) == ("conditions", lacking | {"conditions": [wrong]})


def test_a_small_role_with_a_condition_goes_before_one_that_allows_everything(acme: Organisation) -> None:
    acme.role("astronaut", allow("rocket:launch", when("resource", "region", "eu")))
    acme.member("bob")
    found = explained(acme, question("bob", "launch", "rocket/r1"))
    assert found["missing"] == {
        "permission": "rocket:launch",
        "smallestRole": "astronaut",
        "allowsEverything": False,
        "conditions": [condition("resource", "region", "eu")],
    }


def missing(permission: str, role_id: str, *, everything: bool = False) -> dict[str, Any]:
    return {"permission": permission, "smallestRole": role_id, "allowsEverything": everything, "conditions": []}


def test_the_smallest_role_that_would_allow_it_is_named(acme: Organisation) -> None:
    acme.member("bob")
    found = explained(acme)
    assert (found["reason"], found["grants"]) == ("no-grant", [])
    assert found["missing"] == missing("record:read", "reader")
    found = explained(acme, question("bob", "write", "record/r1"))
    assert found["missing"] == missing("record:write", "editor")
    found = explained(acme, question("bob", "launch", "rocket/r1"))
    assert found["missing"] == missing("rocket:launch", "owner", everything=True)


def test_a_role_that_is_over_or_not_yet_is_named(acme: Organisation) -> None:
    acme.member("bob", "reader", not_before=NOW + timedelta(hours=1))
    found = explained(acme)
    assert found["reason"] == "no-grant"
    assert [(each["roleId"], each["notAfter"]) for each in found["waiting"]] == [("reader", None)]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (question("nobody", "read", "record/r1"), "no-member"),
        (question("off", "read", "record/r1"), "inactive"),
        (question("a#b", "read", "record/r1"), "no-subject"),
        (question("bob", "read:more", "record/r1"), "no-permission"),
    ],
)
def test_a_denial_says_what_it_is_for(acme: Organisation, asked: dict[str, Any], reason: str) -> None:
    acme.member("off", "reader", active=False)
    assert explained(acme, asked)["reason"] == reason


def test_an_explanation_is_never_from_a_cache(acme: Organisation) -> None:
    acme.member("bob", "reader")
    asker = acme.asker()
    assert decision(asker, READ)
    assert acme.world.as_platform().delete("/v1/organisations/acme/users/bob/roles/reader").status_code == 204
    assert asker.post("/v1/organisations/acme/explain", json=READ).json()["reason"] == "no-grant"
    assert decision(asker, READ)  # the clock stands: what was read a moment ago still counts
