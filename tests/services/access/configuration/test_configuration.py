"""An organisation's configuration over HTTP: out, compared, in; by whoever may, in the order that is safe."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from tests.services.access.configuration.documents import MEMBERS, documents
from tests.services.access.conftest import World

from tenantable.services.access.configuration.applying import Configuration
from tenantable.services.access.configuration.document import Document, read_document, write_document
from tenantable.services.access.declaration import AuditEvents, audit_service
from tenantable.services.access.errors import Unprocessable

PATH = "/v1/organisations/acme/configuration"
BOBS = {"role": "clerk", "notAfter": "2030-01-01T00:00:00Z"}
WHOLE = """
permissionSets:
- {id: clerk, name: Clerk, entries: [billing:invoice:read, {key: billing:invoice:delete, effect: deny}]}
roles:
- {id: chief, name: Chief, permissionSets: [clerk], parents: [clerk]}
- {id: clerk, name: Clerk, permissionSets: [clerk]}
teamRoles:
- {id: lead, name: Lead, permissionSets: [clerk], reach: team}
teams:
- {id: red, name: Red, division: north}
members:
- {id: bob, roles: [{role: clerk, notAfter: "2030-01-01T00:00:00Z"}], teams: {red: lead}}
"""


def join(world: World, user_id: str, role_id: str = "member", organisation_id: str = "acme") -> None:
    """By an invitation."""
    content = {"email": f"{user_id}@example.com", "roleId": role_id}
    path = f"/v1/organisations/{organisation_id}/invitations"
    token = world.as_platform().post(path, json=content).json()["token"]
    assert world.as_user(user_id).post("/v1/invitations/accept", json={"token": token}).status_code == 200


@pytest.fixture
def acme(world: World) -> World:
    world.found("acme", owner="ann")
    join(world, "bob")
    return world


def apply(client: httpx.Client, text: str, path: str = PATH, **headers: str) -> dict[str, Any]:
    answer = client.post(path, content=text, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def exported(client: httpx.Client, path: str = PATH) -> dict[str, Any]:
    answer = client.get(path, params={"members": "true"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/yaml")
    found: dict[str, Any] = yaml.safe_load(answer.text)
    return found


def refused(client: httpx.Client, text: str, status: int, **headers: str) -> dict[str, Any]:
    answer = client.post(PATH, content=text, headers=headers)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_what_is_applied_is_what_comes_out(acme: World) -> None:
    ann = acme.as_user("ann")
    outcome = apply(ann, WHOLE)
    assert (outcome["left"], len(outcome["changes"])) == (0, 6)
    found = exported(ann)
    assert {each["id"]: each for each in found.pop("members")} == {
        "ann": {"id": "ann", "roles": ["owner"]},
        "bob": {
            "id": "bob",
            "roles": [{"role": "clerk", "notAfter": "2030-01-01T00:00:00Z"}],
            "teams": {"red": "lead"},
        },
    }
    wanted = yaml.safe_load(WHOLE)
    del wanted["members"]
    assert found == {"format": 1, "organisation": {"name": "Acme"}} | wanted


def test_the_same_document_again_changes_nothing(acme: World) -> None:
    ann = acme.as_user("ann")
    apply(ann, WHOLE)
    before = ann.get(PATH).headers["etag"]
    assert apply(ann, WHOLE) == {"changes": [], "operations": 0, "left": 0}
    assert ann.get(PATH).headers["etag"] == before


def test_a_dry_run_says_everything_and_changes_nothing(acme: World) -> None:
    ann = acme.as_user("ann")
    apply(ann, WHOLE)
    before = exported(ann)
    text = "roles:\n- {id: clerk, name: Office, permissionSets: []}\n"
    text += "permissionSets:\n- {id: clerk, name: Clerk, entries: [billing:invoice:read]}\nmembers: [{id: bob}]\n"
    outcome = apply(ann, text, PATH + "?dryRun=true")
    assert [each["sentence"] for each in outcome["changes"]] == [
        "The permission set clerk: entries - deny billing:invoice:delete",
        "The role chief is deleted",
        "The role clerk: name Clerk becomes Office; permission sets - clerk",
        "The member bob: roles - clerk until 2030-01-01T00:00:00+00:00; teams - red",
    ]
    assert outcome["operations"] == 0
    assert outcome["left"] > 0
    change = outcome["changes"][2]
    assert (change["action"], change["before"]["name"], change["after"]["name"]) == ("change", "Clerk", "Office")
    assert exported(ann) == before


def test_the_organisation_itself_is_part_of_it(acme: World) -> None:
    ann = acme.as_user("ann")
    assert exported(ann)["organisation"] == {"name": "Acme"}
    text = "organisation: {name: Acme Limited, allowedDomains: [Acme.example, acme.test]}"
    told = ann.post(f"{PATH}?dryRun=true", content=text).json()["changes"]
    assert [each["sentence"] for each in told] == [
        "The organisation: name Acme becomes Acme Limited; allowed domains + acme.example, + acme.test"
    ]
    assert apply(ann, text)["operations"] == 1
    assert exported(ann)["organisation"] == {"name": "Acme Limited", "allowedDomains": ["acme.example", "acme.test"]}
    assert apply(ann, text)["operations"] == 0
    apply(ann, "teams: []")
    assert exported(ann)["organisation"]["name"] == "Acme Limited"
    told = refused(ann, "organisation: {name: A, allowedDomains: [x]}", 422)["errors"][0]
    assert "is no name of a domain" in told["problem"]


def test_seats_are_told_and_are_the_platforms_to_change(acme: World) -> None:
    ann, platform = acme.as_user("ann"), acme.as_platform()
    assert platform.patch("/v1/organisations/acme", json={"seatLimit": 7}).status_code == 200
    assert ann.get(PATH).text.startswith("# 7 seats,")
    assert apply(ann, ann.get(PATH).text)["operations"] == 0
    told = refused(ann, "organisation: {name: Acme, seatLimit: 9}", 422)["errors"][0]
    assert "the platform's administrator" in told["problem"]


def test_a_section_that_is_left_out_stays(acme: World) -> None:
    ann = acme.as_user("ann")
    apply(ann, WHOLE)
    apply(ann, "teams:\n- {id: blue, name: Blue}\n- {id: red, name: Red}\n")
    assert [each["id"] for each in exported(ann)["roles"]] == ["chief", "clerk"]
    assert [each["id"] for each in exported(ann)["teams"]] == ["blue", "red"]


def test_everything_can_be_taken_away_again(acme: World) -> None:
    ann = acme.as_user("ann")
    apply(ann, WHOLE)
    apply(ann, "permissionSets: []\nroles: []\nteamRoles: []\nteams: []\nmembers: [{id: bob}]\n")
    nothing: dict[str, Any] = {"permissionSets": [], "roles": [], "teamRoles": [], "teams": []}
    members = [{"id": "ann", "roles": ["owner"]}, {"id": "bob"}]
    assert exported(ann) == {"format": 1, "organisation": {"name": "Acme"}, **nothing, "members": members}


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (
            "roles:\n- {id: a, name: A, permissionSets: [none]}",
            "document.roles.0.permissionSets.0",
            "no permission set none",
        ),
        ("roles:\n- {id: owner, name: A}", "document.roles.0.id", "line 2: The platform has a role owner"),
        ("roles:\n- {id: a, name: A, parents: [none]}", "document.roles.0.parents.0", "line 2: There is no role none"),
        (
            "teamRoles:\n- {id: a, name: A, permissionSets: [x]}",
            "document.teamRoles.0.permissionSets.0",
            "permission set x",
        ),
        ("members:\n- {id: eve}", "document.members.0.id", "line 2: eve is no member"),
        ("members:\n- {id: bob, roles: [none]}", "document.members.0.roles.0", "no role none"),
        ("members:\n- {id: bob, teams: {none: none}}", "document.members.0.teams.0", "no team none"),
        (
            "permissionSets:\n- {id: a, name: A, entries: ['a:*:b']}",
            "document.permissionSets.0.entries.0",
            "is no permission",
        ),
        ("rolse: []", "document.rolse", "line 1: rolse is not known here; did you mean roles"),
        (
            "roles:\n- {id: a, name: A, permissionSetIds: [a]}",
            "document.roles.0.permissionSetIds",
            "mean permissionSets",
        ),
        ("roles:\n- reader", "document.roles.0", "line 2: An object is expected here, with id, name, active"),
        ("colour: red", "document.colour", "line 1: colour is not known here; known: "),
    ],
)
def test_a_fault_is_told_with_its_place_before_anything_changes(
    acme: World, text: str, place: str, problem: str
) -> None:
    ann = acme.as_user("ann")
    before = ann.get(PATH).headers["etag"]
    told = refused(ann, text, 422)["errors"][0]
    assert told["place"] == place
    assert problem in told["problem"]
    assert ann.get(PATH).headers["etag"] == before


def test_what_is_in_use_is_not_deleted(acme: World) -> None:
    ann = acme.as_user("ann")
    apply(ann, WHOLE)
    told = refused(ann, "roles: []", 409)
    assert (told["code"], told["detail"][:27]) == ("in-use", "The role clerk is deleted, ")


def test_a_role_above_itself_is_refused(acme: World) -> None:
    text = "roles:\n- {id: a, name: A, parents: [b]}\n- {id: b, name: B, parents: [a]}\n"
    assert refused(acme.as_user("ann"), text, 422)


def test_nobody_brings_about_more_than_they_hold(acme: World) -> None:
    """Found out before the first change, in the dry run too."""
    apply(
        acme.as_user("ann"),
        "permissionSets: [{id: conf, name: C, entries: ['access:configuration:*']}]\n"
        "roles: [{id: conf, name: C, permissionSets: [conf]}]\nmembers: [{id: bob, roles: [conf]}]",
    )
    acme.clock.now += 3  # so that nothing older counts
    bob = acme.as_user("bob")
    text = "permissionSets:\n- {id: conf, name: C, entries: ['access:configuration:*']}\n"
    text += "- {id: x, name: X, entries: ['billing:*']}\n"
    before = bob.get(PATH).headers["etag"]
    assert refused(bob, text, 403)["code"] == "forbidden"
    assert bob.post(PATH + "?dryRun=true", content=text).status_code == 403
    assert refused(bob, "members: [{id: bob, roles: [conf, owner]}]", 403)["code"] == "forbidden"
    assert refused(bob, "members: [{id: ann}]", 403)["code"] == "forbidden"
    assert refused(bob, "organisation: {name: Bobs}", 403)["code"] == "forbidden"
    assert bob.get(PATH).headers["etag"] == before


SWITCHED_OFF = """
permissionSets: [{id: clerk, name: C, entries: ['billing:read']}]
roles: [{id: clerk, name: Clerk, permissionSets: [clerk]}]
teamRoles: [{id: lead, name: Lead}, {id: dark, name: Dark, active: false}]
teams: [{id: red, name: Red}, {id: blue, name: Blue, active: false}]
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("roles: [{id: a, name: A, parents: [b]}, {id: b, name: B, parents: [a]}]", "malformed-request"),
        (
            "roles:\n"
            + "".join(f"- {{id: r{n}, name: R, parents: [r{n + 1}]}}\n" for n in range(15))
            + "- {id: r15, name: R}",
            "malformed-request",
        ),
        ("members: [{id: ann, roles: [member]}]", "last-owner"),
        ("members: [{id: ann, roles: [{role: owner, notAfter: 2100-01-01T00:00:00Z}]}]", "last-owner"),
        (
            "members: [{id: bob, roles: [{role: member, notBefore: 2100-01-01T00:00:00Z, "
            "notAfter: 2099-01-01T00:00:00Z}]}]",
            "malformed-request",
        ),
        (SWITCHED_OFF + "members: [{id: bob, roles: [clerk], teams: {blue: lead}}]", "inactive"),
        (SWITCHED_OFF + "members: [{id: bob, roles: [clerk], teams: {red: dark}}]", "inactive"),
        (SWITCHED_OFF + "members: [{id: cat, teams: {red: lead}}]", "inactive"),
    ],
)
def test_a_dry_run_refuses_what_applying_would_and_neither_changes_anything(
    acme: World, text: str, expected: str
) -> None:
    ann = acme.as_user("ann")
    join(acme, "cat")
    ann.headers["access-version"] = (
        acme.as_platform().patch("/v1/organisations/acme/members/cat", json={"active": False}).headers["access-version"]
    )
    before = ann.get(PATH).headers["etag"]
    answers = [ann.post(path, content=text) for path in (f"{PATH}?dryRun=true", PATH)]
    assert [each.json()["code"] for each in answers] == [expected] * 2
    assert ann.get(PATH).headers["etag"] == before


def test_it_takes_the_permission(acme: World) -> None:
    bob, eve = acme.as_user("bob"), acme.as_user("eve")
    assert (bob.get(PATH).status_code, bob.post(PATH, content="roles: []").status_code) == (403, 403)
    assert (eve.get(PATH).status_code, eve.post(PATH, content="roles: []").status_code) == (404, 404)


def test_the_last_owner_stays(acme: World) -> None:
    assert refused(acme.as_platform(), "members: [{id: ann}]", 409)["code"] == "last-owner"


def test_owners_change_places_in_one_document(acme: World) -> None:
    ann = acme.as_user("ann")
    apply(ann, "members: [{id: ann, roles: [member]}, {id: bob, roles: [owner]}]")
    assert exported(acme.as_user("bob"))["members"] == [
        {"id": "ann", "roles": ["member"]},
        {"id": "bob", "roles": ["owner"]},
    ]


def test_a_document_is_based_on_a_version(acme: World) -> None:
    ann = acme.as_user("ann")
    seen = ann.get(PATH).headers["etag"]
    apply(ann, "teams: [{id: red, name: Red}]", **{"if-match": seen})
    assert refused(ann, "teams: []", 412, **{"if-match": seen})["code"] == "precondition-failed"


def test_every_step_is_in_the_audit_trail(acme: World) -> None:
    apply(acme.as_user("ann"), WHOLE)
    events = acme.dependencies.database(audit_service).repository(AuditEvents)
    actions = [each.action for each in events.of_user(user_id="ann").all()]
    assert {"permission-set.create", "role.create", "team-role.create", "team.create", "role.assign"} <= set(actions)


def test_a_document_that_takes_too_long_is_carried_on_by_the_same_one(acme: World) -> None:
    ann, ticks = acme.as_user("ann"), iter(range(0, 10_000, 7))
    configuration: Configuration = acme.app.state.configuration
    acme.app.state.configuration = Configuration(
        configuration.database,
        configuration.services,
        answers=configuration.answers,
        clock=acme.clock,
        monotonic=lambda: float(next(ticks)),
    )
    rounds = 0
    while apply(ann, WHOLE)["left"]:
        rounds += 1
        assert rounds < 10
    assert rounds > 1
    assert len(exported(ann)["roles"]) == 2


def test_a_step_that_fails_says_which_and_leaves_what_was_done(acme: World) -> None:
    """A crash midway is the same: the document again carries on."""
    ann = acme.as_user("ann")
    configuration: Configuration = acme.app.state.configuration
    services = configuration.services

    class Failing:
        def create(self, *_arguments: Any, **_named: Any) -> None:
            raise Unprocessable("no more")

    broken = replace(services, teams=Failing())  # type: ignore[arg-type]
    acme.app.state.configuration = Configuration(
        configuration.database, broken, answers=configuration.answers, clock=acme.clock
    )
    told = refused(ann, WHOLE, 422)
    assert "step 5 of 8, The team red is created" in told["detail"]
    assert "send the document again" in told["hint"]
    acme.app.state.configuration = configuration
    outcome = apply(ann, WHOLE)
    assert (outcome["operations"], outcome["left"]) == (4, 0)


@pytest.fixture
def organisations(world: World) -> Iterator[str]:
    """Ids of organisations with the same members."""

    def found() -> Iterator[str]:
        number = 0
        while True:
            number += 1
            organisation_id = f"org{number}"
            world.found(organisation_id, owner="ann")
            join(world, "bob", organisation_id=organisation_id)
            yield organisation_id

    return found()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=documents(), second=documents())
def test_any_configuration_follows_any_other_and_can_be_copied(
    world: World, organisations: Iterator[str], first: Document, second: Document
) -> None:
    administrator = world.as_platform()
    one, other = (f"/v1/organisations/{next(organisations)}/configuration" for _ in range(2))
    for document in (first, second):
        assert apply(administrator, write_document(document), one)["left"] == 0
    text = administrator.get(one, params={"members": "true"}).text
    assert {each.id for each in read_document(text.encode()).document.members or ()} == set(MEMBERS)
    assert apply(administrator, write_document(second), one)["operations"] == 0
    apply(administrator, text, other)
    assert administrator.get(other, params={"members": "true"}).text == text


def test_a_member_for_whom_no_order_is_safe_has_a_role_that_denies_meanwhile(acme: World) -> None:
    """Two roles, each of which denies what the other one allows; nothing of it is left."""
    ann = acme.as_user("ann")
    text = """
permissionSets:
- {id: one, name: One, entries: [a:x, {key: a:y, effect: deny}]}
- {id: two, name: Two, entries: [a:y, {key: a:x, effect: deny}]}
roles:
- {id: one, name: One, permissionSets: [one]}
- {id: two, name: Two, permissionSets: [two]}
members:
- {id: bob, roles: [one, two]}
"""
    assert apply(ann, text)["operations"] == 4 + 1 + 2 + 4  # bob was a member, by a role that goes
    assert [each["id"] for each in exported(ann)["roles"]] == ["one", "two"]
    events = acme.as_user("ann").get("/v1/organisations/acme/audit/events", params={"target": "in-between"}).json()
    assert [each["action"] for each in events["items"]] == ["role.delete", "role.create"]
    assert apply(ann, text)["left"] == 0


def test_terms_that_are_over_come_out_and_go_in_again(acme: World) -> None:
    """An export has what has ended; to bring it back must not fail."""
    apply(acme.as_platform(), WHOLE.replace("2030-01-01", "2020-01-01"))
    (bob,) = [each for each in exported(acme.as_platform())["members"] if each["id"] == "bob"]
    assert bob["roles"] == [BOBS | {"notAfter": "2020-01-01T00:00:00Z"}]
