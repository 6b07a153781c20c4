"""Logs are JSON lines from a level on."""

import json
from collections.abc import Iterator

import pytest
import structlog

from tenantable.errors import AccessDenied
from tenantable.web.logs import CAUSES_MAX, FRAMES_MAX, configure_logs, error_text


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


def failing(secret: str) -> None:
    try:
        raise KeyError(secret)
    except KeyError as error:
        raise ValueError(f"{secret} is no number") from error


def test_an_error_is_logged_by_its_places_and_never_by_what_stood_there() -> None:
    with pytest.raises(ValueError, match="no number") as raised:
        failing("ann@example.com")
    text = error_text(raised.value)
    assert "ann@example.com" not in text
    assert [line for line in text.splitlines() if line.startswith("builtins")] == [
        "builtins.KeyError",
        "builtins.ValueError",
    ]
    assert f"{__file__}:" in text
    assert "in failing" in text


def test_errors_of_this_package_say_what_they_say() -> None:
    """A grant that is missing is found by its message; our messages have no secrets."""
    assert error_text(AccessDenied("role/x may not read")).endswith("AccessDenied: role/x may not read")


def deep(left: int) -> None:
    if left == 0:
        raise ZeroDivisionError
    deep(left - 1)


def test_the_text_of_an_error_is_bounded() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        deep(200)
    assert len(error_text(raised.value).splitlines()) == FRAMES_MAX + 1
    first = last = ValueError()
    for _ in range(50):
        last.__cause__ = last = ValueError()
    assert error_text(first).count("builtins.ValueError") == CAUSES_MAX
