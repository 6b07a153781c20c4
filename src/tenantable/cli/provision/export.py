"""The commands that write what other tools deploy and people read: `export ...`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tenantable.cli.files import STALE, read_text, write_files
from tenantable.cli.systems import NameValues, Stage, SystemName, find_naming, find_system
from tenantable.errors import SettingsError

OutputFolder = Annotated[Path, typer.Option("--out", help="Folder that the files are written to; made if need be.")]

Checks = Annotated[
    bool,
    typer.Option("--check", help="Write nothing; exit with status 2 when the folder is not what would be written."),
]
ProviderVersion = Annotated[
    str,
    typer.Option("--provider-version", help="The version of Terraform's AWS provider to write for: 5.x or 6.x."),
]


def add_commands(app: typer.Typer) -> None:
    """Add the group `export`."""
    group = typer.Typer(no_args_is_help=True, help="Write a system's declaration in the words of another tool.")
    group.command()(cloudformation)
    group.command()(docs)
    group.command()(terraform)
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
    check: Checks = False,
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
    files = template_files(found, naming) if old is None else stage_files(found, naming, old)
    write_files(out, files, check=check)


def docs(
    *,
    system: SystemName,
    stage: Stage = "dev",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the page, which is named for the system. Without it: the screen.")
    ] = None,
    check: Checks = False,
) -> None:
    """The design as a Markdown page: tables, keys, indexes, access patterns, who may do what, environment variables."""
    from tenantable.infra.documents.pages import system_page

    found = find_system(system)
    page = system_page(found, stage)
    if out is None:
        if check:
            raise SettingsError("--check compares a folder", hint="name it with --out")
        typer.echo(page, nl=False)
        return
    write_files(out, {f"{found.name}.md": page}, check=check)


def terraform(
    *,
    system: SystemName,
    out: OutputFolder,
    name: NameValues = None,
    provider_version: ProviderVersion = "5.x",
    check: Checks = False,
) -> None:
    """Write a system as a Terraform module: tables, roles with their policies, and the rest."""
    from tenantable.infra.terraform.module import marker, terraform_module
    from tenantable.infra.terraform.tables import Provider

    found = find_system(system)
    files = terraform_module(found, provider=Provider(major=_major(provider_version)), values=_values(name))
    _write_generated(out, files, marker=marker(found), check=check)


def _write_generated(out: Path, files: Mapping[str, str], *, marker: str, check: bool) -> None:
    """Write generated files and say what changed; with `check` only say it, and exit with status 2 if files differ."""
    from tenantable.infra.folders import compare_folder, write_folder

    changes = (compare_folder if check else write_folder)(out, files, marker=marker)
    changed = [each for each in changes if each.change != "unchanged"]
    for each in changed:
        typer.echo(f"{each.change.ljust(len('unchanged'))} {out / each.name}")
    typer.echo(f"{len(changed)} of {len(changes)} files {'differ' if check else 'written'}")
    if check and changed:
        raise typer.Exit(STALE)


def _major(version: str) -> int:
    major = version.removeprefix("v").partition(".")[0]
    if not major.isascii() or not major.isdigit():
        raise SettingsError(f"--provider-version {version}: no version", hint="write 5.x or 6.x")
    return int(major)


def _values(texts: list[str] | None) -> dict[str, str]:
    values = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--name {text}: no such value", hint="write name=value")
        values[name] = value
    return values
