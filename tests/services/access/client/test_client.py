"""The client over HTTP against the real service, and against decision points that fail."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import Organisation, allow, when

from tenantable.errors import Unavailable
from tenantable.services.access.app import create_app
from tenantable.services.access.client import DecisionClient, DecisionPointMixedUp, RequestRefused

ResultT = TypeVar("ResultT")
BOB, READ, R1 = {"type": "user", "id": "bob"}, {"name": "read"}, {"type": "record", "id": "r1"}
Serving = Callable[[ASGIApp], httpx.Client]


@pytest.fixture
def acme(world: World) -> Organisation:
    made = Organisation(world)
    made.role("reader", allow("record:read"), allow("record:write", when("resource", "status", "active")))
    made.member("bob", "reader")
    made.member("cy", "reader")
    made.resource("record", "r1", status="active")
    made.resource("record", "r2", status="archived")
    return made


def calling(url: str, credential: str, use: Callable[[DecisionClient], Awaitable[ResultT]], **options: Any) -> ResultT:
    async def run() -> ResultT:
        async with DecisionClient(url, credential, **options) as client:
            return await use(client)

    return asyncio.run(run())


def credential(organisation: Organisation) -> str:
    return organisation.asker().headers["authorization"].removeprefix("Bearer ")


class Recorded:
    """The application, and what goes in and out of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.exchanges: list[tuple[str, Any, int, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked, answered, status = bytearray(), bytearray(), 0

        async def receive_noted() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def send_noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            answered.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, receive_noted, send_noted)
        self.exchanges.append((scope["path"], json.loads(asked), status, json.loads(answered)))


async def use_everything(client: DecisionClient) -> list[Any]:
    write = {"name": "write"}
    several = await client.evaluate_several(
        [{"action": READ}, {"action": write}, {"action": {}}], defaults={"subject": BOB, "resource": R1}
    )
    return [
        await client.evaluate(BOB, READ, R1),
        await client.evaluate(BOB, write, R1 | {"properties": {"status": "archived"}}, context={"ip": "::1"}),
        [each.decision for each in several],
        several[2].context["error"]["status"],
        [each async for each in client.subjects("user", READ, R1, limit=1)],
        [each async for each in client.resources(BOB, write, "record")],
        [each async for each in client.actions(BOB, R1)],
        await client.evaluate_several([]),
    ]


def test_every_call_is_answered_as_the_document_says(acme: Organisation, serving: Serving) -> None:
    """Each body sent and received fits the OpenAPI document of the service."""
    recorded = Recorded(acme.world.app)
    url = str(serving(recorded).base_url)
    got = calling(url, credential(acme), use_everything)
    assert got == [
        True,
        False,
        [True, True, False],
        400,
        ["ann", "bob", "cy"],
        ["r1"],
        ["read", "write"],
        [],
    ]
    document = acme.world.app.openapi()
    assert len({path for path, *_ in recorded.exchanges}) == 5
    for path, asked, status, answered in recorded.exchanges:
        operation = document["paths"][path]["post"]
        for body, described in ((asked, operation["requestBody"]), (answered, operation["responses"][str(status)])):
            schema = described["content"]["application/json"]["schema"] | {"components": document["components"]}
            jsonschema.Draft202012Validator(schema).validate(body)


def test_a_client_may_speak_to_the_address_of_one_organisation(acme: Organisation) -> None:
    url = f"{acme.world.address}/organisations/acme"
    platform = acme.world.dependencies.platform_secret
    assert calling(url, platform, lambda client: client.evaluate(BOB, READ, R1)) is True


def test_a_version_is_carried_along(acme: Organisation) -> None:
    key = credential(acme)

    async def use(client: DecisionClient) -> list[bool]:
        before = await client.evaluate(BOB, READ, R1)
        revoked = await asyncio.to_thread(
            acme.world.as_platform().delete, "/v1/organisations/acme/users/bob/roles/reader"
        )
        return [before, await client.evaluate(BOB, READ, R1, version=revoked.headers["access-version"])]

    assert calling(acme.world.address, key, use) == [True, False]


def discovering(world: World, serving: Serving, *, tenant: str, named: str | None = None) -> bool:
    """Served under its own public address, or one that it is not; a client discovers it and asks."""
    app = create_app(replace(world.dependencies, registry=CollectorRegistry()))
    address = str(serving(app).base_url).rstrip("/")
    app.state.public_url = named or address

    async def use(client: DecisionClient) -> bool:
        await client.discover()
        return await client.evaluate(BOB, READ, R1)

    return calling(address + tenant, world.dependencies.platform_secret, use)


def test_a_client_discovers_where_decisions_are_made(acme: Organisation, serving: Serving) -> None:
    assert discovering(acme.world, serving, tenant="/organisations/acme") is True


@pytest.mark.parametrize("named", ["https://elsewhere.example", "http://127.0.0.1"])
def test_metadata_of_another_decision_point_is_not_believed(acme: Organisation, serving: Serving, named: str) -> None:
    with pytest.raises(DecisionPointMixedUp):
        discovering(acme.world, serving, tenant="/organisations/acme", named=named)


def test_a_refused_request_is_no_denial(acme: Organisation) -> None:
    with pytest.raises(RequestRefused) as caught:
        calling(acme.world.address, "nonsense", lambda client: client.evaluate(BOB, READ, R1))
    assert (caught.value.status, caught.value.code) == (401, "not-authenticated")


class Failing:
    """A decision point that answers as it is told, then allows."""

    def __init__(self, *answers: Response) -> None:
        self.answers: Iterator[Response] = iter(answers)
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await Request(scope, receive).body()
        answer = next(self.answers, None) or JSONResponse({"decision": True})
        await answer(scope, receive, send)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_decision_point_is_asked_again(serving: Serving, status: int) -> None:
    failing = Failing(Response(status_code=status), Response("no JSON", status_code=200))
    url = str(serving(failing).base_url)
    assert calling(url, "key", lambda client: client.evaluate(BOB, READ, R1)) is True
    assert failing.asked == 3


def test_after_all_attempts_it_is_unavailable(serving: Serving) -> None:
    failing = Failing(*(Response(status_code=503) for _ in range(9)))
    url = str(serving(failing).base_url)
    with pytest.raises(Unavailable, match="503"):
        calling(url, "key", lambda client: client.evaluate(BOB, READ, R1), attempts=2)
    assert failing.asked == 2


def test_nobody_who_listens_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        calling("http://127.0.0.1:9", "key", lambda client: client.evaluate(BOB, READ, R1))


def test_silence_ends_with_the_timeout(serving: Serving) -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.5)
        await JSONResponse({"decision": True})(scope, receive, send)

    url = str(serving(silent).base_url)
    with pytest.raises(Unavailable):
        calling(url, "key", lambda client: client.evaluate(BOB, READ, R1), timeout_seconds=0.05, attempts=1)


@pytest.mark.parametrize("answer", [{"decision": "true"}, {"decision": 1}, {}])
def test_only_true_is_true(serving: Serving, answer: Any) -> None:
    url = str(serving(Failing(JSONResponse(answer))).base_url)
    assert calling(url, "key", lambda client: client.evaluate(BOB, READ, R1)) is False


def test_no_redirect_is_followed(serving: Serving) -> None:
    """A credential is for one decision point alone."""
    failing = Failing(Response(status_code=307, headers={"location": "/elsewhere"}))
    url = str(serving(failing).base_url)
    with pytest.raises(RequestRefused):
        calling(url, "key", lambda client: client.evaluate(BOB, READ, R1))
    assert failing.asked == 1


def test_the_application_is_documented_completely(world: World) -> None:
    """Every decision endpoint has a body, its answers and the tenant's form in the OpenAPI document."""
    app: FastAPI = world.app
    paths = app.openapi()["paths"]
    for path in ("evaluation", "evaluations", "search/subject", "search/resource", "search/action"):
        for prefix in ("", "/organisations/{organisation_id}"):
            operation = paths[f"{prefix}/access/v1/{path}"]["post"]
            assert {"200", "400", "401", "403", "404"} <= set(operation["responses"])
            assert operation["security"] == [{"HTTPBearer": []}]
            assert operation["requestBody"]["content"]["application/json"]["schema"]["type"] == "object"
