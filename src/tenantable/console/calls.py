"""Calls of a service's HTTP API as one caller, made in process: no socket, and no thread that waits for another one."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from starlette.types import ASGIApp, Message

from tenantable.console.errors import Refused, SignedOut, Unreachable

VERSION = "v1"
SECONDS_MAX = 60.0
"""How long an answer is waited for: a verification reads a whole trail."""
_ABSENT_HINT = "it may have been removed, or you may not have access to it"
_LACKING = "This takes the permission "
_READ_FAULTS_OF = ("body.", "query.", "path.")


class Calls:
    """
    The API as it answers one caller. Paths are given in their segments, behind the API's version.

    Every method raises `Refused` for a problem document, `SignedOut` when the credential counts for nothing (any more),
    and `Unreachable` when there is no answer.
    """

    def __init__(self, app: ASGIApp, credential: str, *, seconds_max: float = SECONDS_MAX) -> None:
        self._app = app
        self._credential = credential
        self._seconds_max = seconds_max

    async def get(self, *segments: str, **query: Any) -> dict[str, Any]:
        """Query parameters that are None or empty are left out."""
        return await self._call("GET", segments, query=query)

    async def post(
        self, *segments: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """`key` is an Idempotency-Key: the same request with the same key is carried out once."""
        return await self._call("POST", segments, body=body, key=key)

    async def put(self, *segments: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._call("PUT", segments, body=body)

    async def patch(self, *segments: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._call("PATCH", segments, body=body)

    async def delete(self, *segments: str) -> None:
        await self._call("DELETE", segments)

    async def _call(
        self,
        method: str,
        segments: Iterable[str],
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> dict[str, Any]:
        headers = [(b"authorization", b"Bearer " + self._credential.encode("latin-1", "replace"))]
        if body is not None:
            headers.append((b"content-type", b"application/json"))
        if key:
            headers.append((b"idempotency-key", key.encode("latin-1", "replace")))
        exchange = _Exchange(orjson.dumps(body) if body is not None else b"")
        scope = _scope(method, _path(segments), _query(query or {}), headers)
        try:
            async with asyncio.timeout(self._seconds_max):
                await self._app(scope, exchange.receive, exchange.send)
        except TimeoutError as error:
            hint = "check whether the change was made before you try again"
            raise Unreachable(f"There was no answer within {self._seconds_max:.0f} seconds", hint=hint) from error
        except Exception as error:  # whatever happened there, what counts here is whether it answered
            if not exchange.ended:
                raise Unreachable(hint="see its log for the reason") from error
        return exchange.answer()


@dataclass(kw_only=False)
class _Exchange:
    """One request and what is answered to it, as ASGI passes them."""

    body: bytes
    sent: bool = False
    status: int = 0
    ended: bool = False
    parts: list[bytes] = field(default_factory=list)

    async def receive(self) -> Message:
        if self.sent:
            await asyncio.Event().wait()  # nobody hangs up: the call ends with the answer
        self.sent = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))
            self.ended = not message.get("more_body", False)

    def answer(self) -> dict[str, Any]:
        try:
            found = orjson.loads(b"".join(self.parts) or b"{}")
        except orjson.JSONDecodeError as error:
            raise Unreachable("The API sent an answer that can't be read") from error
        if self.status == 401:
            raise SignedOut
        if self.status == 503:
            raise Unreachable(found.get("detail"), hint=found.get("hint"))
        if self.status >= 400:
            raise _refused(self.status, found)
        return dict(found)


def _refused(status: int, problem: Mapping[str, Any]) -> Refused:
    faults = {_member(each["place"]): each["problem"] for each in problem.get("errors") or []}
    detail = problem.get("detail") or problem.get("title") or f"The API answered {status}"
    if detail.startswith(_LACKING):
        detail = f"You need the permission {detail.removeprefix(_LACKING)}"
    return Refused(
        status,
        detail,
        code=problem.get("code", "refused"),
        hint=problem.get("hint"),
        faults=faults,
        request_id=problem.get("requestId", ""),
    )


def _member(place: str) -> str:
    for prefix in _READ_FAULTS_OF:
        place = place.removeprefix(prefix)
    return place


def _path(segments: Iterable[str]) -> str:
    """Raise Refused for a segment that cannot be one: it would be another path."""
    parts = [VERSION, *segments]
    if any(not part or "/" in part or part in {".", ".."} for part in parts):
        raise Refused(404, "There is nothing with this name", code="not-found", hint=_ABSENT_HINT)
    return "/" + "/".join(parts)


def _query(query: Mapping[str, Any]) -> str:
    return urlencode({name.rstrip("_"): value for name, value in query.items() if value not in {None, ""}})


def _scope(method: str, path: str, query: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"console"), *headers],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
