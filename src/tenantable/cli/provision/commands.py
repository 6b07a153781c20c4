"""The commands that compare declared tables with those that run: `plan`, `apply` and `drift`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantable.cli.files import read_text
from tenantable.cli.systems import NameValues, Stage, SystemName, find_naming, find_system
from tenantable.errors import SettingsError
from tenantable.wire.arns import Home

if TYPE_CHECKING:
    from tenantable.declare.tables import PhysicalTable
    from tenantable.infra.normal.forms import TableForm
    from tenantable.local.targets.target import TargetOptions

CLEAN, CHANGED, INTERRUPTED = 0, 2, 130

Endpoint = Annotated[
    str | None,
    typer.Option("--endpoint", help="URL of a DynamoDB endpoint. Default: the tables in the data folder."),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="TENANTABLE_DATA",
        help="Folder of the tables; with --endpoint, of the access key. Default: .tenantable",
    ),
]
Region = Annotated[str | None, typer.Option("--region", help="Default: AWS_REGION, else us-east-1.")]
OnAws = Annotated[bool, typer.Option("--aws", help="The account of this process's AWS credentials; needs boto3.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Replaces = Annotated[
    list[str] | None,
    typer.Option("--allow-replace", metavar="TABLE", help="Drop this table with its items and make it anew."),
]
Drops = Annotated[
    list[str] | None,
    typer.Option("--allow-drop", metavar="TABLE/INDEX", help="Drop this index, or the replica in this region."),
]
Disables = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-disable",
        metavar="TABLE/THING",
        help="Switch off a table's `stream`, `recovery` or `deletion-protection`.",
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Add `plan`, `apply` and `drift`."""
    for command in (plan, apply, drift):
        app.command()(command)


def plan(
    *,
    system: SystemName,
    stage: Stage = "dev",
    name: NameValues = None,
    endpoint: Endpoint = None,
    data: Data = None,
    region: Region = None,
    aws: OnAws = False,
    allow_replace: Replaces = None,
    allow_drop: Drops = None,
    allow_disable: Disables = None,
    json: AsJson = False,
) -> None:
    """Show what `apply` would change. Ends with 0 when the tables are as declared, else with 2."""
    from tenantable.cli.provision.changes import allowed_flags, show_plan
    from tenantable.infra.changes.carrying_out import plan_tables
    from tenantable.infra.normal.declared import declared_form
    from tenantable.local.targets.target import open_target

    tables = _tables(system, stage, name)
    options = _options(map(declared_form, tables), endpoint, data, region=region, aws=aws)
    allowed = allowed_flags(tables, replaces=allow_replace, drops=allow_drop, disables=allow_disable)
    with open_target(options) as target:
        found = plan_tables(target.client, tables, allowed=allowed, key_name_of=target.key_name_of)
        show_plan(found, place=target.place, as_json=json)
    raise typer.Exit(CLEAN if found.is_clean else CHANGED)


def apply(
    *,
    system: SystemName,
    stage: Stage = "dev",
    name: NameValues = None,
    endpoint: Endpoint = None,
    data: Data = None,
    region: Region = None,
    aws: OnAws = False,
    allow_replace: Replaces = None,
    allow_drop: Drops = None,
    allow_disable: Disables = None,
    json: AsJson = False,
    wait_minutes: Annotated[
        int, typer.Option("--wait-minutes", min=1, help="How long one table or index may take to get ready.")
    ] = 24 * 60,
) -> None:
    """
    Make the tables what is declared, and wait for their indexes. Ends with 0 when they are, and with 2 when something
    remains: what would lose data is left out unless a flag allows it. Interrupted, the next apply goes on.
    """
    from tenantable.cli.provision.changes import allowed_flags, apply_and_show
    from tenantable.infra.normal.declared import declared_form
    from tenantable.local.targets.target import open_target

    tables = _tables(system, stage, name)
    options = _options(map(declared_form, tables), endpoint, data, region=region, aws=aws, creates=True)
    allowed = allowed_flags(tables, replaces=allow_replace, drops=allow_drop, disables=allow_disable)
    try:
        with open_target(options) as target:
            complete = apply_and_show(target, tables, allowed=allowed, wait_seconds=wait_minutes * 60.0, as_json=json)
    except KeyboardInterrupt:
        typer.echo("tenantable: interrupted; what is done stays, and the next apply goes on", err=True)
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(CLEAN if complete else CHANGED)


def drift(
    *,
    system: SystemName,
    stage: Stage = "dev",
    name: NameValues = None,
    endpoint: Endpoint = None,
    data: Data = None,
    region: Region = None,
    aws: OnAws = False,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="FILE",
            help="Compare with a file: what `terraform show -json` prints, or a CloudFormation template.",
        ),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help="With --against: a value of the template's parameters."),
    ] = None,
    json: AsJson = False,
) -> None:
    """
    Say what the running tables have differently from the declaration, also what others have added. Ends with 0 when
    there is nothing, else with 2.
    """
    from tenantable.cli.provision.changes import show_drift
    from tenantable.infra.normal.comparison import differences
    from tenantable.infra.normal.declared import declared_form
    from tenantable.infra.normal.running import read_running
    from tenantable.local.targets.target import open_target

    declared = [declared_form(table) for table in _tables(system, stage, name)]
    if against is not None:
        place = str(against)
        forms = _forms_of(against, parameter, region)
        found = [each for form in declared for each in differences(form, forms.get(form.name))]
    else:
        found = []
        with open_target(_options(declared, endpoint, data, region=region, aws=aws)) as target:
            place = target.place
            for form in declared:
                running = read_running(target.client, form.name, key_name_of=target.key_name_of)
                found += differences(form, running.form if running else None)
    show_drift(found, place=place, as_json=json)
    raise typer.Exit(CHANGED if found else CLEAN)


def _forms_of(path: Path, parameters: list[str] | None, region: str | None) -> "dict[str, TableForm]":
    from tenantable.infra.normal.documents import read_document
    from tenantable.local.targets.target import DEFAULT_REGION

    pairs = [text.partition("=") for text in parameters or ()]
    wrong = ["".join(pair) for pair in pairs if not pair[1]]
    if wrong:
        raise SettingsError(f"--parameter {wrong[0]}: no value", hint="write NAME=VALUE")
    values = {name: value for name, _, value in pairs}
    return read_document(read_text(path), parameters=values, home=Home(region=region or DEFAULT_REGION))


def _tables(system: str, stage: str, values: list[str] | None) -> "tuple[PhysicalTable, ...]":
    found = find_system(system)
    return found.physical_tables(find_naming(found, stage, values))


def _options(
    declared: "Iterable[TableForm]",
    endpoint: str | None,
    data: Path | None,
    *,
    region: str | None,
    aws: bool,
    creates: bool = False,
) -> "TargetOptions":
    from tenantable.local.targets.target import TargetOptions

    keys = frozenset(form.encryption for form in declared)
    return TargetOptions(endpoint=endpoint, data=data, region=region, on_aws=aws, creates=creates, keys=keys)
