"""The routes of an organisation's configuration."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi import Request as HttpRequest

from tenantable.services.access.changes.changes import Changed
from tenantable.services.access.configuration.applying import Configuration
from tenantable.services.access.configuration.document import read_document, write_document
from tenantable.services.access.configuration.schemas import ConfigurationOutcome
from tenantable.services.access.http.answers import Answer, made_headers, show_revision, show_version
from tenantable.services.access.http.requests import IdempotencyKey, IfMatch, RawBody, Request, allowed
from tenantable.web.problems import problem_responses

YAML = "application/yaml"
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {YAML: {"schema": {"type": "object"}}}}}
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The document.", "content": {YAML: {"schema": {"type": "object"}}}}
}


def _configuration(request: HttpRequest) -> Configuration:
    configuration: Configuration = request.app.state.configuration
    return configuration


ConfigurationHere = Annotated[Configuration, Depends(_configuration)]

router = APIRouter(
    prefix="/v1", tags=["configuration"], responses=problem_responses(400, 401, 403, 404, 412, 413, 422, 503)
)


@router.get("/organisations/{organisation_id}/configuration", response_class=Response, responses=_TEXT)
def export_configuration(
    request: Annotated[Request, Depends(allowed("access:configuration:read"))],
    configuration: ConfigurationHere,
    *,
    members: Annotated[bool, Query(description="Also which roles members have, and in which teams they are.")] = False,
) -> Response:
    """
    The organisation's name and domains, permission sets, roles, team roles and teams as one YAML document. Its version
    is the ETag.
    """
    state = configuration.read(request.organisation_id, with_members=members)
    document = state.document if members else state.document.model_copy(update={"members": None})
    response = Response(write_document(document, seat_limit=state.seat_limit), media_type=YAML)
    show_version(response, request.organisation_id, state.version)
    show_revision(response, state.version)
    return response


@router.post("/organisations/{organisation_id}/configuration", responses=problem_responses(409), openapi_extra=_BODY)
def apply_configuration(
    raw: RawBody,
    request: Annotated[Request, Depends(allowed("access:configuration:write"))],
    configuration: ConfigurationHere,
    *,
    response: Response,
    dry_run: Annotated[bool, Query(alias="dryRun", description="Only say what would change.")] = False,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> ConfigurationOutcome:
    """
    Bring a YAML document about, one transaction after the other; the same document again carries on where it was left.
    """
    written, caller, organisation_id = read_document(raw), request.caller, request.organisation_id
    answer = Answer(shown=ConfigurationOutcome.of, headers=lambda outcome: made_headers(outcome.version))
    if dry_run:
        outcome = configuration.compare(caller, organisation_id, written, if_match=if_match)
    else:
        actor = request.repeatable(key, raw, answer)
        outcome = configuration.apply(actor, caller, organisation_id, written, if_match=if_match)
    return answer.show(response, organisation_id, Changed(result=outcome, version=outcome.version))
