"""Who sends too much is told so: whatever client it is, it sees the answer."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.types import ASGIApp

from tenantable.web.problems import install_problems
from tenantable.web.requests.limits import DISCARDED_BYTES_MAX, BodyLimit

BODY_BYTES_MAX = 1000
IMPATIENT_SECONDS = 0.2
MEGABYTE = b"x" * 1_000_000


def limited(discard_seconds: float) -> ASGIApp:
    app = FastAPI()
    install_problems(app)
    app.add_middleware(BodyLimit, bytes_max=BODY_BYTES_MAX, discard_seconds=discard_seconds)

    @app.post("/")
    async def length(request: Request) -> int:
        return len(await request.body())

    return app


@pytest.fixture(scope="module")
def client(serving: Callable[[ASGIApp], httpx.Client]) -> httpx.Client:
    return serving(limited(discard_seconds=10))


@pytest.fixture(scope="module")
def impatient(serving: Callable[[ASGIApp], httpx.Client]) -> httpx.Client:
    return serving(limited(discard_seconds=IMPATIENT_SECONDS))


@pytest.fixture
def plain(client: httpx.Client) -> Iterator[http.client.HTTPConnection]:
    """The standard library's client, which looks for an answer only when it has sent everything."""
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port, timeout=60)
    yield connection
    connection.close()


def ten_megabytes() -> Iterator[bytes]:
    return (MEGABYTE for _ in range(10))


@pytest.mark.parametrize("headers", [{"content-length": "10000000"}, {"transfer-encoding": "chunked"}])
def test_who_reads_only_after_sending_sees_the_answer(
    plain: http.client.HTTPConnection, headers: dict[str, str]
) -> None:
    plain.request("POST", "/", ten_megabytes(), headers, encode_chunked="transfer-encoding" in headers)
    response = plain.getresponse()
    assert (response.status, response.headers["connection"]) == (413, "close")
    assert json.loads(response.read())["code"] == "content-too-large"


def test_who_sends_on_regardless_sees_the_answer(client: httpx.Client) -> None:
    response = client.post("/", content=ten_megabytes())
    assert (response.status_code, response.json()["code"]) == (413, "content-too-large")


def test_a_body_without_an_announced_length_is_cut_off(client: httpx.Client) -> None:
    response = client.post("/", content=(b"x" * 400 for _ in range(1000)))
    assert (response.status_code, response.json()["code"]) == (413, "content-too-large")


@pytest.mark.parametrize("size", [0, BODY_BYTES_MAX])
def test_a_body_at_the_limit_is_taken(plain: http.client.HTTPConnection, size: int) -> None:
    """And the connection stays open."""
    for _ in range(2):
        plain.request("POST", "/", b"x" * size)
        assert json.loads(plain.getresponse().read()) == size


def test_the_answer_to_an_announced_length_does_not_wait_for_the_body(client: httpx.Client) -> None:
    with raw_connection(client) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\n\r\n")
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"content-too-large" in answer


def test_who_waits_for_leave_to_send_is_refused_it(impatient: httpx.Client) -> None:
    with raw_connection(impatient) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 10000000\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in received


def test_who_never_comes_to_an_end_is_cut_off(impatient: httpx.Client) -> None:
    with raw_connection(impatient) as connection:
        started = time.monotonic()
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
        assert IMPATIENT_SECONDS <= time.monotonic() - started < IMPATIENT_SECONDS + 3
    assert received.startswith(b"HTTP/1.1 413 ")


def test_who_sends_without_measure_is_cut_off(client: httpx.Client) -> None:
    with raw_connection(client) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000000\r\n\r\n")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(bytes(2 * DISCARDED_BYTES_MAX))


def raw_connection(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=60)
