"""Searches: complete over their pages, bound to their request, and of one mind with evaluations."""

import itertools
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import Organisation, allow, deny, question, when

from tenantable.services.access.evaluation import searches

READERS = {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "r1"}}


def found(client: httpx.Client, kind: str, body: dict[str, Any], *, limit: int = 2) -> list[str]:
    """Ids, or names of actions, over all pages."""
    names: list[str] = []
    page: dict[str, Any] = {"limit": limit}
    while True:
        answer = client.post(f"/access/v1/search/{kind}", json=body | {"page": page})
        assert answer.status_code == 200, answer.text
        names += [each.get("id") or each["name"] for each in answer.json()["results"]]
        page = {"token": answer.json()["page"]["next_token"]}
        if not page["token"]:
            return names


@pytest.fixture
def acme(world: World) -> Organisation:
    made = Organisation(world)
    made.role("reader", allow("record:read"))
    return made


def test_a_search_looks_further_than_one_page_of_candidates(
    acme: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stands behind many who do not match is found, although one page looks at a few only."""
    monkeypatch.setattr(searches, "CANDIDATES_MAX", 3)
    for number in range(10):
        acme.member(f"n{number}")
    acme.member("zoe", "reader")
    asker = acme.asker()
    first = asker.post("/access/v1/search/subject", json=READERS | {"page": {"limit": 5}}).json()
    assert (len(first["results"]), first["page"]["next_token"] != "") == (1, True)
    assert found(asker, "subject", READERS, limit=5) == ["ann", "zoe"]


@pytest.mark.parametrize(
    "changed",
    [
        {"action": {"name": "write"}},
        {"resource": {"type": "record", "id": "r2"}},
        {"context": {"ip": "::1"}},
        {"page": {"limit": 2}},
        {"page": {"properties": {"sort": "id"}}},
    ],
)
def test_a_token_is_good_for_the_same_search_alone(acme: Organisation, changed: dict[str, Any]) -> None:
    acme.member("bob", "reader")
    asker = acme.asker()
    token = asker.post("/access/v1/search/subject", json=READERS | {"page": {"limit": 1}}).json()["page"]["next_token"]
    page = {"token": token, "limit": 1} | changed.get("page", {})
    answer = asker.post("/access/v1/search/subject", json=READERS | changed | {"page": page})
    assert answer.status_code == 400
    same = asker.post("/access/v1/search/subject", json=READERS | {"page": {"token": token, "limit": 1}})
    assert same.json()["results"] == [{"type": "user", "id": "bob"}]


@pytest.mark.parametrize("page", [{"token": "nonsense"}, {"limit": -1}, {"limit": "1"}, {"limit": True}, [], 5])
def test_a_page_that_is_none_is_refused(acme: Organisation, page: Any) -> None:
    answer = acme.asker().post("/access/v1/search/subject", json=READERS | {"page": page})
    assert answer.status_code == 400


def test_a_limit_of_nothing_gives_nothing_and_says_that_there_is_more(acme: Organisation) -> None:
    answer = acme.asker().post("/access/v1/search/subject", json=READERS | {"page": {"limit": 0}}).json()
    assert (answer["results"], answer["page"]["next_token"] != "") == ([], True)


@pytest.mark.parametrize("page", [{}, {"limit": 1}])
def test_from_a_page_of_nothing_any_limit_goes_on(acme: Organisation, page: dict[str, int]) -> None:
    address, asker = "/access/v1/search/subject", acme.asker()
    token = asker.post(address, json=READERS | {"page": {"limit": 0}}).json()["page"]["next_token"]
    answer = asker.post(address, json=READERS | {"page": {"token": token, **page}}).json()
    assert answer["results"] == asker.post(address, json=READERS | {"page": page}).json()["results"] != []


def test_actions_are_found_in_the_catalogue_too(acme: Organisation) -> None:
    catalogued = {"permissionId": "rocket:launch", "category": "rocket"}
    assert acme.world.as_platform().post("/v1/platform/permissions", json=catalogued).status_code == 201
    body = {"subject": {"type": "user", "id": "ann"}, "resource": {"type": "rocket", "id": "r1"}}
    assert found(acme.asker(), "action", body) == ["launch"]


TYPES, ACTIONS, USERS = ("record", "billing:invoice"), ("read", "write"), ("u1", "u2", "u3")
IDS = ("r1", "r2")
keys = st.sampled_from([*(":".join(each) for each in itertools.product(TYPES, ACTIONS)), "record:*", "billing:*", "*"])
tests = st.lists(
    st.builds(
        when,
        st.sampled_from(["subject", "resource"]),
        st.just("level"),
        st.integers(0, 1),
        st.sampled_from(["equals", "not-equals"]),
    ),
    max_size=1,
)
entries = st.builds(lambda make, key, found: make(key, *found), st.sampled_from([allow, allow, deny]), keys, tests)


@st.composite
def organisations(draw: st.DrawFn) -> dict[str, Any]:
    """Three roles of a few rules, who has them, and what the directory knows."""
    levels = st.dictionaries(st.just("level"), st.integers(0, 1), max_size=1)
    roles = [draw(st.lists(entries, max_size=3)) for _ in range(3)]
    members = {user: (draw(st.sets(st.integers(0, 2), max_size=2)), draw(levels)) for user in USERS}
    resources = {each: draw(levels) for each in itertools.product(TYPES, IDS)}
    return {"roles": roles, "members": members, "resources": resources}


def build(organisation: Organisation, drawn: dict[str, Any]) -> None:
    for number, role in enumerate(drawn["roles"]):
        organisation.role(f"role{number}", *role)
    for user, (roles, properties) in drawn["members"].items():
        organisation.member(user, *(f"role{number}" for number in roles), properties=properties)
    for (resource_type, resource_id), properties in drawn["resources"].items():
        organisation.resource(resource_type, resource_id, **properties)


def every_question() -> list[dict[str, Any]]:
    pairs = itertools.product(USERS, ACTIONS, TYPES, IDS)
    return [question(user, action, f"{kind}/{each}") for user, action, kind, each in pairs]


_numbers = itertools.count()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=organisations(), second=organisations())
def test_searches_batches_and_single_decisions_agree(
    world: World, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """For every member, resource and action of two organisations, which never mix although all their ids are equal."""
    number = next(_numbers)
    decided = []
    for name, drawn in ((f"one{number}", first), (f"two{number}", second)):
        organisation = Organisation(world, name)
        build(organisation, drawn)
        decided.append((organisation, organisation.asker(), drawn))
    for _, asker, drawn in decided:
        answer = asker.post("/access/v1/evaluations", json={"evaluations": every_question()}).json()
        batch = [each["decision"] for each in answer["evaluations"]]
        assert batch == [expected(drawn, each) for each in every_question()]
        for asked, batched in list(zip(every_question(), batch, strict=True))[:: len(batch) // 4]:
            assert asker.post("/access/v1/evaluation", json=asked).json()["decision"] is batched
        check_searches(asker, batch, named={entry.key for role in drawn["roles"] for entry in role})


def check_searches(asker: httpx.Client, batch: list[bool], *, named: set[str]) -> None:
    """Actions are found where some permission set names them; a wildcard alone may allow others, too."""
    allowed = [asked for asked, decision in zip(every_question(), batch, strict=True) if decision]
    for action, kind, each in itertools.product(ACTIONS, TYPES, IDS):
        part = {"action": {"name": action}, "resource": {"type": kind, "id": each}}
        users = found(asker, "subject", {"subject": {"type": "user"}, **part})
        assert [user for user in users if user in USERS] == [
            asked["subject"]["id"] for asked in allowed if part.items() <= asked.items()
        ]
    for user, kind in itertools.product(USERS, TYPES):
        subject = {"subject": {"type": "user", "id": user}}
        for action in ACTIONS:
            part = subject | {"action": {"name": action}}
            ids = found(asker, "resource", part | {"resource": {"type": kind}}, limit=1)
            fitting = [asked["resource"] for asked in allowed if part.items() <= asked.items()]
            assert ids == [each["id"] for each in fitting if each["type"] == kind]
        for each in IDS:
            part = subject | {"resource": {"type": kind, "id": each}}
            names = found(asker, "action", part)
            fitting_names = [asked["action"]["name"] for asked in allowed if part.items() <= asked.items()]
            assert names == [name for name in fitting_names if f"{kind}:{name}" in named]


def expected(drawn: dict[str, Any], asked: dict[str, Any]) -> bool:
    """What the decision must be, from the definition and without any of the service's code."""
    roles, subject = drawn["members"][asked["subject"]["id"]]
    resource = drawn["resources"][asked["resource"]["type"], asked["resource"]["id"]]
    key = f"{asked['resource']['type']}:{asked['action']['name']}"
    effects = set()
    for entry in (entry for number in roles for entry in drawn["roles"][number]):
        covered = entry.key == key or (entry.key.endswith("*") and key.startswith(entry.key[:-1]))
        known = {"subject": subject, "resource": resource}
        fits = all(
            (known[test.of].get(test.name) == test.value) is (test.comparison == "equals") for test in entry.when
        )
        if covered and fits:
            effects.add(entry.effect)
    return effects == {"allow"}
