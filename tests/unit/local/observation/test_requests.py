"""The line that is logged for a request."""

import pytest
from structlog.testing import capture_logs

from tenantable.engine.metering.observation import Observation
from tenantable.local.observation.requests import log_request
from tenantable.wire.arns import Home

OBSERVATION = Observation(
    operation="PutItem",
    table="notes",
    code=None,
    status=200,
    seconds=0.0012345,
    consumed=(("notes", 2.0),),
    principal="arn:aws:iam::000000000000:role/webhooks-api",
    request_id="REQUEST",
)


def test_a_line_has_these_fields_and_no_others() -> None:
    with capture_logs() as lines:
        log_request(Home(), OBSERVATION)
    assert lines == [
        {
            "event": "request",
            "log_level": "info",
            "operation": "PutItem",
            "table": "notes",
            "account": "000000000000",
            "region": "us-east-1",
            "status": 200,
            "code": None,
            "duration_ms": 1.234,
            "consumed": {"notes": 2.0},
            "principal": "arn:aws:iam::000000000000:role/webhooks-api",
            "request_id": "REQUEST",
        }
    ]


@pytest.mark.parametrize(("status", "level"), [(200, "info"), (400, "info"), (500, "error")])
def test_a_failure_of_the_engine_is_an_error(status: int, level: str) -> None:
    with capture_logs() as lines:
        log_request(Home(), OBSERVATION._replace(status=status))
    assert lines[0]["log_level"] == level


def test_what_a_caller_invents_is_cut_off() -> None:
    with capture_logs() as lines:
        log_request(Home(), OBSERVATION._replace(operation="x" * 10_000, table="y" * 10_000))
    assert (len(lines[0]["operation"]), len(lines[0]["table"])) == (255, 255)
