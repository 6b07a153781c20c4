"""How a server starts and stops. Signals are tested with the command, in tests/system."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tenantable.engine import Engine
from tenantable.engine.http.endpoint import Endpoint
from tenantable.engine.server import Server, http_address, listen

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = (
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n"
    b"X-Amz-Target: DynamoDB_20120810.PutItem\r\n\r\n"
)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as listening:
        yield listening


@pytest.fixture
def server(listener: socket.socket) -> Iterator[Server]:
    with Engine(":memory:") as engine:
        endpoint = Endpoint(
            engine=engine, access_keys=None, commits_wait=True, clock=time.time, request_ids=lambda: "1"
        )
        server = Server(endpoint, listener)
        server.start()
        yield server
        server.stop()


def connected_to(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=60)


def test_idle_connections_end_with_the_server(listener: socket.socket, server: Server) -> None:
    with connected_to(listener.getsockname()) as idle, connected_to(listener.getsockname()) as silent:
        idle.sendall(GET)
        assert b"healthy" in idle.recv(65536)
        server.stop()
        assert idle.recv(1) == b""
        assert silent.recv(1) == b""


def test_a_request_under_way_is_answered_before_the_end(listener: socket.socket, server: Server) -> None:
    address = listener.getsockname()
    with connected_to(address) as late:
        late.sendall(PUT)
        time.sleep(0.1)  # it is being read
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        while stopping.is_alive() and not is_refused(address):
            time.sleep(0.01)
        late.sendall(b"{}")
        with late.makefile("rb") as received:
            answer = received.read()
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"connection: close" in answer
        stopping.join()


def test_a_server_that_was_stopped_can_be_stopped_again(server: Server) -> None:
    server.stop()
    server.stop()


def test_two_servers_share_a_listener(listener: socket.socket, server: Server) -> None:
    """As processes do that inherit it; when one ends, the other goes on."""
    with Engine(":memory:") as engine, listener.dup() as inherited:
        endpoint = Endpoint(
            engine=engine, access_keys=None, commits_wait=False, clock=time.time, request_ids=lambda: "2"
        )
        other = Server(endpoint, inherited)
        other.start()
        server.stop()
        with connected_to(inherited.getsockname()) as connected:
            connected.sendall(GET)
            assert b"healthy" in connected.recv(65536)
        other.stop()


def is_refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False


def test_an_address_of_version_6_stands_in_brackets() -> None:
    assert http_address("::1", 8000) == "http://[::1]:8000"
    assert http_address("127.0.0.1", 8000) == "http://127.0.0.1:8000"
