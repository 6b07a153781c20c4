"""The keys of an OpenID provider: found, kept, renewed; nothing that it does takes the service down."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response
from joserfc.jwk import ECKey, Key, OctKey

from tenantable.errors import SettingsError
from tenantable.services.access.errors import IssuerUnreachable
from tenantable.services.access.identity.fetching import BODY_BYTES_MAX, fetch
from tenantable.services.access.identity.openid import KEPT_SECONDS, REFRESH_SECONDS_MIN, OpenIdKeys
from tenantable.testing import ManualClock

ISSUER = "https://issuer.test"


def key(key_id: str) -> Key:
    return ECKey.generate_key("P-256", parameters={"kid": key_id})


@dataclass
class Provider:
    """Stands for the network: what it publishes can change, and it can fall silent."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [key("k1").as_dict(private=False)])
    discovery: dict[str, Any] = field(default_factory=lambda: {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"})
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def fetch(self, address: str) -> bytes:
        self.asked.append(address)
        if self.silent:
            raise IssuerUnreachable
        return json.dumps(self.discovery if address.endswith("configuration") else {"keys": self.keys}).encode()


@dataclass
class Found:
    provider: Provider
    clock: ManualClock
    keys: OpenIdKeys

    def ids(self, key_id: str | None = None) -> list[str | None]:
        return [each.kid for each in self.keys(key_id)]


@pytest.fixture
def found() -> Found:
    provider, clock = Provider(), ManualClock()
    return Found(provider, clock, OpenIdKeys(ISSUER, fetch=provider.fetch, monotonic=clock))


def test_keys_are_found_by_the_discovery_document_and_kept(found: Found) -> None:
    assert found.ids("k1") == found.ids("k1") == ["k1"]
    assert found.provider.asked == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"]


def test_a_new_key_is_read_when_it_signs(found: Found) -> None:
    """Key rotation at the provider."""
    found.ids("k1")
    found.provider.keys.append(key("k2").as_dict(private=False))
    found.clock.now += REFRESH_SECONDS_MIN
    assert found.ids("k2") == ["k1", "k2"]


def test_unknown_keys_do_not_make_the_service_ask_again_and_again(found: Found) -> None:
    for number in range(100):
        found.ids(f"unknown{number}")
    assert len(found.provider.asked) == 2
    found.clock.now += REFRESH_SECONDS_MIN
    found.ids("unknown")
    assert len(found.provider.asked) == 4


def test_a_key_that_was_withdrawn_counts_no_longer_after_an_hour(found: Found) -> None:
    found.ids("k1")
    found.provider.keys = [key("k2").as_dict(private=False)]
    found.clock.now += KEPT_SECONDS
    assert found.ids("k1") == ["k2"]


def test_a_provider_that_falls_silent_leaves_its_keys(found: Found) -> None:
    found.ids("k1")
    found.provider.silent = True
    found.clock.now += KEPT_SECONDS
    assert found.ids("k1") == ["k1"]
    assert len(found.provider.asked) == 3


def test_a_provider_that_never_answered_is_asked_now_and_then(found: Found) -> None:
    found.provider.silent = True
    for _ in range(10):
        with pytest.raises(IssuerUnreachable):
            found.ids("k1")
    assert len(found.provider.asked) == 1
    found.provider.silent = False
    found.clock.now += REFRESH_SECONDS_MIN
    assert found.ids("k1") == ["k1"]


def test_keys_that_sign_nothing_are_passed_over(found: Found) -> None:
    encrypting = key("k2").as_dict(private=False) | {"use": "enc"}
    secret = OctKey.generate_key(256, parameters={"kid": "k3"}).as_dict()
    found.provider.keys += [encrypting, secret, {"kty": "EC", "crv": "P-999", "kid": "k4"}, {"kty": "??"}, {}]
    assert found.ids() == ["k1"]


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://another.test", "jwks_uri": f"{ISSUER}/keys"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://issuer.test/keys"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER, "jwks_uri": 7},
    ],
)
def test_a_discovery_document_that_leads_elsewhere_is_not_followed(found: Found, discovery: dict[str, Any]) -> None:
    found.provider.discovery = discovery
    with pytest.raises(IssuerUnreachable):
        found.ids("k1")
    assert len(found.provider.asked) == 1


@pytest.mark.parametrize("issuer", ["http://issuer.test", "ftp://localhost", "issuer.test", "http://[::1", ""])
def test_an_issuer_without_tls_is_refused(issuer: str) -> None:
    with pytest.raises(SettingsError, match="cannot be trusted"):
        OpenIdKeys(issuer, fetch=fetch, monotonic=ManualClock())


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9000", "http://localhost/realm", "http://[::1]:80", ISSUER])
def test_an_issuer_on_this_machine_may_do_without(issuer: str) -> None:
    OpenIdKeys(issuer, fetch=fetch, monotonic=ManualClock())


def test_threads_that_come_at_once_all_get_the_first_keys() -> None:
    provider = Provider()

    def slow(address: str) -> bytes:
        time.sleep(0.05)
        return provider.fetch(address)

    keys = OpenIdKeys(ISSUER, fetch=slow, monotonic=time.monotonic)
    got: list[list[str | None]] = []
    threads = [threading.Thread(target=lambda: got.append([each.kid for each in keys("k1")])) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [["k1"]] * 10
    assert len(provider.asked) == 2


@contextmanager
def speaking(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says what the test wants, to one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):  # whoever reads may have had enough
                connection.recv(65536)
                answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no HTTP\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 204 None\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + b"x" * (BODY_BYTES_MAX + 1),
    ],
)
def test_an_answer_that_is_none_is_told_as_such(answer: bytes) -> None:
    with speaking(lambda connection: connection.sendall(answer)) as address, pytest.raises(IssuerUnreachable):
        fetch(address)


def test_an_answer_that_trickles_is_given_up() -> None:
    ticks = iter(range(0, 1000, 3))

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(5):
            connection.sendall(b"x")
            time.sleep(0.01)

    with speaking(trickle) as address, pytest.raises(IssuerUnreachable, match="takes too long"):
        fetch(address, monotonic=lambda: float(next(ticks)))


def test_a_provider_on_this_machine_is_read_over_http(serving: Callable[[FastAPI], httpx.Client]) -> None:
    app, published = FastAPI(), key("k1").as_dict(private=False)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, str]:
        return {"issuer": address, "jwks_uri": f"{address}/keys"}

    @app.get("/keys")
    def keys() -> Response:
        return Response(json.dumps({"keys": [published]}))

    address = str(serving(app).base_url)
    assert [each.kid for each in OpenIdKeys(address, fetch=fetch, monotonic=time.monotonic)("k1")] == ["k1"]
