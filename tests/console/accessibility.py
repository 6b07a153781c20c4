"""What axe-core finds that would keep people out: WCAG 2.2 A and AA, with contrast, as far as a program can tell."""

import pytest
from playwright.sync_api import Page
from tests.console.conftest import ROOT

AXE = ROOT / ".tools" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Rules that the page breaks, each with the elements; the page is to be opened with `bypass_csp`."""
    if not AXE.exists():
        pytest.skip("axe-core is not in .tools; `make test` installs it where there is npm")
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]
