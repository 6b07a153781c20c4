"""A FastAPI application with everything that all services have."""

import base64
import os
import time
from collections.abc import Callable, Mapping

from fastapi import Depends, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel

from tenantable.web.documentation import document_problems
from tenantable.web.observation import Observation, RequestMetrics
from tenantable.web.problems import install_problems, problem_responses
from tenantable.web.requests.limits import BodyLimit
from tenantable.web.requests.methods import HeadAsGet
from tenantable.web.requests.queries import KnownQueries

REQUEST_ID_BYTES = 15


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


def new_application(
    *,
    title: str,
    version: str,
    description: str,
    body_bytes_max: int,
    registry: CollectorRegistry,
    entropy: Callable[[int], bytes] = os.urandom,
    monotonic: Callable[[], float] = time.perf_counter,
    parameter_problems: Mapping[str, tuple[int, ...]] | None = None,
) -> FastAPI:
    """
    An application that answers `/healthz` and `/metrics`; its routes are still to be added.

    Args:
        body_bytes_max: Above this a request body is answered with 413.
        registry: Whose metrics `/metrics` shows; the service adds its own to it.
        parameter_problems: Statuses that the service's own parameters lead to, by name, for the OpenAPI document.
    """
    # Without the interactive pages: they load scripts from elsewhere.
    # Without redirects to an address with another slash at its end: they would go to whatever host a request names.
    app = FastAPI(
        title=title,
        version=version,
        description=description,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    install_problems(app)
    app.add_middleware(BodyLimit, bytes_max=body_bytes_max)
    app.add_middleware(HeadAsGet)
    app.add_middleware(
        Observation,
        metrics=RequestMetrics(registry),
        new_request_id=lambda: base64.b32encode(entropy(REQUEST_ID_BYTES)).decode().lower(),
        monotonic=monotonic,
    )

    @app.get("/healthz", tags=["operation"])
    def health() -> Health:
        """That the process answers; it asks nothing of what stands behind it."""
        return Health()

    @app.get("/metrics", tags=["operation"], response_class=Response)
    def metrics() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    document_problems(app, parameters=parameter_problems)
    return app


def refuse_unknown_queries(app: FastAPI) -> None:
    """
    Have the routes that are added from here on refuse query parameters that they do not have, and say so in OpenAPI.

    Not those before: whoever asks for health or metrics may add what they like.
    """
    app.router.dependencies.append(Depends(KnownQueries(app)))
    app.router.responses.update(problem_responses(422))
