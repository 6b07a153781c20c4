"""
A client of the decision endpoints, for programs that run elsewhere.

It speaks AuthZEN and so may be pointed at other policy decision points, too. Every call may be repeated: decisions
change nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random, SystemRandom
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import aiohttp
import orjson

from tenantable.errors import TenantableError, Unavailable
from tenantable.services.access.evaluation.authzen import ENDPOINTS, WELL_KNOWN
from tenantable.services.access.http.versions import HEADER

ATTEMPTS_MAX = 3
TIMEOUT_SECONDS = 2.0
WAIT_SECONDS = 0.05
"""Before the second attempt, up to twice as much; doubled before each further one."""
WAIT_SECONDS_MAX = 1.0
BUSY = frozenset({429, 502, 503, 504})

Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]
Entity = Mapping[str, Any]
"""Such as `{"type": "record", "id": "r1", "properties": {"status": "active"}}`."""


class RequestRefused(TenantableError):
    """The decision point refuses the request itself, which is no denial: nothing was decided."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code


class DecisionPointMixedUp(TenantableError):
    """What answers at this address is another decision point: believe nothing that it says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """One decision. `context` is what the decision point says beside; its `error` tells why none could be made."""

    decision: bool
    context: Mapping[str, Any]


class DecisionClient:
    """
    Asks a policy decision point. Close it, or use it with `async with`; it keeps connections open in between.

    Args:
        url: The decision point's, such as `https://access.example.com/organisations/acme`.
        credential: A service key, or another bearer credential.
        timeout_seconds: For one attempt.
        attempts: How often a busy or silent decision point is asked before `Unavailable`.
    """

    def __init__(
        self,
        url: str,
        credential: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS_MAX,
        random: Random | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._endpoints = {name: self._url + path for name, path in ENDPOINTS.items()}
        self._headers = {"authorization": f"Bearer {credential}", "content-type": "application/json"}
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._attempts = attempts
        self._random = random or SystemRandom()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connections. A call afterwards opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def discover(self) -> None:
        """
        Ask the decision point for its metadata, and call the endpoints that it names from now on.

        Raises:
            DecisionPointMixedUp: The metadata is that of another decision point, or names no endpoint for decisions.
            RequestRefused, Unavailable: There is none, or no answer.
        """
        parts = urlsplit(self._url)
        document = await self._call("GET", f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}")
        named = document.get("policy_decision_point")
        if named != self._url:
            raise DecisionPointMixedUp(f"{self._url} has the metadata of {named!r}")
        if not isinstance(document.get("access_evaluation_endpoint"), str):
            raise DecisionPointMixedUp(f"{self._url} names no endpoint for decisions")
        self._endpoints |= {name: url for name, url in document.items() if name in ENDPOINTS and isinstance(url, str)}

    async def evaluate(
        self,
        subject: Entity,
        action: Entity,
        resource: Entity,
        *,
        context: Mapping[str, Any] | None = None,
        version: str | None = None,
    ) -> bool:
        """
        Whether the subject may do this.

        Args:
            version: What a change answered as `access-version`: the decision rests on nothing older.
        Raises:
            RequestRefused: The request itself was refused.
            Unavailable: No answer came after all attempts.
        """
        body = {"subject": subject, "action": action, "resource": resource, "context": context or {}}
        answer = await self._call("POST", self._endpoints["access_evaluation_endpoint"], body, version)
        return answer.get("decision") is True

    async def evaluate_several(
        self,
        evaluations: Sequence[Mapping[str, Any]],
        *,
        semantic: Semantic = "execute_all",
        defaults: Mapping[str, Any] | None = None,
        version: str | None = None,
    ) -> list[Decided]:
        """
        Several decisions, in order.

        Args:
            evaluations: At least one; each with what `defaults` do not say: `subject`, `action`, `resource`, `context`.
            semantic: Where to stop; by default nowhere.
        Raises:
            RequestRefused, Unavailable: As `evaluate`.
        """
        if not evaluations:
            return []
        body = {**(defaults or {}), "evaluations": list(evaluations), "options": {"evaluations_semantic": semantic}}
        answer = await self._call("POST", self._endpoints["access_evaluations_endpoint"], body, version)
        return [
            Decided(decision=each.get("decision") is True, context=each.get("context") or {})
            for each in answer["evaluations"]
        ]

    def subjects(self, subject_type: str, action: Entity, resource: Entity, **more: Any) -> AsyncIterator[str]:
        """
        The ids of all subjects of a type who may do this.

        Args:
            more: `context`, and `version` and `limit` (of one page) as above.
        """
        body = {"subject": {"type": subject_type}, "action": action, "resource": resource}
        return self._search("subject", body, lambda found: found["id"], **more)

    def resources(self, subject: Entity, action: Entity, resource_type: str, **more: Any) -> AsyncIterator[str]:
        """The ids of all resources of a type with which the subject may do this; as `subjects`."""
        body = {"subject": subject, "action": action, "resource": {"type": resource_type}}
        return self._search("resource", body, lambda found: found["id"], **more)

    def actions(self, subject: Entity, resource: Entity, **more: Any) -> AsyncIterator[str]:
        """The names of all actions that the subject may do with the resource; as `subjects`."""
        return self._search("action", {"subject": subject, "resource": resource}, lambda found: found["name"], **more)

    async def _search(
        self,
        kind: str,
        body: dict[str, Any],
        name_of: Callable[[Mapping[str, Any]], str],
        *,
        context: Mapping[str, Any] | None = None,
        version: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[str]:
        page: dict[str, Any] = {} if limit is None else {"limit": limit}
        while True:
            asked = {**body, "context": context or {}, "page": page}
            answer = await self._call("POST", self._endpoints[f"search_{kind}_endpoint"], asked, version)
            for found in answer["results"]:
                yield name_of(found)
            token = (answer.get("page") or {}).get("next_token")
            if not token:
                return
            page = {**page, "token": token}

    async def _call(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, version: str | None = None
    ) -> dict[str, Any]:
        headers = self._headers if version is None else {**self._headers, HEADER: version}
        content, failure = None if body is None else orjson.dumps(body), "no attempt was made"
        for attempt in range(self._attempts):
            if attempt:
                await asyncio.sleep(self._wait_seconds(attempt))
            try:
                # No redirects: the credential is for this decision point alone.
                async with self._opened().request(
                    method, url, data=content, headers=headers, allow_redirects=False
                ) as answer:
                    received = await answer.read()
                    if answer.status == 200:
                        document: dict[str, Any] = orjson.loads(received)
                        return document
                    if answer.status not in BUSY:
                        raise _refused(answer.status, received)
                    failure = f"it answers {answer.status}"
            except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
                failure = str(error) or type(error).__name__
        raise Unavailable(f"The decision point gives no answer: {failure}", hint="deny, and try again later")

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

    def _wait_seconds(self, attempt: int) -> float:
        doubled: float = WAIT_SECONDS * 2 ** (attempt - 1)
        return min(doubled * (1 + self._random.random()), WAIT_SECONDS_MAX)


def _refused(status: int, received: bytes) -> RequestRefused:
    try:
        problem = orjson.loads(received)
        return RequestRefused(status, str(problem["code"]), str(problem["detail"]))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return RequestRefused(status, "http-error", "the decision point refuses the request")
