"""The endpoint's protocol, over an engine that only records what it was asked."""

import asyncio
import gzip
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.http import DynamoApp
from tenantable.engine.signature import AccessKey, AccessKeyLookup
from tenantable.wire.errors import DynamoError, condition_failed, serialization_error
from tenantable.wire.limits import REQUEST_BYTES_MAX
from tenantable.wire.signatures import Credentials, sign_headers

NOW = 1_795_251_907.0
JSON = "application/x-amz-json-1.0"
EMPTY_IN_GZIP = gzip.compress(b"{}", mtime=0)  # without the time, which would give a test another name in every process
KEYS = {"AKID": AccessKey(secret="secret", principal="arn:aws:iam::000000000000:role/worker")}
CREDENTIALS = Credentials(access_key_id="AKID", secret_access_key="secret")


class RecordingEngine:
    """Answers every request with `answer`, or raises it when it is an error."""

    def __init__(self) -> None:
        self.answer: bytes | DynamoError = b'{"TableNames":[]}'
        self.calls: list[tuple[str, bytes, str | None]] = []
        self.threads: list[int] = []
        self.request_ids: list[str] = []

    def call_json(self, operation: str, body: bytes, *, principal: str | None, request_id: str) -> bytes:
        self.request_ids.append(request_id)
        self.calls.append((operation, body, principal))
        self.threads.append(threading.get_ident())
        if isinstance(self.answer, DynamoError):
            raise self.answer
        return self.answer


def exchange(
    app: DynamoApp, headers: dict[str, str], incoming: list[dict[str, Any]], *, method: str = "POST", path: str = "/"
) -> list[dict[str, Any]]:
    """What the application sends when these messages come in, without a network."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }
    waiting = iter(incoming)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


@dataclass(kw_only=True)
class HttpAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(kw_only=True)
class Target:
    """The application, its engine, and a caller for them without a network."""

    engine: RecordingEngine = field(default_factory=RecordingEngine)
    access_keys: AccessKeyLookup | None = None
    writers: ThreadPoolExecutor
    commits_wait: bool = True
    others: dict[str, RecordingEngine] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def send(
        self,
        operation: str | None = "ListTables",
        body: bytes = b"{}",
        *,
        method: str = "POST",
        path: str = "/",
        chunk_bytes: int = 65536,
        **changed: str | None,
    ) -> HttpAnswer:
        headers: dict[str, str | None] = {"content-type": JSON, "host": "localhost", "content-length": str(len(body))}
        headers["x-amz-target"] = None if operation is None else f"DynamoDB_20120810.{operation}"
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        return self.send_raw({n: v for n, v in headers.items() if v is not None}, body, method, path, chunk_bytes)

    def send_raw(
        self, headers: dict[str, str], body: bytes, method: str = "POST", path: str = "/", chunk_bytes: int = 65536
    ) -> HttpAnswer:
        parts = [body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes)] or [b""]
        incoming = [
            {"type": "http.request", "body": part, "more_body": position < len(parts)}
            for position, part in enumerate(parts, start=1)
        ]
        start, end = exchange(self.app, headers, incoming, method=method, path=path)
        received = {name.decode(): value.decode() for name, value in start["headers"]}
        return HttpAnswer(status=start["status"], headers=received, body=end["body"])

    @property
    def app(self) -> DynamoApp:
        return DynamoApp(
            self.engine,
            access_keys=self.access_keys,
            writers=self.writers,
            commits_wait=self.commits_wait,
            clock=lambda: NOW,
            request_ids=lambda: "REQUEST-1",
            engine_for=lambda headers: self.others.get(headers.get("authorization", ""), self.engine),
            refused=self.refused.append,
        )


@pytest.fixture(name="target")
def _target(writers: ThreadPoolExecutor) -> Target:
    return Target(writers=writers)


@pytest.fixture(name="writers", scope="module")
def _writers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
def test_the_engine_is_asked_and_its_bytes_are_answered(target: Target, operation: str) -> None:
    answer = target.send(operation, b'{"TableName":"table"}')
    assert (answer.status, answer.body) == (200, target.engine.answer)
    assert target.engine.calls == [(operation, b'{"TableName":"table"}', None)]


@pytest.mark.parametrize(
    ("operation", "commits_wait", "on_the_loop"),
    [("GetItem", True, True), ("PutItem", True, False), ("PutItem", False, True), ("Scan", False, False)],
)
def test_what_waits_or_takes_long_leaves_the_event_loop(
    target: Target, operation: str, commits_wait: bool, on_the_loop: bool
) -> None:
    target.commits_wait = commits_wait
    target.send(operation)
    assert (target.engine.threads == [threading.get_ident()]) is on_the_loop


def test_an_answer_carries_the_headers_of_the_service(target: Target) -> None:
    answer = target.send()
    assert answer.headers == {
        "content-type": JSON,
        "content-length": str(len(answer.body)),
        "x-amzn-requestid": "REQUEST-1",
        "x-amz-crc32": str(zlib.crc32(answer.body)),
    }


def test_plain_json_is_answered_in_kind(target: Target) -> None:
    assert target.send(content_type="application/json; charset=utf-8").headers["content-type"] == "application/json"


def test_streams_have_a_target_of_their_own(target: Target) -> None:
    answer = target.send(x_amz_target="DynamoDBStreams_20120810.ListStreams")
    assert answer.status == 200
    assert target.engine.calls == [("ListStreams", b"{}", None)]


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (None, {}),
        ("ListTables", {"x_amz_target": "DynamoDBStreams_20120810.ListTables"}),
        ("ListStreams", {"x_amz_target": "DynamoDB_20120810.ListStreams"}),
        ("ListTables", {"x_amz_target": "ListTables"}),
        ("ListTables", {"content_type": "text/plain"}),
        ("ListTables", {"content_type": None}),
        ("ListTables", {"method": "PUT"}),
        ("ListTables", {"path": "/tables"}),
    ],
)
def test_what_is_not_addressed_to_dynamodb_is_an_unknown_operation(
    target: Target, operation: str | None, changed: dict[str, Any]
) -> None:
    answer = target.send(operation, **changed)
    assert (answer.status, answer.json) == (400, {"__type": "com.amazon.coral.service#UnknownOperationException"})
    assert target.engine.calls == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_at_the_endpoint_says_that_it_lives(target: Target, method: str) -> None:
    answer = target.send(None, b"", method=method)
    assert answer.status == 200
    assert answer.body == (b"healthy: dynamodb" if method == "GET" else b"")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            DynamoError("ValidationException", "no"),
            {"__type": "com.amazon.coral.validate#ValidationException", "message": "no"},
        ),
        (serialization_error("no"), {"__type": "com.amazon.coral.service#SerializationException", "message": "no"}),
        (
            DynamoError("AccessDeniedException", "no"),
            {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no"},
        ),
        (
            condition_failed({"pk": {"S": "a"}}),
            {
                "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "message": "The conditional request failed",
                "Item": {"pk": {"S": "a"}},
            },
        ),
        (
            DynamoError("TransactionCanceledException", "no", extra={"CancellationReasons": [{"Code": "None"}]}),
            {
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "no",
                "CancellationReasons": [{"Code": "None"}],
            },
        ),
    ],
)
def test_an_error_of_the_engine_has_the_form_of_the_service(
    target: Target, error: DynamoError, expected: dict[str, Any]
) -> None:
    target.engine.answer = error
    answer = target.send("PutItem")
    assert (answer.status, answer.json) == (400, expected)
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))


def test_a_failure_of_the_engine_keeps_its_status(target: Target) -> None:
    target.engine.answer = DynamoError("InternalServerError", "the disk is full", status=500)
    assert target.send("PutItem").status == 500


def test_a_body_in_many_parts_is_put_together(target: Target) -> None:
    body = b'{"TableName":"' + b"x" * 5000 + b'"}'
    target.send("PutItem", body, chunk_bytes=700)
    assert target.engine.calls[0][1] == body


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_sixteen_megabytes_is_refused(target: Target, announced: bool) -> None:
    body = b"x" * (REQUEST_BYTES_MAX + 1)
    answer = target.send("PutItem", body, chunk_bytes=1 << 20, content_length=str(len(body)) if announced else None)
    assert answer.status == 413
    assert answer.json["__type"] == "com.amazon.coral.service#RequestEntityTooLargeException"
    assert target.engine.calls == []


def test_a_caller_that_leaves_in_the_middle_changes_nothing(target: Target) -> None:
    headers = {"x-amz-target": "DynamoDB_20120810.PutItem", "content-type": JSON}
    incoming: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{}", "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert exchange(target.app, headers, incoming) == []
    assert target.engine.calls == []


def test_a_compressed_request_is_read(target: Target) -> None:
    target.send("PutItem", gzip.compress(b'{"TableName":"table"}'), content_encoding="gzip")
    assert target.engine.calls[0][1] == b'{"TableName":"table"}'


def test_a_compressed_request_that_grows_over_the_limit_is_refused(target: Target) -> None:
    bomb = gzip.compress(bytes(REQUEST_BYTES_MAX + 1), compresslevel=1)
    assert target.send("PutItem", bomb, content_encoding="gzip").status == 413


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"{}", "gzip"), (EMPTY_IN_GZIP[:-4], "gzip"), (EMPTY_IN_GZIP + b"x", "gzip"), (b"{}", "br")],
)
def test_a_body_that_is_not_what_it_says_is_malformed(target: Target, body: bytes, encoding: str) -> None:
    answer = target.send("PutItem", body, content_encoding=encoding)
    assert (answer.status, answer.json["__type"]) == (400, "com.amazon.coral.service#SerializationException")


@pytest.mark.parametrize(
    ("accepted", "size", "compressed"),
    [("gzip", 5000, True), ("deflate, gzip;q=0.5", 5000, True), ("gzip", 100, False), ("identity", 5000, False),
     ("gzip;q=0", 5000, False), (None, 5000, False)],
)  # fmt: skip
def test_a_large_answer_is_compressed_for_those_who_ask(
    target: Target, accepted: str | None, size: int, compressed: bool
) -> None:
    target.engine.answer = b"x" * size
    answer = target.send(accept_encoding=accepted)
    assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))
    assert (gzip.decompress(answer.body) if compressed else answer.body) == target.engine.answer


def test_the_access_key_decides_the_principal(target: Target) -> None:
    target.access_keys = KEYS.get
    headers = {"x-amz-target": "DynamoDB_20120810.PutItem", "content-type": JSON}
    body = gzip.compress(b"{}")
    headers["content-encoding"] = "gzip"
    added = sign_headers(
        "POST", "localhost", "/", headers,
        body=body, credentials=CREDENTIALS, region="us-east-1", service="dynamodb", timestamp=NOW,
    )  # fmt: skip
    headers |= {name.lower(): value for name, value in added.items()} | {"host": "localhost"}
    assert target.send_raw(headers, body).status == 200
    assert target.engine.calls == [("PutItem", b"{}", "arn:aws:iam::000000000000:role/worker")]


def test_an_unsigned_request_reaches_no_engine(target: Target) -> None:
    target.access_keys = KEYS.get
    answer = target.send("PutItem")
    assert (answer.status, answer.json["__type"]) == (
        400,
        "com.amazon.coral.service#MissingAuthenticationTokenException",
    )
    assert target.engine.calls == []


def test_the_engine_is_told_the_id_of_the_answer(target: Target) -> None:
    answer = target.send()
    assert target.engine.request_ids == [answer.headers["x-amzn-requestid"]]


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
def test_the_headers_say_which_engine_is_asked(target: Target, operation: str) -> None:
    target.others["other"] = RecordingEngine()
    target.send(operation, authorization="other")
    assert len(target.others["other"].calls) == 1
    assert target.engine.calls == []


def test_who_comes_to_no_engine_is_reported_by_the_error(target: Target) -> None:
    target.access_keys = KEYS.get
    target.send()
    target.send(content_encoding="br")
    target.send("GetItem", x_amz_target="Other.GetItem")
    assert target.refused == [
        "MissingAuthenticationTokenException",
        "MissingAuthenticationTokenException",
        "UnknownOperationException",
    ]


def test_what_an_engine_refuses_is_its_own_to_report(target: Target) -> None:
    target.engine.answer = condition_failed()
    target.send()
    assert target.refused == []


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "x-amz-target",
            "content-type",
            "content-length",
            "content-encoding",
            "accept-encoding",
            "authorization",
            "x-amz-date",
        ]
    ),
    st.text(alphabet=st.characters(max_codepoint=255), max_size=20)
    | st.sampled_from(
        ["DynamoDB_20120810.GetItem", JSON, "gzip", "AWS4-HMAC-SHA256 Credential=a/b/c/dynamodb/aws4_request"]
    ),
)


@given(HEADERS, st.binary(max_size=50), st.sampled_from(["POST", "GET", "PUT", "QQQ"]), st.booleans())
def test_no_input_makes_the_endpoint_fail(headers: dict[str, str], body: bytes, method: str, signed: bool) -> None:
    with ThreadPoolExecutor(1) as writers:
        target = Target(writers=writers, access_keys=KEYS.get if signed else None)
        assert target.send_raw(headers, body, method).status in {200, 400, 413}
