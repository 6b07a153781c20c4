"""The commands that compare and change tables: their flags, and comparing with files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tenantable.cli import app
from tenantable.cli.provision.changes import allowed_flags
from tenantable.cli.systems import find_naming, find_system
from tenantable.errors import SettingsError, TenantableError

TABLES = find_system("accounts").physical_tables(find_naming(find_system("accounts"), "dev"))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize("name", ["accounts", "app-dev-accounts"])
def test_a_flag_names_a_table_by_either_name(name: str) -> None:
    given = allowed_flags(TABLES, replaces=[name], drops=[f"{name}/gsi1"], disables=[f"{name}/stream"])
    assert given == {
        "--allow-replace app-dev-accounts",
        "--allow-drop app-dev-accounts/gsi1",
        "--allow-disable app-dev-accounts/stream",
    }


@pytest.mark.parametrize(
    ("drops", "words"),
    [("nothing/gsi1", "no table 'nothing'"), ("accounts", "what of the table"), ("accounts/", "what")],
)
def test_a_flag_that_means_nothing_is_refused(drops: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        allowed_flags(TABLES, replaces=None, drops=[drops], disables=None)


def test_a_template_is_compared_with_the_declaration(tmp_path: Path) -> None:
    run("export", "cloudformation", "--system", "accounts", "--out", str(tmp_path))
    file = str(tmp_path / "accounts.yaml")
    drift = ["drift", "--system", "accounts", "--against", file]
    assert run(*drift).exit_code == 0
    assert run(*drift, "--stage", "prod").exit_code == 2
    found = run(*drift, "--parameter", "DeletionProtection=true", "--json")
    assert found.exit_code == 2
    assert [each["path"] for each in json.loads(found.output)["differences"]] == ["deletion protection"]


@pytest.mark.parametrize(
    "text",
    [
        "no template",
        '{"format_version": "1.2"}',
        '{"format_version": "1.2", "planned_values": {"root_module": {"resources": [1]}}}',
        "Resources: {A: {Type: 'AWS::DynamoDB::Table', Properties: {KeySchema: [{}]}}}",
        "Resources: {A: {Type: 'AWS::DynamoDB::GlobalTable'}}",
        "\x00",
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    found = run("drift", "--system", "accounts", "--against", str(tmp_path / "file"))
    assert isinstance(found.exception, TenantableError)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = run("export", "cloudformation", "--system", "accounts", "--out", str(tmp_path / "file" / "below"))
    assert isinstance(found.exception, SettingsError)
    assert "--out" in str(found.exception)
