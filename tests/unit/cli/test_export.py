"""The command that exports, as it is called."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tenantable.cli import app
from tenantable.errors import InfrastructureError, SettingsError


def export(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["export", "terraform", "--out", str(folder), *words])


def test_a_module_is_written_and_then_found_fresh(tmp_path: Path) -> None:
    written = export(tmp_path / "module", "--system", "access")
    assert written.exit_code == 0
    assert "9 of 9 files written" in written.stdout
    fresh = export(tmp_path / "module", "--system", "access", "--check")
    assert (fresh.exit_code, fresh.stdout) == (0, "0 of 9 files differ\n")


def test_a_stale_module_is_named_and_left_alone(tmp_path: Path) -> None:
    export(tmp_path, "--system", "access")
    stale = (tmp_path / "main.tf").read_text() + "# changed\n"
    (tmp_path / "main.tf").write_text(stale)
    checked = export(tmp_path, "--system", "access", "--check")
    assert checked.exit_code == 2
    assert "main.tf" in checked.stdout
    assert (tmp_path / "main.tf").read_text() == stale


def test_a_system_of_ones_own_is_exported_with_its_names(tmp_path: Path) -> None:
    export(tmp_path, "--system", "tenantable.services.access.declaration:SYSTEM", "--name", "project=acme")
    assert 'default     = "acme"' in (tmp_path / "variables.tf").read_text()


def test_a_module_of_another_system_is_not_overwritten(tmp_path: Path) -> None:
    export(tmp_path, "--system", "access")
    refused = export(tmp_path, "--system", "accounts")
    assert isinstance(refused.exception, InfrastructureError)


@pytest.mark.parametrize("words", [["--provider-version", "new"], ["--provider-version", "4.x"], ["--name", "stage"]])
def test_a_wrong_option_is_refused(tmp_path: Path, words: list[str]) -> None:
    refused = export(tmp_path / "module", "--system", "access", *words)
    assert isinstance(refused.exception, SettingsError)
    assert not (tmp_path / "module").exists()


@pytest.mark.parametrize(("kind", "file"), [("docs", "access.md"), ("cloudformation", "access.yaml")])
def test_a_stale_page_or_template_is_named_and_left_alone(kind: str, file: str, tmp_path: Path) -> None:
    def exported(*words: str) -> Result:
        return CliRunner().invoke(app, ["export", kind, "--system", "access", "--out", str(tmp_path / "new"), *words])

    assert exported("--check").exit_code == 2
    assert not (tmp_path / "new").exists()
    assert exported().exit_code == 0
    assert (exported("--check").exit_code, exported("--check").stdout) == (0, "0 of 1 files differ\n")
    (tmp_path / "new" / file).write_text("mine")
    assert (exported("--check").exit_code, (tmp_path / "new" / file).read_text()) == (2, "mine")


def test_a_page_whose_folder_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    refused = CliRunner().invoke(app, ["export", "docs", "--system", "access", "--out", str(tmp_path / "file")])
    assert isinstance(refused.exception, SettingsError)
