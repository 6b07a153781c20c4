"""`require` in an application of its own, deciding in process and over HTTP."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import Organisation, allow, when

from tenantable.services.access import declaration
from tenantable.services.access.client import (
    Access,
    Ask,
    Decider,
    DecisionClient,
    HttpDecider,
    LocalDecider,
    install_access,
    require,
)
from tenantable.services.access.decisions.snapshots import Snapshots

Serving = Callable[[FastAPI], httpx.Client]


def application(decider: Decider) -> FastAPI:
    """Invoices of an application whose gateway says who calls."""
    app = FastAPI()
    install_access(
        app,
        Access(
            decider=decider,
            user_id=lambda request: request.headers.get("x-user"),
            organisation_id=lambda request: str(request.path_params["organisation"]),
        ),
    )
    reads = Depends(require("invoice:read", resource="invoice"))

    @app.get("/{organisation}/invoices/{invoice}", dependencies=[reads])
    def read_invoice(organisation: str, invoice: str) -> str:
        return f"{organisation} {invoice}"

    @app.post("/{organisation}/invoices", dependencies=[Depends(require("invoice:create"))])
    async def create_invoice(_request: Request) -> str:
        return "created"

    return app


@pytest.fixture
def acme(world: World) -> Organisation:
    made = Organisation(world)
    made.role("clerk", allow("invoice:read", when("resource", "status", "open")))
    made.role("chief", allow("invoice:*"))
    made.member("bob", "clerk")
    made.member("cy", "chief")
    made.resource("invoice", "i1", status="open")
    made.resource("invoice", "i2", status="closed")
    return made


@pytest.fixture(params=["in process", "over HTTP"])
def invoices(request: pytest.FixtureRequest, acme: Organisation, serving: Serving) -> Iterator[httpx.Client]:
    world = acme.world
    if request.param == "in process":
        database = world.dependencies.database(declaration.decision_service)
        yield serving(application(LocalDecider(Snapshots(database, clock=world.clock), clock=world.clock)))
        return
    with over_http(serving, world.address, world.dependencies.platform_secret) as client:
        yield client


@contextmanager
def over_http(serving: Serving, url: str, credential: str) -> Iterator[httpx.Client]:
    """The application; its own client is closed on the event loop on which it was used."""
    decisions = DecisionClient(url, credential, timeout_seconds=30, attempts=1)
    app = application(HttpDecider(decisions))
    app.post("/close")(decisions.close)
    client = serving(app)
    yield client
    assert client.post("/close").status_code == 200


def status(client: httpx.Client, method: str, path: str, user: str | None, **headers: str) -> int:
    named = {} if user is None else {"x-user": user}
    return client.request(
        method, path, headers=named | {k.replace("_", "-"): v for k, v in headers.items()}
    ).status_code


def test_who_has_the_permission_is_let_in(invoices: httpx.Client) -> None:
    found = {
        (user, path): status(invoices, "GET", f"/{path}", user)
        for user in ("bob", "cy", "eve", None)
        for path in ("acme/invoices/i1", "acme/invoices/i2", "nowhere/invoices/i1")
    }
    assert found == {
        ("bob", "acme/invoices/i1"): 200,
        ("bob", "acme/invoices/i2"): 403,
        ("bob", "nowhere/invoices/i1"): 403,
        ("cy", "acme/invoices/i1"): 200,
        ("cy", "acme/invoices/i2"): 200,
        ("cy", "nowhere/invoices/i1"): 403,
        ("eve", "acme/invoices/i1"): 403,
        ("eve", "acme/invoices/i2"): 403,
        ("eve", "nowhere/invoices/i1"): 403,
        (None, "acme/invoices/i1"): 401,
        (None, "acme/invoices/i2"): 401,
        (None, "nowhere/invoices/i1"): 401,
    }
    assert status(invoices, "POST", "/acme/invoices", "cy") == 200
    assert status(invoices, "POST", "/acme/invoices", "bob") == 403


def test_a_version_of_the_request_is_carried_on(invoices: httpx.Client, acme: Organisation) -> None:
    assert status(invoices, "GET", "/acme/invoices/i1", "bob") == 200
    revoked = acme.world.as_platform().delete("/v1/organisations/acme/users/bob/roles/clerk")
    version = revoked.headers["access-version"]
    assert status(invoices, "GET", "/acme/invoices/i1", "bob", access_version=version) == 403
    assert status(invoices, "GET", "/acme/invoices/i1", "cy", access_version="newest") == 422
    assert status(invoices, "GET", "/acme/invoices/i1", "cy", access_version="acme.999") == 412


def test_nobody_is_let_in_when_nothing_can_be_decided(serving: Serving) -> None:
    with over_http(serving, "http://127.0.0.1:9", "key") as client:
        answer = client.get("/acme/invoices/i1", headers={"x-user": "cy"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize("permission", ["invoice", "invoice:*", "", "in voice:read", ":read"])
def test_a_permission_that_is_none_is_refused_at_once(permission: str) -> None:
    with pytest.raises(ValueError, match="no permission"):
        require(permission)


def test_deciders_need_no_event_loop(acme: Organisation) -> None:
    database = acme.world.dependencies.database(declaration.decision_service)
    decider = LocalDecider(Snapshots(database, clock=acme.world.clock), clock=acme.world.clock)
    ask = Ask(organisation_id="acme", user_id="cy", permission="invoice:create")
    assert decider.allows_now(ask)
    assert asyncio.run(decider.allows(ask))
