"""The console over the real API, and a browser that looks at it."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.conftest import PATIENCE_SECONDS
from tests.services.access.conftest import PLATFORM_SECRET, World
from tests.services.access.conftest import shared as shared  # noqa: PLC0414 - a fixture
from tests.services.access.conftest import world as world  # noqa: PLC0414 - a fixture

from tenantable.console.app import create_console

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))


@dataclass(frozen=True, kw_only=True)
class Consoled:
    """A running API with its console at `address`."""

    world: World
    address: str

    def visitor(self, credential: str | None = None) -> httpx.Client:
        """Somebody without a browser, who sends what a browser sends; signed in with the credential."""
        client = httpx.Client(
            base_url=self.address,
            headers={"sec-fetch-site": "same-origin"},
            verify=False,  # noqa: S501
            timeout=PATIENCE_SECONDS,
        )
        self.world.clients.enter_context(client)
        if credential is not None:
            answer = client.post("/sign-in", data={"credential": credential})
            assert answer.status_code == 303, answer.text
        return client

    def administrator(self) -> httpx.Client:
        return self.visitor(PLATFORM_SECRET)

    def user(self, user_id: str) -> httpx.Client:
        return self.visitor(self.token(user_id))

    def token(self, user_id: str, *, lifetime_seconds: int = 43200) -> str:
        email = f"{user_id}@example.com"
        return str(self.world.issuer.token(user_id, email=email, lifetime_seconds=lifetime_seconds))


def add_console(world: World, *, public_url: str | None = None) -> Consoled:
    keys = count(1)
    console = create_console(
        world.app,
        key=KEY,
        public_url=public_url or world.address,
        clock=world.clock,
        new_key=lambda: f"form-{next(keys)}",
    )
    world.app.mount("/console", console)
    return Consoled(world=world, address=f"{world.address.rstrip('/')}/console")


@pytest.fixture
def consoled(world: World) -> Consoled:
    """A console of one test."""
    return add_console(world)


@pytest.fixture(scope="module")
def console(shared: World) -> Consoled:
    """A console of all tests of a module, each of which has organisations of its own."""
    return add_console(shared)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where chromium is; installed if it is not there and can be."""
    found = shutil.which("chromium")
    if found is None:
        made = subprocess.run(["make", "browser"], cwd=ROOT, capture_output=True, text=True, check=False)
        found = shutil.which("chromium")
        if found is None:
            lines = (made.stderr or made.stdout).strip().splitlines() or ["it says nothing"]
            pytest.skip(f"there is no chromium, and `make browser` cannot install it: {lines[-1]}")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-lcd-text"])
        yield browser
        browser.close()


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens pages in a context of their own; with `faults` a script error of one would show."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(**options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
