"""
The routes of AuthZEN, for the whole installation and below the address of each organisation, and their metadata.

A decision for which everything is at hand is made at once on the event loop; whatever must be read first is read on a
thread.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict

from tenantable.services.access.evaluation.decision_point import Answer, DecisionPoint
from tenantable.services.access.evaluation.inquiries import Asked
from tenantable.services.access.evaluation.questions import ActionSearch, Question, ResourceSearch, SubjectSearch
from tenantable.services.access.evaluation.schemas import (
    Decision,
    Decisions,
    EvaluationsBody,
    FoundActions,
    FoundEntities,
)
from tenantable.services.access.http.requests import ID_PATTERN
from tenantable.services.access.http.versions import HEADER
from tenantable.web.problems import problem_responses

TENANT = "/organisations/{organisation_id}"
WELL_KNOWN = "/.well-known/authzen-configuration"
ENDPOINTS = {
    "access_evaluation_endpoint": "/access/v1/evaluation",
    "access_evaluations_endpoint": "/access/v1/evaluations",
    "search_subject_endpoint": "/access/v1/search/subject",
    "search_resource_endpoint": "/access/v1/search/resource",
    "search_action_endpoint": "/access/v1/search/action",
}
"""The endpoints by their names in the metadata."""

Handler = Callable[[HttpRequest], Awaitable[Response]]
Work = Callable[[DecisionPoint, Asked], Answer]

router = APIRouter(tags=["decisions"])


class Metadata(BaseModel):
    """What the policy decision point is called, and where it answers."""

    model_config = ConfigDict(extra="allow")

    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str
    search_subject_endpoint: str
    search_resource_endpoint: str
    search_action_endpoint: str


def metadata(public_url: str, organisation_id: str | None = None) -> Metadata:
    """
    The metadata of an installation, or of one organisation in it.

    Args:
        public_url: Where callers reach the installation; never taken from a request, which could name any host.
    """
    tenant = "" if organisation_id is None else TENANT.format(organisation_id=organisation_id)
    identifier = public_url.rstrip("/") + tenant
    endpoints = {name: identifier + path for name, path in ENDPOINTS.items()}
    return Metadata(policy_decision_point=identifier, **endpoints)


def _handler(work: Work, name: str) -> Handler:
    async def handle(http: HttpRequest) -> Response:
        point: DecisionPoint = http.app.state.decision_point
        asked = Asked.of(http, await http.body())
        with point.metrics.timed(name):
            return _response(await run_in_threadpool(work, point, asked))

    return handle


async def _evaluation(http: HttpRequest) -> Response:
    point: DecisionPoint = http.app.state.decision_point
    asked = Asked.of(http, await http.body())
    with point.metrics.timed("evaluation"):
        answer = point.evaluation_at_hand(asked)
        if answer is None:
            point.metrics.cold.inc()
            answer = await run_in_threadpool(point.evaluation, asked)
        return _response(answer)


def _response(answer: Answer) -> Response:
    headers = {} if answer.version is None else {HEADER: answer.version}
    return Response(orjson.dumps(answer.document), headers=headers, media_type="application/json")


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}


_HEADERS = [
    _header(HEADER, "What changes answered: the decision rests on nothing older."),
    _header("x-request-id", "Comes back in the answer."),
]
_ORGANISATION = {
    "name": "organisation_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": ID_PATTERN},
}


def _add(
    path: str, handler: Handler, body: type[BaseModel], answer: type[BaseModel], *, name: str, summary: str
) -> None:
    """Each endpoint stands twice: alone, and below the address of each organisation."""
    schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    for prefix, parameters in (("", []), (TENANT, [_ORGANISATION])):
        router.add_api_route(
            prefix + path,
            handler,
            methods=["POST"],
            name=name if not prefix else f"{name}_of_organisation",
            summary=summary,
            response_model=None,
            responses={200: {"model": answer}, **problem_responses(400, 401, 403, 404, 412, 413, 422, 503)},
            openapi_extra={
                "parameters": [*parameters, *_HEADERS],
                "security": [{"HTTPBearer": []}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _inlined(schema, definitions)}},
                },
            },
        )


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema with what it refers to in place of the references: request bodies are not components of their own."""
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return _inlined(definitions[reference.rpartition("/")[2]], definitions)
        return {name: _inlined(part, definitions) for name, part in schema.items()}
    return [_inlined(part, definitions) for part in schema] if isinstance(schema, list) else schema


_add(
    ENDPOINTS["access_evaluation_endpoint"],
    _evaluation,
    Question,
    Decision,
    name="evaluate",
    summary="May the subject do this with the resource?",
)
_add(
    ENDPOINTS["access_evaluations_endpoint"],
    _handler(DecisionPoint.evaluations, "evaluations"),
    EvaluationsBody,
    Decisions,
    name="evaluate_several",
    summary="Several decisions at once, in order.",
)
_add(
    ENDPOINTS["search_subject_endpoint"],
    _handler(DecisionPoint.search_subjects, "search-subject"),
    SubjectSearch,
    FoundEntities,
    name="search_subjects",
    summary="Who may do this with the resource?",
)
_add(
    ENDPOINTS["search_resource_endpoint"],
    _handler(DecisionPoint.search_resources, "search-resource"),
    ResourceSearch,
    FoundEntities,
    name="search_resources",
    summary="With what may the subject do this?",
)
_add(
    ENDPOINTS["search_action_endpoint"],
    _handler(DecisionPoint.search_actions, "search-action"),
    ActionSearch,
    FoundActions,
    name="search_actions",
    summary="What may the subject do with the resource?",
)


@router.get(WELL_KNOWN)
def read_metadata(http: HttpRequest) -> Metadata:
    """Where the policy decision point answers."""
    return metadata(http.app.state.public_url)


@router.get(WELL_KNOWN + TENANT)
def read_metadata_of_organisation(
    organisation_id: Annotated[str, Path(pattern=ID_PATTERN)], http: HttpRequest
) -> Metadata:
    """Where it answers for one organisation. Says the same whether there is one or not."""
    return metadata(http.app.state.public_url, organisation_id)
