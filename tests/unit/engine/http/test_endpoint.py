"""The endpoint's protocol, over an engine that only records what it was asked."""

import asyncio
import gzip
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.http.answers import Answer, rendered
from tenantable.engine.http.dispatch import QUICK_REQUEST_BYTES_MAX, Dispatcher
from tenantable.engine.http.endpoint import Endpoint
from tenantable.engine.http.requests import Request
from tenantable.engine.signature import AccessKey, AccessKeyLookup
from tenantable.wire.errors import DynamoError, condition_failed, serialization_error
from tenantable.wire.limits import REQUEST_BYTES_MAX
from tenantable.wire.principals import Sender
from tenantable.wire.signatures import Credentials, sign_headers

if TYPE_CHECKING:
    from tests.unit.engine.http.conftest import RecordingEngine

NOW = 1_795_251_907.0
DATE = "Sat, 21 Nov 2026 09:05:07 GMT"
JSON = "application/x-amz-json-1.0"
EMPTY_IN_GZIP = gzip.compress(b"{}", mtime=0)  # without the time, which would give a test another name in every process
KEYS = {"AKID": AccessKey(secret="secret", principal="arn:aws:iam::000000000000:role/worker")}
CREDENTIALS = Credentials(access_key_id="AKID", secret_access_key="secret")


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
    """The endpoint, its engine, and a caller for them without a network."""

    engine: "RecordingEngine"
    access_keys: AccessKeyLookup | None = None
    others: dict[str, "RecordingEngine"] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def send(
        self,
        operation: str | None = "ListTables",
        body: bytes | None = b"{}",
        *,
        method: str = "POST",
        path: str = "/",
        **changed: str | None,
    ) -> HttpAnswer:
        headers: dict[str, str | None] = {"content-type": JSON, "host": "localhost"}
        headers["x-amz-target"] = None if operation is None else f"DynamoDB_20120810.{operation}"
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        return self.send_raw({n: v for n, v in headers.items() if v is not None}, body, method, path)

    def send_raw(
        self, headers: dict[str, str], body: bytes | None, method: str = "POST", path: str = "/"
    ) -> HttpAnswer:
        request = Request(method, path, headers, body)
        sent = rendered(asyncio.run(self._answer(request)), request, date=DATE)
        head, _, content = sent.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        received = dict(line.split(": ", 1) for line in lines)
        return HttpAnswer(status=int(status.split()[1]), headers=received, body=content)

    async def _answer(self, request: Request) -> Answer:
        later: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        dispatcher = Dispatcher(
            Endpoint(
                engine=self.engine,
                access_keys=self.access_keys,
                commits_wait=False,
                clock=lambda: NOW,
                request_ids=lambda: "REQUEST-1",
                engine_for=lambda headers: self.others.get(headers.get("x-amz-home", ""), self.engine),
                refused=self.refused.append,
            )
        )
        answer = dispatcher.take(request, later.set_result) or await later
        await dispatcher.close()
        return answer


@pytest.fixture(name="target")
def _target(engine: "RecordingEngine") -> Target:
    return Target(engine=engine)


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
def test_the_engine_is_asked_and_its_bytes_are_answered(target: Target, operation: str) -> None:
    answer = target.send(operation, b'{"TableName":"table"}')
    assert (answer.status, answer.body) == (200, target.engine.answer)
    assert target.engine.calls == [(operation, b'{"TableName":"table"}', None)]


def test_an_answer_carries_the_headers_of_the_service(target: Target) -> None:
    answer = target.send()
    assert answer.headers == {
        "content-type": JSON,
        "date": DATE,
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
        ("NoSuchOperation", {"authorization": "AWS4-"}),
    ],
)
def test_a_call_of_no_operation_of_dynamodb_is_an_unknown_operation(
    target: Target, operation: str | None, changed: dict[str, Any]
) -> None:
    answer = target.send(operation, **changed)
    assert (answer.status, answer.json) == (400, {"__type": "com.amazon.coral.service#UnknownOperationException"})
    assert target.engine.calls == []


@pytest.mark.parametrize(
    "changed",
    [
        {"content_type": "text/plain"},
        {"content_type": None},
        {"method": "PUT"},
        {"method": "GET", "path": "/tables"},
        {"path": "/tables"},
    ],
)
def test_what_is_no_call_finds_no_page(target: Target, changed: dict[str, Any]) -> None:
    answer = target.send(**changed)
    assert (answer.status, answer.headers["content-length"]) == (404, "272")
    assert b"<title>Page Not Found</title>" in answer.body
    assert target.engine.calls == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_at_the_endpoint_says_that_it_lives_by_the_name_it_was_called(target: Target, method: str) -> None:
    answer = target.send(None, b"", method=method)
    assert answer.status == 200
    assert answer.body == (b"healthy: localhost " if method == "GET" else b"")


def test_clients_are_told_to_go_on_with_the_address_that_they_reached(target: Target) -> None:
    target.engine.answer = b'{"Endpoints":[{"Address":"dynamodb.us-east-1.amazonaws.com","CachePeriodInMinutes":1}]}'
    assert target.send("DescribeEndpoints").json == {
        "Endpoints": [{"Address": "localhost", "CachePeriodInMinutes": 1}],
    }


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, None),
        ("AWS4-HMAC-SHA256 Credential=any/a/b/c/d, SignedHeaders=host, Signature=made-up", None),
        ("AWS4-HMAC-SHA256 Signature=made-up,SignedHeaders=host,Credential=any/a/b/c/d", None),
        ("AWS4-HMAC-SHA256 Credential=any/a/b/c/d, SignedHeaders=host, ", "IncompleteSignatureException"),
        ("AWS4-", "IncompleteSignatureException"),
        ("Bearer token", "MissingAuthenticationTokenException"),
    ],
)
def test_where_no_signature_is_verified_one_may_be_left_out_but_not_be_broken(
    target: Target, authorization: str | None, code: str | None
) -> None:
    answer = target.send(authorization=authorization, x_amz_date="20261121T090507Z")
    assert (answer.status, answer.json.get("__type", "#").rpartition("#")[2] or None) == (400 if code else 200, code)


def test_a_request_is_signed_in_its_query_or_in_its_header(target: Target) -> None:
    answer = target.send(path="/?X-Amz-Algorithm=AWS4-HMAC-SHA256", authorization="AWS4-")
    assert answer.json == {
        "__type": "com.amazon.coral.service#InvalidSignatureException",
        "message": "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    }


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            DynamoError("ValidationException", "no"),
            {"__type": "com.amazon.coral.validate#ValidationException", "message": "no"},
        ),
        (serialization_error("no"), {"__type": "com.amazon.coral.service#SerializationException", "Message": "no"}),
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


def test_a_body_that_was_too_large_to_keep_is_refused(target: Target) -> None:
    answer = target.send("PutItem", None)
    assert (answer.status, answer.json["__type"]) == (
        413,
        "com.amazon.coral.service#RequestEntityTooLargeException",
    )
    assert target.engine.calls == []


def test_a_compressed_request_is_read(target: Target) -> None:
    target.send("PutItem", gzip.compress(b'{"TableName":"table"}'), content_encoding="gzip")
    assert target.engine.calls[0][1] == b'{"TableName":"table"}'


def test_a_request_compressed_in_pieces_is_read_as_one(target: Target) -> None:
    pieces = gzip.compress(b'{"TableName":') + gzip.compress(b'"table"}')
    target.send("PutItem", pieces, content_encoding="GZIP")
    assert target.engine.calls[0][1] == b'{"TableName":"table"}'


def test_a_compressed_request_that_grows_over_the_limit_is_refused(target: Target) -> None:
    bomb = gzip.compress(bytes(REQUEST_BYTES_MAX + 1), compresslevel=1)
    assert target.send("PutItem", bomb, content_encoding="gzip").status == 413


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"{}", "gzip"),
        (EMPTY_IN_GZIP[:-4], "gzip"),
        (EMPTY_IN_GZIP + b"x", "gzip"),
        (EMPTY_IN_GZIP * 1000, "gzip"),
        (b"{}", "br"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_malformed(target: Target, body: bytes, encoding: str) -> None:
    answer = target.send("PutItem", body, content_encoding=encoding)
    assert (answer.status, answer.json["__type"]) == (400, "com.amazon.coral.service#SerializationException")


@pytest.mark.parametrize(
    ("accepted", "size", "compressed"),
    [("gzip", 5000, True), ("deflate, gzip;q=0.5", 5000, True), ("GZip", 5000, True), ("gzip", 100, False),
     ("identity", 5000, False), ("gzip;q=0", 5000, False), (None, 5000, False)],
)  # fmt: skip
def test_a_large_answer_is_compressed_for_those_who_ask(
    target: Target, accepted: str | None, size: int, compressed: bool
) -> None:
    target.engine.answer = b"x" * size
    answer = target.send(accept_encoding=accepted)
    assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
    assert answer.headers["x-amz-crc32"] == str(zlib.crc32(answer.body))
    assert (gzip.decompress(answer.body) if compressed else answer.body) == target.engine.answer


def test_a_page_in_a_browser_may_ask(target: Target) -> None:
    asked = {"origin": "http://localhost:3000", "access-control-request-method": "POST",
             "access-control-request-headers": "authorization,x-amz-target"}  # fmt: skip
    preflight = target.send_raw(asked, b"", method="OPTIONS")
    assert (preflight.status, preflight.body) == (200, b"")
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-methods"] == "POST"
    assert preflight.headers["access-control-allow-headers"] == "authorization,x-amz-target"
    assert target.send(origin="http://localhost:3000").headers["access-control-allow-origin"] == "*"


def test_no_header_of_a_request_can_add_one_to_the_answer(target: Target) -> None:
    answer = target.send_raw({"access-control-request-headers": "a\r\nx-evil: 1"}, b"", method="OPTIONS")
    assert "x-evil" not in answer.headers


def test_a_failure_that_nobody_foresaw_is_an_answer_too(target: Target) -> None:
    target.engine.answer = ZeroDivisionError()
    answer = target.send("GetItem")
    assert (answer.status, answer.json["__type"].rpartition("#")[2]) == (500, "InternalServerError")


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
    assert target.engine.calls == [("PutItem", b"{}", Sender("arn:aws:iam::000000000000:role/worker"))]


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
@pytest.mark.parametrize("body", [b"{}", b" " * QUICK_REQUEST_BYTES_MAX + b"{}"])
def test_the_headers_say_which_engine_is_asked(
    target: Target, make_engine: type["RecordingEngine"], operation: str, body: bytes
) -> None:
    target.others["other"] = make_engine()
    target.send(operation, body, x_amz_home="other")
    assert len(target.others["other"].calls) == 1
    assert target.engine.calls == []


def test_who_comes_to_no_engine_is_reported_by_the_error(target: Target) -> None:
    target.access_keys = KEYS.get
    target.send()
    target.send(content_encoding="br")
    target.send("GetItem", x_amz_target="Other.GetItem")
    target.send("PutItem", b" " * QUICK_REQUEST_BYTES_MAX + b"{}")
    target.access_keys = None
    target.send("PutItem", None)
    assert target.refused == [
        "MissingAuthenticationTokenException",
        "MissingAuthenticationTokenException",
        "UnknownOperationException",
        "MissingAuthenticationTokenException",
        "RequestEntityTooLargeException",
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
            "access-control-request-headers",
            "authorization",
            "x-amz-date",
        ]
    ),
    st.text(alphabet=st.characters(max_codepoint=255), max_size=20)
    | st.sampled_from(
        ["DynamoDB_20120810.GetItem", JSON, "gzip", "AWS4-HMAC-SHA256 Credential=a/b/c/dynamodb/aws4_request"]
    ),
)


@given(
    headers=HEADERS,
    body=st.binary(max_size=50),
    method=st.sampled_from(["POST", "GET", "OPTIONS", "PUT", "QQQ"]),
    signed=st.booleans(),
)
def test_no_input_makes_the_endpoint_fail(
    make_engine: type["RecordingEngine"], headers: dict[str, str], body: bytes, method: str, signed: bool
) -> None:
    target = Target(engine=make_engine(), access_keys=KEYS.get if signed else None)
    assert target.send_raw(headers, body, method).status in {200, 400, 404, 413}
