"""Requests of the demonstrations, and the steps that they show."""

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tenantable.errors import ServiceError

_ANSWER_SECONDS_MAX = 10.0
_NOT_FOUND, _CONFLICT = 404, 409
_VERSION = "access-version"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Something that happened, how long after the beginning, and to what (None: before there was anything)."""

    what: str
    detail: str
    seconds: float
    subject: str | None


MakeStep = Callable[..., Step]
"""From what happened, in words, and to what."""


def steps(monotonic: Callable[[], float]) -> MakeStep:
    """Makes the steps of one demonstration, which begins now."""
    began = monotonic()

    def step(what: str, detail: str, subject: str | None = None) -> Step:
        return Step(what=what, detail=detail, seconds=monotonic() - began, subject=subject)

    return step


class Refused(ServiceError):
    """A request of the demonstration was refused; `answered` is the HTTP status."""

    def __init__(self, message: str, *, answered: int) -> None:
        super().__init__(message)
        self.answered = answered


@dataclass(kw_only=True, slots=True)
class Conversation:
    """Requests to one service, each of which sees what those before it changed: the last version goes along."""

    address: str
    version: str | None = None

    def call(self, method: str, path: str, token: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """As the function `call`."""
        answer = _answer(method, self.address + path, token, content, version=self.version)
        self.version = answer.version or self.version
        return answer.content

    def find(self, path: str, token: str) -> dict[str, Any] | None:
        """What is there; None: nothing."""
        try:
            return self.call("GET", path, token)
        except Refused as error:
            if error.answered != _NOT_FOUND:
                raise
            return None

    def make(self, path: str, token: str, content: Mapping[str, Any]) -> bool:
        """Make something that may be there already; whether it was made now."""
        try:
            self.call("POST", path, token, content)
        except Refused as error:
            if error.answered != _CONFLICT:
                raise
            return False
        return True


def call(method: str, url: str, token: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    The JSON that a request is answered with; empty where the answer has no body.

    Raises:
        Refused: It was answered with an error; says which.
        ServiceError: It was not answered.
    """
    return _answer(method, url, token, content).content


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    content: dict[str, Any]
    version: str | None


def _answer(
    method: str, url: str, token: str, content: Mapping[str, Any] | None, *, version: str | None = None
) -> _Answer:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(  # noqa: S310 - the address is our own
        url,
        method=method,
        data=None if content is None else orjson.dumps(content),
        headers=headers if version is None else headers | {_VERSION: version},
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS_MAX) as answer:  # noqa: S310 - as above
            body = answer.read()
            return _Answer(content=orjson.loads(body) if body else {}, version=answer.headers.get(_VERSION))
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(500).decode()
            raise Refused(f"{method} {url} was answered {error.code}: {said}", answered=error.code) from error
    except OSError as error:
        raise ServiceError(f"{method} {url} was not answered: {error}") from error
