"""`require("invoice:read")`: a FastAPI dependency that lets in who has the permission."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from inspect import isawaitable, iscoroutinefunction
from typing import Any

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from tenantable.errors import TenantableError
from tenantable.services.access.client.deciders import NO_RESOURCE, Ask, Decider, check_permission
from tenantable.services.access.client.guards import Guarded, check_parameters, check_routes
from tenantable.services.access.http.versions import HEADER

RETRY_SECONDS = 1
VERSION_FAULTS = frozenset({412, 422})
_STATE_NAME = "access"
_log = structlog.get_logger("tenantable.access.client")

Properties = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """
    How an application asks.

    Args:
        decider: In process or over HTTP.
        user_id: Who sends a request, as the application has authenticated them; None: nobody. May be `async`.
        organisation_id: Which organisation a request is about. May be `async`.
    """

    decider: Decider
    user_id: Callable[[Request], str | Awaitable[str | None] | None]
    organisation_id: Callable[[Request], str | Awaitable[str]]


def install_access(app: FastAPI, access: Access) -> None:
    """
    Make `require` work in the routes of an application. They are checked now, and those that are added later at its
    start. May be called in the application's own `lifespan`.

    Raises:
        RuntimeError: A route requires a permission for a parameter that its path has not got.
    """
    check_routes(app.routes)
    setattr(app.state, _STATE_NAME, access)
    started = app.router.lifespan_context

    @asynccontextmanager
    async def checked(served: FastAPI) -> AsyncIterator[Any]:
        check_routes(app.routes)
        async with started(served) as state:
            yield state

    app.router.lifespan_context = checked


@dataclass(frozen=True, kw_only=True, eq=False)
class _Requirement(Guarded):
    """The dependency that `require` makes; FastAPI calls it with each request."""

    properties: Callable[[Request], Properties | Awaitable[Properties]] | None

    async def __call__(self, request: Request) -> None:
        access = _installed(request)
        user_id = access.user_id(request)
        if isawaitable(user_id):
            user_id = await user_id
        if user_id is None:
            raise HTTPException(401, "Nobody is authenticated", {"www-authenticate": "Bearer"})
        ask = await self._ask(request, access, user_id)
        try:
            is_allowed = await access.decider.allows(ask)
        except TenantableError as error:
            raise _undecided(error, ask) from error
        if not is_allowed:
            raise HTTPException(403, f"This takes the permission {self.permission}")

    async def _ask(self, request: Request, access: Access, user_id: str) -> Ask:
        check_parameters(self, request.path_params, getattr(request.scope.get("route"), "path", request.url.path))
        organisation_id = access.organisation_id(request)
        if isawaitable(organisation_id):
            organisation_id = await organisation_id
        return Ask(
            organisation_id=organisation_id,
            user_id=user_id,
            permission=self.permission,
            resource_id=NO_RESOURCE if self.resource is None else str(request.path_params[self.resource]),
            properties=await self._found_properties(request),
            version=request.headers.get(HEADER),
        )

    async def _found_properties(self, request: Request) -> Properties:
        if self.properties is None:
            return {}
        if iscoroutinefunction(self.properties):
            found: Properties = await self.properties(request)
            return found
        known = await run_in_threadpool(self.properties, request)
        return await known if isawaitable(known) else known


def require(
    permission: str,
    *,
    resource: str | None = None,
    properties: Callable[[Request], Properties | Awaitable[Properties]] | None = None,
) -> Callable[[Request], Awaitable[None]]:
    """
    The dependency of a route: `dependencies=[Depends(require("invoice:read", resource="invoice_id"))]`.

    An `access-version` of the request is carried on to the decision.

    Args:
        permission: Such as `invoice:read`.
        resource: The parameter of the path that holds the resource's id; None: no particular resource.
        properties: What the application knows of the resource, such as `{"status": "open"}`: what conditions are about,
            over what the directory of resources says. A plain function runs on a thread, an `async` one on the event
            loop; either may raise HTTPException. It runs before the decision, for every user who is authenticated.
    Raises:
        ValueError: It is no permission.
        HTTPException: When it runs. 401: nobody is authenticated. 403: the user lacks the permission. 412 or 422: the
            `access-version` is not there yet, or none. 503: it could not be found out, so nobody is let in; the log
            says why.
        RuntimeError: At the start, or when it runs. The path has no such parameter, or `install_access` was not called.
    """
    check_permission(permission)
    return _Requirement(permission=permission, resource=resource, properties=properties)


def _installed(request: Request) -> Access:
    access: Access | None = getattr(request.app.state, _STATE_NAME, None)
    if access is None:
        raise RuntimeError("`require` does not know whom to ask: call install_access(app, ...) first, on the same app")
    return access


def _undecided(error: TenantableError, ask: Ask) -> HTTPException:
    """What the caller is told; why is for the log, because it is nothing that the caller could do."""
    status = getattr(error, "status", None)
    if status in VERSION_FAULTS:
        return HTTPException(status, error.message)
    _log.error(
        "no decision",
        permission=ask.permission,
        organisation=ask.organisation_id,
        error=type(error).__name__,
        status=status,
        code=getattr(error, "code", None),
        cause=error.message,
        hint=error.hint,
    )
    detail = "Whether this is allowed cannot be found out now"
    return HTTPException(503, detail, {"retry-after": str(RETRY_SECONDS)})
