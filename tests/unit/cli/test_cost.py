"""`tenantable cost` and `tenantable lint design`, as they are called."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tenantable.cli import app
from tenantable.cli.systems import SHIPPED
from tenantable.errors import InfrastructureError

ROOT = Path(__file__).parents[3]
TRAFFIC = ROOT / "examples" / "traffic"
SAMPLE_PLOT = ROOT / "docs" / "reference" / "heat-webhooks.svg"


def run(*arguments: str | Path, status: int = 0) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == status, result.output
    return result.output


@pytest.mark.parametrize("name", SHIPPED)
def test_every_sample_of_traffic_has_a_cost(name: str) -> None:
    document = json.loads(run("cost", "--system", name, "--traffic", TRAFFIC / f"{name}.yaml", "--json"))
    assert document["total_dollars_per_month"] > 1
    assert {each["table"] for each in document["capacity"]} == {each["table"] for each in document["dollars_per_month"]}


def test_costs_are_shown_with_their_prices_and_assumptions() -> None:
    arguments = ("cost", "--system", "accounts", "--traffic", TRAFFIC / "accounts.yaml", "--storage")
    shown = run(*arguments)
    for expected in (
        "accounts.gsi1",
        "Storage",
        "Prices of af-south-1",
        "prices are assumed",
        "estimated from the types",
    ):
        assert expected in shown
    assert "Prices of us-east-1" in run(*arguments, "--region", "us-east-1")


def test_old_prices_say_so(tmp_path: Path) -> None:
    table = (ROOT / "src/tenantable/infra/cost/prices.yaml").read_text()
    path = tmp_path / "prices.yaml"
    path.write_text(table.replace("date: 2026-09-11", "date: 2019-01-01"))
    shown = run("cost", "--system", "accounts", "--traffic", TRAFFIC / "accounts.yaml", "--prices", path)
    assert "The prices are of 2019-01-01" in shown


def test_the_plot_of_the_sample_is_the_one_in_the_reference(tmp_path: Path) -> None:
    path = tmp_path / "heat.svg"
    run("cost", "--system", "webhooks", "--traffic", TRAFFIC / "webhooks.yaml", "--plot", path)
    assert path.read_text() == SAMPLE_PLOT.read_text(), "write it anew with tenantable cost --plot"


def test_a_wrong_traffic_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "traffic.yaml"
    path.write_text("operations: {Events.recnt: {per_second: 1}}\n")
    result = CliRunner().invoke(app, ["cost", "--system", "webhooks", "--traffic", str(path)])
    assert isinstance(result.exception, InfrastructureError)
    assert "Events.recent" in str(result.exception)


def test_a_plot_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    arguments = ["cost", "--system", "accounts", "--traffic", str(TRAFFIC / "accounts.yaml"), "--plot", str(tmp_path)]
    assert isinstance(CliRunner().invoke(app, arguments).exception, InfrastructureError)


def test_designs_without_findings_end_with_0_and_show_what_is_accepted() -> None:
    assert "0 finding(s)" in run("lint", "design", "--system", "access")
    assert "because: " in run("lint", "design", "--system", "access", "--all")


def test_findings_end_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "tests" / "golden" / "design")
    shown = run("lint", "design", "--system", "td005_faulty:SYSTEM", status=2)
    assert "TD005 hot-partitions (error) AuditLog.action-type-index" in shown
    document = json.loads(run("lint", "design", "--system", "td005_faulty:SYSTEM", "--json", status=2))
    (finding,) = document["findings"]
    assert (finding["rule"], finding["severity"], finding["accepted"]) == ("TD005", "error", None)
