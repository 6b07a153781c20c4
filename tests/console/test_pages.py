"""The pages over HTTP, without a browser."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import httpx
import pytest
from tests.console.conftest import Consoled
from tests.console.scene import PAGES, PLACE, furnish
from tests.services.access.acting import add_member, made, make_role

from tenantable.console.forms import properties_of

SCRIPT = "<script>alert(1)</script>"


def text_of(answer: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture(scope="module")
def furnished(console: Consoled) -> Consoled:
    furnish(console.world)
    return console


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_has_landmarks_and_one_heading(furnished: Consoled, page: object) -> None:
    answer = furnished.administrator().get(page.path)  # type: ignore[attr-defined]
    assert answer.status_code == 200
    for part, times in (("<h1", 1), ("<main", 1), ('<html lang="en">', 1), ("<header>", 1), ('class="skip"', 1)):
        assert answer.text.count(part) == times, part
    columns = re.findall(r"<thead>.*?</thead>", answer.text, re.DOTALL)
    assert all(each.count("<th ") == each.count('scope="col"') for each in columns)
    assert re.findall(r"<[^>]* style=|<style|<script(?! src=)| on[a-z]+=", answer.text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_owner_sees_every_page_of_the_own_organisation(furnished: Consoled, page: object) -> None:
    assert furnished.user("ann").get(page.path).status_code == 200  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES[2:], ids=lambda page: page.name)
def test_strangers_find_nothing(furnished: Consoled, page: object) -> None:
    answer = furnished.user("zoe").get(page.path)  # type: ignore[attr-defined]
    assert answer.status_code == 404
    assert "Meridian" not in answer.text


def test_whoever_may_not_is_told_so(furnished: Consoled) -> None:
    visitor = furnished.user("ivan")
    assert visitor.get("/organisations").text.count("Meridian Supplies") == 1
    overview = visitor.get("/organisations/meridian")
    assert overview.status_code == 200
    assert "You have no permissions here yet" in overview.text
    tabs = re.findall(r'<nav aria-label="meridian">.*?</nav>', overview.text, re.DOTALL)[0]
    assert re.findall(r"<a [^>]*>([^<]+)</a>", tabs) == ["Overview", "Explain access"]
    answer = visitor.get("/organisations/meridian/members")
    assert answer.status_code == 403
    assert "You need the permission access:member:read" in answer.text


def test_names_are_inert(console: Consoled) -> None:
    """What people call things is shown as they wrote it, and is never markup."""
    world = console.world
    world.found("inert")
    platform = world.as_platform()
    made(platform.patch("/v1/organisations/inert", json={"name": SCRIPT}))
    made(platform.post("/v1/organisations/inert/teams", json={"teamId": "t", "name": SCRIPT}))
    member = {"userId": "bob", "email": "bob@example.com", "name": f'"><img src=x onerror=alert(1)>{SCRIPT}'}
    made(platform.post("/v1/organisations/inert/members", json=member))
    role = {"roleId": "r", "name": SCRIPT}
    made(platform.post("/v1/organisations/inert/roles", json=role))
    visitor = console.user("ann")
    for path in (
        "",
        "/members",
        "/members/bob",
        "/teams",
        "/teams/t",
        "/roles",
        "/invitations",
        "/audit",
        "/explanation",
    ):
        page = visitor.get(f"/organisations/inert{path}").text
        assert SCRIPT not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page
    echoed = visitor.get("/organisations/inert/explanation", params={"user": f'"{SCRIPT}', "permission": SCRIPT})
    assert SCRIPT not in echoed.text


def test_pages_follow_one_another(console: Consoled) -> None:
    world = console.world
    world.found("many")
    for number in range(25):
        add_member(world, f"u{number:02}", organisation_id="many")
    visitor = console.user("ann")
    first = visitor.get("/organisations/many/members").text
    following = re.search(r'id="next-page" href="/console([^"]+)"', first)
    assert following is not None
    second = visitor.get(unescape(following[1])).text
    assert 'id="first-page"' in second
    assert 'id="next-page"' not in second
    users = [re.findall(r"members/(u\d\d)\"", page) for page in (first, second)]
    assert sorted(users[0] + users[1]) == [f"u{number:02}" for number in range(25)]


@pytest.mark.parametrize(
    ("wanted", "place"),
    [("cat", "cat"), ("cath", "cathy"), ("Cat@Example.com", "cat"), ("bob@example.com", "bob")],
)
def test_a_member_who_is_meant_is_led_to(console: Consoled, wanted: str, place: str) -> None:
    _found_seekers(console)
    answer = console.user("ann").get("/organisations/seekers/members", params={"find": wanted})
    assert (answer.status_code, answer.headers["location"].rpartition("/")[2]) == (303, place)


def test_members_whose_ids_begin_so_are_listed_and_who_is_not_there_is_told(console: Consoled) -> None:
    _found_seekers(console)
    visitor, members = console.user("ann"), "/organisations/seekers/members"
    answer = visitor.get(members, params={"find": "c"})
    assert set(re.findall(r"members/(\w+)\"", answer.text)) == {"cat", "cathy"}
    assert 'value="c"' in answer.text
    for nobody in ("x", "a b", "no@where.example", "no@"):
        assert visitor.get(members, params={"find": nobody}).status_code == 404


def _found_seekers(console: Consoled) -> None:
    if console.world.as_platform().get("/v1/organisations/seekers").status_code == 404:
        console.world.found("seekers")
        for user_id in ("bob", "cat", "cathy"):
            add_member(console.world, user_id, organisation_id="seekers")


def test_faults_stand_at_their_fields(console: Consoled) -> None:
    """What was entered stays, each fault is tied to its field, and nothing was created."""
    form = {"name": "Kept", "organisationId": "no spaces", "owner.userId": "", "owner.email": "x", "seatLimit": "many"}
    answer = console.administrator().post("/organisations", data=form)
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.text
    assert re.search(r'id="create-seatLimit"[^>]*aria-describedby="[^"]*create-seatLimit-fault"', answer.text)
    answer = console.administrator().post("/organisations", data=form | {"seatLimit": ""})
    assert re.search(r'id="create-organisationId"[^>]*aria-invalid="true"', answer.text)
    assert "Use letters, digits, hyphens and underscores" in answer.text


def test_a_form_that_is_sent_twice_counts_once(console: Consoled) -> None:
    console.world.found("twice")
    visitor = console.user("ann")
    form = {"email": "bob@example.com", "roleId": "member", "expiresInDays": "7", "key": "the-same"}
    first, second = (visitor.post("/organisations/twice/invitations", data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert 'id="token"' in first.text
    assert 'id="token"' not in second.text
    assert "This invitation was already created" in second.text


def test_an_invitation_that_exists_is_refused_in_words(console: Consoled) -> None:
    console.world.found("again")
    visitor = console.user("ann")
    form = {"email": "bob@example.com", "roleId": "member", "expiresInDays": "7"}
    assert visitor.post("/organisations/again/invitations", data=form).status_code == 200
    again = visitor.post("/organisations/again/invitations", data=form)
    assert again.status_code == 409
    assert "Couldn't save." in text_of(again)
    assert 'value="bob@example.com"' in again.text
    assert visitor.post("/organisations/again/invitations", data=form | {"replace": "true"}).status_code == 200


def test_members_are_switched_off_and_removed(console: Consoled) -> None:
    world = console.world
    world.found("gone")
    add_member(world, "bob", "member", organisation_id="gone")
    visitor, place = console.user("ann"), "/organisations/gone/members/bob"
    assert visitor.post(f"{place}/active", data={"active": "false"}).status_code == 303
    page = visitor.get(place)
    assert "Deactivated bob" in page.text
    assert "Deactivated bob" not in visitor.get(place).text  # said once
    assert visitor.post(f"{place}/active", data={"active": "true"}).status_code == 303
    assert visitor.post(f"{place}/take", data={"roleId": "member"}).status_code == 303
    assert visitor.post(f"{place}/remove").status_code == 303
    assert world.as_platform().get("/v1/organisations/gone/members/bob").status_code == 404


def test_teams_are_made_and_filled(console: Consoled) -> None:
    world = console.world
    world.found("teams")
    for role in ("lead", "hand"):
        body = {"teamRoleId": role, "name": role}
        made(world.as_platform().post("/v1/organisations/teams/team-roles", json=body))
    add_member(world, "bob", organisation_id="teams")
    visitor, place = console.user("ann"), "/organisations/teams/teams"
    made_team = visitor.post(place, data={"teamId": "red", "name": "Red", "divisionId": ""})
    assert made_team.headers["location"] == "/console/organisations/teams/teams/red"
    assert visitor.post(f"{place}/red/members", data={"userId": "eve", "teamRoleId": "lead"}).status_code == 404
    assert visitor.post(f"{place}/red/members", data={"userId": "bob", "teamRoleId": "lead"}).status_code == 303
    assert visitor.post(f"{place}/red/members/bob", data={"teamRoleId": "hand"}).status_code == 303
    api = world.as_platform()
    assert api.get("/v1/organisations/teams/teams/red/members/bob").json()["teamRoleId"] == "hand"
    assert visitor.post(f"{place}/red/members/bob/remove").status_code == 303
    assert api.get("/v1/organisations/teams/teams/red").json()["members"] == 0


def test_nobody_gives_more_than_they_hold(console: Consoled) -> None:
    world = console.world
    world.found("held")
    make_role(world, "giver", "access:assignment:write", "access:member:read", organisation_id="held")
    add_member(world, "bob", "giver", organisation_id="held")
    world.clock.now += 5  # what is known of somebody's rights may be two seconds old
    answer = console.user("bob").post("/organisations/held/members/bob/roles", data={"roleId": "owner"})
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert "Assign a role" in answer.text


def test_a_search_of_the_trail_that_cannot_be(console: Consoled) -> None:
    console.world.found("search")
    query = {"day": "2027-01-15", "from": "2027-01-15T00:00"}
    answer = console.user("ann").get("/organisations/search/audit", params=query)
    assert answer.status_code == 422
    assert "goes with neither" in text_of(answer)


def test_the_trail_tells_what_was_changed_line_by_line(console: Consoled) -> None:
    world = console.world
    world.found("told")
    make_role(world, "vault", "vault:read:all", "vault:write:all", organisation_id="told")
    shown = text_of(console.user("ann").get("/organisations/told/audit"))
    assert "entries + allow vault:read:all entries + allow vault:write:all name vault" in shown
    assert "permission set ids + vault" in shown


def test_the_address_of_a_change_leads_back_to_its_page(furnished: Consoled) -> None:
    visitor = furnished.user("ann")
    for path, page in (("/members/dana/take", "/members/dana"), ("/invitations/resend", "/invitations")):
        answer = visitor.get(f"/organisations/meridian{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/console/organisations/meridian{page}")


def test_many_visitors_at_once(furnished: Consoled) -> None:
    """More than the API has threads, each page with many calls: nobody waits for a thread that waits for a page."""
    cookies = furnished.administrator().cookies

    def visit(_number: int) -> int:
        with httpx.Client(base_url=furnished.address, cookies=cookies, timeout=60, verify=False) as client:  # noqa: S501
            return client.get("/organisations/meridian/members").status_code

    with ThreadPoolExecutor(60) as threads:
        assert set(threads.map(visit, range(120))) == {200}


def test_the_apis_schema_lists_no_pages(console: Consoled) -> None:
    assert [path for path in console.world.app.openapi()["paths"] if "console" in path] == []
    assert console.world.as_platform().get(PLACE).status_code in {200, 404}  # the API is where it was


def test_properties_are_json_where_they_can_be() -> None:
    found = properties_of('amount = 5\nregion = eu\n\nopen=true\nids = ["a"]', "properties")
    assert found == {"amount": 5, "region": "eu", "open": True, "ids": ["a"]}
