"""DynamoDB's endpoint: who asks, what for and of which engine, and what is answered."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from tenantable.engine.http.answers import Answer, refusal
from tenantable.engine.http.requests import Request, content_of, operation_of
from tenantable.engine.signature import AccessKeyLookup, TemporaryKeyLookup, check_form, verify
from tenantable.wire.errors import DynamoError, internal_error
from tenantable.wire.principals import Principal, Sender

_log = logging.getLogger(__name__)

_INTERNAL_ERROR = internal_error("The request could not be carried out: an item or the storage may be damaged")


class CallsJson(Protocol):
    """See `Engine.call_json`."""

    def call_json(self, operation: str, body: bytes, *, principal: Principal | None, request_id: str) -> bytes: ...


class Commits(CallsJson, Protocol):
    """See `CommitGroup`."""

    def begin(self, *, wait: bool) -> bool: ...

    def commit(self) -> None: ...


class JsonEngine(CallsJson, Protocol):
    """What the endpoint needs of an engine; see `Engine`."""

    @property
    def is_writing(self) -> bool: ...

    def commit_group(self) -> Commits: ...


EngineChoice = Callable[[Mapping[str, str]], JsonEngine]
"""From the headers of a request, by name in lower case, to the engine that it speaks of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """
    What is served, and how.

    `access_keys` is where the key of a signed request is found; None: signatures are not verified, those that are sent
    need only be whole, and no policy applies. `temporary_keys` is where that of a request with a session token is
    found; None: there are none but `access_keys`. `commits_wait` says whether a commit waits for a disk, so that writes
    had better share one. `clock` gives epoch seconds, for the age of signatures; `request_ids` a new id for every
    answer.

    `engine_for` finds the engine that a request speaks of; None: it is always `engine`. It is quick, as the event loop
    calls it. `refused` is told the name of the error of each request that comes to no engine: not addressed to
    DynamoDB, not signed well, too large. It must be quick and not fail; None: nobody is told.

    `connections` are those that are open at present; whoever serves the endpoint keeps them there.
    """

    engine: JsonEngine
    access_keys: AccessKeyLookup | None
    commits_wait: bool
    clock: Callable[[], float]
    request_ids: Callable[[], str]
    temporary_keys: TemporaryKeyLookup | None = None
    engine_for: EngineChoice | None = None
    refused: Callable[[str], None] | None = None
    connections: set[object] = field(default_factory=set, compare=False)

    def admit(self, request: Request) -> tuple[JsonEngine, bytes]:
        """
        The engine and the body of a request, once it is known what it asks for and who asks; both are noted in it.

        Raises:
            DynamoError: It is not addressed to DynamoDB, too large, not signed well, or not compressed well.
        """
        sent = request.body
        if sent is not None:
            request.operation = operation_of(request)
            if self.access_keys is None:
                check_form(request)
            else:
                request.principal = self._sender(request, sent)
        content = content_of(request)
        return (self.engine if self.engine_for is None else self.engine_for(request.headers)), content

    def _sender(self, request: Request, sent: bytes) -> Principal | None:
        assert self.access_keys is not None
        key = verify(request, sent, access_keys=self.access_keys, temporary_keys=self.temporary_keys, now=self.clock())
        if key.principal is None:
            return None
        return Sender(key.principal, request.source_ip, request.headers.get("user-agent"))

    def carry_out(self, request: Request, content: bytes, calls: CallsJson) -> Answer:
        """The answer to a request that was admitted. What the engine refuses is an answer too."""
        assert request.operation is not None
        try:
            body = calls.call_json(request.operation, content, principal=request.principal, request_id=request.id)
        except DynamoError as error:
            return refusal(error)
        except Exception:  # noqa: BLE001 - whatever it is, callers get an answer that they can read
            return self.failed(request.operation)
        if request.operation == "DescribeEndpoints":
            body = _reachable(body, request)
        return Answer(body, request.media_type)

    def refuse(self, error: DynamoError) -> Answer:
        """The answer to a request that comes to no engine."""
        if self.refused is not None:
            self.refused(error.code)
        return refusal(error)

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
