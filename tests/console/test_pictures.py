"""
Every page as a picture, for the documents, and looked through by axe. `make screenshots` takes the pictures anew.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.console.conftest import ROOT, Consoled, NewPage
from tests.console.pictures import take
from tests.console.scene import PAGES, PageOfScene, furnish
from tests.services.access.conftest import PLATFORM_SECRET

PICTURES = ROOT / "docs" / "console"
BYTES_MAX = 60_000
TAKES = os.environ.get("SCREENSHOTS") == "1"
AXE = ROOT / ".tools" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_SAME_IDS = """for (const cell of document.querySelectorAll("td a"))
  if (/^[0-9a-z]{25}$/.test(cell.textContent)) cell.textContent = "1md436ybgxmrpjw2man4yrmrt";"""
SIZE = {"width": 1000, "height": 640}


@pytest.fixture(scope="module")
def furnished(console: Consoled) -> Consoled:
    furnish(console.world)
    return console


def signed_in(page: Page, console: Consoled) -> Page:
    page.goto(f"{console.address}/sign-in")
    page.get_by_label("Token, or the administrator's secret").fill(PLATFORM_SECRET)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Organisations").wait_for()
    return page


def test_there_is_a_picture_of_every_page() -> None:
    names = {"sign-in", "overview-dark", *(page.name for page in PAGES)}
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
    dark = signed_in(new_page(viewport=SIZE, color_scheme="dark"), furnished)
    dark.goto(f"{furnished.address}/organisations/meridian")
    take(dark, PICTURES / "overview-dark.png", painter=painter)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_axe_finds_nothing(furnished: Consoled, new_page: NewPage, each: PageOfScene, scheme: str) -> None:
    """WCAG 2.2 A and AA, with contrast, as far as a program can tell."""
    if not AXE.exists():
        pytest.skip("axe-core is not in .tools; `make test` installs it where there is npm")
    page = signed_in(new_page(viewport=SIZE, color_scheme=scheme, bypass_csp=True), furnished)
    page.goto(furnished.address + each.path)
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    told = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]
    assert told == []


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_nothing_is_cut_off_on_a_narrow_screen(furnished: Consoled, new_page: NewPage, each: PageOfScene) -> None:
    """At 320 pixels, which is 1280 at 400 %, only tables scroll sideways."""
    page = signed_in(new_page(viewport={"width": 320, "height": 640}), furnished)
    page.goto(furnished.address + each.path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
