"""The command that lists grants and how often they were exercised: `grants`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tenantable.cli.systems import SystemName, find_component, find_system
from tenantable.errors import SettingsError


def add_commands(app: typer.Typer) -> None:
    """Add `grants`."""
    app.command()(grants)


def grants(
    *,
    system: SystemName,
    component: Annotated[str | None, typer.Option("--component", help="Those of this component alone.")] = None,
    unused: Annotated[bool, typer.Option("--unused", help="Only those that were never exercised.")] = False,
    data: Annotated[
        Path, typer.Option(envvar="TENANTABLE_DATA", help="The data folder of `tenantable up`, which counts.")
    ] = Path(".tenantable"),
    reset: Annotated[bool, typer.Option("--reset", help="Forget the counts of the system, and begin anew.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """
    List what the components of a system are granted, and how often each grant was exercised: what nobody needed can be
    taken away.
    """
    # Here, because nobody who serves needs any of it.
    from tenantable.cli.explaining.grants import listing, show_listing
    from tenantable.local.decisions.uses import USES_FILE, UsesFile

    found = find_system(system)
    if component is not None:
        find_component(found, component)
    is_counted = (data / USES_FILE).is_file()
    if (unused or reset) and not is_counted:
        raise SettingsError(
            f"Nothing was counted in {data}", hint="run `tenantable up` with this folder first, or name another --data"
        )
    kept = None
    if is_counted:
        file = UsesFile(data, clock=time.time)
        try:
            if reset:
                file.forget([found.name])
            kept = file.read()
        finally:
            file.close()
    shown = listing(found, kept, component=component, unused=unused)
    if as_json:
        typer.echo(shown.json())
    else:
        show_listing(shown)
