"""
Every page as a picture, for the documents, and looked through by axe. `make screenshots` takes the pictures anew.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize
from tests.console.accessibility import violations
from tests.console.conftest import ROOT, Consoled, NewPage
from tests.console.pictures import take
from tests.console.scene import PAGES, PageOfScene, furnish
from tests.services.access.conftest import PLATFORM_SECRET

PICTURES = ROOT / "docs" / "console"
BYTES_MAX = 60_000
TAKES = os.environ.get("SCREENSHOTS") == "1"
_SAME_IDS = """for (const cell of document.querySelectorAll("td a"))
  if (/^[0-9a-z]{25}$/.test(cell.textContent)) cell.textContent = "1md436ybgxmrpjw2man4yrmrt";"""
Scheme = Literal["light", "dark"]
SIZE: ViewportSize = {"width": 1000, "height": 640}
NARROW: ViewportSize = {"width": 390, "height": 640}


@pytest.fixture(scope="module")
def furnished(console: Consoled) -> Consoled:
    furnish(console.world)
    return console


def signed_in(page: Page, console: Consoled) -> Page:
    page.goto(f"{console.address}/sign-in")
    page.get_by_label("Token or administrator's secret").fill(PLATFORM_SECRET)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Organisations").wait_for()
    return page


@pytest.fixture(scope="module")
def looking(furnished: Consoled, browser: Browser) -> Iterator[Page]:
    """One page for all that only look."""
    context = browser.new_context(bypass_csp=True)
    yield signed_in(context.new_page(), furnished)
    context.close()


def test_there_is_a_picture_of_every_page() -> None:
    names = {"sign-in", "overview-dark", "members-narrow", *(page.name for page in PAGES)}
    assert {path.stem for path in PICTURES.glob("*.png")} == names
    shown = (ROOT / "docs" / "howto" / "console.md").read_text()
    assert [name for name in sorted(names) if f"../console/{name}.png" not in shown] == []


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.png")), ids=lambda path: path.stem)
def test_pictures_are_small(path: Path) -> None:
    content = path.read_bytes()
    assert len(content) <= BYTES_MAX
    assert int.from_bytes(content[16:20]) <= 1200


@pytest.mark.skipif(not TAKES, reason="`make screenshots` takes them")
@pytest.mark.timeout(300)
def test_take_the_pictures(furnished: Consoled, new_page: NewPage) -> None:
    PICTURES.mkdir(exist_ok=True)
    painter, page = new_page(), new_page(viewport=SIZE, color_scheme="light")
    page.goto(f"{furnished.address}/sign-in")
    take(page, PICTURES / "sign-in.png", painter=painter)
    signed_in(page, furnished)
    for each in PAGES:
        page.goto(furnished.address + each.path)
        if each.name == "audit":
            page.get_by_role("button", name="Verify now").click()
            page.get_by_text("✓ Verified").wait_for()
            page.goto(furnished.address + each.path)
            page.evaluate(_SAME_IDS)
        take(page, PICTURES / f"{each.name}.png", painter=painter)
    narrow = signed_in(new_page(viewport=NARROW, color_scheme="light"), furnished)
    narrow.goto(f"{furnished.address}/organisations/meridian/members")
    take(narrow, PICTURES / "members-narrow.png", painter=painter)
    dark = signed_in(new_page(viewport=SIZE, color_scheme="dark"), furnished)
    dark.goto(f"{furnished.address}/organisations/meridian")
    take(dark, PICTURES / "overview-dark.png", painter=painter)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("each", [*PAGES, PageOfScene("sign-in", "/sign-in")], ids=lambda each: each.name)
def test_axe_finds_nothing(
    furnished: Consoled, looking: Page, each: PageOfScene, scheme: Literal["light", "dark"]
) -> None:
    looking.emulate_media(color_scheme=scheme)
    looking.set_viewport_size(SIZE)
    looking.goto(furnished.address + each.path)
    assert violations(looking) == []


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_nothing_is_cut_off_on_a_narrow_screen(furnished: Consoled, looking: Page, each: PageOfScene) -> None:
    """At 320 pixels, which is 1280 at 400 %, only tabs scroll sideways."""
    looking.set_viewport_size({"width": 320, "height": 640})
    looking.goto(furnished.address + each.path)
    assert looking.evaluate("document.documentElement.scrollWidth") <= 320
