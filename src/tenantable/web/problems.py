"""Every error leaves as RFC 9457 problem+json in one shape; what happened inside is logged, not told."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from tenantable.errors import AccessDenied, CloudError, InvalidCursor, ServiceError, Unavailable
from tenantable.web.logs import error_text
from tenantable.web.observation import note_refusal, request_id_of
from tenantable.web.requests.members import body_of, told
from tenantable.web.requests.methods import allowed_methods

PROBLEM_MEDIA_TYPE = "application/problem+json"
UNAVAILABLE_RETRY_SECONDS = 1
ERRORS_MAX = 20

OWN_PROBLEMS: dict[str, tuple[int, str, str]] = {
    "malformed-request": (
        422,
        "Parts of the request are malformed",
        "`errors` names each place and what is wrong there",
    ),
    "cursor-invalid": (
        400,
        "The cursor is of another query, or was altered",
        "send `next` as it was received, or begin anew",
    ),
    "not-found": (404, "There is no such route", "look at the path; `/openapi.json` describes all"),
    "method-not-allowed": (405, "The route has no such method", "look at `Allow`"),
    "content-too-large": (413, "The body has too many bytes", "send less at once"),
    "unsupported-media-type": (415, "The header `content-type` is missing, or another one", "say application/json"),
    "http-error": (400, "Something else is wrong with the request, of whatever status", "`detail` says what"),
    "internal-error": (500, "Something went wrong here", "tell whoever runs it the `requestId`: the log has the cause"),
    "unavailable": (
        503,
        "The table or another service does not answer",
        "wait as `Retry-After` says, and send it again",
    ),
}
"""What services answer with beside their own errors: from the code to its status, its meaning and the way out."""

# What the framework itself answers with.
_CODES = {400: "malformed-request", 404: "not-found", 405: "method-not-allowed", 413: "content-too-large"}

_log = structlog.get_logger("tenantable.web")


class FieldProblem(BaseModel):
    """What is wrong at one place of the request."""

    place: str = Field(examples=["body.targetUrl"])
    problem: str = Field(examples=["Field required"])


class ProblemDocument(BaseModel):
    """An error. `code` is stable and for programs, `detail` for people."""

    type: str = Field(examples=["urn:tenantable:problem:event-not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["event-not-found"])
    detail: str = Field(examples=["There is no such event"])
    hint: str | None = None
    request_id: str = Field(serialization_alias="requestId")
    errors: list[FieldProblem] | None = None


def problem_response(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    hint: str | None = None,
    errors: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
    reason: str | None = None,
) -> JSONResponse:
    """
    Args:
        reason: What the log says of it, in one word; None: the code.
    """
    document = ProblemDocument(
        type=f"urn:tenantable:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        hint=hint,
        request_id=request_id_of(request.scope),
        errors=None if errors is None else list(errors),
    )
    content = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    extra = {"www-authenticate": "Bearer"} if status == 401 else {}
    note_refusal(request.scope, reason or code)
    return JSONResponse(content, status, {**extra, **(headers or {})}, PROBLEM_MEDIA_TYPE)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the errors it answers with, as OpenAPI shows them."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    content = {PROBLEM_MEDIA_TYPE: {"schema": schema}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(statuses)}


def install_problems(app: FastAPI) -> None:
    """Make every error of the application a problem document."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(InvalidCursor, _invalid_cursor)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(CloudError, _unavailable)
    app.add_exception_handler(AccessDenied, _unexpected)  # a grant that is missing comes with no second try
    app.add_exception_handler(Exception, _unexpected)


def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    return refusal_response(request, error)


def refusal_response(
    request: Request, error: ServiceError, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """What a service refuses, as a problem document."""
    return problem_response(
        request,
        status=error.status,
        code=error.code,
        detail=error.message,
        hint=error.hint,
        headers=headers,
        reason=error.reason,
    )


def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    # Without its type a body is not parsed at all, and is found to be none of what was expected.
    if any(tuple(each["loc"]) == ("body",) and isinstance(each["input"], bytes) for each in found):
        detail = "The header content-type: application/json is missing; without it a body is not read as JSON"
        return problem_response(request, status=415, code="unsupported-media-type", detail=detail)
    if found and found[0]["type"] == "json_invalid":
        return _no_json(request, error)
    # Only where and what: the values themselves may be secrets.
    body = body_of(request.scope.get("endpoint"))
    errors = [
        FieldProblem(place=".".join(map(str, each["loc"])), problem=told(each, body)) for each in found[:ERRORS_MAX]
    ]
    detail = f"{len(found)} part(s) of the request are malformed"
    return problem_response(request, status=422, code="malformed-request", detail=detail, errors=errors)


def _no_json(request: Request, error: RequestValidationError) -> JSONResponse:
    """Of a body that cannot be read the parser tells a position and what it expected there."""
    (fault,) = error.errors()
    position, text = int(fault["loc"][-1]), str(error.body)
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    problem = f"line {line}, column {column}: {fault['ctx']['error']}"
    errors = [FieldProblem(place="body", problem=problem)]
    detail = f"The body is no JSON: {problem}"
    return problem_response(request, status=422, code="malformed-request", detail=detail, errors=errors)


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "http-error")
    headers = {"allow": allowed_methods(request)} if error.status_code == 405 else error.headers
    return problem_response(request, status=error.status_code, code=code, detail=str(error.detail), headers=headers)


def _invalid_cursor(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InvalidCursor)
    return problem_response(request, status=400, code="cursor-invalid", detail=error.message, hint=error.hint)


def _unavailable(request: Request, error: Exception) -> JSONResponse:
    _log.warning("unavailable", request_id=request_id_of(request.scope), cause=str(error))
    headers = {"retry-after": str(UNAVAILABLE_RETRY_SECONDS)}
    detail = "The service is busy; nothing was changed that a repeated request would not repair"
    return problem_response(request, status=503, code="unavailable", detail=detail, headers=headers)


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # Not as exc_info: some renderers show the values of variables, which takes seconds, and shows what is personal.
    _log.error("unexpected error", request_id=request_id_of(request.scope), error=error_text(error))
    detail = "Something went wrong here; the request id helps to find out what"
    return problem_response(request, status=500, code="internal-error", detail=detail)
