"""The commands that write what other tools deploy: `export ...`."""

from pathlib import Path
from typing import Annotated

import typer

from tenantable.cli.files import read_text, write_files
from tenantable.cli.systems import NameValues, Stage, SystemName, find_naming, find_system

OutputFolder = Annotated[Path, typer.Option("--out", help="Folder that the files are written to; made if need be.")]


def add_commands(app: typer.Typer) -> None:
    """Add the group `export`."""
    group = typer.Typer(no_args_is_help=True, help="Write a system's declaration in the words of another tool.")
    group.command()(cloudformation)
    app.add_typer(group, name="export")


def cloudformation(
    *,
    system: SystemName,
    out: OutputFolder,
    stage: Stage = "dev",
    name: NameValues = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since",
            metavar="OLD_TEMPLATE",
            help="Write the numbered templates from this one to the present one, with one index changed by each.",
        ),
    ] = None,
) -> None:
    """
    Write a CloudFormation template of the system, and one for tables that single tenants have for themselves. The
    stage and the other values of names are the parameters' defaults.
    """
    from tenantable.infra.cloudformation.files import stage_files, template_files  # noqa: PLC0415
    from tenantable.infra.normal.templates import parse_template  # noqa: PLC0415

    found = find_system(system)
    naming = find_naming(found, stage, name)
    old = None if since is None else parse_template(read_text(since))
    write_files(out, template_files(found, naming) if old is None else stage_files(found, naming, old))
