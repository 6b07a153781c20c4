"""Evaluations beyond the certification: semantics, limits, who may ask, and about which organisation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import NOW, Organisation, allow, decision, deny, question, when

from tenantable.errors import Unavailable
from tenantable.services.access import declaration
from tenantable.services.access.app import create_app
from tenantable.services.access.decisions.snapshots import STALE_SECONDS_MAX
from tenantable.services.access.declaration import ServiceKeys
from tenantable.services.access.identity.recent import RECENT_SECONDS
from tenantable.wire.client import DynamoClient

READ = question("bob", "read", "record/r1")
WRITE = question("bob", "write", "record/r1")
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"


@pytest.fixture
def acme(world: World) -> Organisation:
    made = Organisation(world)
    made.role("reader", allow("record:read"))
    made.member("bob", "reader")
    return made


def outcome(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_a_semantic_ends_where_it_says(acme: Organisation, semantic: str, expected: list[bool]) -> None:
    body = {"evaluations": [READ, WRITE, READ, WRITE], "options": {"evaluations_semantic": semantic, "other": 1}}
    answer = acme.asker().post(EVALUATIONS, json=body).json()
    assert [each["decision"] for each in answer["evaluations"]] == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": {"evaluations_semantic": "perhaps"}},
        {"options": []},
        {"evaluations": {"0": READ}},
        {"subject": "bob"},
        {"evaluations": [READ] * 501},
    ],
)
def test_a_request_that_is_wrong_as_a_whole_is_refused(acme: Organisation, wrong: Any) -> None:
    answer = acme.asker().post(EVALUATIONS, json={"evaluations": [READ]} | wrong)
    assert outcome(answer) == (400, "malformed-request")


def test_a_hundred_evaluations_and_more_are_made_at_once(acme: Organisation) -> None:
    answer = acme.asker().post(EVALUATIONS, json={"evaluations": [READ, WRITE] * 250}).json()
    assert [each["decision"] for each in answer["evaluations"]] == [True, False] * 250


def test_each_evaluation_may_fail_alone(acme: Organisation) -> None:
    nowhere = READ | {"context": {"organisationId": "nowhere"}}
    items = ["read", READ | {"subject": {"type": "user", "id": 5}}, nowhere, READ]
    answer = acme.asker().post(EVALUATIONS, json={"evaluations": items}).json()["evaluations"]
    assert [each["decision"] for each in answer] == [False, False, False, True]
    assert [each["context"]["error"]["status"] for each in answer[:3]] == [400, 400, 404]


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


@pytest.mark.parametrize(
    "context",
    [nested(40), [1], {str(number): 1 for number in range(201)}, {"a": [[[[nested(28)]]]]}],
    ids=["deep", "array", "many", "deep in arrays"],
)
def test_a_context_has_limits(acme: Organisation, context: Any) -> None:
    answer = acme.asker().post(EVALUATION, json=READ | {"context": context})
    assert outcome(answer) == (400, "malformed-request")


def test_a_large_body_is_refused(acme: Organisation) -> None:
    answer = acme.asker().post(EVALUATION, json=READ | {"context": {"a": "x" * 1024 * 1024}})
    assert outcome(answer) == (413, "content-too-large")


@pytest.mark.parametrize(
    "body",
    [b"[" * 2000, b'{"a":' * 2000, b"[]", b"null", b'"x"', b'{"subject":NaN}', b'{"a":"\xff"}', b"\xef\xbb\xbf{}"],
)
def test_hostile_json_is_refused(acme: Organisation, body: bytes) -> None:
    answer = acme.asker().post(EVALUATION, content=body, headers={"content-type": "application/json"})
    assert outcome(answer) == (400, "malformed-request")


@pytest.mark.parametrize("user_id", ["bob#x", "bob/../ann", "nobody", "b" * 1024, "\x00", "bob "])
def test_a_subject_who_is_no_member_may_do_nothing(acme: Organisation, user_id: str) -> None:
    assert not decision(acme.asker(), READ | {"subject": {"type": "user", "id": user_id}})


@pytest.mark.parametrize(
    ("resource_type", "action"), [("any thing", "read"), ("record", "read:more"), ("*", "read"), ("record", "*")]
)
def test_even_an_owner_may_not_do_what_can_be_no_permission(
    acme: Organisation, resource_type: str, action: str
) -> None:
    """Two requests must not ask for one permission by where they put a colon."""
    asked = question("ann", action, "record/r1") | {"resource": {"type": resource_type, "id": "r1"}}
    assert decision(acme.asker(), question("ann", "read", "record/r1"))
    assert not decision(acme.asker(), asked)


def test_a_decision_about_a_user_of_another_providers_making_is_the_same_at_first_and_later(acme: Organisation) -> None:
    acme.member("auth0|bob", "reader")
    asked = question("auth0|bob", "read", "record/r1")
    asker = acme.asker()
    assert [decision(asker, asked) for _ in range(2)] == [True, True]


def test_a_subject_of_another_type_may_do_nothing(acme: Organisation) -> None:
    assert not decision(acme.asker(), READ | {"subject": {"type": "robot", "id": "bob"}})


@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS, "/access/v1/search/action"])
@pytest.mark.parametrize("credential", [None, "nonsense", "tsk_acmepep_wrong", "a.b.c"])
def test_whoever_is_not_known_is_refused(acme: Organisation, path: str, credential: str | None) -> None:
    acme.asker()
    client = acme.world.as_nobody() if credential is None else acme.world.as_bearer(credential)
    answer = client.post(path, json=READ)
    assert outcome(answer) == (401, "not-authenticated")
    error = 'error="invalid_token"'
    assert (error in answer.headers["www-authenticate"]) == (credential is not None)


def test_a_member_needs_the_permission_to_ask(acme: Organisation) -> None:
    headers = READ | {"context": {"organisationId": "acme"}}
    assert outcome(acme.world.as_user("bob").post(EVALUATION, json=headers)) == (403, "forbidden")
    assert acme.world.as_user("ann").post(EVALUATION, json=headers).json() == {"decision": True}
    assert outcome(acme.world.as_user("eve").post(EVALUATION, json=headers)) == (404, "not-found")


def test_the_organisation_is_in_the_address_or_in_the_context(acme: Organisation) -> None:
    platform = acme.world.as_platform()
    in_context = READ | {"context": {"organisationId": "acme"}}
    assert platform.post(f"/organisations/acme{EVALUATION}", json=READ).json() == {"decision": True}
    assert platform.post(EVALUATION, json=in_context).json() == {"decision": True}
    assert outcome(platform.post(EVALUATION, json=READ)) == (400, "malformed-request")
    assert outcome(platform.post(f"/organisations/globex{EVALUATION}", json=in_context)) == (400, "malformed-request")
    assert outcome(platform.post(f"/organisations/globex{EVALUATION}", json=READ)) == (404, "not-found")
    assert outcome(platform.post(f"/organisations/a%23b{EVALUATION}", json=READ)) == (404, "not-found")
    assert outcome(platform.post(EVALUATION, json=READ | {"context": {"organisationId": 5}}))[0] == 400


def test_a_service_key_asks_about_its_own_organisation_alone(acme: Organisation) -> None:
    globex = Organisation(acme.world, "globex")
    globex.member("bob")
    asker = acme.asker()
    assert decision(asker, READ)
    assert not decision(globex.asker(), READ)
    other = READ | {"context": {"organisationId": "globex"}}
    assert outcome(asker.post(EVALUATION, json=other)) == (404, "other-organisation")
    assert outcome(asker.post(f"/organisations/globex{EVALUATION}", json=READ)) == (404, "other-organisation")


def test_the_installation_may_have_a_default_organisation(
    acme: Organisation, serving: Callable[[FastAPI], httpx.Client]
) -> None:
    changed = replace(acme.world.dependencies, default_organisation="acme", registry=CollectorRegistry())
    client = serving(create_app(changed))
    headers = {"authorization": f"Bearer {acme.world.dependencies.platform_secret}"}
    assert client.post(EVALUATION, json=READ, headers=headers).json() == {"decision": True}


def test_directory_properties_count_where_a_request_brings_none(acme: Organisation) -> None:
    acme.role("cleared", allow("file:read", when("resource", "level", 0.1), when("subject", "desk", 7)))
    acme.member("cy", "cleared", properties={"desk": 7})
    acme.resource("file", "f1", level=0.1)
    acme.resource("file", "f2", level=2)
    asker = acme.asker()
    assert decision(asker, question("cy", "read", "file/f1"))
    assert decision(asker, question("cy", "read", "file/f1"))
    assert decision(asker, question("cy", "read", "file/f2", resource={"level": 0.1}))
    assert not decision(asker, question("cy", "read", "file/f2"))
    assert not decision(asker, question("cy", "read", "file/unknown"))
    assert not decision(asker, question("cy", "read", "file/" + "x" * 1000))
    assert not decision(asker, question("cy", "read", "file/f1", subject={"desk": 8}))
    assert not decision(asker, question("cy", "read", "file/f1", subject={"desk": True}))
    assert not decision(asker, question("cy", "read", "file/f1", subject={"desk": "7"}))


@dataclass
class Counted:
    """A client of DynamoDB that notes what it is asked."""

    client: DynamoClient
    calls: list[str]
    down: Callable[[], bool] = lambda: False

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if self.down():
            raise Unavailable("the table gives no answer")
        self.calls.append(operation)
        return self.client.call(operation, request)


def test_a_decision_reads_no_more_than_it_needs(acme: Organisation, serving: Callable[[FastAPI], httpx.Client]) -> None:
    """Cold: the key, versions, the organisation, and the user. Warm: nothing, but a resource if a rule asks."""
    acme.role("careful", allow("record:read", when("resource", "status", "active")), allow("note:read"))
    acme.member("di", "careful")
    key, given = acme.asker().headers["authorization"], acme.world.dependencies
    calls: list[str] = []
    counted = replace(given, client=lambda each: Counted(given.client(each), calls), registry=CollectorRegistry())
    asker = serving(create_app(counted))
    asker.headers["authorization"] = key
    calls.clear()
    decision(asker, question("di", "read", "note/n1"))
    assert sorted(calls) == ["BatchGetItem", "GetItem", "Query", "Query"]
    calls.clear()
    decision(asker, question("di", "read", "note/n2"))
    decision(asker, question("di", "read", "record/r2", resource={"status": "active"}))
    assert calls == []
    decision(asker, question("di", "read", "record/r2"))
    decision(asker, question("di", "read", "record/r2"))
    assert calls == ["GetItem"]


def test_nothing_is_decided_from_what_may_be_old(
    acme: Organisation, serving: Callable[[FastAPI], httpx.Client]
) -> None:
    """When the table gives no answer, decisions end with 503 as soon as the snapshot is too old."""
    given, key = acme.world.dependencies, acme.asker().headers["authorization"]
    down: list[bool] = []
    client = serving(
        create_app(
            replace(
                given,
                client=lambda each: Counted(given.client(each), [], lambda: bool(down)),
                registry=CollectorRegistry(),
            )
        )
    )
    client.headers["authorization"] = key
    assert decision(client, READ)
    down.append(True)
    assert decision(client, READ)
    acme.world.clock.now += STALE_SECONDS_MAX
    for path, body in ((EVALUATION, READ), (EVALUATIONS, {"evaluations": [READ]})):
        answer = client.post(path, json=body)
        assert outcome(answer) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1"


def test_a_deny_counts_in_a_batch_too(acme: Organisation) -> None:
    acme.role("never", deny("record:*", when("context", "network", "public")))
    acme.member("bob", "reader", "never")
    items = [READ, READ | {"context": {"network": "public"}}]
    answer = acme.asker().post(EVALUATIONS, json={"evaluations": items}).json()["evaluations"]
    assert [each["decision"] for each in answer] == [True, False]


@pytest.fixture
def elsewhere(acme: Organisation, serving: Callable[[FastAPI], httpx.Client]) -> httpx.Client:
    """Another process of the service: the same table, caches of its own."""
    acme.asker()
    client = serving(create_app(replace(acme.world.dependencies, registry=CollectorRegistry())))
    client.headers["authorization"] = acme.asker().headers["authorization"]
    return client


def revoke(acme: Organisation) -> str:
    revoked = acme.world.as_platform().delete("/v1/organisations/acme/users/bob/roles/reader")
    assert revoked.status_code == 204
    return revoked.headers["access-version"]


def test_a_revocation_counts_at_once_everywhere_with_its_version(acme: Organisation, elsewhere: httpx.Client) -> None:
    here = acme.asker()
    assert decision(here, READ)
    assert decision(elsewhere, READ)
    version = revoke(acme)
    assert decision(elsewhere, READ)  # what was read a moment ago, and nobody asked for more
    assert not decision(elsewhere, READ, version=version)
    assert not decision(elsewhere, READ)
    assert not decision(here, READ, version=f"{version}, globex.7")


def test_a_revocation_counts_within_five_seconds_without_a_version(acme: Organisation, elsewhere: httpx.Client) -> None:
    assert decision(elsewhere, READ)
    revoke(acme)
    acme.world.clock.now += STALE_SECONDS_MAX
    assert STALE_SECONDS_MAX < 5
    assert not decision(elsewhere, READ)


def revoke_key(acme: Organisation) -> str:
    key = acme.world.dependencies.database(declaration.decision_service).repository(ServiceKeys).get(key_id="acmepep")
    assert key is not None
    return f"acme.{acme.put(ServiceKeys, key.model_copy(update={'revoked_at': NOW}))}"


def test_a_revoked_key_ends_at_once_with_its_version_and_soon_without(acme: Organisation) -> None:
    asker = acme.asker()
    assert decision(asker, READ)
    version = revoke_key(acme)
    assert decision(asker, READ)
    refused = asker.post(EVALUATION, json=READ, headers={"access-version": version})
    assert outcome(refused) == (401, "not-authenticated")
    acme.world.clock.now += RECENT_SECONDS
    assert outcome(asker.post(EVALUATION, json=READ)) == (401, "not-authenticated")


def test_a_version_that_is_none_or_not_there_yet_is_an_error(acme: Organisation) -> None:
    asker = acme.asker()
    future = asker.post(EVALUATION, json=READ, headers={"access-version": "acme.999"})
    assert outcome(future) == (412, "stale")
    wrong = asker.post(EVALUATION, json=READ, headers={"access-version": "newest"})
    assert outcome(wrong)[0] == 422


def test_an_answer_says_which_version_it_rests_on(acme: Organisation) -> None:
    answer = acme.asker().post(EVALUATION, json=READ)
    version = answer.headers["access-version"]
    assert decision(acme.asker(), READ, version=version)


def test_decisions_are_counted(acme: Organisation) -> None:
    asker = acme.asker()
    for asked in (READ, READ, WRITE):
        decision(asker, asked)
    asker.post(EVALUATIONS, json={"evaluations": [READ, "wrong"]})
    text = acme.world.as_nobody().get("/metrics").text
    assert 'access_decisions_total{outcome="allow"} 3.0' in text
    assert 'access_decisions_total{outcome="deny"} 1.0' in text
    assert 'access_decisions_total{outcome="error"} 1.0' in text
    assert "access_cold_decisions_total 1.0" in text
    assert 'access_decision_duration_seconds_count{endpoint="evaluation"} 3.0' in text
