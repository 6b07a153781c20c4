"""Mistakes with `require` are found early, and said where they can be mended; nobody is let in by them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from structlog.testing import capture_logs
from tests.services.access.client.test_requiring import over_http
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import Organisation, allow

from tenantable.errors import SettingsError
from tenantable.services.access.client import Access, Ask, LocalDecider, install_access, require

Serving = Callable[[FastAPI], httpx.Client]


class Everybody:
    """Lets everybody do everything, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []

    async def allows(self, ask: Ask) -> bool:
        self.asked.append(ask)
        return True


def access(decider: Everybody) -> Access:
    async def user_id(request: Request) -> str | None:
        return request.headers.get("x-user")

    return Access(decider=decider, user_id=user_id, organisation_id=lambda request: request.path_params["organisation"])


def answer(app: FastAPI, method: str, path: str, **more: Any) -> httpx.Response:
    """What the application answers in this process; what it raises is raised."""

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app.test") as client:
            return await client.request(method, path, headers={"x-user": "bob"}, **more)

    return asyncio.run(asked())


async def started(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass


def asked_with(serving: Serving, world: World, credential: str, path: str) -> tuple[int, str, list[object]]:
    """The status, what the user is told, and the codes in the log."""
    with capture_logs() as lines, over_http(serving, world.address, credential) as client:
        answered = client.get(path, headers={"x-user": "bob"})
    codes = [line["code"] for line in lines if line["event"] == "no decision"]
    return answered.status_code, answered.json()["detail"], codes


@pytest.mark.parametrize(
    ("credential", "path", "code"),
    [
        ("tsk_nobodys_key", "/acme/invoices/i1", "not-authenticated"),
        ("weak", "/acme/invoices/i1", "forbidden"),
        ("good", "/globex/invoices/i1", "other-organisation"),
    ],
)
def test_a_refusal_of_the_key_is_no_denial_of_the_user(
    world: World, serving: Serving, credential: str, path: str, code: str
) -> None:
    acme = Organisation(world)
    acme.role("clerk", allow("invoice:read"))
    acme.member("bob", "clerk")
    Organisation(world, "globex")
    keys = {"good": lambda: made_key(world, "decision"), "weak": lambda: made_key(world, "auditor")}
    key = keys[credential]() if credential in keys else credential
    status, told, codes = asked_with(serving, world, key, path)
    assert (status, told, codes) == (503, "Whether this is allowed cannot be found out now", [code])


def made_key(world: World, *set_ids: str) -> str:
    body = {"name": "shop", "permissionSetIds": set_ids}
    made = world.as_user("ann").post("/v1/organisations/acme/service-keys", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


def test_the_key_that_the_platforms_set_makes_is_enough(world: World, serving: Serving) -> None:
    acme = Organisation(world)
    acme.role("clerk", allow("invoice:read"))
    acme.member("bob", "clerk")
    with over_http(serving, world.address, made_key(world, "decision")) as client:
        found = {user: client.get("/acme/invoices/i1", headers={"x-user": user}).status_code for user in ("bob", "eve")}
    assert found == {"bob": 200, "eve": 403}


def test_an_application_without_access_says_what_to_call() -> None:
    app = FastAPI()
    app.get("/", dependencies=[Depends(require("invoice:read"))])(lambda: None)
    with pytest.raises(RuntimeError, match=r"call install_access\(app, \.\.\.\) first"):
        answer(app, "GET", "/")


def misspelt() -> FastAPI:
    """A route of an included router, whose parameter has another name."""
    app, router = FastAPI(), APIRouter(prefix="/{organisation}")
    install_access(app, access(Everybody()))
    guard = Depends(require("invoice:read", resource="invioce"))
    router.get("/invoices/{invoice}", dependencies=[guard])(lambda: None)
    app.include_router(router)
    return app


MISSPELT = (
    r"the path /\{organisation\}/invoices/\{invoice\} has no parameter .* it has invoice, organisation; did you mean"
)


def test_a_misspelt_parameter_is_found_at_the_start() -> None:
    with pytest.raises(RuntimeError, match=MISSPELT):
        asyncio.run(started(misspelt()))


def test_a_misspelt_parameter_is_named_by_a_request_where_nothing_was_started() -> None:
    with pytest.raises(RuntimeError, match="did you mean 'invoice'"):
        answer(misspelt(), "GET", "/acme/invoices/i1")


def test_what_an_application_starts_and_stops_itself_still_is() -> None:
    happened = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        happened.append("started")
        yield
        happened.append("stopped")

    app = FastAPI(lifespan=lifespan)
    install_access(app, access(Everybody()))
    asyncio.run(started(app))
    assert happened == ["started", "stopped"]


def test_properties_of_the_resource_are_asked_about_however_they_are_found() -> None:
    decider, app = Everybody(), FastAPI()
    install_access(app, access(decider))

    async def read(request: Request) -> dict[str, object]:
        return {"status": (await request.json())["status"]}

    class Reader:
        def __call__(self, request: Request) -> Awaitable[dict[str, Any]]:
            return read(request)

    ways: dict[str, Any] = {"plain": lambda _request: {"status": "open"}, "async": read, "deferred": Reader()}
    for name, way in ways.items():
        guard = Depends(require("invoice:pay", resource="invoice", properties=way))
        app.post(f"/{{organisation}}/{name}/{{invoice}}", dependencies=[guard])(lambda: None)
    for name in ways:
        assert answer(app, "POST", f"/acme/{name}/i1", json={"status": "open"}).status_code == 200
    assert [(ask.resource_id, ask.properties) for ask in decider.asked] == [("i1", {"status": "open"})] * 3


def test_a_decider_is_made_of_a_profile_and_names_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    with pytest.raises(SettingsError, match="cannot be read as a credentials file"):
        LocalDecider.from_profile(path, endpoint="http://127.0.0.1:9")
    path.write_text("[other]\naws_access_key_id = a\naws_secret_access_key = b\n")
    with pytest.raises(SettingsError, match="no profile 'access-decision-service'") as raised:
        LocalDecider.from_profile(path, endpoint="http://127.0.0.1:9")
    assert raised.value.hint == "it has other"
