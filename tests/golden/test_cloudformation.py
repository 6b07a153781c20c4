"""
The CloudFormation templates of the shipped systems, compared byte for byte with what was reviewed.

`REWRITE_GOLDEN=1` (`make golden`) records anew; the difference is then reviewed like any other change.
"""

import os
from pathlib import Path

import pytest

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.infra.cloudformation.files import template_files

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", SHIPPED)
def test_the_templates_are_as_reviewed(name: str) -> None:
    system = find_system(name)
    for file, text in template_files(system, system.naming("dev")).items():
        path = FOLDER / name / "cloudformation" / file
        if os.environ.get("REWRITE_GOLDEN") == "1":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.read_text() == text
