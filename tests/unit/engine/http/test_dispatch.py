"""Where requests are carried out, and which wait for which."""

import gzip
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from tests.waiting import wait_until

from tenantable.engine.http.dispatch import COMPUTING_THREADS_MAX, QUICK_REQUEST_BYTES_MAX, THREADS_MAX
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.unit.engine.http.conftest import Address, RecordingEngine

Serve = Callable[..., "Address"]


def request(operation: str, body: bytes = b"{}", *, accepts: str = "identity") -> bytes:
    return (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n"
        b"X-Amz-Target: DynamoDB_20120810.%b\r\nAccept-Encoding: %b\r\nConnection: close\r\n\r\n"
        % (len(body), operation.encode(), accepts.encode())
    ) + body


def answer_to(address: "Address", sent: bytes) -> bytes:
    """All that comes back until the server closes."""
    with socket.create_connection(address, timeout=10) as connection, connection.makefile("rb") as received:
        connection.sendall(sent)
        return received.read()


def is_loop(thread: int) -> bool:
    return thread in {known.ident for known in threading.enumerate() if known.name == "dynamodb"}


@pytest.mark.parametrize(
    ("operation", "body", "on_the_loop"),
    [
        ("GetItem", b"{}", True),
        ("Query", b"{}", True),
        ("Query", b'{"FilterExpression":"a = b"}', False),
        ("Query", b'{"QueryFilter":{}}', False),
        ("Scan", b"{}", False),
        ("ExecuteStatement", b"{}", False),
        ("CreateTable", b"{}", False),
        ("PutItem", b"{}", True),
        ("BatchWriteItem", b"{}", True),
        ("TransactWriteItems", b"{}", True),
        ("PutItem", b" " * QUICK_REQUEST_BYTES_MAX + b"{}", False),
    ],
)
def test_what_may_take_long_leaves_the_event_loop(
    engine: "RecordingEngine", serve: Serve, operation: str, body: bytes, on_the_loop: bool
) -> None:
    for commits_wait in (False, True):
        answer = answer_to(serve(commits_wait=commits_wait), request(operation, body))
        assert answer.startswith(b"HTTP/1.1 200")
    assert [is_loop(thread) for thread in engine.threads] == [on_the_loop] * 2


def test_a_write_that_would_wait_for_another_leaves_the_event_loop(engine: "RecordingEngine", serve: Serve) -> None:
    engine.is_writing = True
    answer_to(serve(), request("PutItem"))
    assert [is_loop(thread) for thread in engine.threads] == [False]


def test_writes_of_another_account_are_made_by_threads_and_join_no_group(
    engine: "RecordingEngine", make_engine: type["RecordingEngine"], serve: Serve
) -> None:
    other = make_engine()
    answer_to(serve(commits_wait=True, engine_for=lambda _headers, _principal: other), request("PutItem"))
    assert [is_loop(thread) for thread in other.threads] == [False]
    assert (engine.calls, engine.commits, other.commits) == ([], [], [])


def test_a_write_that_waits_does_not_wait_for_searches(engine: "RecordingEngine", serve: Serve) -> None:
    """Searches that take long have threads of their own, few of them."""
    engine.holds, engine.is_writing = True, True
    engine.disk.clear()
    address = serve()
    with ExitStack() as stack:
        for operation, body in [("Scan", b"{}"), ("ExecuteStatement", b'{"Statement": "select"}')] * THREADS_MAX:
            searching = stack.enter_context(socket.create_connection(address, timeout=10))
            searching.sendall(request(operation, body))
        wait_until(lambda: len(engine.calls) == COMPUTING_THREADS_MAX)
        engine.holds = False
        assert answer_to(address, request("PutItem")).startswith(b"HTTP/1.1 200")
        assert len(engine.calls) == COMPUTING_THREADS_MAX + 1
        engine.disk.set()


def test_a_compressed_request_leaves_the_event_loop(engine: "RecordingEngine", serve: Serve) -> None:
    """It may be a thousand times as large as it came."""
    sent = request("GetItem", gzip.compress(b"{}")).replace(b"Host: x", b"Host: x\r\nContent-Encoding: gzip")
    answer_to(serve(), sent)
    assert [is_loop(thread) for thread in engine.threads] == [False]


def test_a_large_answer_is_compressed_outside_of_the_event_loop(engine: "RecordingEngine", serve: Serve) -> None:
    engine.answer = b" " * 1_000_000
    answer = answer_to(serve(), request("GetItem", accepts="gzip"))
    assert b"content-encoding: gzip" in answer
    assert len(answer) < 10_000


def test_writes_that_come_during_a_commit_share_the_next_one(engine: "RecordingEngine", serve: Serve) -> None:
    address = serve(commits_wait=True)
    engine.disk.clear()
    with ExitStack() as stack:
        callers = [stack.enter_context(socket.create_connection(address, timeout=10)) for _ in range(5)]
        callers[0].sendall(request("PutItem"))
        wait_until(lambda: engine.commits == [1])
        for caller in callers[1:]:
            caller.sendall(request("UpdateItem"))
        for _ in range(3):  # read meanwhile, and what was sent before is there
            assert answer_to(address, request("GetItem")).startswith(b"HTTP/1.1 200")
        engine.disk.set()
        assert [caller.recv(65536)[:12] for caller in callers] == [b"HTTP/1.1 200"] * 5
    assert engine.commits == [1, 4]


def test_no_write_is_acknowledged_before_its_commit(engine: "RecordingEngine", serve: Serve) -> None:
    address = serve(commits_wait=True)
    engine.disk.clear()
    with socket.create_connection(address, timeout=0.3) as caller:
        caller.sendall(request("PutItem"))
        wait_until(lambda: engine.commits == [1])
        with pytest.raises(TimeoutError):
            caller.recv(1)
        engine.disk.set()


@pytest.mark.parametrize("failure", [DynamoError("InternalServerError", "the disk is full", status=500), OSError()])
def test_a_commit_that_fails_is_no_success_for_anybody(
    engine: "RecordingEngine", serve: Serve, failure: Exception
) -> None:
    engine.failure = failure
    address = serve(commits_wait=True)
    assert answer_to(address, request("PutItem")).startswith(b"HTTP/1.1 500")
    engine.failure = None
    assert answer_to(address, request("PutItem")).startswith(b"HTTP/1.1 200")


def test_who_writes_elsewhere_is_waited_for_outside_of_the_event_loop(engine: "RecordingEngine", serve: Serve) -> None:
    engine.is_busy = True
    assert answer_to(serve(commits_wait=True), request("PutItem")).startswith(b"HTTP/1.1 200")
    assert [is_loop(thread) for thread in engine.threads] == [True]
