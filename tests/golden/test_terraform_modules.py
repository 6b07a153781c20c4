"""The shipped systems as Terraform modules, compared byte for byte with what was reviewed."""

import os
from pathlib import Path

import pytest

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.infra.folders import write_folder
from tenantable.infra.terraform.module import marker, terraform_module

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", SHIPPED)
def test_a_module_is_as_reviewed(name: str) -> None:
    """Requirements: A-13, W-10, M-10."""
    system, folder = find_system(name), FOLDER / name / "terraform"
    files = terraform_module(system)
    if os.environ.get("REWRITE_GOLDEN") == "1":
        write_folder(folder, files, marker=marker(system))
    assert {path.name: path.read_text() for path in folder.iterdir()} == files


@pytest.mark.parametrize("name", SHIPPED)
def test_a_module_is_the_same_every_time(name: str) -> None:
    assert list(terraform_module(find_system(name)).items()) == list(terraform_module(find_system(name)).items())
