"""What a connection may send before anybody knows who it is."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from tests.exchanges import exchanged

from tenantable.engine.server import listen
from tenantable.web import connections
from tenantable.web.serving import BackgroundServer

HEAD = b"GET / HTTP/1.1\r\nhost: localhost\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    with suppress(ClientDisconnect):
        await Request(scope, receive).body()
        await PlainTextResponse("healthy")(scope, receive, send)


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(connections, "REQUEST_SECONDS_MAX", 0.5)
    listener = listen("127.0.0.1", 0)
    server = BackgroundServer("test", application, listener)
    server.start()
    yield listener.getsockname()
    server.stop()


def test_a_head_of_64_kibibytes_is_the_most(address: tuple[str, int]) -> None:
    assert b"healthy" in exchanged(address, HEAD + b"x: " + b"y" * 60_000 + b"\r\n\r\n")
    assert exchanged(address, HEAD + b"x: " + b"y" * 70_000).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("sent", [b"", HEAD, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"])
def test_a_request_that_does_not_end_is_given_up(address: tuple[str, int], sent: bytes) -> None:
    assert exchanged(address, sent) == b""


def test_a_second_request_has_its_own_time(address: tuple[str, int]) -> None:
    complete = HEAD + b"\r\n"
    with socket.create_connection(address, timeout=30) as connected:
        connected.sendall(complete)
        assert b"healthy" in connected.recv(65536)
        connected.sendall(HEAD)
        assert connected.recv(65536) == b""
