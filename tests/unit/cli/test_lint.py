"""The commands `lint` and `diff`, as a shell sees them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tenantable.cli import app
from tenantable.errors import PolicyError, SettingsError

GOLDEN = Path(__file__).parents[2] / "golden" / "lint"
SEED = str(GOLDEN / "seed-000-admin-service.json")


def run(*arguments: str, text: str | None = None) -> Any:
    return CliRunner().invoke(app, [*arguments], input=text)


def test_findings_end_with_two_and_their_absence_with_zero() -> None:
    bad, good = (
        run("lint", "policy", str(GOLDEN / "TP101.json")),
        run("lint", "policy", str(GOLDEN / "TP101.right.json")),
    )
    assert (bad.exit_code, good.exit_code) == (2, 0)
    assert "error TP101 wildcard action" in bad.stdout
    assert "docs/reference/lint/TP101.md" in bad.stdout
    assert good.stdout == "Nothing found in 1 policy\n"


def test_information_alone_is_no_reason_to_stop() -> None:
    ran = run("lint", "policy", str(GOLDEN / "TP312.json"))
    assert ran.exit_code == 0
    assert "information TP312" in ran.stdout


def test_what_cannot_be_read_is_an_error_of_its_own(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    for file in (str(broken), str(tmp_path / "missing.json"), str(tmp_path)):
        ran = run("lint", "policy", file)
        assert isinstance(ran.exception, PolicyError | SettingsError)


def test_the_standard_input_is_read_like_a_file() -> None:
    ran = run("lint", "policy", "-", "--json", text=Path(SEED).read_text())
    found = json.loads(ran.stdout)["findings"]
    assert {"TP103", "TP104"} <= {each["rule"] for each in found}
    assert found[0]["place"] == "standard input"
    assert found[0]["counter_example"]["decision"] == "allowed"


def test_rules_are_chosen_by_the_beginning_of_their_id() -> None:
    some = run("lint", "policy", SEED, "--json", "--select", "tp1", "--ignore", "TP104")
    assert {each["rule"] for each in json.loads(some.stdout)["findings"]} == {"TP103"}
    assert isinstance(run("lint", "policy", SEED, "--select", "TP9").exception, SettingsError)


def test_the_dangerous_policy_is_replaced_by_what_the_admin_service_is_granted() -> None:
    """Requirement: P-02."""
    ran = run("lint", "policy", "--fix", "--system", "academy", "--component", "admin-service", SEED)
    assert ran.exit_code == 2
    statements = json.loads(ran.stdout)["Statement"]
    actions: dict[str, set[str]] = {}
    for statement in statements:
        listed = ([value] if isinstance(value := statement[name], str) else value for name in ("Action", "Resource"))
        names, resources = listed
        for resource in resources:
            assert "*" not in resource
            actions.setdefault(resource.partition(":table/")[2], set()).update(names)
    assert actions["profilesdev"] == {"dynamodb:GetItem"}
    assert actions["profilesdev/index/status-index"] == {"dynamodb:Query"}
    assert actions["admin-audit-logsdev"] == {"dynamodb:GetItem", "dynamodb:PutItem"}
    assert {"dynamodb:DeleteItem", "dynamodb:UpdateItem"} <= actions["coach-invitationsdev"]
    assert {"dynamodb:DeleteItem", "dynamodb:UpdateItem"} <= actions["analytics-eventsdev"]


def test_a_policy_of_no_system_is_mended_as_far_as_can_be_known() -> None:
    ran = run("lint", "policy", "--fix", "--index", "by-date", str(GOLDEN / "seed-002-lambda.json"))
    mended = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert mended["Statement"][1]["Resource"].endswith("/index/by-date")
    assert "dynamodb:ConditionCheckItem" in mended["Statement"][0]["Action"]
    assert "TransactWriteItems became the actions of its parts" in ran.stderr


@pytest.mark.parametrize("system", ["academy", "access", "accounts", "webhooks"])
def test_nothing_is_found_in_a_shipped_system(system: str) -> None:
    assert run("lint", "policies", "--system", system).exit_code == 0


def test_a_component_must_be_one_of_its_system() -> None:
    ran = run("lint", "policy", SEED, "--system", "academy", "--component", "janitor")
    assert isinstance(ran.exception, SettingsError)
    assert "admin-service" in str(ran.exception)


def test_the_same_policies_differ_in_nothing(tmp_path: Path) -> None:
    for policies in (GOLDEN.parent / "academy").glob("*.policies.json"):
        (tmp_path / policies.name).write_text(policies.read_text())
    ran = run("diff", "academy", str(tmp_path))
    assert (ran.exit_code, ran.stdout) == (0, "No permission appears or vanishes\n")


def test_a_widening_ends_with_two_and_a_narrowing_with_zero() -> None:
    wide, narrow = str(GOLDEN / "TP103.json"), str(GOLDEN / "TP103.right.json")
    wider = run("diff", narrow, wide, "--json")
    assert wider.exit_code == 2
    assert json.loads(wider.stdout)["widens"]
    narrower = run("diff", str(GOLDEN / "TP101.json"), str(GOLDEN / "TP101.right.json"))
    assert narrower.exit_code == 0
    assert "- the policy may no longer" in narrower.stdout
    assert "+" not in narrower.stdout
