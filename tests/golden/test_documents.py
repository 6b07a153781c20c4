"""The pages of the systems that ship are what their declarations say."""

import os
from pathlib import Path

import pytest

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.infra.documents.pages import system_page

PAGES = Path(__file__).parent.parent.parent / "docs" / "reference" / "systems"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_page_of_a_system_says_what_its_declaration_says(name: str) -> None:
    """Requirement: X-03."""
    path, page = PAGES / f"{name}.md", system_page(find_system(name), "dev")
    if os.environ.get("REWRITE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(page)
    assert path.read_text() == page, "run `make golden` and review the difference"
