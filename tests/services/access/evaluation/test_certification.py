"""
The certification scenario of the OpenID AuthZEN Authorization API 1.0, all seven sub-levels: a test for each item.

The ids are the scenario's. Its fixture is an organisation with two roles: record-keepers write what is not archived and
delete softly; admins, by a property, write what is archived.
"""

from typing import Any

import httpx
import pytest
from tests.services.access.conftest import ISSUER, World
from tests.services.access.evaluation.conftest import Organisation, allow, question, when

ALICE = {"type": "user", "id": "alice"}
BOB = {"type": "user", "id": "bob"}
ADMIN = BOB | {"properties": {"role": "admin"}}
READ, WRITE = {"name": "read"}, {"name": "write"}
RECORD_1 = {"type": "record", "id": "record-1"}
ACTIVE = RECORD_1 | {"properties": {"status": "active"}}
ARCHIVED = {"type": "record", "id": "record-2", "properties": {"status": "archived"}}
RULE_1 = question("alice", "read", "record/record-1")


@pytest.fixture
def pdp(world: World) -> httpx.Client:
    acme = Organisation(world)
    acme.role("reader", allow("record:read"))
    acme.role(
        "keeper",
        allow("record:write", when("resource", "status", "archived", "not-equals")),
        allow("record:delete", when("action", "soft", True)),
        parents=["reader"],
    )
    archivists = when("subject", "role", "admin"), when("resource", "status", "archived")
    acme.role("archivist", allow("record:write", *archivists), parents=["reader"])
    acme.member("alice", "keeper")
    acme.member("bob", "archivist", properties={"role": "admin"})
    acme.resource("record", "record-1", status="active")
    acme.resource("record", "record-2", status="archived")
    return acme.asker()


def evaluation(pdp: httpx.Client, subject: Any, action: Any, resource: Any, **more: Any) -> bool:
    body = {"subject": subject, "action": action, "resource": resource, **more}
    answer = pdp.post("/access/v1/evaluation", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    decision = answer.json()["decision"]
    assert isinstance(decision, bool)
    return decision


def evaluations(pdp: httpx.Client, **body: Any) -> list[bool]:
    answer = pdp.post("/access/v1/evaluations", json=body)
    assert answer.status_code == 200, answer.text
    assert "decision" not in answer.json()
    return [each["decision"] for each in answer.json()["evaluations"]]


def search(pdp: httpx.Client, kind: str, **body: Any) -> Any:
    answer = pdp.post(f"/access/v1/search/{kind}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def assert_refused(pdp: httpx.Client, path: str, **request: Any) -> None:
    answer = pdp.post(path, **request)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


class TestBasicCore:
    """Access evaluation by identifiers."""

    def test_c_2_2_1_a_permit(self, pdp: httpx.Client) -> None:
        assert evaluation(pdp, ALICE, READ, RECORD_1) is True

    def test_c_2_2_2_a_deny(self, pdp: httpx.Client) -> None:
        assert evaluation(pdp, BOB, WRITE, RECORD_1) is False

    def test_c_1_4_the_other_decisions_by_identifiers(self, pdp: httpx.Client) -> None:
        assert evaluation(pdp, ALICE, WRITE, RECORD_1) is True
        assert evaluation(pdp, BOB, READ, RECORD_1) is True

    def test_c_2_2_3_a_context_is_accepted(self, pdp: httpx.Client) -> None:
        context = {"time": "2026-06-27T18:03-07:00", "ip": "192.168.1.1"}
        assert evaluation(pdp, ALICE, READ, RECORD_1, context=context) is True

    def test_c_2_2_8_additional_properties_are_accepted(self, pdp: httpx.Client) -> None:
        subject = ALICE | {"properties": {"department": "Sales", "role": "manager"}}
        resource = RECORD_1 | {"properties": {"status": "active", "owner": "bob"}}
        assert evaluation(pdp, subject, READ | {"properties": {"method": "GET"}}, resource) is True

    def test_c_2_2_9_unknown_fields_are_ignored(self, pdp: httpx.Client) -> None:
        assert evaluation(pdp, ALICE, READ, RECORD_1, foo="bar", futureField={"nested": True}) is True

    def test_c_2_3_the_answer_has_a_boolean_and_perhaps_a_context(self, pdp: httpx.Client) -> None:
        body = pdp.post("/access/v1/evaluation", json=RULE_1).json()
        assert isinstance(body["decision"], bool)
        assert isinstance(body.get("context", {}), dict)

    @pytest.mark.parametrize("missing", ["subject", "action", "resource"])
    def test_c_2_4_1_a_missing_field(self, pdp: httpx.Client, missing: str) -> None:
        assert_refused(pdp, "/access/v1/evaluation", json={k: v for k, v in RULE_1.items() if k != missing})

    @pytest.mark.parametrize(
        ("entity", "missing"),
        [("subject", "type"), ("subject", "id"), ("action", "name"), ("resource", "type"), ("resource", "id")],
    )
    def test_c_2_4_2_a_missing_sub_field(self, pdp: httpx.Client, entity: str, missing: str) -> None:
        less = {name: value for name, value in RULE_1[entity].items() if name != missing}
        assert_refused(pdp, "/access/v1/evaluation", json=RULE_1 | {entity: less})

    @pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
    def test_c_2_4_3_another_content_type(self, pdp: httpx.Client, content_type: str) -> None:
        body = b'{"subject":{"type":"user","id":"alice"}}'
        assert_refused(pdp, "/access/v1/evaluation", content=body, headers={"content-type": content_type})

    def test_c_2_4_4_malformed_json(self, pdp: httpx.Client) -> None:
        headers = {"content-type": "application/json"}
        assert_refused(pdp, "/access/v1/evaluation", content=b'{"subject":', headers=headers)

    def test_c_2_4_5_an_empty_body(self, pdp: httpx.Client) -> None:
        assert_refused(pdp, "/access/v1/evaluation", content=b"", headers={"content-type": "application/json"})

    @pytest.mark.parametrize(
        "wrong",
        [{"subject": "alice"}, {"action": {"name": 123}}, {"resource": ["record-1"]}, {"context": 1}],
    )
    def test_c_2_4_6_a_field_of_another_type(self, pdp: httpx.Client, wrong: Any) -> None:
        assert_refused(pdp, "/access/v1/evaluation", json=RULE_1 | wrong)

    @pytest.mark.parametrize("request_id", ["bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "a:b/c+d=="])
    def test_c_2_5_1_the_request_id_comes_back(self, pdp: httpx.Client, request_id: str) -> None:
        for body in (RULE_1, {}):
            answer = pdp.post("/access/v1/evaluation", json=body, headers={"x-request-id": request_id})
            assert answer.headers["x-request-id"] == request_id

    def test_c_2_5_2_a_request_needs_no_id(self, pdp: httpx.Client) -> None:
        assert pdp.post("/access/v1/evaluation", json=RULE_1).status_code == 200

    def test_c_2_6_the_same_request_gets_the_same_decision(self, pdp: httpx.Client) -> None:
        assert [evaluation(pdp, ALICE, READ, RECORD_1) for _ in range(5)] == [True] * 5


class TestBasicProperties:
    """Access evaluation by properties."""

    def test_c_2_2_4_a_deny_by_the_resources_properties(self, pdp: httpx.Client) -> None:
        assert evaluation(pdp, ALICE, WRITE, ARCHIVED) is False

    def test_c_2_2_5_a_permit_by_the_subjects_properties(self, pdp: httpx.Client) -> None:
        assert evaluation(pdp, ADMIN, WRITE, ARCHIVED) is True

    @pytest.mark.parametrize("soft", [True, False])
    def test_c_2_2_6_and_7_the_actions_properties(self, pdp: httpx.Client, soft: bool) -> None:
        assert evaluation(pdp, ALICE, {"name": "delete", "properties": {"soft": soft}}, RECORD_1) is soft


class TestBatchCore:
    """Several evaluations by identifiers."""

    def test_c_3_2_1_a_decision_for_each(self, pdp: httpx.Client) -> None:
        items = [{"resource": RECORD_1}, {"resource": {"type": "record", "id": "record-2"}}]
        assert evaluations(pdp, subject=ALICE, action=READ, evaluations=items) == [True, True]

    def test_c_3_2_2_and_3_3_decisions_in_the_order_of_the_request(self, pdp: httpx.Client) -> None:
        items = [{"action": READ}, {"action": WRITE}]
        assert evaluations(pdp, subject=BOB, resource=RECORD_1, evaluations=items) == [True, False]

    def test_c_3_2_5_no_defaults(self, pdp: httpx.Client) -> None:
        items = [
            {"subject": ALICE, "action": READ, "resource": RECORD_1},
            {"subject": BOB, "action": WRITE, "resource": RECORD_1},
        ]
        assert evaluations(pdp, evaluations=items) == [True, False]

    def test_c_3_2_6_a_context_for_all_and_one_of_its_own(self, pdp: httpx.Client) -> None:
        own = {"resource": {"type": "record", "id": "record-2"}, "context": {"source": "batch-override"}}
        items = [{"resource": RECORD_1}, own]
        assert len(evaluations(pdp, subject=ALICE, action=READ, context={"time": "now"}, evaluations=items)) == 2

    def test_c_3_4_1_an_evaluation_that_fails_is_a_deny(self, pdp: httpx.Client) -> None:
        body = {"subject": ALICE, "action": READ, "evaluations": [{"resource": RECORD_1}, {}]}
        first, second = pdp.post("/access/v1/evaluations", json=body).json()["evaluations"]
        assert (first, second["decision"]) == ({"decision": True}, False)
        assert second["context"]["error"]["status"] == 400

    def test_c_3_4_1_a_payload_that_fails_is_an_error(self, pdp: httpx.Client) -> None:
        headers = {"content-type": "application/json"}
        assert_refused(pdp, "/access/v1/evaluations", content=b"{", headers=headers)

    def test_c_3_4_2_no_array_is_a_single_evaluation(self, pdp: httpx.Client) -> None:
        assert pdp.post("/access/v1/evaluations", json=RULE_1).json() == {"decision": True}

    def test_c_3_4_3_an_empty_array_is_a_single_evaluation(self, pdp: httpx.Client) -> None:
        assert pdp.post("/access/v1/evaluations", json=RULE_1 | {"evaluations": []}).json() == {"decision": True}


class TestBatchProperties:
    """Several evaluations by properties."""

    def test_c_3_2_3_the_resources_properties(self, pdp: httpx.Client) -> None:
        items = [{"resource": ACTIVE}, {"resource": ARCHIVED}]
        assert evaluations(pdp, subject=ALICE, action=WRITE, evaluations=items) == [True, False]

    def test_c_3_2_4_the_subjects_properties(self, pdp: httpx.Client) -> None:
        items = [{"subject": ALICE}, {"subject": ADMIN}]
        assert evaluations(pdp, action=WRITE, resource=ARCHIVED, evaluations=items) == [False, True]

    def test_c_3_2_7_a_missing_type_is_that_of_all(self, pdp: httpx.Client) -> None:
        items = [{"resource": {"id": "record-1", "properties": {"status": "active"}}}, {"resource": ARCHIVED}]
        found = evaluations(pdp, subject=ALICE, action=WRITE, resource={"type": "record"}, evaluations=items)
        assert found == [True, False]


class TestSearchCore:
    """Searches by identifiers."""

    def test_c_4_2_1_subjects(self, pdp: httpx.Client) -> None:
        found = search(pdp, "subject", subject={"type": "user"}, action=READ, resource=RECORD_1)["results"]
        assert ALICE in found
        assert BOB in found
        assert {each["type"] for each in found} == {"user"}

    def test_c_4_2_2_subjects_with_a_context(self, pdp: httpx.Client) -> None:
        body = {"subject": {"type": "user"}, "action": READ, "resource": RECORD_1, "context": {"ip": "::1"}}
        assert ALICE in search(pdp, "subject", **body)["results"]

    def test_c_4_2_3_the_id_of_the_subject_is_ignored(self, pdp: httpx.Client) -> None:
        assert BOB in search(pdp, "subject", subject=ALICE, action=READ, resource=RECORD_1)["results"]

    def test_c_4_3_1_resources(self, pdp: httpx.Client) -> None:
        found = search(pdp, "resource", subject=ALICE, action=READ, resource={"type": "record"})["results"]
        assert RECORD_1 in found
        assert {each["type"] for each in found} == {"record"}

    def test_c_4_3_2_the_id_of_the_resource_is_ignored(self, pdp: httpx.Client) -> None:
        resource = {"type": "record", "id": "record-2"}
        assert RECORD_1 in search(pdp, "resource", subject=ALICE, action=READ, resource=resource)["results"]

    def test_c_4_4_1_actions(self, pdp: httpx.Client) -> None:
        found = search(pdp, "action", subject=ALICE, resource=RECORD_1)["results"]
        assert READ in found
        assert WRITE in found

    def test_c_4_4_2_actions_with_a_context(self, pdp: httpx.Client) -> None:
        assert READ in search(pdp, "action", subject=ALICE, resource=RECORD_1, context={"ip": "::1"})["results"]

    def test_c_4_5_pages(self, pdp: httpx.Client) -> None:
        body = {"subject": {"type": "user"}, "action": READ, "resource": RECORD_1}
        found, page = [], search(pdp, "subject", **body, page={"limit": 1})
        while True:
            found += page["results"]
            assert len(page["results"]) <= 1
            assert page["page"]["count"] == len(page["results"])
            if page["page"]["next_token"] == "":
                break
            page = search(pdp, "subject", **body, page={"token": page["page"]["next_token"]})
        assert [each["id"] for each in found] == ["alice", "ann", "bob"]

    def test_c_4_6_1_nobody_of_this_id(self, pdp: httpx.Client) -> None:
        found = search(pdp, "action", subject={"type": "user", "id": "nonexistent-user"}, resource=RECORD_1)
        assert found["results"] == []

    @pytest.mark.parametrize("kind", ["subject", "resource", "action"])
    def test_c_4_6_2_nothing_of_this_type(self, pdp: httpx.Client, kind: str) -> None:
        body: dict[str, Any] = {"subject": ALICE, "action": READ, "resource": RECORD_1}
        body |= (
            {"subject": ALICE | {"type": "spaceship"}} if kind != "resource" else {"resource": {"type": "space ship"}}
        )
        assert search(pdp, kind, **body)["results"] == []

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("subject", {"subject": {"type": "user"}, "resource": RECORD_1}),
            ("resource", {"action": READ, "resource": {"type": "record"}}),
            ("action", {"subject": ALICE}),
        ],
    )
    def test_c_4_7_1_a_missing_field(self, pdp: httpx.Client, kind: str, body: Any) -> None:
        assert_refused(pdp, f"/access/v1/search/{kind}", json=body)

    @pytest.mark.parametrize("kind", ["subject", "resource"])
    def test_c_4_7_2_a_missing_sub_field(self, pdp: httpx.Client, kind: str) -> None:
        body = {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record"}}
        assert_refused(pdp, f"/access/v1/search/{kind}", json=body)


class TestSearchProperties:
    """Searches by properties."""

    def test_c_4_2_4_subjects(self, pdp: httpx.Client) -> None:
        assert BOB in search(pdp, "subject", subject={"type": "user"}, action=WRITE, resource=ARCHIVED)["results"]

    def test_c_4_3_3_resources(self, pdp: httpx.Client) -> None:
        found = search(pdp, "resource", subject=ADMIN, action=WRITE, resource={"type": "record"})["results"]
        assert found == [{"type": "record", "id": "record-2"}]

    def test_c_4_4_3_actions(self, pdp: httpx.Client) -> None:
        assert WRITE in search(pdp, "action", subject=ADMIN, resource=ARCHIVED)["results"]


class TestDiscovery:
    """The metadata."""

    @pytest.mark.parametrize("tenant", ["", "/organisations/acme"])
    def test_c_6_the_metadata_names_the_endpoints(self, pdp: httpx.Client, tenant: str) -> None:
        answer = pdp.get(f"/.well-known/authzen-configuration{tenant}", headers={"host": "evil.example"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        base = f"{ISSUER}{tenant}"
        assert answer.json() == {
            "policy_decision_point": base,
            "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
            "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
            "search_subject_endpoint": f"{base}/access/v1/search/subject",
            "search_resource_endpoint": f"{base}/access/v1/search/resource",
            "search_action_endpoint": f"{base}/access/v1/search/action",
        }
