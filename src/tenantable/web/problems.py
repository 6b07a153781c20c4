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
from tenantable.web.methods import allowed_methods
from tenantable.web.observation import request_id_of

PROBLEM_MEDIA_TYPE = "application/problem+json"
UNAVAILABLE_RETRY_SECONDS = 1
ERRORS_MAX = 20

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
) -> JSONResponse:
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
    return JSONResponse(content, status, {**(headers or {}), **extra}, PROBLEM_MEDIA_TYPE)


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
    return problem_response(request, status=error.status, code=error.code, detail=error.message, hint=error.hint)


def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    # Without its type a body is not parsed at all, and is found to be none of what was expected.
    if any(tuple(each["loc"]) == ("body",) and isinstance(each["input"], bytes) for each in found):
        detail = "The header content-type: application/json is missing; without it a body is not read as JSON"
        return problem_response(request, status=415, code="unsupported-media-type", detail=detail)
    # Only where and what: the values themselves may be secrets.
    errors = [
        FieldProblem(place=".".join(map(str, each["loc"])), problem=str(each["msg"])) for each in found[:ERRORS_MAX]
    ]
    detail = f"{len(found)} part(s) of the request are malformed"
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
