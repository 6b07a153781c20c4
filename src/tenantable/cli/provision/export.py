"""The commands that write what other tools deploy and people read: `export ...`."""

from pathlib import Path
from typing import Annotated

import typer

from tenantable.cli.provision.files import read_text, write_files
from tenantable.cli.systems import NameValues, Stage, SystemName, find_naming, find_system

OutputFolder = Annotated[Path, typer.Option("--out", help="Folder that the files are written to; made if need be.")]


def add_commands(app: typer.Typer) -> None:
    """Add the group `export`."""
    group = typer.Typer(no_args_is_help=True, help="Write a system's declaration in the words of another tool.")
    group.command()(cloudformation)
    group.command()(docs)
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
    from tenantable.infra.cloudformation.files import stage_files, template_files
    from tenantable.infra.normal.templates import parse_template

    found = find_system(system)
    naming = find_naming(found, stage, name)
    old = None if since is None else parse_template(read_text(since))
    write_files(out, template_files(found, naming) if old is None else stage_files(found, naming, old))


def docs(
    *,
    system: SystemName,
    stage: Stage = "dev",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the page, which is named for the system. Without it: the screen.")
    ] = None,
) -> None:
    """The design as a Markdown page: tables, keys, indexes, access patterns, who may do what, environment variables."""
    from tenantable.infra.documents.pages import system_page

    found = find_system(system)
    page = system_page(found, stage)
    if out is None:
        typer.echo(page, nl=False)
        return
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{found.name}.md"
    path.write_text(page)
    typer.echo(f"Wrote {path}")
