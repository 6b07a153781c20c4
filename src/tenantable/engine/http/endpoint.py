"""DynamoDB's endpoint over one engine: who asks, what for, and what is answered."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import orjson

from tenantable.engine.http.answers import Answer, refusal
from tenantable.engine.http.requests import Request, content_of, operation_of
from tenantable.engine.signature import AccessKeyLookup, check_form, verify
from tenantable.wire.errors import DynamoError

_log = logging.getLogger(__name__)

_INTERNAL_ERROR = DynamoError(
    "InternalServerError", "The request could not be carried out: an item or the storage may be damaged", status=500
)


class CallsJson(Protocol):
    """See `Engine.call_json`."""

    def call_json(self, operation: str, body: bytes, *, principal: str | None) -> bytes: ...


class Commits(CallsJson, Protocol):
    """See `CommitGroup`."""

    def begin(self, *, wait: bool) -> bool: ...

    def commit(self) -> None: ...


class JsonEngine(CallsJson, Protocol):
    """What the endpoint needs of an engine; see `Engine`."""

    @property
    def is_writing(self) -> bool: ...

    def commit_group(self) -> Commits: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """
    A request that was answered, for whoever keeps metrics or a log.

    `operation` and `principal` are None where the request did not come that far; `error` is the name of DynamoDB's
    error, None for a success; `seconds` from the end of the request to its answer; the sizes are those of the bodies.
    """

    operation: str | None
    principal: str | None
    status: int
    error: str | None
    seconds: float
    request_bytes: int
    answer_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """
    What is served, and how.

    `access_keys` is where the key of a signed request is found; None: signatures are not verified, those that are sent
    need only be whole, and no policy applies. `commits_wait` says whether a commit waits for a disk, so that writes had
    better share one. `clock` gives epoch seconds, for the age of signatures; `request_ids` a new id for every answer.
    `observe` is called after each answer to a request, on the event loop: it must be quick and not fail.
    """

    engine: JsonEngine
    access_keys: AccessKeyLookup | None
    commits_wait: bool
    clock: Callable[[], float]
    request_ids: Callable[[], str]
    observe: Callable[[Exchange], None] | None = None

    def admit(self, request: Request) -> bytes:
        """
        The body of a request, once it is known what it asks for and who asks; both are noted in it.

        Raises:
            DynamoError: It is not addressed to DynamoDB, too large, not signed well, or not compressed well.
        """
        sent = request.body
        if sent is not None:
            request.operation = operation_of(request)
            if self.access_keys is None:
                check_form(request)
            else:
                request.principal = verify(request, sent, access_keys=self.access_keys, now=self.clock()).principal
        return content_of(request)

    def carry_out(self, request: Request, content: bytes, calls: CallsJson) -> Answer:
        """The answer to a request that was admitted. What the engine refuses is an answer too."""
        assert request.operation is not None
        try:
            body = calls.call_json(request.operation, content, principal=request.principal)
        except DynamoError as error:
            return refusal(error)
        except Exception:  # noqa: BLE001 - whatever it is, callers get an answer that they can read
            return self.failed(request.operation)
        if request.operation == "DescribeEndpoints":
            body = _reachable(body, request)
        return Answer(body, request.media_type)

    def failed(self, what: str | None) -> Answer:
        """The answer after a failure that nobody foresaw, which is being handled; it is logged."""
        _log.exception("unforeseen error in %s", what)
        return refusal(_INTERNAL_ERROR)


def _reachable(body: bytes, request: Request) -> bytes:
    """The endpoints with the address that the caller has reached: clients send to it what they have to say next."""
    described = orjson.loads(body)
    for endpoint in described["Endpoints"]:
        endpoint["Address"] = request.headers.get("host", endpoint["Address"])
    return orjson.dumps(described)
