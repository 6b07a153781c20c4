"""Answers of changes: the version that they gave, and the answer of a request that was carried out before."""

from fastapi import FastAPI, Request, Response

from tenantable.services.access.changes.change import Answered
from tenantable.services.access.http.versions import HEADER, version_text
from tenantable.web.etags import etag

REPLAYED = "idempotent-replayed"


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
        answer, headers = answered.answer, {REPLAYED: "true"}
        if answer.version:
            headers[HEADER] = version_text(answer.organisation_id, answer.version)
        return Response(answer.body, status_code=answer.status, headers=headers, media_type="application/json")

    app.add_exception_handler(Answered, replay)
