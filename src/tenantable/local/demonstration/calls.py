"""Requests of the demonstrations, and the steps that they show."""

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tenantable.errors import ServiceError

_ANSWER_SECONDS_MAX = 10.0
CONFLICT = 409


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Something that happened, how long after the beginning, and to what (None: before there was anything)."""

    what: str
    detail: str
    seconds: float
    subject: str | None


def steps(monotonic: Callable[[], float]) -> Callable[..., Step]:
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


def call(method: str, url: str, token: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    The JSON that a request is answered with; empty where the answer has no body.

    Raises:
        Refused: It was answered with an error; says which.
        ServiceError: It was not answered.
    """
    request = urllib.request.Request(  # noqa: S310 - the address is our own
        url,
        method=method,
        data=None if content is None else orjson.dumps(content),
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS_MAX) as answer:  # noqa: S310 - as above
            body = answer.read()
            found: dict[str, Any] = orjson.loads(body) if body else {}
            return found
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(500).decode()
            raise Refused(f"{method} {url} was answered {error.code}: {said}", answered=error.code) from error
    except OSError as error:
        raise ServiceError(f"{method} {url} was not answered: {error}") from error


def make(method: str, url: str, token: str, content: Mapping[str, Any] | None = None) -> bool:
    """As `call`, for something that may be there already; whether it was made now."""
    try:
        call(method, url, token, content)
    except Refused as error:
        if error.answered != CONFLICT:
            raise
        return False
    return True
