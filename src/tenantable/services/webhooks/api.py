"""The HTTP routes: parse, call one use case, render. Endpoints run in threads."""

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tenantable.data.database import TenantId
from tenantable.services.webhooks.declaration import AuthorizedTenant
from tenantable.services.webhooks.errors import EventRefused, NotAuthenticated
from tenantable.services.webhooks.schemas import (
    AcceptedEvent,
    ChangeConfig,
    Config,
    CreatedTenant,
    CreateEvent,
    CreateTenant,
    EventShown,
    Redrive,
    Redriven,
    RestartedEvent,
    RotatedSecretShown,
    RotateSecret,
    VerifiedWebhook,
)
from tenantable.services.webhooks.service import Authorizer, IdempotentRequest, Receiver, WebhookApi
from tenantable.services.webhooks.worker import DlqProcessor
from tenantable.web.etags import etag
from tenantable.web.idempotency import idempotency_key, request_digest
from tenantable.web.problems import problem_responses
from tenantable.web.requests.json_text import JsonText, member_text

_bearer = HTTPBearer(auto_error=False, description="An API key, or for tenants' creation the operator's token.")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
IdempotencyKey = Annotated[
    str | None, Header(alias="idempotency-key", description="The same request with the same key happens once.")
]
IfMatch = Annotated[
    str | None, Header(alias="if-match", description="The ETag that the change is based on; without it the last wins.")
]
EventIdInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
TenantIdInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Components:
    """The components behind the routes; each has clients of its own."""

    authorizer: Authorizer
    api: WebhookApi
    receiver: Receiver
    dlq_processor: DlqProcessor
    operator_token: str


def _components(request: Request) -> Components:
    components: Components = request.app.state.components
    return components


ComponentsHere = Annotated[Components, Depends(_components)]


def _authenticated(request: Request, components: ComponentsHere, credentials: Credentials) -> AuthorizedTenant:
    tenant = components.authorizer.authenticate(None if credentials is None else credentials.credentials)
    request.state.tenant_id = tenant.tenant_id
    return tenant


def _operator(components: ComponentsHere, credentials: Credentials) -> None:
    given = b"" if credentials is None else credentials.credentials.encode()
    if not hmac.compare_digest(given, components.operator_token.encode()):
        raise NotAuthenticated


def _tenant_id(tenant: Annotated[AuthorizedTenant, Depends(_authenticated)]) -> TenantId:
    return TenantId(tenant.tenant_id)


async def _body(request: Request) -> bytes:
    return await request.body()


def _member_as_sent(body: bytes, name: str) -> JsonText:
    try:
        return member_text(body, name)
    except ValueError as error:
        raise EventRefused(f"The event cannot be delivered as it was sent: {error}") from error


Tenant = Annotated[TenantId, Depends(_tenant_id)]
RawBody = Annotated[bytes, Depends(_body)]

router = APIRouter(prefix="/v1", responses=problem_responses(401, 413, 415, 422, 503))


@router.post(
    "/tenants",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(_operator)],
    responses=problem_responses(400, 409),
    tags=["tenants"],
)
def create_tenant(
    body: CreateTenant, components: ComponentsHere, response: Response, *, key: IdempotencyKey = None
) -> CreatedTenant:
    """Create a tenant; for the operator. Repeated with its Idempotency-Key it answers 409: secrets are shown once."""
    tenant = components.api.create_tenant(
        target_url=body.target_url, plan=body.plan, idempotency_key=idempotency_key(key)
    )
    response.headers["cache-control"] = "no-store"
    return CreatedTenant.of(tenant)


@router.get("/tenants/me/config", responses=problem_responses(404), tags=["tenants"])
def read_config(tenant: Tenant, components: ComponentsHere, response: Response) -> Config:
    """Where the tenant's events go."""
    endpoint = components.api.endpoint(tenant)
    response.headers["etag"] = etag(endpoint.config.revision)
    return Config.of(tenant, endpoint)


@router.patch("/tenants/me/config", responses=problem_responses(400, 404, 409, 412), tags=["tenants"])
def change_config(
    body: ChangeConfig, tenant: Tenant, components: ComponentsHere, response: Response, *, if_match: IfMatch = None
) -> Config:
    """Point the tenant's events elsewhere. Attempts from now on go there, also those of events accepted before."""
    endpoint = components.api.change_target(tenant, target_url=body.target_url, if_match=if_match)
    response.headers["etag"] = etag(endpoint.config.revision)
    return Config.of(tenant, endpoint)


@router.post("/tenants/me/secret/rotate", responses=problem_responses(400, 404, 409, 412), tags=["tenants"])
def rotate_secret(
    body: RotateSecret, tenant: Tenant, components: ComponentsHere, response: Response, *, if_match: IfMatch = None
) -> RotatedSecretShown:
    """Make a new webhook secret. During the overlap deliveries carry signatures with both."""
    secret, endpoint = components.api.rotate_secret(tenant, overlap_seconds=body.overlap_seconds, if_match=if_match)
    response.headers["etag"] = etag(endpoint.config.revision)
    response.headers["cache-control"] = "no-store"
    return RotatedSecretShown(webhook_secret=secret, config=Config.of(tenant, endpoint))


@router.post("/events", status_code=status.HTTP_202_ACCEPTED, responses=problem_responses(400, 404), tags=["events"])
def create_event(
    body: CreateEvent, raw: RawBody, tenant: Tenant, *, request: Request, response: Response, key: IdempotencyKey = None
) -> AcceptedEvent:
    """Accept an event for delivery. It is stored and queued when the answer leaves."""
    checked = idempotency_key(key)
    digest = request_digest(request.method, request.url.path, raw)
    idempotent = None if checked is None else IdempotentRequest(key=checked, digest=digest)
    data = _member_as_sent(raw, "data")
    event = _components(request).api.accept_event(tenant, event_type=body.type, data=data, request=idempotent)
    response.headers["location"] = request.url_for("read_event", event_id=event.event_id).path
    return AcceptedEvent.of(event)


@router.get("/events/{event_id}", responses=problem_responses(404), tags=["events"])
def read_event(event_id: EventIdInPath, tenant: Tenant, components: ComponentsHere) -> EventShown:
    """An event and every attempt to deliver it."""
    event, attempts = components.api.event(tenant, event_id)
    return EventShown.of(event, attempts)


@router.post(
    "/events/{event_id}/retry",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 409),
    tags=["events"],
)
def retry_event(event_id: EventIdInPath, tenant: Tenant, components: ComponentsHere) -> RestartedEvent:
    """Deliver a delivered or dead event again. While it is on its way a repeated request answers 409."""
    event = components.api.retry_event(tenant, event_id)
    return RestartedEvent(id=event.event_id, status=event.status)


@router.post("/dead-letters/redrive", status_code=status.HTTP_202_ACCEPTED, tags=["events"])
def redrive(body: Redrive, tenant: Tenant, components: ComponentsHere) -> Redriven:
    """Deliver the tenant's dead events again, those that died first before the others."""
    return Redriven(redriven=components.dlq_processor.redrive(tenant, limit=body.limit))


@router.post("/receive/{tenant_id}", responses=problem_responses(400), tags=["receiver"])
def receive(tenant_id: TenantIdInPath, raw: RawBody, request: Request, components: ComponentsHere) -> VerifiedWebhook:
    """Verify a webhook that was sent here for a tenant. Needs no API key: the signature is the proof."""
    message = components.receiver.receive(TenantId(tenant_id), headers=dict(request.headers), body=raw)
    return VerifiedWebhook.of(message)
