"""
The OpenAPI document says what the application does: no answer that it does not know, and never one of the server's
errors. Requests are made up from the document by schemathesis, the same ones each time.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.services.access.acting import add_member, made, make_role, place
from tests.services.access.conftest import PLATFORM_SECRET, World

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 5
HEALTH = list(HealthCheck)
KNOWN = {"organisation_id": "acme", "role_id": "reader", "set_id": "reader", "user_id": "cat"}


@pytest.fixture(scope="module")
def api(shared: World) -> schemathesis.BaseSchema:
    shared.found("acme")
    make_role(shared, "reader", "record:read")
    add_member(shared, "cat", "reader")
    made(shared.as_platform().put(f"{place()}/resources/record/r1", json={"properties": {"status": "active"}}))
    schema = schemathesis.openapi.from_dict(shared.app.openapi())
    schema.config.update(base_url=shared.address)
    return schema


def test_no_answer_is_undocumented(api: schemathesis.BaseSchema, shared: World) -> None:
    """First by the administrator as it was made up, then by the owner of an organisation with what there is in it."""
    administrator = {"authorization": f"Bearer {PLATFORM_SECRET}"}
    owner = {"authorization": f"Bearer {shared.issuer.token('ann', lifetime_seconds=43200)}"}
    checked = 0
    for found in api.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]

        @given(case=operation.as_strategy())
        @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=HEALTH)
        def check(case: Any) -> None:
            case.validate_response(case.call(headers=administrator), checks=CHECKS)
            known = {name: KNOWN.get(name, value) for name, value in (case.path_parameters or {}).items()}
            case.path_parameters = known
            case.validate_response(case.call(headers=owner), checks=CHECKS)

        check()
        checked += 1
    assert checked >= 50
