"""Requests as they come over HTTP: which operation they name, and their body without its compression."""

import zlib

from tenantable.engine.operations import OPERATIONS
from tenantable.engine.operations.left_out import LEFT_OUT
from tenantable.wire.errors import DynamoError, serialization_error
from tenantable.wire.limits import REQUEST_BYTES_MAX
from tenantable.wire.principals import Principal

_CONTENT_TYPES = frozenset({"application/x-amz-json-1.0", "application/json"})
_TARGET_PREFIX = "DynamoDB_20120810"
_STREAMS_TARGET_PREFIX = "DynamoDBStreams_20120810"
_STREAMS_OPERATIONS = frozenset({"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"})
_NAMES_MAX = 200
_NAME_BYTES_MAX = 100
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MEMBERS_MAX = 64  # each is copied with all that follow it
GZIP_NAMES = frozenset({"gzip", "x-gzip"})  # RFC 9110


class Request:
    """
    A whole request.

    `path` stands as it was sent, with its query. `headers` are by name in lower case; one that was sent several times
    has its values joined by commas. `body` is as it was sent; None when it was too large to be kept. `is_old`: of
    HTTP 1.0. `source_ip` is the address that it came from, None where that is none of the network. `id` is what its
    answer will be known by; `operation` and `principal` are noted once they are known.
    """

    __slots__ = (
        "body", "headers", "id", "is_old", "keeps_alive", "media_type", "method", "operation", "path", "principal",
        "source_ip",
    )  # fmt: skip

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.keeps_alive = True
        self.is_old = False
        self.media_type = _media_type(headers.get("content-type", ""))
        self.id = ""
        self.operation: str | None = None
        self.principal: Principal | None = None
        self.source_ip: str | None = None

    @property
    def is_at_root(self) -> bool:
        return self.path == "/" or self.path.startswith("/?")

    @property
    def is_call(self) -> bool:
        """Whether it has the form of a call; the operation need not exist."""
        return self.method == "POST" and self.media_type in _CONTENT_TYPES and self.is_at_root


class HeaderNames(dict[bytes, str]):
    """From a header's name as it was sent to how we call it. It remembers as many as callers in good faith send."""

    def __missing__(self, sent: bytes) -> str:
        name = sent.decode("latin-1").lower()
        if len(self) < _NAMES_MAX and len(sent) < _NAME_BYTES_MAX:
            self[sent] = name
        return name


def operation_of(request: Request) -> str:
    """
    The operation that a call names. It is looked at before anything else of the call is.

    Raises:
        DynamoError: UnknownOperationException for one that DynamoDB does not have.
    """
    prefix, _, operation = request.headers.get("x-amz-target", "").partition(".")
    expected = _STREAMS_TARGET_PREFIX if operation in _STREAMS_OPERATIONS else _TARGET_PREFIX
    if prefix != expected or (operation not in OPERATIONS and operation not in LEFT_OUT):
        raise DynamoError("UnknownOperationException", "")
    return operation


def content_of(request: Request) -> bytes:
    """
    The body without its compression.

    Raises:
        DynamoError: RequestEntityTooLargeException; SerializationException when it is not what it says.
    """
    if request.body is None:
        raise _too_large()
    encoding = request.headers.get("content-encoding", "").lower()
    if encoding in {"", "identity"}:
        return request.body
    if encoding not in GZIP_NAMES:
        raise serialization_error(f"Content-Encoding {encoding} is not supported: send gzip or none")
    try:
        return _unpacked(request.body)
    except zlib.error:
        raise serialization_error("The body is not in gzip form") from None


def _unpacked(remaining: bytes) -> bytes:
    """What one member in gzip form holds, or several, one behind the other (RFC 1952)."""
    content = b""
    for _ in range(_GZIP_MEMBERS_MAX):
        decompressor = zlib.decompressobj(wbits=_GZIP)
        content += decompressor.decompress(remaining, REQUEST_BYTES_MAX + 1 - len(content))
        if len(content) > REQUEST_BYTES_MAX:
            raise _too_large()
        remaining = decompressor.unused_data
        if not remaining:
            if not decompressor.eof:
                raise zlib.error
            return content
    raise zlib.error


def _media_type(content_type: str) -> str:
    return content_type if content_type in _CONTENT_TYPES else content_type.partition(";")[0].strip().lower()


def _too_large() -> DynamoError:
    message = f"The request is larger than {REQUEST_BYTES_MAX} bytes"
    return DynamoError("RequestEntityTooLargeException", message, status=413)
