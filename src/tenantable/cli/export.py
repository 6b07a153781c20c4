"""The commands `export ...`: what is made of a declaration, written to files."""

from pathlib import Path
from typing import Annotated

import typer

from tenantable.cli.systems import Stage, SystemName, find_system


def add_commands(app: typer.Typer) -> None:
    """Add `export` and what can be exported."""
    group = typer.Typer(help="Write what is made of a system's declaration.", no_args_is_help=True)
    group.command("docs")(docs)
    app.add_typer(group, name="export")


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
