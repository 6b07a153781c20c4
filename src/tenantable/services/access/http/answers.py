"""Answers of changes: the version that they gave, and the answer of a request that was carried out before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

from tenantable.services.access.changes.change import Answered
from tenantable.services.access.changes.changes import Changed
from tenantable.services.access.http.versions import HEADER, version_text
from tenantable.web.etags import etag

REPLAYED = "idempotent-replayed"

Headers = Mapping[str, str]
ResultT = TypeVar("ResultT")
ShownT = TypeVar("ShownT", bound=BaseModel | None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer(Generic[ResultT, ShownT]):
    """
    How a change is answered, at once and when the same request comes again.

    Args:
        shown: The body of what the change came to; one that is None is empty.
        kept: The body for a request that comes again, without secrets; None: the same.
        headers: Those beside the version, for both.
    """

    shown: Callable[[ResultT], ShownT]
    status: int = 200
    kept: Callable[[ResultT], ShownT] | None = None
    headers: Callable[[ResultT], Headers] = lambda _made: {}

    def kept_text(self, result: ResultT) -> str:
        body = (self.kept or self.shown)(result)
        return "" if body is None else body.model_dump_json()

    def show(self, response: Response, organisation_id: str, changed: Changed[ResultT]) -> ShownT:
        """The body, with the headers in `response`."""
        show_version(response, organisation_id, changed.version)
        response.headers.update(self.headers(changed.result))
        return self.shown(changed.result)


def made_headers(revision: int, *, at: str | None = None) -> Headers:
    """What is told of something that was made or changed: its revision, and where it is if it is new."""
    return {"etag": etag(revision)} | ({} if at is None else {"location": at})


def show_version(response: Response, organisation_id: str, version: int) -> None:
    """Tell the caller which version has the change."""
    response.headers[HEADER] = version_text(organisation_id, version)


def show_revision(response: Response, revision: int) -> None:
    """Tell the caller which revision it is, for If-Match."""
    response.headers["etag"] = etag(revision)


def install_replays(app: FastAPI) -> None:
    """Answer a request that comes again with its Idempotency-Key as it was answered before."""

    async def replay(_request: Request, answered: Exception) -> Response:
        assert isinstance(answered, Answered)
        answer = answered.answer
        headers = {**answer.headers, REPLAYED: "true"}
        if answer.version:
            headers[HEADER] = version_text(answer.organisation_id, answer.version)
        return Response(answer.body, status_code=answer.status, headers=headers, media_type="application/json")

    app.add_exception_handler(Answered, replay)


AnyAnswer = Answer[Any, Any]
