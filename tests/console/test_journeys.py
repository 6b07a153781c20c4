"""What people do with the console, in a real browser."""

from playwright.sync_api import Page, expect
from tests.console.conftest import Consoled, NewPage
from tests.services.access.conftest import PLATFORM_SECRET


def sign_in(page: Page, console: Consoled, credential: str) -> None:
    page.goto(f"{console.address}/")
    page.get_by_label("Token, or the administrator's secret").fill(credential)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Organisations")


def test_the_administrator_creates_an_organisation(console: Consoled, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, console, PLATFORM_SECRET)
    page.get_by_text("New organisation").click()
    page.get_by_label("Name", exact=True).last.fill("Globex")
    page.get_by_label("Id", exact=True).fill("globex")
    page.get_by_label("User id of the first owner").fill("ann")
    page.get_by_label("E-mail address of the first owner").fill("ann@example.com")
    page.get_by_role("button", name="Create organisation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Globex")
    expect(page.get_by_role("status").filter(has_text="Globex was created")).to_be_focused()
    assert console.world.as_platform().get("/v1/organisations/globex").json()["owners"] == 1
