"""
The OpenAPI document says what the application does: no answer that it does not know, and never one of the server's
errors. Requests are made up from the document by schemathesis, the same ones each time: as the document says, and
against it, under several seeds.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.services.access.acting import add_member, made, make_role, place
from tests.services.access.conftest import PLATFORM_SECRET, World

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROUNDS = [(1, GenerationMode.POSITIVE, 2), (2, GenerationMode.POSITIVE, 1), (3, GenerationMode.NEGATIVE, 1)]
"""The seed, how requests are made up, and how many at each operation for each caller."""
NO_TEXT = b"\xff\x1b"


@pytest.fixture(scope="module")
def known(shared: World) -> dict[str, str]:
    """What there is in an organisation, by the names that paths have for it."""
    shared.found("acme")
    make_role(shared, "reader", "record:read")
    add_member(shared, "cat", "reader")
    administrator = shared.as_platform()
    made(administrator.put(f"{place()}/resources/record/r1", json={"properties": {"status": "active"}}))
    team_role = {"teamRoleId": "lead", "name": "Lead", "permissionSetIds": ["reader"]}
    made(administrator.post(f"{place()}/team-roles", json=team_role))
    made(administrator.post(f"{place()}/teams", json={"teamId": "red", "name": "Red"}))
    made(administrator.post(f"{place()}/teams/red/members", json={"userId": "cat", "teamRoleId": "lead"}))
    invitation = made(administrator.post(f"{place()}/invitations", json={"email": "eve@x.com", "roleId": "reader"}))
    key = made(administrator.post(f"{place()}/service-keys", json={"name": "k", "permissionSetIds": ["reader"]}))
    return {
        "organisation_id": "acme",
        "role_id": "reader",
        "set_id": "reader",
        "user_id": "cat",
        "team_id": "red",
        "team_role_id": "lead",
        "resource_type": "record",
        "resource_id": "r1",
        "invitation_id": invitation.json()["invitationId"],
        "key_id": key.json()["keyId"],
    }


@pytest.fixture(scope="module")
def operations(shared: World, known: dict[str, str]) -> list[Any]:
    schema = schemathesis.openapi.from_dict(shared.app.openapi())
    schema.config.update(base_url=shared.address)
    found: list[Any] = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]
    assert len(found) >= 50
    return found


@pytest.fixture(scope="module")
def owner(shared: World) -> dict[str, str]:
    return {"authorization": f"Bearer {shared.issuer.token('ann', lifetime_seconds=43200)}"}


def test_no_answer_is_undocumented(operations: list[Any], owner: dict[str, str], known: dict[str, str]) -> None:
    """First by the administrator as it was made up, then by the owner of an organisation with what there is in it."""
    administrator = {"authorization": f"Bearer {PLATFORM_SECRET}"}
    for number, mode, examples in ROUNDS:
        for operation in operations:

            @seed(number)
            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            def check(case: Any) -> None:
                case.validate_response(case.call(headers=administrator), checks=CHECKS)
                case.path_parameters = {**case.path_parameters, **_of(case.path_parameters, known)}
                case.validate_response(case.call(headers=owner), checks=CHECKS)

            with suppress(Unsatisfiable):  # nothing contradicts the document where a request carries nothing
                check()


def test_a_body_that_is_no_text_is_answered_as_documented(
    shared: World, operations: list[Any], owner: dict[str, str], known: dict[str, str]
) -> None:
    headers = {"content-type": "application/json", **owner}
    with httpx.Client(base_url=shared.address) as client:
        for answer, documented in _answers(client, operations, known, headers=headers, content=NO_TEXT):
            assert str(answer.status_code) in documented, answer.request.url


def test_a_version_that_is_not_yet_is_answered_as_documented(
    shared: World, operations: list[Any], owner: dict[str, str], known: dict[str, str]
) -> None:
    headers = {"access-version": "acme.999999", **owner}
    with httpx.Client(base_url=shared.address) as client:
        found = list(_answers(client, operations, known, headers=headers))
    assert all(str(answer.status_code) in documented for answer, documented in found)
    assert sum(answer.status_code == 412 for answer, _ in found) > 30


def _answers(
    client: httpx.Client, operations: list[Any], known: dict[str, str], **sent: Any
) -> Iterator[tuple[httpx.Response, set[str]]]:
    """What each operation answers, and which statuses the document gives it."""
    for operation in operations:
        path = re.sub(r"{(\w+)}", lambda name: known.get(name[1], "x"), operation.path)
        answer = client.request(operation.method, path, **sent)
        yield answer, set(operation.definition.raw["responses"])


def _of(parameters: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
    return {name: known[name] for name in parameters if name in known}
