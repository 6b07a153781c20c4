"""Who gets in, what browsers keep, and what of other sites' requests is taken."""

import asyncio
from typing import Any

import pytest
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tests.conftest import Serving
from tests.console.conftest import KEY, Consoled, add_console
from tests.services.access.acting import made
from tests.services.access.conftest import PLATFORM_SECRET, World

from tenantable.console.app import create_console
from tenantable.console.calls import Calls
from tenantable.console.errors import Unreachable
from tenantable.console.protection import CONTENT_SECURITY_POLICY
from tenantable.console.sessions import SESSION_COOKIE, Session, Sessions


def test_the_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(console: Consoled) -> None:
    answer = console.visitor().post("/sign-in", data={"credential": PLATFORM_SECRET})
    cookie = answer.headers["set-cookie"]
    for attribute in ("HttpOnly", "SameSite=strict", "Path=/console", "Max-Age=43200"):
        assert attribute in cookie
    assert "Secure" not in cookie
    assert PLATFORM_SECRET not in cookie


def test_with_https_the_cookie_is_secure(world: World) -> None:
    console = add_console(world, public_url="https://access.example.com")
    answer = console.visitor().post("/sign-in", data={"credential": PLATFORM_SECRET})
    assert "Secure" in answer.headers["set-cookie"]


def test_a_session_is_no_longer_than_its_token(consoled: Consoled) -> None:
    consoled.world.found("acme")
    visitor = consoled.visitor()
    answer = visitor.post("/sign-in", data={"credential": consoled.token("ann", lifetime_seconds=600)})
    assert "Max-Age=600" in answer.headers["set-cookie"]
    assert visitor.get("/organisations").status_code == 200
    consoled.world.clock.now += 601
    answer = visitor.get("/organisations/acme")
    assert answer.headers["location"].startswith("/console/sign-in?next=%2Forganisations%2Facme")


def test_a_credential_that_ends_before_its_session_leads_to_the_door(console: Consoled) -> None:
    """As when the signing keys are replaced: the API refuses, and the cookie goes."""
    sessions = Sessions(KEY, secure=False, clock=console.world.clock)
    response = Response()
    ends_at = console.world.clock() + 60
    session = Session(credential="forgotten", kind="administrator", name="Administrator", ends_at=ends_at)
    sessions.begin(response, session, path="/console")
    visitor = console.visitor()
    answer = visitor.get("/organisations", headers={"cookie": response.headers["set-cookie"].partition(";")[0]})
    assert answer.status_code == 303
    assert "ended=1" in answer.headers["location"]
    assert f'{SESSION_COOKIE}=""; expires' in answer.headers["set-cookie"]
    assert "Your session has ended" in visitor.get("/sign-in", params={"ended": "1"}).text


@pytest.mark.parametrize("credential", ["", "nonsense", "a.b.c", "ü" * 20, "x" * 5000])
def test_whatever_counts_for_nothing_gets_nobody_in(console: Consoled, credential: str) -> None:
    answer = console.visitor().post("/sign-in", data={"credential": credential})
    assert answer.status_code in {401, 422}
    assert "set-cookie" not in answer.headers
    assert not credential or credential not in answer.text


def test_service_keys_are_for_programs(consoled: Consoled) -> None:
    consoled.world.found("acme")
    body = {"name": "gateway", "permissionSetIds": ["member"]}
    key = made(consoled.world.as_user("ann").post("/v1/organisations/acme/service-keys", json=body)).json()["key"]
    answer = consoled.visitor().post("/sign-in", data={"credential": key})
    assert answer.status_code == 403
    assert "Service keys are for programs" in answer.text


def test_an_altered_cookie_is_none(console: Consoled) -> None:
    visitor = console.administrator()
    cookie = visitor.cookies[SESSION_COOKIE]
    visitor.cookies.clear()
    for content in (cookie[:-6] + "AAAAA=", cookie[::-1], "x", ""):
        answer = visitor.get("/organisations", headers={"cookie": f"{SESSION_COOKIE}={content}"})
        assert answer.status_code == 303


def test_signing_out_ends_it(console: Consoled) -> None:
    visitor = console.administrator()
    assert visitor.post("/sign-out").headers["location"] == "/console/sign-in"
    assert visitor.get("/organisations").status_code == 303


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "/a\r\nb"]
)
def test_nobody_is_led_elsewhere(console: Consoled, wanted: str) -> None:
    answer = console.visitor().post("/sign-in", data={"credential": PLATFORM_SECRET, "next": wanted})
    assert answer.headers["location"] == "/console/"


def test_one_comes_back_to_where_one_wanted_to(console: Consoled) -> None:
    form = {"credential": PLATFORM_SECRET, "next": "/organisations/acme/members"}
    answer = console.visitor().post("/sign-in", data=form)
    assert answer.headers["location"] == "/console/organisations/acme/members"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "OWN"},
    ],
)
def test_changes_of_other_sites_are_refused(console: Consoled, headers: dict[str, str]) -> None:
    own = console.address.removesuffix("/console")
    visitor = console.administrator()
    del visitor.headers["sec-fetch-site"]
    sent = {name: value.replace("OWN", own) for name, value in headers.items()}
    form = {"organisationId": "forged", "name": "Forged", "owner.userId": "eve", "owner.email": "eve@example.com"}
    assert visitor.post("/organisations", data=form, headers=sent).status_code == 403
    assert console.world.as_platform().get("/v1/organisations/forged").status_code == 404


def test_an_origin_of_its_own_is_enough(console: Consoled) -> None:
    visitor = console.administrator()
    del visitor.headers["sec-fetch-site"]
    answer = visitor.post("/sign-out", headers={"origin": console.address.removesuffix("/console")})
    assert answer.status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/organisations", "/nothing", "/static/console.css"])
def test_every_answer_is_protected(console: Consoled, path: str) -> None:
    headers = console.administrator().get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store" or "static" in path


def test_no_token_is_told(console: Consoled) -> None:
    """Neither a page nor the log has the credential or the session."""
    with structlog.testing.capture_logs() as logs:
        visitor = console.administrator()
        pages = [visitor.get(path).text for path in ("/organisations", "/sign-in", "/nothing")]
    for secret in (PLATFORM_SECRET, visitor.cookies[SESSION_COOKIE]):
        assert secret not in str(logs)
        assert [page for page in pages if secret in page] == []


def test_what_is_not_there_is_a_page(console: Consoled) -> None:
    answer = console.administrator().get("/organisations/none")
    assert (answer.status_code, "Page not found" in answer.text) == (404, True)
    assert console.administrator().get("/nothing").status_code == 404
    assert console.administrator().get("/organisations/a/members/%2E%2E").status_code == 404


async def _stopped(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise ConnectionError("nobody is there")


async def _unavailable(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": []})
    await send({"type": "http.response.body", "body": b'{"detail": "The table does not answer"}'})


async def _silent(_scope: Scope, _receive: Receive, _send: Send) -> None:
    await asyncio.Event().wait()


async def _talking_nonsense(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"<html>"})


@pytest.mark.parametrize("api", [_stopped, _unavailable, _talking_nonsense])
def test_an_api_that_is_stopped_has_a_page(console: Consoled, serving: Serving, api: Any) -> None:
    """For whoever is signed in, and at the door."""
    clock = console.world.clock
    app = create_console(api, key=KEY, public_url="http://console.test", clock=clock, new_key=str)
    client = serving(app)
    cookie = console.administrator().cookies[SESSION_COOKIE]
    answer = client.get("/organisations", headers={"cookie": f"{SESSION_COOKIE}={cookie}"})
    assert (answer.status_code, "responding" in answer.text) == (503, True)
    headers = {"sec-fetch-site": "same-origin"}
    assert client.post("/sign-in", data={"credential": "token"}, headers=headers).status_code == 503


def test_nobody_waits_for_ever() -> None:
    with pytest.raises(Unreachable, match="no answer within"):
        asyncio.run(Calls(_silent, "token", seconds_max=0.01).get("organisations"))


def test_a_page_that_fails_says_so_without_details(console: Consoled, serving: Serving) -> None:
    async def failing(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"unexpected": "secret"}'})

    app = create_console(failing, key=KEY, public_url="http://console.test", clock=console.world.clock, new_key=str)
    cookie = console.administrator().cookies[SESSION_COOKIE]
    answer = serving(app).get("/organisations", headers={"cookie": f"{SESSION_COOKIE}={cookie}"})
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "secret" not in answer.text.replace("administrator's secret", "")
