"""HTTP on one connection: framing, order, and what a caller may take before anybody knows who it is."""

import gc
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from tests.exchanges import exchanged
from tests.waiting import wait_until

from tenantable.engine.http.connection import HEAD_BYTES_MAX, Connection, Limits
from tenantable.wire.limits import REQUEST_BYTES_MAX

if TYPE_CHECKING:
    from tests.unit.engine.http.conftest import Address, RecordingEngine

Serve = Callable[..., "Address"]

HEAD = b"GET / HTTP/1.1\r\nhost: localhost\r\n"
GET = HEAD + b"\r\n"
LAST = HEAD + b"connection: close\r\n\r\n"
HASTY = Limits(request=0.4, idle=0.4, step=0.1)


def put(body: bytes, *headers: bytes, framing: bytes | None = None) -> bytes:
    """A PutItem; `framing` is the header that says how long the body is."""
    length = b"Content-Length: %d" % len(body) if framing is None else framing
    lines = [b"POST / HTTP/1.1", b"Host: x", b"Content-Type: application/x-amz-json-1.0", length, *headers]
    return b"\r\n".join([*lines, b"X-Amz-Target: DynamoDB_20120810.PutItem", b"", b""]) + body


def statuses(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


def test_a_body_in_many_pieces_is_put_together(engine: "RecordingEngine", serve: Serve) -> None:
    body = b'{"TableName":"' + b"x" * 50_000 + b'"}'
    sent = put(body, b"Connection: close")
    pieces = [sent[start : start + 7_000] for start in range(0, len(sent), 7_000)]
    assert statuses(exchanged(serve(), *pieces, pause_seconds=0.005)) == [200]
    assert engine.calls == [("PutItem", body, None)]


def test_a_body_in_chunks_is_put_together(engine: "RecordingEngine", serve: Serve) -> None:
    sent = put(b"1\r\n{\r\n1\r\n}\r\n0\r\nx-amz-target: other\r\n\r\n", framing=b"Transfer-Encoding: chunked")
    assert statuses(exchanged(serve(), sent + LAST)) == [200, 200]
    assert engine.calls == [("PutItem", b"{}", None)]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_sixteen_megabytes_is_read_and_refused(
    engine: "RecordingEngine", serve: Serve, announced: bool
) -> None:
    size = REQUEST_BYTES_MAX + 1
    body = b"x" * size if announced else b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n"
    sent = put(body, framing=None if announced else b"Transfer-Encoding: chunked")
    assert statuses(exchanged(serve(), sent, LAST)) == [413, 200]
    assert engine.calls == []


def test_who_asks_whether_to_send_the_body_is_told_to(serve: Serve) -> None:
    head, body = put(b"{}", b"Expect: 100-continue")[:-2], b"{}"
    address = serve()
    with socket.create_connection(address, timeout=30) as connected:
        connected.sendall(head)
        assert connected.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connected.sendall(body)
        assert connected.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_requests_that_come_together_are_carried_out_and_answered_in_their_order(
    engine: "RecordingEngine", serve: Serve
) -> None:
    scan = put(b"{}").replace(b"PutItem", b"Scan")
    received = exchanged(serve(commits_wait=True), put(b"{}") + scan + GET + put(b"[]") + b"NONSENSE\r\n\r\n" + GET)
    assert [operation for operation, _, _ in engine.calls] == ["PutItem", "Scan", "PutItem"]
    assert statuses(received) == [200, 200, 200, 200, 400]
    assert received.index(b"healthy") > received.index(b"REQUEST-2")


def test_many_requests_that_come_together_are_all_answered(engine: "RecordingEngine", serve: Serve) -> None:
    assert statuses(exchanged(serve(commits_wait=True), (put(b"{}") + GET) * 1000 + LAST)) == [200] * 2001


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"close"),
        (b"GET / HTTP/1.0\r\n\r\n", b"close"),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"keep-alive"),
    ],
)
def test_the_caller_says_whether_the_connection_is_kept(serve: Serve, head: bytes, kept: bytes) -> None:
    received = exchanged(serve(), head)
    assert b"\r\nconnection: %b\r\n" % kept in received
    assert received.endswith(b" and stays open") is (kept == b"keep-alive")


def test_a_caller_that_sends_no_more_still_gets_its_answer(serve: Serve) -> None:
    with socket.create_connection(serve(commits_wait=True), timeout=30) as connected:
        connected.sendall(put(b"{}"))
        connected.shutdown(socket.SHUT_WR)
        with connected.makefile("rb") as received:
            assert statuses(received.read()) == [200]


def test_a_caller_that_leaves_in_the_middle_changes_nothing(engine: "RecordingEngine", serve: Serve) -> None:
    address = serve()
    with socket.create_connection(address) as connected:
        connected.sendall(put(b"{}", framing=b"Content-Length: 9"))
    assert statuses(exchanged(address, LAST)) == [200]
    assert engine.calls == []


@pytest.mark.parametrize(
    "sent", [b"hello\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b"\x16\x03\x01\x02"]
)
def test_what_is_not_http_is_refused(serve: Serve, sent: bytes) -> None:
    assert statuses(exchanged(serve(), sent)) == [400]


def test_another_protocol_is_not_spoken(serve: Serve) -> None:
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    assert statuses(exchanged(serve(), upgrade)) == [200]


def test_a_header_that_comes_twice_counts_with_both_values(engine: "RecordingEngine", serve: Serve) -> None:
    exchanged(serve(), put(b"{}", b"X-Amz-Target: one", b"Connection: close"))
    assert engine.calls == []


def test_a_head_of_64_kibibytes_is_the_most(serve: Serve) -> None:
    address = serve()
    assert b"healthy" in exchanged(address, HEAD + b"x: " + b"y" * 60_000 + b"\r\n" + LAST.removeprefix(HEAD))
    assert statuses(exchanged(address, HEAD + b"x: " + b"y" * 70_000)) == [431]


@pytest.mark.parametrize("sent", [b"", HEAD, put(b"{", framing=b"Content-Length: 9")])
def test_a_request_that_does_not_end_is_given_up(serve: Serve, sent: bytes) -> None:
    assert exchanged(serve(limits=HASTY), sent) == b""


def test_a_request_that_comes_byte_by_byte_has_no_more_time(serve: Serve) -> None:
    with pytest.raises(ConnectionError):
        exchanged(serve(limits=HASTY), *(GET[position : position + 1] for position in range(30)), pause_seconds=0.05)


def test_a_second_request_has_its_own_time(serve: Serve) -> None:
    with socket.create_connection(serve(limits=Limits(request=0.4, step=0.1)), timeout=30) as connected:
        connected.sendall(GET)
        assert b"healthy" in connected.recv(65536)
        connected.sendall(HEAD)
        assert connected.recv(65536) == b""


def test_an_idle_connection_is_closed_in_time(serve: Serve) -> None:
    received = exchanged(serve(limits=HASTY), GET)
    assert statuses(received) == [200]
    assert not received.endswith(b" and stays open")


def test_a_caller_that_does_not_read_is_not_read_either(engine: "RecordingEngine", serve: Serve) -> None:
    """Its requests stay in the network, and after a while it is given up."""
    engine.answer = b"x" * 1_000_000
    with socket.create_connection(serve(limits=HASTY), timeout=30) as connected, pytest.raises(ConnectionError):
        connected.sendall(put(b"{}") * 200_000)
    assert len(engine.calls) < 100


def test_what_comes_behind_a_body_in_chunks_is_bounded(serve: Serve) -> None:
    """It is parsed to be ignored, and a parser keeps a header until its line ends."""
    sent = put(b"1\r\n{\r\n0\r\nx: ", framing=b"Transfer-Encoding: chunked")
    received = exchanged(serve(), sent, b"x" * HEAD_BYTES_MAX, b"x" * 65536)
    assert statuses(received) in ([431], [])  # the answer may be lost: we close while more is on its way
    assert not received.endswith(b" and stays open")


def test_bodies_that_are_more_than_there_is_room_for_are_refused(engine: "RecordingEngine", serve: Serve) -> None:
    """All that are not answered yet count together; those that are refused, answered or left give their room back."""
    address = serve(limits=Limits(body_bytes_max=1000))
    half = put(b"x" * 600, framing=b"Content-Length: 601")
    for _ in range(3):
        with socket.create_connection(address, timeout=30) as connected:
            connected.sendall(half)
            assert statuses(exchanged(address, put(b"{}"), half, put(b"{}"), pause_seconds=0.05)) == [200, 503]
            connected.sendall(b"x" + LAST)
            with connected.makefile("rb") as received:
                assert statuses(received.read()) == [200, 200]
        with socket.create_connection(address, timeout=30) as connected:
            connected.sendall(half)
            time.sleep(0.05)
    assert len(engine.calls) == 6


def test_who_sends_many_requests_at_once_keeps_no_other_waiting_for_all_of_them(
    engine: "RecordingEngine", serve: Serve
) -> None:
    address, number = serve(), 1500
    engine.disk.clear()
    with ExitStack() as stack:
        other = stack.enter_context(socket.create_connection(address, timeout=10))
        other.sendall(GET)
        assert b"healthy" in other.recv(65536)
        greedy = stack.enter_context(socket.create_connection(address, timeout=10))
        engine.holds = True
        greedy.sendall(put(b"{}") * number + LAST)
        other.sendall(put(b"[]"))
        engine.disk.set()
        with greedy.makefile("rb") as received:
            assert statuses(received.read()) == [200] * (number + 1)
    others_turn = [body for _, body, _ in engine.calls].index(b"[]")
    assert others_turn < number / 4


def test_connections_beyond_the_bound_are_closed(serve: Serve) -> None:
    address = serve(limits=Limits(connections_max=3))
    with ExitStack() as stack:
        for _ in range(3):
            kept = stack.enter_context(socket.create_connection(address, timeout=30))
            kept.sendall(GET)
            assert b"healthy" in kept.recv(65536)
        assert exchanged(address) == b""
    assert statuses(exchanged(address, LAST)) == [200]


def connections() -> list[Connection]:
    return [known for known in gc.get_objects() if isinstance(known, Connection)]


def test_nothing_of_an_ended_connection_stays(serve: Serve) -> None:
    address = serve(limits=HASTY)
    gc.collect()
    before = len(connections())  # errors of other tests may hold some
    gc.disable()  # from here on without the collector's help
    try:
        with ExitStack() as stack:
            for _ in range(200):
                stack.enter_context(socket.create_connection(address)).sendall(HEAD)
            assert statuses(exchanged(address, LAST)) == [200]
            stack.enter_context(socket.create_connection(address, timeout=30)).recv(1)
        exchanged(address, HEAD)
        wait_until(lambda: len(connections()) <= before + 1)
    finally:
        gc.enable()


def test_others_are_answered_beside_a_thousand_idle_and_half_open_connections(serve: Serve) -> None:
    address = serve()
    with ExitStack() as stack:
        for number in range(1000):
            connected = stack.enter_context(socket.create_connection(address))
            connected.sendall((b"", GET, HEAD, put(b"{", framing=b"Content-Length: 999"))[number % 4])
        assert statuses(exchanged(address, put(b"{}", b"Connection: close"))) == [200]


def test_open_connections_are_known(serve: Serve) -> None:
    known: set[object] = set()
    address = serve(connections=known)
    with ExitStack() as stack:
        callers = [stack.enter_context(socket.create_connection(address, timeout=10)) for _ in range(2)]
        for caller in callers:
            caller.sendall(GET)
            assert caller.recv(65536).startswith(b"HTTP/1.1 200")
        assert len(known) == 2
        for caller in callers:
            caller.shutdown(socket.SHUT_WR)
            assert caller.recv(65536) == b""
    wait_until(lambda: not known)
