"""The commands that write what follows from a declaration: `export terraform` and its kin."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from tenantable.cli.systems import NameValues, SystemName, find_system
from tenantable.errors import SettingsError

STALE = 2
"""The exit status of `--check` where files are not what the declaration says."""

OutputFolder = Annotated[
    Path, typer.Option("--out", help="The folder to write into. Files that are not generated stay as they are.")
]
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
    group = typer.Typer(no_args_is_help=True, help="Write what follows from a declaration.")
    group.callback()(export)
    group.command()(terraform)
    app.add_typer(group, name="export")


def export() -> None:
    """Write what follows from a declaration."""


def terraform(
    *,
    system: SystemName,
    out: OutputFolder,
    name: NameValues = None,
    provider_version: ProviderVersion = "5.x",
    check: Checks = False,
) -> None:
    """Write a system as a Terraform module: tables, roles with their policies, and the rest."""
    from tenantable.infra.terraform.module import marker, terraform_module  # noqa: PLC0415 - slow to import
    from tenantable.infra.terraform.tables import Provider  # noqa: PLC0415

    found = find_system(system)
    files = terraform_module(found, provider=Provider(major=_major(provider_version)), values=_values(name))
    write_files(out, files, marker=marker(found), check=check)


def write_files(out: Path, files: Mapping[str, str], *, marker: str, check: bool) -> None:
    """Write generated files and say what changed; with `check` only say it, and exit with status 2 if files differ."""
    from tenantable.infra.folders import compare_folder, write_folder  # noqa: PLC0415 - slow to import

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
