"""What the invited do in the console, from the link in an e-mail to the organisation."""

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Consoled, NewPage
from tests.console.test_journeys import sign_in
from tests.services.access.acting import made
from tests.services.access.conftest import PLATFORM_SECRET


def invited(console: Consoled, organisation_id: str, *, by_link: bool = False) -> tuple[str, str]:
    """An invitation of bob, or a link: the address to send, and the token in it, as the console shows them."""
    console.world.found(organisation_id)
    body = {"roleId": "member", "usesMax": "3"} if by_link else {"roleId": "member", "email": "bob@example.com"}
    made_page = console.user("ann").post(f"/organisations/{organisation_id}/invitations", data=body).text
    values = [part.partition('"')[0] for part in made_page.split('class="token" value="')[1:]]
    address, token = values
    assert address == f"{console.address}/invitations/accept#token={token}"
    return address, token


def enter(page: Page, credential: str) -> None:
    page.get_by_label("Token or administrator's secret").fill(credential)
    page.get_by_role("button", name="Sign in").click()


def test_a_link_leads_over_the_door_into_the_organisation(console: Consoled, new_page: NewPage) -> None:
    """The token is never asked for, and never in an address that is sent."""
    address, token = invited(console, "linked")
    page = new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.goto(address)
    expect(page.get_by_label("Invitation token")).to_have_value(token)
    assert token not in page.url
    page.get_by_role("button", name="Continue").click()
    enter(page, console.token("bob"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Accept an invitation")
    expect(page.get_by_label("Invitation token")).to_have_value(token)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Join Linked?")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#message")).to_have_text("You joined Linked.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Linked")
    assert [url for url in sent if token in url] == []


def test_a_token_is_pasted_without_scripts_and_declined(console: Consoled, new_page: NewPage) -> None:
    _, token = invited(console, "pasted")
    page = new_page(java_script_enabled=False)
    sign_in(page, console, console.token("bob"))
    page.get_by_role("main").get_by_role("link", name="Accept an invitation").click()
    page.get_by_label("Invitation token").fill(token)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Decline").click()
    expect(page.locator("#message")).to_have_text("You declined the invitation to Pasted.")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_invited_find_their_invitations_at_home(console: Consoled, new_page: NewPage, scripts: bool) -> None:
    first, second = ("yes", "no") if scripts else ("yes-plain", "no-plain")
    for organisation_id in (first, second):
        invited(console, organisation_id)
    page = new_page(java_script_enabled=scripts)
    sign_in(page, console, console.token("bob"))
    refused = page.get_by_role("listitem").filter(has_text=second.capitalize())
    refused.locator("summary").click()
    refused.get_by_role("button", name="Decline invitation").click()
    expect(page.locator("#message")).to_contain_text("You declined")
    page.get_by_role("listitem").filter(has_text=first.capitalize()).get_by_role("button", name="Accept").click()
    expect(page.locator("#message")).to_contain_text("You joined")
    members = console.world.as_platform().get(f"/v1/organisations/{first}/members").json()["items"]
    assert "bob" in [each["userId"] for each in members]


def test_a_dead_token_and_a_stranger_are_told(console: Consoled) -> None:
    _, token = invited(console, "dead")
    assert console.visitor().get("/invitations/accept").status_code == 200
    eve, bob = console.user("eve"), console.user("bob")
    answer = eve.post("/invitations/accept", data={"token": token, "answer": "accept"})
    assert (answer.status_code, "Join Dead?" in answer.text) == (403, True)
    assert bob.post("/invitations/accept", data={"token": token, "answer": "accept"}).status_code == 303
    gone = bob.post("/invitations/accept", data={"token": token})
    assert (gone.status_code, "No open invitation has this token" in gone.text) == (404, True)
    administrator = console.visitor(PLATFORM_SECRET)
    _, link = invited(console, "for-users", by_link=True)
    assert administrator.post("/invitations/accept", data={"token": link, "answer": "accept"}).status_code == 403
    made(console.world.as_user("eve").post("/v1/invitations/accept", json={"token": link}))
