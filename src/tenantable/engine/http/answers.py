"""
Answers over HTTP: the forms of results and errors, checksums, compression, and the bytes that go over the wire.

Source: DynamoDB Developer Guide, "DynamoDB low-level API"; the header and error forms are the service's own.
"""

import zlib
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from tenantable.engine.http.requests import GZIP_NAMES, Request
from tenantable.wire.errors import DynamoError

CONTENT_TYPE = "application/x-amz-json-1.0"
COMPRESSED_BYTES_MIN = 4096  # below this, compressing costs the caller more than the bytes it saves

_TEXT = "text/plain; charset=utf-8"
_GZIP = 16 + zlib.MAX_WBITS
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}

_ERROR_NAMESPACES = {
    "ValidationException": "com.amazon.coral.validate",
    "ThrottlingException": "com.amazon.coral.availability",
} | dict.fromkeys(
    "AccessDeniedException IncompleteSignatureException InvalidSignatureException MissingAuthenticationTokenException "
    "RequestEntityTooLargeException SerializationException UnknownOperationException "
    "UnrecognizedClientException".split(),
    "com.amazon.coral.service",
)
_SERVICE_NAMESPACE = "com.amazonaws.dynamodb.v20120810"
# As quoted in https://github.com/scylladb/scylladb/issues/6487 and https://github.com/rusoto/rusoto/issues/658.
_CAPITAL_MESSAGE = frozenset(
    "AccessDeniedException IdempotentParameterMismatchException SerializationException "
    "TransactionCanceledException".split()
)
_CORS_SECONDS = 172_800


class Answer(NamedTuple):
    """
    An HTTP answer before it is given its headers.

    `error` is the name of DynamoDB's error, None for a success; `headers` are further header lines, each with its end.
    """

    body: bytes
    content_type: str = CONTENT_TYPE
    status: int = 200
    error: str | None = None
    headers: str = ""


NOT_FOUND = Answer(
    body=b"""\
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
  <title>Page Not Found</title>
</head>
<body>Page Not Found</body>
</html>""",
    content_type="text/html",
    status=404,
)
"""To what is no call of an API, a wrong media type included. Source: https://github.com/rusoto/rusoto/issues/215."""


def healthy(request: Request) -> Answer:
    """
    The service names itself, and then a space; we go by the name that we were called by.

    Source: https://github.com/jed/dynamo/issues/42.
    """
    host = request.headers.get("host", "dynamodb")
    return Answer(body=f"healthy: {host} ".encode("latin-1"), content_type=_TEXT)


def refusal(error: DynamoError) -> Answer:
    return Answer(body=error_body(error), status=error.status, error=error.code)


def error_body(error: DynamoError) -> bytes:
    """The JSON that stands for an error on the wire."""
    namespace = _ERROR_NAMESPACES.get(error.code, _SERVICE_NAMESPACE)
    content: dict[str, Any] = {"__type": f"{namespace}#{error.code}"}
    if error.message:
        content["Message" if error.code in _CAPITAL_MESSAGE else "message"] = error.message
    return orjson.dumps(content | error.extra)


def preflight(request: Request) -> Answer:
    """What a browser asks before it lets a page send a request: everything that it names is allowed."""
    asked = (request.headers.get(f"access-control-request-{what}", "*") for what in ("method", "headers"))
    methods, names = (text if text.isprintable() else "*" for text in asked)
    allowed = (
        f"access-control-allow-methods: {methods}\r\naccess-control-allow-headers: {names}\r\n"
        f"access-control-max-age: {_CORS_SECONDS}\r\n"
    )
    return Answer(body=b"", content_type=_TEXT, headers=allowed)


def is_compressible(answer: Answer, request: Request) -> bool:
    """Whether the answer is large and its caller understands gzip."""
    return len(answer.body) >= COMPRESSED_BYTES_MIN and _accepts_gzip(request.headers.get("accept-encoding", ""))


def encoded(answer: Answer, request: Request) -> Answer:
    """The answer, compressed if it can be."""
    if not is_compressible(answer, request):
        return answer
    body = zlib.compress(answer.body, level=1, wbits=_GZIP)
    return answer._replace(body=body, headers="content-encoding: gzip\r\n")


def rendered(answer: Answer, request: Request, *, date: str) -> bytes:
    """
    The answer as it goes over the wire.

    Args:
        date: As HTTP writes it.
    """
    body, content_type, status, _error, further = answer
    if "origin" in request.headers:
        further += "access-control-allow-origin: *\r\n"
    if not request.keeps_alive:
        further += "connection: close\r\n"
    elif request.is_old:
        further += "connection: keep-alive\r\n"
    head = (
        f"{_STATUS_LINES[status]}content-type: {content_type}\r\ndate: {date}\r\n"
        f"x-amzn-requestid: {request.id}\r\nx-amz-crc32: {zlib.crc32(body)}\r\n{further}"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") if request.method == "HEAD" else head.encode("latin-1") + body


def _accepts_gzip(accept_encoding: str) -> bool:
    for part in accept_encoding.lower().split(","):
        name, _, quality = part.replace(" ", "").partition(";q=")
        if name in GZIP_NAMES:
            return quality.strip("0.") != "" or quality == ""
    return False
