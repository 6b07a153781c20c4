"""`require("invoice:read")`: a FastAPI dependency that lets in who has the permission."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI, HTTPException, Request

from tenantable.errors import TenantableError
from tenantable.services.access.client.deciders import NO_RESOURCE, Ask, Decider, check_permission
from tenantable.services.access.http.versions import HEADER

RETRY_SECONDS = 1
VERSION_FAULTS = frozenset({412, 422})
_STATE_NAME = "access"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """
    How an application asks.

    Args:
        decider: In process or over HTTP.
        user_id: Who sends a request, as the application has authenticated them; None: nobody.
        organisation_id: Which organisation a request is about.
    """

    decider: Decider
    user_id: Callable[[Request], str | None]
    organisation_id: Callable[[Request], str]


def install_access(app: FastAPI, access: Access) -> None:
    """Make `require` work in the routes of an application."""
    setattr(app.state, _STATE_NAME, access)


def require(permission: str, *, resource: str | None = None) -> Callable[[Request], Awaitable[None]]:
    """
    The dependency of a route: `dependencies=[Depends(require("invoice:read", resource="invoice_id"))]`.

    An `access-version` of the request is carried on to the decision.

    Args:
        permission: Such as `invoice:read`.
        resource: The parameter of the path that holds the resource's id; None: no particular resource.
    Raises:
        ValueError: It is no permission.
        HTTPException: When it runs. 401: nobody is authenticated. 403: the user lacks the permission. 412 or 422: the
            `access-version` is not there yet, or none. 503: it could not be found out, so nobody is let in.
    """
    check_permission(permission)

    async def let_in(request: Request) -> None:
        access: Access = getattr(request.app.state, _STATE_NAME)
        user_id = access.user_id(request)
        if user_id is None:
            raise HTTPException(401, "Nobody is authenticated", {"www-authenticate": "Bearer"})
        ask = Ask(
            organisation_id=access.organisation_id(request),
            user_id=user_id,
            permission=permission,
            resource_id=NO_RESOURCE if resource is None else str(request.path_params[resource]),
            version=request.headers.get(HEADER),
        )
        try:
            is_allowed = await access.decider.allows(ask)
        except TenantableError as error:
            raise _undecided(error) from error
        if not is_allowed:
            raise HTTPException(403, f"This takes the permission {permission}")

    return let_in


def _undecided(error: TenantableError) -> HTTPException:
    status = getattr(error, "status", None)
    if status in VERSION_FAULTS:
        return HTTPException(status, error.message)
    detail = "Whether this is allowed cannot be found out now"
    return HTTPException(503, detail, {"retry-after": str(RETRY_SECONDS)})
