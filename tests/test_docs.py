"""Documents that cannot go stale: reference pages equal what the code says, and examples print what they show."""

import importlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from prometheus_client import Metric
from pydantic_core import PydanticUndefined
from structlog.testing import capture_logs

from tenantable import errors
from tenantable.aws.catalog import SERVICES
from tenantable.cli import app
from tenantable.engine import Engine
from tenantable.engine.metering.observation import Observation
from tenantable.engine.operations import OPERATIONS
from tenantable.engine.operations.left_out import LEFT_OUT, METADATA
from tenantable.engine.tables.options import UNSUPPORTED
from tenantable.iam.evaluation import AccessRequest, Decision, PolicyKind, Verdict
from tenantable.iam.explanation.findings import Asker
from tenantable.iam.principals import CallerNames
from tenantable.local.decisions.denials import DenialLog
from tenantable.local.decisions.watch import declared_components
from tenantable.local.observation.metrics import engine_registry
from tenantable.local.observation.requests import log_request
from tenantable.local.observation.tallies import Tallies
from tenantable.local.webhooks import webhooks_installation
from tenantable.settings import Settings
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

ROOT = Path(__file__).parent.parent
SHAPES = ROOT / "src" / "tenantable" / "engine" / "shapes" / "request_shapes.json"
REFERENCE = ROOT / "docs" / "reference"
GENERATED = "<!-- Generated from the code by `make golden`; do not edit. -->"


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        GENERATED,
        "",
        "From the environment, else from `tenantable.toml` in the working directory, else the default. An unknown name",
        "or a wrong value is refused at the start, with its name.",
        "",
        "| environment | in `tenantable.toml` | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        shown = field.default if field.default is not PydanticUndefined else ""
        default = "" if shown is None else f"`{shown}`"
        lines.append(f"| `TENANTABLE_{name.upper()}` | `{name}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def named_commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All commands, those of a group behind it."""
    for name, command in sorted(group.commands.items()):
        yield prefix + name, command
        if hasattr(command, "commands"):
            yield from named_commands(command, f"{prefix}{name} ")


def commands_page() -> str:
    lines = ["# Commands", "", GENERATED, ""]
    for name, command in named_commands(typer.main.get_command(app)):
        lines += [f"## tenantable {name}", "", str(command.help), "", "| option | default | meaning |", "|---|---|---|"]
        for parameter in command.params:
            option = ", ".join(f"`{text}`" for text in [*parameter.opts, *parameter.secondary_opts])
            default = "" if parameter.default is None or parameter.default is False else f"`{parameter.default}`"
            meaning = [getattr(parameter, "help", "") or "", f"`{parameter.envvar}`" if parameter.envvar else ""]
            lines.append(f"| {option} | {default} | {' '.join(filter(None, meaning))} |")
        lines.append("")
    return "\n".join(lines)


def errors_page() -> str:
    lines = ["# Errors", "", GENERATED, "", "| error | kinds | meaning |", "|---|---|---|"]
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    classes.append(DynamoError)
    for error in classes:
        kinds = ", ".join(f"`{base.__name__}`" for base in error.__bases__)
        meaning = (error.__doc__ or "").strip().split("\n")[0]
        lines.append(f"| `{error.__name__}` | {kinds} | {meaning} |")
    return "\n".join(lines) + "\n"


def dynamodb_page() -> str:
    lines = [
        "# DynamoDB's API here",
        "",
        GENERATED,
        "",
        "Every operation of the service and of its streams. One that is left out is refused with a",
        "`ValidationException` that says what to use instead; one that nobody has is an `UnknownOperationException`.",
        "",
        "| operation | here | remark |",
        "|---|---|---|",
    ]
    for operation in sorted(json.loads(SHAPES.read_bytes())["operations"]):
        state, remark = "supported", ""
        if operation in METADATA:
            state, remark = "metadata", METADATA[operation]
        elif operation in LEFT_OUT:
            state, remark = "left out", LEFT_OUT[operation]
        lines.append(f"| `{operation}` | {state} | {remark} |")
    lines += [
        "",
        "## Options of tables",
        "",
        "Kept and described, without an effect: `SSESpecification`, `TableClass`, `WarmThroughput`, `ReplicaUpdates`,",
        "`GlobalTableWitnessUpdates`, `MultiRegionConsistency`; `OnDemandThroughput` has one where throughput is",
        "enforced. Refused:",
        "",
        "| option | why |",
        "|---|---|",
    ]
    lines += [f"| `{option}` | {reason} |" for option, reason in UNSUPPORTED.items()]
    return "\n".join(lines) + "\n"


def endpoint_page() -> str:
    lines = [
        "# Other services at the endpoint",
        "",
        GENERATED,
        "",
        "What an account answers beside DynamoDB, as far as Terraform and code that vends credentials ask for it. A",
        "request belongs to the service that it is signed for, so that all have the endpoint's one address. An action",
        "that is not listed is refused with the status 400, in the words of the service's protocol, as is every other",
        "service. How to use them: [Terraform and STS](../howto/terraform.md).",
        "",
        "All is kept in `services.db` of the data folder, by account and, where the service has regions, by region.",
        "It is on disk before it is answered. The administrator may do everything; sessions and components what",
        "their policies allow.",
    ]
    for service in SERVICES.values():
        package = importlib.import_module(next(iter(service.actions.values())).run.__module__.rpartition(".")[0])
        spoken = ", ".join(PROTOCOLS[protocol] for protocol in service.protocols)
        where = "global" if service.is_global else "in each region"
        lines += [
            "",
            f"## {service.name}",
            "",
            f"{package.__doc__} Signed for as `{service.signing_name}`, {where}; spoken: {spoken}.",
            "",
            *(f"* `{action}`" for action in sorted(service.actions)),
        ]
    return "\n".join(lines) + "\n"


PROTOCOLS = {"query": "queries answered in XML", "json": "JSON", "cbor": "CBOR"}


def test_no_operation_is_both_answered_and_left_out() -> None:
    known = set(json.loads(SHAPES.read_bytes())["operations"])
    assert not LEFT_OUT.keys() & OPERATIONS.keys()
    assert OPERATIONS.keys() | LEFT_OUT.keys() <= known
    assert METADATA.keys() <= OPERATIONS.keys()


@pytest.mark.parametrize("page", [settings_page, commands_page, errors_page, dynamodb_page, endpoint_page])
def test_a_reference_page_says_what_the_code_says(page: Callable[[], str]) -> None:
    path = REFERENCE / f"{page.__name__.removesuffix('_page')}.md"
    if os.environ.get("REWRITE_GOLDEN") == "1":
        path.write_text(page())
    assert path.read_text() == page(), "run `make golden` and review the difference"


def table_in(page: Path, name: str) -> list[list[str]]:
    """The rows of the table between the marks of this name, by cell."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page.read_text(), re.DOTALL)
    assert found is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]


def test_every_metric_is_documented_as_it_is() -> None:
    metrics = engine_registry(Tallies([]), list, lambda: 0).collect()
    names = {"counter": "{}_total"}
    shown = [[f"`{names.get(each.type, '{}').format(each.name)}`", each.documentation] for each in metrics]
    rows = table_in(ROOT / "docs" / "howto" / "operating.md", "metrics")
    assert [[row[0], row[2]] for row in rows] == shown


def test_every_label_of_a_metric_is_documented() -> None:
    labels = {
        f"`{sample.name.removesuffix('_bucket')}`": sorted(sample.labels.keys() - {"le"})
        for metric in busy_metrics()
        for sample in metric.samples
        if not sample.name.endswith(("_sum", "_count", "_created"))
    }
    rows = table_in(ROOT / "docs" / "howto" / "operating.md", "metrics")
    assert {row[0]: sorted(filter(None, row[1].split(", "))) for row in rows} == labels


def busy_metrics() -> list[Metric]:
    """Every metric, with a sample at least."""
    tallies = Tallies(OPERATIONS)
    tallies.refuse("ValidationException")
    with Engine(":memory:", observer=tallies.observer(Home()), throttle=True) as engine:
        stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        engine.call("CreateTable", {"TableName": "notes", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                    "BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxWriteRequestUnits": 1},
                                    "StreamSpecification": stream})  # fmt: skip
        put = {"TableName": "notes", "Item": {"pk": {"S": "a"}, "x": {"S": "x" * 300_000}}}
        engine.call("PutItem", put)
        with pytest.raises(DynamoError):
            engine.call("PutItem", put)
        for _ in engine.stream("notes").consume("mailer"):
            pass
        return list(engine_registry(tallies, lambda: [engine], lambda: 0).collect())


def test_every_field_of_the_request_log_is_documented() -> None:
    observation = Observation("GetItem", None, None, 200, 0.0, (), None, "")
    with capture_logs() as lines:
        log_request(Home(), observation)
    fields = {*lines[0], "level", "timestamp"} - {"log_level"}  # as `configure_logs` makes them
    rows = table_in(ROOT / "docs" / "howto" / "operating.md", "log")
    assert {name.strip("` ") for row in rows for name in row[0].split(",")} == fields


def readme_blocks() -> tuple[str, str]:
    """The README's example and the output printed below it."""
    text = (ROOT / "README.md").read_text()
    found = re.search(r"```python\n(.*?)```\n+```text\n(.*?)```", text, re.DOTALL)
    assert found is not None, "the README shows an example and its output"
    return found[1], found[2]


def run_python(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, timeout=60)


def test_the_readme_example_prints_what_it_shows(tmp_path: Path) -> None:
    example, output = readme_blocks()
    assert len(example.strip().splitlines()) <= 25
    run = run_python("-W", "error", "-c", example, folder=tmp_path)
    assert (run.stdout, run.stderr) == (output, "")


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    run = run_python(str(example), folder=tmp_path)
    assert run.returncode == 0, run.stderr


END_OF_OUTPUT = "\f"
"""Printed where a page shows output, between what its blocks print."""


def page_program(page: str) -> tuple[str, list[str]]:
    """
    A page's Python blocks as one program, and the outputs that the page shows.

    Lines of the program are lines of the page, so that a traceback points into the page. A `text` block holds what was
    printed since the one before.
    """
    program: list[str] = []
    outputs: list[str] = []
    block: str | None = None
    latest = ""
    for line in page.splitlines():
        code = ""
        if line.startswith("```"):
            opened = line.removeprefix("```") if block is None else None
            if opened == "text":
                assert latest == "python", "an output follows the block that prints it"
                outputs.append("")
                code = f"print({END_OF_OUTPUT!r})"
            latest, block = opened or latest, opened
        elif block == "python":
            code = line
        elif block == "text":
            outputs[-1] += line + "\n"
        program.append(code)
    return "\n".join(program) + "\n", outputs


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "howto").glob("*.md")), ids=lambda page: page.name)
def test_the_blocks_of_a_page_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    program, outputs = page_program(page.read_text())
    script = tmp_path / f"{page.stem}.py"
    script.write_text(program)
    run = run_python("-W", "error", str(script), folder=tmp_path)
    assert run.stderr == ""
    assert run.stdout.split(f"{END_OF_OUTPUT}\n") == [*outputs, ""]


CONSOLE_BLOCK = re.compile(r"```console\n\$ tenantable ([^\n]*)\n(.*?)```", re.DOTALL)


def run_command(line: str, folder: Path) -> str:
    """What a command of ours prints; its status is its own affair."""
    return run_python("-m", "tenantable.cli", *shlex.split(line), folder=folder).stdout


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "howto").glob("*.md")), ids=lambda page: page.name)
def test_the_commands_of_a_page_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    """A `console` block is a command and all it prints, in a folder where the page's Python blocks were run."""
    text = page.read_text()
    if not CONSOLE_BLOCK.search(text):
        return
    run_python("-c", page_program(text)[0], folder=tmp_path)
    if os.environ.get("REWRITE_GOLDEN") == "1":
        text = CONSOLE_BLOCK.sub(
            lambda found: f"```console\n$ tenantable {found[1]}\n{run_command(found[1], tmp_path)}```", text
        )
        page.write_text(text)
    for line, output in CONSOLE_BLOCK.findall(text):
        assert run_command(line, tmp_path) == output, "run `make golden` and review the difference"


def test_every_field_of_the_log_of_denials_is_documented() -> None:
    lines: list[dict[str, Any]] = []

    def keep(event: str, **fields: Any) -> None:
        assert event == "denied"
        lines.append(fields)

    installation = webhooks_installation("", Home())
    log = DenialLog(declared_components([installation]), monotonic=lambda: 0, log=keep)
    request = AccessRequest("dynamodb:Scan", Home().table("Events"), {})
    principal = installation.principal(installation.system.component("worker"))
    names = CallerNames(arn=principal, role_arn=None, account_id=Home().account_id)
    asker = Asker(names=names, identity=(), boundary=None, session=(), resource=None, same_account=True)
    log.denied(asker, request, Decision(verdict=Verdict.IMPLICIT_DENY, kind=PolicyKind.IDENTITY))
    rows = table_in(ROOT / "docs" / "howto" / "policies.md", "denial")
    assert {name.strip("` ") for row in rows for name in row[0].split(",")} == set(lines[0])


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]
    links = [(page, target) for page in pages for target in re.findall(r"\]\(([^)#\s]+)", page.read_text())]
    assert [link for link in links if "://" not in link[1] and not (link[0].parent / link[1]).exists()] == []
