"""
One request to an organisation: who sends it, and whether they may.

Routes depend on `allowed("access:role:write")`, which gives a `Request`. A caller who is no member is told that there
is no such organisation: strangers must not learn which there are.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Header, Path
from fastapi import Request as HttpRequest
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tenantable.services.access.changes.change import Actor, Repeatable
from tenantable.services.access.decisions.rules import Rules
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.decisions.snapshots import Snapshots
from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.errors import Forbidden, no_such_organisation
from tenantable.services.access.http.answers import AnyAnswer
from tenantable.services.access.http.versions import HEADER, read_versions
from tenantable.services.access.identity.callers import ID_PATTERN as ID_PATTERN  # noqa: PLC0414 - routes have it from here
from tenantable.services.access.identity.callers import Authenticator, Caller, authenticate, credential_of
from tenantable.services.access.rights.held import rules_of
from tenantable.services.access.rights.own_permissions import OWN_PERMISSIONS
from tenantable.web.idempotency import idempotency_key, request_digest
from tenantable.web.observation import request_id_of

Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Doors:
    """What every route needs; kept in the application's state as `doors`."""

    authenticators: Sequence[Authenticator]
    snapshots: Snapshots
    clock: Clock


_bearer = HTTPBearer(auto_error=False, description="A user's token, a service key, or the administrator's secret.")

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
OrganisationId = Annotated[str, Path(pattern=ID_PATTERN)]
IdempotencyKey = Annotated[
    str | None, Header(alias="idempotency-key", description="The same request with the same key happens once.")
]
IfMatch = Annotated[
    str | None, Header(alias="if-match", description="The ETag that the change is based on; without it the last wins.")
]
AccessVersion = Annotated[
    str | None, Header(alias=HEADER, description="What changes answered: the decision rests on nothing older.")
]


async def _raw_body(request: HttpRequest) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]
"""The body as it was sent, by which repeated requests are compared."""


def _doors(request: HttpRequest) -> Doors:
    doors: Doors = request.app.state.doors
    return doors


def _caller(doors: Annotated[Doors, Depends(_doors)], _credentials: Credentials, request: HttpRequest) -> Caller:
    # From the header itself: what FastAPI makes of it does not say what is wrong with it.
    caller = authenticate(credential_of(request.headers.get("authorization")), doors.authenticators)
    request.state.caller_id = caller.id
    return caller


DoorsHere = Annotated[Doors, Depends(_doors)]
CallerHere = Annotated[Caller, Depends(_caller)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """
    A request that was let in.

    `snapshot` is of the organisation; `rules` are the caller's there, and None for the administrator, who may do
    everything.
    """

    caller: Caller
    organisation_id: str
    snapshot: Snapshot
    rules: Rules | None
    http: HttpRequest

    def allows(self, key: str) -> bool:
        return self.rules is None or self.rules.allows(key)

    def is_about_caller(self, user_id: str | None) -> bool:
        """Whether the caller is this user: ids of service keys and of the administrator are no users'."""
        return self.caller.kind == "user" and self.caller.id == user_id

    def actor(self) -> Actor:
        """Whoever changes something by this request."""
        return actor_of(self.caller, self.http)

    def repeatable(self, key: str | None, body: bytes, answer: AnyAnswer) -> Actor:
        """As `actor`; with an Idempotency-Key, the answer is kept."""
        return repeatable_actor(self.caller, self.http, key, body=body, answer=answer)


def actor_of(caller: Caller, http: HttpRequest) -> Actor:
    """As `Request.actor`, for routes of the platform."""
    return Actor(id=caller.id, request_id=request_id_of(http.scope))


def repeatable_actor(caller: Caller, http: HttpRequest, key: str | None, *, body: bytes, answer: AnyAnswer) -> Actor:
    """The actor of a request that may come again; see `Request.repeatable`."""
    checked = idempotency_key(key)
    if checked is None:
        return actor_of(caller, http)
    organisation_id = http.path_params.get("organisation_id", "")  # a key is the caller's, and the organisation's
    again = Repeatable(
        key_digest=hashlib.sha256(f"{caller.id}\n{organisation_id}\n{checked}".encode()).hexdigest(),
        request_digest=request_digest(http.method, http.url.path, body),
        status=answer.status,
        render=answer.kept_text,
        headers=answer.headers,
    )
    return replace(actor_of(caller, http), repeatable=again)


_TAKEN: dict[Callable[..., Request], str | None] = {}


def allowed(key: str | None, *, or_own: bool = False, also_platform: bool = False) -> Callable[..., Request]:
    """
    The dependency of a route that a caller with this permission in the organisation may use; None: every member.

    Args:
        or_own: Whether a user whom the path names (`user_id`) may use it without: what is said of oneself.
        also_platform: Whether the administrator may use it for the platform, which is no organisation.

    Raises, when it runs:
        NotAuthenticated: Nobody is known by the credential.
        NotFound: There is no such organisation, or the caller has no part in it.
        Forbidden: The caller has, and lacks the permission.
    """
    assert key is None or key in OWN_PERMISSIONS, f"{key} is not declared in `OWN_PERMISSIONS`"

    def let_in(
        organisation_id: OrganisationId,
        caller: CallerHere,
        doors: DoorsHere,
        *,
        http: HttpRequest,
        version: AccessVersion = None,
    ) -> Request:
        if organisation_id == PLATFORM and not also_platform:
            raise no_such_organisation(organisation_id)
        least = read_versions(version, organisation_id)
        snapshot = doors.snapshots.of(organisation_id, version=least.organisation, platform_version=least.platform)
        rules = rules_of(caller, snapshot, now=doors.clock())
        found = Request(caller=caller, organisation_id=organisation_id, snapshot=snapshot, rules=rules, http=http)
        own = or_own and found.is_about_caller(http.path_params.get("user_id"))
        if key is not None and not own and not found.allows(key):
            raise Forbidden(f"This takes the permission {key}")
        return found

    _TAKEN[let_in] = key
    return let_in


def permission_taken(dependency: Any) -> str | None:
    """The permission that a dependency of a route takes; None where it takes none, or was not made by `allowed`."""
    return _TAKEN.get(dependency)


def platform_only(caller: CallerHere) -> Caller:
    """
    The dependency of a route that is the administrator's.

    Raises, when it runs:
        NotAuthenticated, Forbidden.
    """
    if caller.kind != "platform":
        raise Forbidden("This is for the platform's administrator")
    return caller
