"""
DynamoDB's HTTP endpoint as a bare ASGI application: JSON protocol 1.0 over one engine.

Source: DynamoDB Developer Guide, "DynamoDB low-level API"; the header and error forms are the service's own.
"""

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import orjson

from tenantable.engine.signature import AccessKeyLookup, ReceivedRequest, verify
from tenantable.wire.errors import DynamoError, serialization_error
from tenantable.wire.limits import REQUEST_BYTES_MAX

_log = logging.getLogger(__name__)

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

CONTENT_TYPE = "application/x-amz-json-1.0"
_CONTENT_TYPES = frozenset({CONTENT_TYPE, "application/json"})
_TARGET_PREFIX = "DynamoDB_20120810"
_STREAMS_TARGET_PREFIX = "DynamoDBStreams_20120810"
_STREAMS_OPERATIONS = frozenset({"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"})
_HEALTHY = b"healthy: dynamodb"
_INTERNAL_ERROR = DynamoError(
    "InternalServerError", "The request could not be carried out: an item or the storage may be damaged", status=500
)
_COMPRESSED_BYTES_MIN = 4096  # below this, compressing costs the caller more than the bytes it saves
_GZIP = 16 + zlib.MAX_WBITS

_READS = frozenset(
    "GetItem BatchGetItem TransactGetItems Query DescribeTable ListTables DescribeTimeToLive ListTagsOfResource "
    "DescribeContinuousBackups DescribeLimits DescribeEndpoints ListStreams DescribeStream GetShardIterator "
    "GetRecords".split()
)
_SINGLE_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})

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
_CAPITAL_MESSAGE = frozenset({"AccessDeniedException", "TransactionCanceledException"})


class JsonEngine(Protocol):
    """What the endpoint needs of an engine; see `Engine.call_json`."""

    def call_json(self, operation: str, body: bytes, *, principal: str | None, request_id: str) -> bytes: ...


EngineChoice = Callable[[Mapping[str, str]], JsonEngine]
"""From the headers of a request, by name in lower case, to the engine that it speaks of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer before it is compressed and given its headers."""

    status: int
    body: bytes
    content_type: str = CONTENT_TYPE


class _Admitted(NamedTuple):
    """A request that goes to an engine."""

    engine: JsonEngine
    operation: str
    body: bytes
    principal: str | None


class DynamoApp:
    """The ASGI application. It answers every request; what the engine refuses is an answer too."""

    def __init__(
        self,
        engine: JsonEngine,
        *,
        access_keys: AccessKeyLookup | None,
        writers: Executor,
        commits_wait: bool,
        clock: Callable[[], float],
        request_ids: Callable[[], str],
        engine_for: EngineChoice | None = None,
        refused: Callable[[str], None] | None = None,
    ) -> None:
        """
        Args:
            access_keys: Where the key of a signed request is found. None: signatures are not checked and no policy
                applies.
            writers: Carries out what waits or takes long; its size is how many writers can share a commit. What takes
                microseconds is carried out on the event loop: handing it to a thread and back would take longer.
            commits_wait: Whether a commit waits for a disk, so that writes of one item go to the writers too.
            clock: Epoch seconds, for the age of signatures.
            request_ids: A new id for every answer.
            engine_for: Where the engine of a request is found; None: it is always `engine`.
            refused: Is told the name of the error of a request that comes to no engine: not addressed to DynamoDB, not
                signed well, too large. It must be quick, and must not fail.
        """
        self._access_keys = access_keys
        self._writers = writers
        self._quick = _READS if commits_wait else _READS | _SINGLE_WRITES
        self._clock = clock
        self._request_ids = request_ids
        self._engine_for = engine_for or (lambda _headers: engine)
        self._refused = refused or (lambda _code: None)
        self.connections: Callable[[], int] = lambda: 0
        """How many callers are connected; whoever serves this knows."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"this application serves HTTP only, not {scope['type']}")
        headers = _text_headers(scope["headers"])
        request_id = self._request_ids()
        if scope["method"] in {"GET", "HEAD"}:
            answer = Answer(status=200, body=_HEALTHY, content_type="text/plain; charset=utf-8")
        else:
            try:
                answer = await self._answer(await self._admit(scope, headers, receive), headers, request_id)
            except DynamoError as error:
                answer = Answer(status=error.status, body=error_body(error))
            except ConnectionResetError:
                return
            except Exception:  # noqa: BLE001 - whatever it is, callers get an answer that they can read
                _log.exception("unforeseen error in %s", headers.get("x-amz-target"))
                answer = Answer(status=500, body=error_body(_INTERNAL_ERROR))
        await self._send(answer, headers, send, request_id=request_id, head_only=scope["method"] == "HEAD")

    async def _admit(self, scope: Message, headers: Mapping[str, str], receive: Receive) -> _Admitted:
        """What is asked, of which engine and by whom. Who is not admitted is counted."""
        try:
            sent = await _read_body(headers, receive)
            operation = _operation(scope, headers)
            principal = None
            if self._access_keys is not None:
                request = ReceivedRequest(method=scope["method"], path=_sent_path(scope), headers=headers, body=sent)
                principal = verify(request, access_keys=self._access_keys, now=self._clock()).principal
            body = _decompressed(sent, headers.get("content-encoding", ""))
            return _Admitted(self._engine_for(headers), operation, body, principal)
        except DynamoError as error:
            self._refused(error.code)
            raise

    async def _answer(self, admitted: _Admitted, headers: Mapping[str, str], request_id: str) -> Answer:
        engine, operation, body, principal = admitted
        call = partial(engine.call_json, operation, body, principal=principal, request_id=request_id)
        if operation in self._quick and b"FilterExpression" not in body:  # a filter may take long
            answer = call()
        else:
            answer = await asyncio.get_running_loop().run_in_executor(self._writers, call)
        return Answer(status=200, body=answer, content_type=_media_type(headers))

    async def _send(
        self, answer: Answer, headers: Mapping[str, str], send: Send, *, request_id: str, head_only: bool
    ) -> None:
        body = answer.body
        named = [(b"content-type", answer.content_type.encode()), (b"x-amzn-requestid", request_id.encode())]
        if len(body) >= _COMPRESSED_BYTES_MIN and _accepts_gzip(headers.get("accept-encoding", "")):
            compressor = zlib.compressobj(level=1, wbits=_GZIP)
            body = compressor.compress(body) + compressor.flush()
            named.append((b"content-encoding", b"gzip"))
        named.append((b"x-amz-crc32", b"%d" % zlib.crc32(body)))
        named.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": named})
        await send({"type": "http.response.body", "body": b"" if head_only else body})


def error_body(error: DynamoError) -> bytes:
    """The JSON that stands for an error on the wire."""
    namespace = _ERROR_NAMESPACES.get(error.code, _SERVICE_NAMESPACE)
    content: dict[str, Any] = {"__type": f"{namespace}#{error.code}"}
    if error.message:
        content["Message" if error.code in _CAPITAL_MESSAGE else "message"] = error.message
    return orjson.dumps(content | error.extra)


def _text_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name in lower case; a header that was sent several times has its values joined by commas."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


async def _read_body(headers: Mapping[str, str], receive: Receive) -> bytes:
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and (len(announced) > 12 or int(announced) > REQUEST_BYTES_MAX):
        raise _too_large()
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the caller left before its request was complete")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > REQUEST_BYTES_MAX:
            raise _too_large()
        more = message.get("more_body", False)
    return b"".join(chunks)


def _operation(scope: Message, headers: Mapping[str, str]) -> str:
    prefix, _, operation = headers.get("x-amz-target", "").partition(".")
    known_type = _media_type(headers) in _CONTENT_TYPES
    expected = _STREAMS_TARGET_PREFIX if operation in _STREAMS_OPERATIONS else _TARGET_PREFIX
    if prefix != expected or not known_type or scope["method"] != "POST" or scope["path"] != "/":
        raise DynamoError("UnknownOperationException", "")
    return operation


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _sent_path(scope: Message) -> str:
    path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _decompressed(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise serialization_error(f"Content-Encoding {encoding} is not supported: send gzip or none")
    decompressor = zlib.decompressobj(wbits=_GZIP)
    try:
        content = decompressor.decompress(body, REQUEST_BYTES_MAX + 1)
    except zlib.error:
        raise serialization_error("The body is not in gzip form") from None
    if len(content) > REQUEST_BYTES_MAX:
        raise _too_large()
    if not decompressor.eof or decompressor.unused_data:
        raise serialization_error("The body is not in gzip form")
    return content


def _accepts_gzip(accept_encoding: str) -> bool:
    for part in accept_encoding.split(","):
        name, _, quality = part.replace(" ", "").partition(";q=")
        if name == "gzip":
            return quality.strip("0.") != "" or quality == ""
    return False


def _too_large() -> DynamoError:
    message = f"The request is larger than {REQUEST_BYTES_MAX} bytes"
    return DynamoError("RequestEntityTooLargeException", message, status=413)
