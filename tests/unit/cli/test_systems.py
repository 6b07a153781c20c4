"""Finding the system and the names that a command is about."""

import sys
from pathlib import Path

import pytest

from tenantable.cli.systems import SHIPPED, find_naming, find_system
from tenantable.errors import SettingsError


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_system_is_found_by_its_name(name: str) -> None:
    assert find_system(name).name == name


def test_a_system_of_ones_own_is_found_by_module_and_name() -> None:
    assert find_system("tenantable.services.access.declaration:SYSTEM").name == "access"


def test_a_module_in_the_working_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corner_shop.py").write_text(
        "from tenantable.declare import System\nSHOP = System(name='s', tables=[])"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    assert find_system("corner_shop:SHOP").name == "s"


@pytest.mark.parametrize("name", ["shop", "no.such.module:SYSTEM", "tenantable.services.access.declaration:table"])
def test_what_is_no_system_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        find_system(name)


def test_a_value_takes_the_place_of_the_namings_own() -> None:
    naming = find_naming(find_system("access"), "sit", ["project=acme"])
    assert naming.table_name("access-management") == "acme-sit-ddb-access-management"


def test_an_unknown_value_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="project, stage"):
        find_naming(find_system("access"), "sit", ["projekt=acme"])
