"""What people do with the console, in a real browser."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.console.accessibility import violations
from tests.console.conftest import Consoled, NewPage
from tests.services.access.acting import add_member, make_role
from tests.services.access.audit.trails import Tamperer
from tests.services.access.conftest import PLATFORM_SECRET

TABS_MAX = 60


def sign_in(page: Page, console: Consoled, credential: str) -> None:
    page.goto(f"{console.address}/")
    page.get_by_label("Token or administrator's secret").fill(credential)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Organisations")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"no way to {target} by keyboard")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_administrator_creates_an_organisation(console: Consoled, new_page: NewPage, scripts: bool) -> None:
    organisation_id = "globex" if scripts else "initech"
    page = new_page(java_script_enabled=scripts)
    sign_in(page, console, PLATFORM_SECRET)
    page.get_by_text("New organisation").click()
    page.get_by_label("Name", exact=True).last.fill("Globex & <b>Sons</b>")
    page.get_by_label("Id", exact=True).fill(organisation_id)
    page.get_by_label("Owner's user id").fill("ann")
    page.get_by_label("Owner's e-mail").fill("ann@example.com")
    page.get_by_role("button", name="Create organisation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Globex & <b>Sons</b>")
    expect(page.locator("#message")).to_contain_text("Created Globex")
    expect(page.locator("#message")).to_be_focused()
    assert console.world.as_platform().get(f"/v1/organisations/{organisation_id}").json()["owners"] == 1


def test_an_invitation_by_keyboard_alone(console: Consoled, new_page: NewPage) -> None:
    """Invited, sent again and revoked; each token is another one, and shown once."""
    console.world.found("keys")
    page = new_page()
    sign_in(page, console, console.token("ann"))
    for name in ("Keys", "Invitations"):
        tab_to(page, page.get_by_role("link", name=name, exact=True))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    tab_to(page, page.get_by_label("E-mail address"))
    page.keyboard.type("bob@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("member")
    tab_to(page, page.get_by_role("button", name="Create invitation"))
    page.keyboard.press("Enter")
    token = page.get_by_label("Token, for the API", exact=True)
    expect(page.locator("#message")).to_be_focused()
    first = token.input_value()
    tab_to(page, page.get_by_role("button", name="Resend bob@example.com"))
    page.keyboard.press("Enter")
    expect(token).not_to_have_value(first)
    second = token.input_value()
    lookup = console.world.as_nobody()
    answers = [lookup.post("/v1/invitations/lookup", json={"token": each}).status_code for each in (first, second)]
    assert answers == [404, 200]
    tab_to(page, page.locator("summary", has_text="Revoke"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Revoke invitation"))
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_have_text("Revoked the invitation of bob@example.com.")
    expect(page.get_by_text("No pending invitations.")).to_be_visible()
    assert first not in page.content()
    assert second not in page.content()


def test_the_search_has_a_key_and_the_content_a_way_to_it(console: Consoled, new_page: NewPage) -> None:
    console.world.found("short")
    page = new_page()
    sign_in(page, console, console.token("ann"))
    page.get_by_role("link", name="Short").click()
    page.get_by_role("link", name="Members", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Members")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_role_is_given_and_explains_itself(console: Consoled, new_page: NewPage) -> None:
    world = console.world
    world.found("roles")
    make_role(world, "clerk", "billing:invoice:read", organisation_id="roles")
    make_role(world, "chief", parents=("clerk",), organisation_id="roles")
    add_member(world, "bob", organisation_id="roles")
    page = new_page()
    sign_in(page, console, console.token("ann"))
    why = f"{console.address}/organisations/roles/explanation?user=bob&permission=billing%3Ainvoice%3Aread"
    page.goto(why)
    expect(page.get_by_role("heading", name="bob is not allowed to read billing:invoice")).to_be_visible()
    page.get_by_role("link", name="Assign it to bob").click()
    page.get_by_label("Role", exact=True).select_option("chief")
    page.get_by_label("Until (UTC)").fill("2040-01-31T12:00")
    page.get_by_role("button", name="Assign role").click()
    expect(page.locator("#message")).to_have_text("Assigned the role chief to bob.")
    expect(page.get_by_role("row", name="chief")).to_contain_text("2040-01-31 12:00")
    page.locator("main").get_by_role("link", name="Explain access").click()
    page.get_by_label("Permission", exact=True).fill("billing:invoice:read")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("heading", name="bob is allowed to read billing:invoice")).to_be_visible()
    steps = page.get_by_role("list", name="From the user to the entry").get_by_role("listitem")
    expect(steps).to_have_text(
        ["userbob", "organisation rolechief", "inherits fromclerk", "permission setclerk", "entrybilling:invoice:read"]
    )


def test_a_refusal_is_told_where_it_happened(console: Consoled, new_page: NewPage) -> None:
    """The last owner stays: the row of the role says so, and has the focus."""
    console.world.found("lonely")
    page = new_page()
    sign_in(page, console, console.token("ann"))
    page.goto(f"{console.address}/organisations/lonely/members/ann")
    row = page.get_by_role("row", name="owner")
    row.locator("summary").click()
    row.get_by_role("button", name="Remove role owner").click()
    expect(row.get_by_role("alert")).to_contain_text("Couldn't save.")
    expect(row.get_by_role("alert")).to_be_focused()
    expect(page).to_have_url(f"{console.address}/organisations/lonely/members/ann")


def test_the_trail_is_searched_and_verified_and_an_edit_is_found(console: Consoled, new_page: NewPage) -> None:
    world = console.world
    world.found("trail")
    for user_id in ("bob", "cat", "dan"):
        add_member(world, user_id, "member", organisation_id="trail")
    page = new_page()
    sign_in(page, console, console.token("ann"))
    page.goto(f"{console.address}/organisations/trail/audit")
    badge = page.locator(".verification .badge")
    expect(badge).to_have_text("Not verified yet")
    page.get_by_role("button", name="Verify now").click()
    expect(badge).to_have_text("✓ Verified")
    page.get_by_label("Type").select_option("ROLE_CHANGE")
    page.get_by_label("Target").fill("cat")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody summary").click()
    expect(page.locator("tbody dl")).to_contain_text("digest")
    Tamperer(world.engine, "trail").change(3, userId={"S": "eve"})
    page.get_by_role("button", name="Verify now").click()
    expect(badge).to_have_text("✗ Broken")
    expect(page.locator(".verification")).to_contain_text("event 3")
    expect(page.get_by_label("Findings")).to_contain_text("edited")


def test_a_service_that_stops_is_told_and_the_page_stays(console: Consoled, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, console, PLATFORM_SECRET)
    page.context.set_offline(True)
    page.get_by_role("link", name="Inactive").click()
    expect(page.locator("#announcer")).to_contain_text("No response")
    expect(page.get_by_role("heading", level=1)).to_have_text("Organisations")
    page.context.set_offline(False)
    page.route("**/organisations?active=false", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.get_by_role("link", name="Inactive").click()
    expect(page.locator("#announcer")).to_contain_text("No response")
    expect(page.get_by_role("heading", level=1)).to_have_text("Organisations")


def test_faults_of_a_form_are_found_by_assistive_technology(console: Consoled, new_page: NewPage) -> None:
    """The message has the focus, the field says what is wrong with it, and axe finds nothing."""
    page = new_page(bypass_csp=True)
    sign_in(page, console, PLATFORM_SECRET)
    page.get_by_text("New organisation").click()
    page.get_by_label("Name", exact=True).last.fill("Globex")
    page.get_by_label("Id", exact=True).fill("no spaces, please")
    page.get_by_label("Owner's user id").fill("ann")
    page.get_by_label("Owner's e-mail").fill("ann@example.com")
    page.get_by_role("button", name="Create organisation").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Id", exact=True)).to_have_accessible_description(re.compile("without spaces"))
    expect(page.get_by_label("Id", exact=True)).to_have_value("no spaces, please")
    assert violations(page) == []
