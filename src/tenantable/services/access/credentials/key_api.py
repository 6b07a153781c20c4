"""The routes of service keys."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response, status
from fastapi import Request as HttpRequest

from tenantable.services.access.credentials.keys import MadeKey, ServiceKeyDirectory
from tenantable.services.access.credentials.schemas import CreateServiceKey, ServiceKeyMade, ServiceKeyShown
from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.http.answers import Answer
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import (
    ID_PATTERN,
    IdempotencyKey,
    RawBody,
    Request,
    allowed,
    platform_only,
    repeatable_actor,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.web.problems import problem_responses

KeyId = Annotated[str, Path(pattern=ID_PATTERN)]
Reads = Annotated[Request, Depends(allowed("access:key:read"))]
Writes = Annotated[Request, Depends(allowed("access:key:write"))]
Administrator = Annotated[Caller, Depends(platform_only)]


def _keys(request: HttpRequest) -> ServiceKeyDirectory:
    keys: ServiceKeyDirectory = request.app.state.service_keys
    return keys


KeysHere = Annotated[ServiceKeyDirectory, Depends(_keys)]


def _made(made: MadeKey) -> ServiceKeyMade:
    return ServiceKeyMade(**ServiceKeyShown.of(made.key).model_dump(by_alias=False), key=made.text)


def _without_secret(made: MadeKey) -> ServiceKeyMade:
    """What is kept for a repeated request: the secret is shown once."""
    return ServiceKeyMade(**ServiceKeyShown.of(made.key).model_dump(by_alias=False), key=None)


MADE = Answer(shown=_made, status=201, kept=_without_secret, headers=lambda _made: {"cache-control": "no-store"})
SHOWN = Answer(shown=ServiceKeyShown.of)

router = APIRouter(prefix="/v1", tags=["service keys"], responses=problem_responses(401, 403, 413, 415, 422, 503))


@router.post(
    "/organisations/{organisation_id}/service-keys",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 404, 409),
)
def create_service_key(
    body: CreateServiceKey,
    raw: RawBody,
    request: Writes,
    keys: KeysHere,
    *,
    response: Response,
    key: IdempotencyKey = None,
) -> ServiceKeyMade:
    """Create a key for a program. It may not do more than the caller holds, and is shown this once."""
    actor = request.repeatable(key, raw, MADE)
    changed = keys.create(actor, request.caller, request.organisation_id, body.new())
    return MADE.show(response, request.organisation_id, changed)


@router.get("/organisations/{organisation_id}/service-keys", responses=problem_responses(400, 404))
def list_service_keys(
    request: Reads, keys: KeysHere, *, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> Listing[ServiceKeyShown]:
    """The organisation's keys, oldest first; revoked ones too."""
    page = keys.of_organisation(request.organisation_id, limit=limit, cursor=cursor)
    return listing(page.items, ServiceKeyShown.of, following=page.next)


@router.post("/organisations/{organisation_id}/service-keys/{key_id}/revoke", responses=problem_responses(400, 404))
def revoke_service_key(
    key_id: KeyId, raw: RawBody, request: Writes, keys: KeysHere, *, response: Response, key: IdempotencyKey = None
) -> ServiceKeyShown:
    """End a key now. It takes what the key may do."""
    changed = keys.revoke(request.repeatable(key, raw, SHOWN), request.caller, request.organisation_id, key_id)
    return SHOWN.show(response, request.organisation_id, changed)


@router.post("/platform/service-keys", status_code=status.HTTP_201_CREATED, responses=problem_responses(400, 409))
def create_platform_service_key(
    body: CreateServiceKey,
    raw: RawBody,
    caller: Administrator,
    keys: KeysHere,
    *,
    http: HttpRequest,
    response: Response,
    key: IdempotencyKey = None,
) -> ServiceKeyMade:
    """Create a key that is good in every organisation, with the platform's permission sets; for the administrator."""
    actor = repeatable_actor(caller, http, key, body=raw, answer=MADE)
    return MADE.show(response, PLATFORM, keys.create(actor, caller, PLATFORM, body.new()))


@router.get("/platform/service-keys", responses=problem_responses(400))
def list_platform_service_keys(
    _caller: Administrator, keys: KeysHere, *, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> Listing[ServiceKeyShown]:
    """The platform's keys, oldest first; for the administrator."""
    page = keys.of_organisation(PLATFORM, limit=limit, cursor=cursor)
    return listing(page.items, ServiceKeyShown.of, following=page.next)


@router.post("/platform/service-keys/{key_id}/revoke", responses=problem_responses(400, 404))
def revoke_platform_service_key(
    key_id: KeyId,
    raw: RawBody,
    caller: Administrator,
    keys: KeysHere,
    *,
    http: HttpRequest,
    response: Response,
    key: IdempotencyKey = None,
) -> ServiceKeyShown:
    """End a key of the platform now; for the administrator."""
    actor = repeatable_actor(caller, http, key, body=raw, answer=SHOWN)
    return SHOWN.show(response, PLATFORM, keys.revoke(actor, caller, PLATFORM, key_id))
