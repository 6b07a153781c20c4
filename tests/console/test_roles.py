"""Roles, what they are made of, and service keys, in the console."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Consoled, NewPage
from tests.console.scene import furnish
from tests.console.test_journeys import sign_in
from tests.console.test_pages import text_of
from tests.services.access.acting import add_member, make_role
from tests.services.access.conftest import PLATFORM_SECRET

MERIDIAN = "/organisations/meridian"


@pytest.fixture(scope="module")
def furnished(console: Consoled) -> Consoled:
    furnish(console.world)
    return console


def test_a_role_says_what_it_allows_and_from_where(furnished: Consoled) -> None:
    """Its own sets, those of roles above it, conditions, and the kinds of what uses it."""
    page = text_of(furnished.user("ann").get(f"{MERIDIAN}/roles/accountant"))
    assert "Invoices permission set invoices Allow billing:invoice:read Allow billing:invoice:create" in page
    assert "Approvals permission set approvals , inherited from approver" in page
    assert 'billing:invoice:* only if resource.region is one of "eu", "uk"' in page
    clerk = text_of(furnished.user("ann").get(f"{MERIDIAN}/roles/clerk"))
    assert "Deny billing:refund:create" in clerk
    assert "3 open invitations: jo@example.com, kim@example.com, lea@example.com" in clerk
    assert "Inherited by Accountant" in text_of(furnished.user("ann").get(f"{MERIDIAN}/roles/approver"))
    assert "Allow * everything" in text_of(furnished.user("ann").get(f"{MERIDIAN}/roles/owner"))
    assert furnished.user("ann").get(f"{MERIDIAN}/roles/none").status_code == 404


def test_a_failed_condition_is_told_with_what_was_found(furnished: Consoled) -> None:
    """And no role is offered, because none would help."""
    query = {"user": "carla", "permission": "billing:invoice:approve"}
    answer = furnished.user("ann").get(f"{MERIDIAN}/explanation", params=query)
    assert 'Needs resource.region is one of "eu", "uk" : not met it was not given' in text_of(answer)
    assert "?role=" not in answer.text
    answer = furnished.user("ann").get(f"{MERIDIAN}/explanation", params=query | {"properties": "region = us"})
    assert 'not met it is "us"' in text_of(answer)


def test_a_role_that_allows_everything_is_not_offered(furnished: Consoled) -> None:
    query = {"user": "ivan", "permission": "rocket:launch"}
    answer = furnished.user("ann").get(f"{MERIDIAN}/explanation", params=query)
    assert "it allows everything" in text_of(answer)
    assert "?role=owner" not in answer.text


def test_a_role_is_created_and_a_refusal_keeps_what_was_chosen(console: Consoled, new_page: NewPage) -> None:
    world = console.world
    world.found("making")
    make_role(world, "clerk", "billing:invoice:read", organisation_id="making")
    page = new_page()
    sign_in(page, console, console.token("ann"))
    page.goto(f"{console.address}/organisations/making/roles")
    page.get_by_text("New role").click()
    page.get_by_label("Name", exact=True).fill("Junior clerk")
    page.get_by_label("Id", exact=True).fill("no spaces")
    page.get_by_role("group", name="Inherits from").get_by_label("clerk").check()
    page.get_by_role("button", name="Create role").click()
    expect(page.get_by_role("alert")).to_contain_text("Couldn't save.")
    expect(page.get_by_role("group", name="Inherits from").get_by_label("clerk")).to_be_checked()
    page.get_by_label("Id", exact=True).fill("junior")
    page.get_by_role("button", name="Create role").click()
    expect(page.locator("#message")).to_have_text("Created the role Junior clerk.")
    expect(page.get_by_text("billing:invoice:read")).to_be_visible()


def test_nobody_creates_a_role_that_allows_more_than_they_hold(console: Consoled) -> None:
    world = console.world
    world.found("more")
    make_role(world, "maker", "access:role:*", organisation_id="more")
    add_member(world, "bob", "maker", organisation_id="more")
    world.clock.now += 5
    form = {"roleId": "all", "name": "All", "parentRoleIds": "owner"}
    assert console.user("bob").post("/organisations/more/roles", data=form).status_code == 403


def test_a_service_key_is_made_shown_once_and_revoked(console: Consoled, new_page: NewPage) -> None:
    console.world.found("keyed")
    page = new_page()
    sign_in(page, console, console.token("ann"))
    page.goto(f"{console.address}/organisations/keyed/keys")
    page.get_by_text("New service key").click()
    page.get_by_label("Name", exact=True).fill("reports")
    page.get_by_label("member (built in)").check()
    page.get_by_role("button", name="Create key").click()
    key = page.get_by_label("Key", exact=True).input_value()
    world = console.world
    assert world.as_bearer(key).get("/v1/organisations/keyed").status_code == 200
    row = page.get_by_role("row", name="reports")
    row.locator("summary").click()
    row.get_by_role("button", name="Revoke key reports").click()
    expect(page.locator("#message")).to_have_text("Revoked the key reports.")
    assert key not in page.content()
    world.clock.now += 10
    assert world.as_bearer(key).get("/v1/organisations/keyed").status_code == 401


def test_reads_of_the_trail_are_left_out_until_asked_for(console: Consoled) -> None:
    console.world.found("reads")
    visitor = console.user("ann")
    visitor.get("/organisations/reads/audit")
    shown = visitor.get("/organisations/reads/audit")
    assert "audit.read" not in shown.text
    assert "read of the trail not shown" in shown.text
    assert "audit.read" in visitor.get("/organisations/reads/audit", params={"reads": "show"}).text


def test_a_member_sees_own_roles_and_the_tabs_that_are_of_use(console: Consoled) -> None:
    world = console.world
    world.found("plain")
    add_member(world, "bob", "member", organisation_id="plain")
    page = console.user("bob").get("/organisations/plain").text
    tabs = re.findall(r'<nav aria-label="Plain">.*?</nav>', page, re.DOTALL)[0]
    assert re.findall(r"<a [^>]*>([^<]+)</a>", tabs) == ["Overview", "Members", "Roles", "Teams", "Explain access"]
    assert "access:member:read" in page
    member = console.user("bob").get("/organisations/plain/members/ann").text
    assert "Deactivate" not in member


@pytest.mark.parametrize("path", ["members/dana", "invitations", "teams/billing-eu", "roles", "audit"])
def test_on_a_telephone_every_action_and_id_is_in_sight(furnished: Consoled, new_page: NewPage, path: str) -> None:
    """At 390 pixels: nothing stands beside the screen, and no id is broken letter by letter."""
    page: Page = new_page(viewport={"width": 390, "height": 800})
    sign_in(page, furnished, PLATFORM_SECRET)
    page.goto(f"{furnished.address}{MERIDIAN}/{path}")
    outside = """() => [...document.querySelectorAll("main a:not(.tabs a), main button, main summary, main code")]
        .map(each => [each.textContent.trim(), each.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.left < 0 || box.right > 390 || box.height > 60 && box.width < 60))
        .map(([text]) => text)"""
    assert page.evaluate(outside) == []
