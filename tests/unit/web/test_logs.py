"""Logs are JSON lines from a level on."""

import json
from collections.abc import Iterator

import pytest
import structlog

from tenantable.web.logs import configure_logs


@pytest.fixture(autouse=True)
def defaults_afterwards() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    structlog.get_logger("x").info("delivered", event_id="evt_1")
    structlog.get_logger("x").debug("not this")
    (line,) = capsys.readouterr().err.splitlines()
    logged = json.loads(line)
    assert (logged["event"], logged["event_id"], logged["level"]) == ("delivered", "evt_1", "info")
    assert logged["timestamp"].endswith("Z")
