"""The ports of `up`: whose it is is said before anything is written."""

import socket
from pathlib import Path
from typing import Any

import pytest

from tenantable.errors import AddressError, SettingsError
from tenantable.local.ports import listening
from tenantable.local.world import run_world
from tenantable.settings import Settings

FREE = {"port": 0, "dynamodb_port": 0}


def behind_a_free_port() -> socket.socket:
    """A listening socket; the port before its own is free."""
    while True:
        other = socket.create_server(("127.0.0.1", 0))
        try:
            socket.create_server(("127.0.0.1", other.getsockname()[1] - 1)).close()
        except OSError:
            other.close()
        else:
            return other


def settings(folder: Path, **given: Any) -> Settings:
    return Settings(data=folder / "data", **(FREE | given))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("port", "it was to be that of the webhook API; choose another one with --port"),
        ("access_port", "it was to be that of access management; choose another one with --access-port"),
        ("dynamodb_port", "it was to be that of the DynamoDB endpoint; choose another one with --dynamodb-port"),
        ("metrics_port", "it was to be that of the metrics; choose another one with TENANTABLE_METRICS_PORT"),
    ],
)
def test_a_port_that_is_taken_is_told_with_its_service_and_nothing_is_written(
    tmp_path: Path, name: str, told: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressError, match=f"Port {port} .*{told}"), run_world(settings(tmp_path, **{name: port})):
            pass
    assert list(tmp_path.iterdir()) == []


def test_an_implied_port_is_told_as_such(tmp_path: Path) -> None:
    with behind_a_free_port() as other:
        given = settings(tmp_path, port=other.getsockname()[1] - 1)
        with pytest.raises(AddressError, match="access management, the one after --port; choose"), listening(given):
            pass


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"port": 9180, "dynamodb_port": 9181}, "9181 .*access management.*--access-port or --dynamodb-port"),
        ({"port": 9180, "access_port": 9180}, "9180 .*the webhook API and of access management"),
        ({"dynamodb_port": 9180, "metrics_port": 9180}, "--dynamodb-port or TENANTABLE_METRICS_PORT"),
    ],
)
def test_two_services_on_one_port_are_refused(tmp_path: Path, given: dict[str, int], told: str) -> None:
    with pytest.raises(SettingsError, match=told), run_world(settings(tmp_path, **given)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_run_takes_no_port(tmp_path: Path) -> None:
    given = settings(tmp_path, access=False, access_port=9, cloud="aws", metrics_port=9)
    with listening(given) as listeners:
        assert (listeners.access, listeners.dynamodb) == (None, None)


def test_a_name_that_is_no_address_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(AddressError, match=r"127\.0\.0\.1 is this machine"), listening(settings(tmp_path, host="ä")):
        pass
