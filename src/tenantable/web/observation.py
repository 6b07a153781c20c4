"""What is seen of a request: its id, one log line, two metrics. No header, body or query ever."""

import re
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID_HEADER = "x-request-id"
UNMATCHED_ROUTE = "unmatched"

_REQUEST_ID = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?")
_STATE_NAME = "request_id"
_REASON_NAME = "refusal_reason"

_log = structlog.get_logger("tenantable.web")


def request_id_of(scope: Scope) -> str:
    """The id of the request, as the middleware below has set it."""
    return str(scope.get("state", {}).get(_STATE_NAME, ""))


def note_refusal(scope: Scope, reason: str) -> None:
    """Have the log say why the request is refused: in one word, without anything of the request itself."""
    scope.setdefault("state", {})[_REASON_NAME] = reason


class RequestMetrics:
    """Counts and durations by method, route template and status; one per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["method", "route", "status"]
        self.requests = Counter("http_requests_total", "Requests answered.", labels, registry=registry)
        self.durations = Histogram(
            "http_request_duration_seconds",
            "Time from a request to its answer.",
            ["method", "route"],
            registry=registry,
        )


class Observation:
    """
    ASGI middleware: gives each request an id, or takes the caller's, and echoes it; logs and counts the answer.

    Args:
        new_request_id: A fresh id.
        monotonic: Seconds that only grow.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: RequestMetrics,
        new_request_id: Callable[[], str],
        monotonic: Callable[[], float],
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._new_request_id = new_request_id
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._monotonic()
        request_id = _given_request_id(scope) or self._new_request_id()
        scope.setdefault("state", {})[_STATE_NAME] = request_id
        status = 500  # unless an answer starts

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._record(scope, request_id, status, self._monotonic() - started)

    def _record(self, scope: Scope, request_id: str, status: int, duration_seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED_ROUTE)
        method = scope["method"] if route != UNMATCHED_ROUTE else "any"  # a caller must not invent label values
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.durations.labels(method, route).observe(duration_seconds)
        # Whoever is told an id finds it in the log at every level; what has no route here is scanners' noise.
        is_refusal = status >= 400 and route != UNMATCHED_ROUTE
        reason = {"reason": scope["state"].get(_REASON_NAME)} if status >= 400 else {}
        (_log.warning if is_refusal else _log.info)(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            duration_ms=round(duration_seconds * 1000, 2),
            request_id=request_id,
            tenant_id=scope["state"].get("tenant_id"),
            **reason,
        )


def _given_request_id(scope: Scope) -> str | None:
    values = [value for name, value in scope["headers"] if name == REQUEST_ID_HEADER.encode()]
    if len(values) == 1 and _REQUEST_ID.fullmatch(values[0]):
        return str(values[0].decode())
    return None
