"""The routes of the embedded issuer: a token for a user, and the keys to check tokens with."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response, status
from fastapi import Request as HttpRequest
from pydantic import Field

from tenantable.services.access.credentials.tokens import Tokens
from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.directory.schemas import Email, UserId
from tenantable.services.access.http.answers import show_version
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.http.requests import actor_of, platform_only
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.tokens import LIFETIME_SECONDS_MAX
from tenantable.web.problems import problem_responses

_KEYS_CACHED_SECONDS = 300


class IssueToken(RequestBody):
    """For whom a token is wanted. The address counts as verified."""

    user_id: UserId
    email: Email | None = None
    lifetime_seconds: int = Field(default=3600, ge=1, le=LIFETIME_SECONDS_MAX)


class TokenShown(ResponseBody):
    """A bearer token; it is kept nowhere."""

    token: str
    expires_at: datetime


class KeySetShown(ResponseBody):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


def _tokens(request: HttpRequest) -> Tokens:
    tokens: Tokens = request.app.state.tokens
    return tokens


TokensHere = Annotated[Tokens, Depends(_tokens)]

router = APIRouter(tags=["tokens"])


@router.post(
    "/v1/platform/tokens",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(401, 403, 404, 413, 415, 422, 503),
)
def issue_token(
    body: IssueToken,
    caller: Annotated[Caller, Depends(platform_only)],
    tokens: TokensHere,
    *,
    http: HttpRequest,
    response: Response,
) -> TokenShown:
    """Sign a token for a user; for the platform's administrator, where no other issuer is set."""
    actor = actor_of(caller, http)
    changed = tokens.issue(actor, user_id=body.user_id, email=body.email, lifetime_seconds=body.lifetime_seconds)
    show_version(response, PLATFORM, changed.version)
    response.headers["cache-control"] = "no-store"
    return TokenShown(token=changed.result.token, expires_at=changed.result.expires_at)


@router.get("/.well-known/jwks.json")
def published_keys(tokens: TokensHere, response: Response) -> KeySetShown:
    """The public keys of the embedded issuer; none where another issuer is set."""
    response.headers["cache-control"] = f"public, max-age={_KEYS_CACHED_SECONDS}"
    return KeySetShown(keys=tokens.published_keys()["keys"])
