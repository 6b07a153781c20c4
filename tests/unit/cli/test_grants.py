"""The command `grants`: every grant with its count, and those that nobody needed."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tenantable.cli import app
from tenantable.errors import SettingsError
from tenantable.iam.use.counting import GrantId
from tenantable.local.decisions.uses import UsesFile

READ = GrantId(system="webhooks", component="receiver", words="allow(TenantWebhookConfigs.get)")
GONE = GrantId(system="webhooks", component="receiver", words="allow(Elsewhere.get)")


def grants(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["grants", "--system", "webhooks", *arguments])


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A data folder in which one grant was exercised, and one that the declaration does not have any more."""
    file = UsesFile(tmp_path, clock=time.time)
    file.add({READ: 3, GONE: 1})
    file.close()
    return str(tmp_path)


def test_all_grants_are_listed_before_anything_was_counted(tmp_path: Path) -> None:
    result = grants("--data", str(tmp_path))
    assert result.exit_code == 0
    assert "webhooks.authorizer" in result.stdout
    assert "nothing was counted yet" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_counts_stand_beside_their_grants(folder: str) -> None:
    result = grants("--data", folder, "--component", "receiver")
    assert "webhooks.receiver            3  allow(TenantWebhookConfigs.get)" in result.stdout
    assert "webhooks.receiver  not counted  allow_resource" in result.stdout
    assert "Elsewhere" not in result.stdout
    assert "Each of 1 grants was used since" in result.stdout


def test_those_that_nobody_needed_are_listed_alone(folder: str) -> None:
    result = grants("--data", folder, "--unused")
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if line.startswith("webhooks.")]
    assert len(lines) == 29
    assert not [line for line in lines if "receiver" in line or "not counted" in line]
    assert "29 of 30 grants were never used since" in result.stdout


def test_programs_get_json(folder: str) -> None:
    document = json.loads(grants("--data", folder, "--component", "receiver", "--json").stdout)
    read, decrypt = document["grants"]
    assert (read["grant"], read["count"], decrypt["count"]) == ("allow(TenantWebhookConfigs.get)", 3, None)
    assert read["last_used"] is not None
    assert read["last_used"] >= document["counted_since"]


def test_counts_can_begin_anew(folder: str) -> None:
    assert "30 of 30 grants were never used" in grants("--data", folder, "--reset").stdout


def test_unused_grants_cannot_be_told_where_nothing_was_counted(tmp_path: Path) -> None:
    error = grants("--data", str(tmp_path), "--unused").exception
    assert isinstance(error, SettingsError)
    assert "Nothing was counted" in str(error)


def test_an_unknown_component_is_answered_with_the_near_one(folder: str) -> None:
    error = grants("--data", folder, "--component", "reciever").exception
    assert isinstance(error, SettingsError)
    assert "did you mean receiver" in str(error)
