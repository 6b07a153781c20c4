"""Requests for other services than DynamoDB: who is asked, where, and who waits."""

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.unit.engine.http.test_dispatch import answer_to, is_loop, request

from tenantable.engine.http.answers import Answer
from tenantable.engine.http.requests import Request
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.unit.engine.http.conftest import Address, RecordingEngine

Serve = Callable[..., "Address"]


class RecordingServices:
    """Answers for every other service, once `free` is set."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, DynamoError | None]] = []
        self.threads: list[int] = []
        self.free = threading.Event()
        self.free.set()

    def answer(self, request: Request, service: str, refusal: DynamoError | None) -> Answer:
        self.asked.append((service, request.path, refusal))
        self.threads.append(threading.get_ident())
        self.free.wait(10)
        return Answer(b"<Answered/>", "text/xml")


def signed(service: str, head: bytes = b"POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded") -> bytes:
    scope = f"any/20260101/us-east-1/{service}/aws4_request".encode()
    return (
        head + b"\r\nHost: x\r\nX-Amz-Date: 20260101T000000Z\r\nConnection: close\r\nContent-Length: 2\r\n"
        b"Authorization: AWS4-HMAC-SHA256 Credential=%b, SignedHeaders=host, Signature=0\r\n\r\n{}" % scope
    )


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded",
        b"POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Other.DoIt",
        b"POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: Other.DoIt",
        b"POST /service/Other/operation/DoIt HTTP/1.1\r\nContent-Type: application/cbor",
        b"GET / HTTP/1.1",
        b"DELETE /thing HTTP/1.1",
    ],
)
def test_another_service_is_asked_in_a_thread_whatever_it_speaks(
    engine: "RecordingEngine", serve: Serve, head: bytes
) -> None:
    others = RecordingServices()
    assert answer_to(serve(others=others), signed("sts", head)).endswith(b"<Answered/>")
    assert [(service, refusal) for service, _, refusal in others.asked] == [("sts", None)]
    assert [is_loop(thread) for thread in others.threads] == [False]
    assert engine.calls == []


def test_a_slow_service_keeps_no_table_waiting(engine: "RecordingEngine", serve: Serve) -> None:
    others = RecordingServices()
    others.free.clear()
    address = serve(others=others)
    with socket.create_connection(address, timeout=10) as waiting:
        waiting.sendall(signed("kms"))
        assert answer_to(address, request("GetItem")).startswith(b"HTTP/1.1 200")
        others.free.set()
        assert waiting.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("service", ["dynamodb", ""])
def test_what_is_for_dynamodb_goes_to_nobody_else(serve: Serve, service: str) -> None:
    others = RecordingServices()
    assert answer_to(serve(others=others), signed(service)).startswith(b"HTTP/1.1 404")
    assert others.asked == []


def test_without_other_services_nothing_changes(serve: Serve) -> None:
    assert answer_to(serve(), signed("sts")).startswith(b"HTTP/1.1 404")


def test_a_signature_that_is_not_believed_is_handed_on(serve: Serve) -> None:
    """The service tells it in its own words."""
    others = RecordingServices()
    answer_to(serve(others=others, access_keys={}.get), signed("iam"))
    ((service, _, refusal),) = others.asked
    assert refusal is not None
    assert (service, refusal.code) == ("iam", "UnrecognizedClientException")
