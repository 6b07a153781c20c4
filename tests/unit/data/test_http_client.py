"""The signed HTTP client against a server that misbehaves on purpose."""

import random
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.connections import Limits
from tenantable.data.transport.retries import RetryPolicy
from tenantable.engine import Engine
from tenantable.engine.server import Server, listen
from tenantable.engine.signature import AccessKey
from tenantable.errors import Unavailable
from tenantable.local.serving import dynamo_endpoint
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials

Reaction = Callable[[socket.socket], bool]
"""What the server does with one request; True keeps the connection."""

TABLE = {
    "TableName": "ttt",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
GET = {"TableName": "t", "Key": {"id": {"S": "1"}}}
ITEM = {"Item": {"id": {"S": "1"}}}


def answer(members: Any, *, status: int = 200, headers: str = "") -> Reaction:
    body = orjson.dumps(members)
    checksum = f"x-amz-crc32: {zlib.crc32(body)}\r\n"
    return raw(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{checksum}{headers}\r\n".encode() + body)


def error(code: str, *, status: int = 400, **members: Any) -> Reaction:
    return answer({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **members}, status=status)


def raw(whole: bytes, *, keep: bool = True) -> Reaction:
    def react(connection: socket.socket) -> bool:
        connection.sendall(whole)
        return keep

    return react


def drop(_connection: socket.socket) -> bool:
    return False


def stay_silent(connection: socket.socket) -> bool:
    connection.settimeout(5)
    connection.recv(1)  # until the client gives up
    return False


class ScriptedServer:
    """Reacts to each request with the next reaction of its script, and keeps what it was sent."""

    def __init__(self) -> None:
        self.script: list[Reaction] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        serving = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            serving.append(threading.Thread(target=self._serve, args=[connection]))
            serving[-1].start()
        for thread in serving:
            thread.join()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            keep = True
            while keep and (request := _request_from(connection)):
                self.requests.append(request)
                keep = self.script.pop(0)(connection)


def _request_from(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    started = ScriptedServer()
    yield started
    started.close()


class Waits:
    """A sleep that only remembers, so that tests need not wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def client(server: ScriptedServer, waits: Waits) -> Iterator[HttpClient]:
    with a_client(server.url, waits) as opened:
        yield opened


def a_client(url: str, waits: Waits, *, credentials: Callable[[], Credentials] | None = None) -> HttpClient:
    return HttpClient(
        url,
        region="us-east-1",
        credentials=credentials or (lambda: Credentials(access_key_id="AKID", secret_access_key="secret")),
        limits=Limits(connections_max=4, connect_timeout_seconds=2, answer_timeout_seconds=0.3),
        retries=RetryPolicy(attempts_max=3, first_delay_seconds=0.05),
        sleep=waits,
        draw=random.Random(7),  # noqa: S311  # a seed makes the test repeatable
    )


def test_a_request_is_signed_dynamodb_json(server: ScriptedServer, client: HttpClient) -> None:
    server.script = [answer(ITEM)]
    assert client.call("GetItem", GET) == ITEM
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST / HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n" in head
    assert b"\r\nContent-Type: application/x-amz-json-1.0\r\n" in head
    assert b"\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKID/" in head
    assert orjson.loads(body) == GET


def test_one_connection_carries_many_requests(server: ScriptedServer, client: HttpClient) -> None:
    server.script = [answer(ITEM)] * 20
    for _ in range(20):
        client.call("GetItem", GET)
    assert server.connections == 1


def test_threads_share_a_bounded_number_of_connections(server: ScriptedServer, client: HttpClient) -> None:
    server.script = [answer(ITEM)] * 200
    threads = [threading.Thread(target=lambda: [client.call("GetItem", GET) for _ in range(10)]) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 200
    assert server.connections <= 4


@pytest.mark.parametrize(
    "failure",
    [
        drop,
        stay_silent,
        error("InternalServerError", status=500, message="Internal server error"),
        raw(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 4\r\n\r\nbusy"),
        error("ProvisionedThroughputExceededException"),
        error("TransactionInProgressException"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-amz-crc32: 1\r\n\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", keep=False),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ht>"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", keep=False),
        raw(b"nonsense\r\n\r\n"),
    ],
)
def test_a_passing_failure_is_tried_again(
    server: ScriptedServer, client: HttpClient, waits: Waits, failure: Reaction
) -> None:
    server.script = [failure, answer(ITEM)]
    assert client.call("GetItem", GET) == ITEM
    assert len(server.requests) == 2
    assert [0 <= seconds <= 0.05 for seconds in waits.seconds] == [True]


@pytest.mark.parametrize(
    "code",
    [
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "TransactionConflictException",
        "ValidationException",
        "AccessDeniedException",
        "ResourceNotFoundException",
    ],
)
def test_an_answer_is_not_tried_again(server: ScriptedServer, client: HttpClient, code: str) -> None:
    server.script = [error(code, message="no")]
    with pytest.raises(DynamoError, match=f"{code}: no"):
        client.call("PutItem", GET)
    assert len(server.requests) == 1


def test_an_error_keeps_its_further_members(server: ScriptedServer, client: HttpClient) -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"id": {"S": "1"}}}]
    server.script = [error("TransactionCanceledException", Message="cancelled", CancellationReasons=reasons)]
    with pytest.raises(DynamoError) as caught:
        client.call("TransactWriteItems", {"TransactItems": []})
    assert (caught.value.message, caught.value.extra) == ("cancelled", {"CancellationReasons": reasons})


def test_throttling_that_does_not_end_is_raised_as_it_is(server: ScriptedServer, client: HttpClient) -> None:
    server.script = [error("ThrottlingException")] * 3
    with pytest.raises(DynamoError) as caught:
        client.call("GetItem", GET)
    assert caught.value.code == "ThrottlingException"
    assert "after 3 attempts" in caught.value.__notes__[0]


def test_giving_up_names_every_failure(server: ScriptedServer, client: HttpClient, waits: Waits) -> None:
    server.script = [drop, error("InternalServerError", status=500), drop]
    with pytest.raises(Unavailable, match=r"did not answer GetItem .*2 x BrokenAnswer.*1 x DynamoError") as caught:
        client.call("GetItem", GET)
    assert server.url in str(caught.value)
    assert len(waits.seconds) == 2


def test_nobody_listening_is_unavailable(waits: Waits) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with a_client(url, waits) as client, pytest.raises(Unavailable, match="3 x ConnectionRefusedError"):
        client.call("GetItem", GET)


def test_an_answer_from_something_else_is_not_tried_again(server: ScriptedServer, client: HttpClient) -> None:
    server.script = [raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>")]
    with pytest.raises(Unavailable, match="HTTP status 404"):
        client.call("GetItem", GET)


def test_a_trickling_answer_ends_with_its_time(server: ScriptedServer, client: HttpClient) -> None:
    def trickle(connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            for _ in range(500):
                time.sleep(0.02)
                connection.sendall(b"x")
        except OSError:
            pass
        return False

    server.script = [trickle, answer(ITEM)]
    started = time.monotonic()
    assert client.call("GetItem", GET) == ITEM
    assert time.monotonic() - started < 5


def test_a_connection_closed_while_idle_costs_no_attempt(
    server: ScriptedServer, client: HttpClient, waits: Waits
) -> None:
    closed = threading.Event()

    def answer_and_close(connection: socket.socket) -> bool:
        answer(ITEM)(connection)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()
        return False

    server.script = [answer_and_close, answer(ITEM)]
    client.call("GetItem", GET)
    closed.wait(60)
    client.call("GetItem", GET)
    assert (server.connections, waits.seconds) == (2, [])


@pytest.mark.parametrize("operation", ["TransactWriteItems", "ExecuteTransaction"])
def test_a_transaction_keeps_one_token_over_its_attempts(
    server: ScriptedServer, client: HttpClient, operation: str
) -> None:
    request: dict[str, Any] = {"TransactItems": []}
    server.script = [drop, answer({})]
    client.call(operation, request)
    first, second = (orjson.loads(sent.partition(b"\r\n\r\n")[2])["ClientRequestToken"] for sent in server.requests)
    assert first == second
    assert request == {"TransactItems": []}


def test_a_given_token_is_kept(server: ScriptedServer, client: HttpClient) -> None:
    server.script = [answer({})]
    client.call("TransactWriteItems", {"TransactItems": [], "ClientRequestToken": "mine"})
    assert orjson.loads(server.requests[0].partition(b"\r\n\r\n")[2])["ClientRequestToken"] == "mine"


def test_expired_credentials_are_asked_for_again(server: ScriptedServer, waits: Waits) -> None:
    given = iter(["first", "second"])
    server.script = [error("ExpiredTokenException"), answer(ITEM), answer(ITEM)]
    source = lambda: Credentials(access_key_id=next(given), secret_access_key="s", session_token="t")  # noqa: E731
    with a_client(server.url, waits, credentials=source) as client:
        client.call("GetItem", GET)
        client.call("GetItem", GET)
    assert [b"Credential=second/" in sent for sent in server.requests] == [False, True, True]
    assert b"\r\nX-Amz-Security-Token: t\r\n" in server.requests[0]


def test_credentials_are_renewed_before_they_end(server: ScriptedServer, waits: Waits) -> None:
    ends = iter([time.time() + 200, time.time() + 3600])
    server.script = [answer(ITEM)] * 3
    names: list[str] = []

    def source() -> Credentials:
        names.append(f"key{len(names)}")
        return Credentials(access_key_id=names[-1], secret_access_key="s", expires_at=next(ends))

    with a_client(server.url, waits, credentials=source) as client:
        for _ in range(3):
            client.call("GetItem", GET)
    assert names == ["key0", "key1"]


def test_what_is_not_json_is_refused_before_it_is_sent(server: ScriptedServer, client: HttpClient) -> None:
    with pytest.raises(DynamoError, match="SerializationException: the request of PutItem is not JSON"):
        client.call("PutItem", {"Item": {"id": {"B": b"bytes"}}})
    assert server.requests == []


def test_an_operation_cannot_smuggle_a_header(client: HttpClient) -> None:
    with pytest.raises(ValueError, match="is not the name of an operation"):
        client.call("GetItem\r\nX-Evil: 1", GET)


def test_a_closed_client_says_so(client: HttpClient) -> None:
    client.close()
    with pytest.raises(ValueError, match="closed"):
        client.call("GetItem", GET)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Our own endpoint, which checks signatures and sums."""
    keys = {"AKID": AccessKey(secret="secret", principal=None)}
    listener = listen("127.0.0.1", 0)
    with Engine(":memory:") as engine, dynamo_endpoint(engine, access_keys=keys.get, commits_wait=False) as served:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = Server(served, listener)
        server.start()
        yield address
        server.stop()


def test_the_embedded_endpoint_is_understood(endpoint: str, waits: Waits) -> None:
    """Signatures, sums, gzip, errors with further members: what a real endpoint does with them."""
    credentials = Credentials(access_key_id="AKID", secret_access_key="secret")
    with HttpClient(endpoint, region="us-east-1", credentials=lambda: credentials, compressed=True) as client:
        client.call("CreateTable", TABLE)
        item = {"id": {"S": "ünïcode \u0001"}, "bytes": {"B": "AAE="}, "long": {"S": "x" * 100_000}}
        client.call("PutItem", {"TableName": "ttt", "Item": item})
        assert client.call("GetItem", {"TableName": "ttt", "Key": {"id": item["id"]}}) == {"Item": item}
        with pytest.raises(DynamoError) as caught:
            client.call(
                "PutItem",
                {
                    "TableName": "ttt",
                    "Item": item,
                    "ConditionExpression": "attribute_not_exists(id)",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                },
            )
    assert (caught.value.code, caught.value.status, caught.value.extra) == (
        "ConditionalCheckFailedException",
        400,
        {"Item": item},
    )


def test_a_wrong_secret_is_refused_at_once(endpoint: str, waits: Waits) -> None:
    wrong = Credentials(access_key_id="AKID", secret_access_key="wrong")
    with a_client(endpoint, waits, credentials=lambda: wrong) as client, pytest.raises(DynamoError) as caught:
        client.call("ListTables", {})
    assert caught.value.code == "InvalidSignatureException"
    assert waits.seconds == []
