"""The command `up`: start everything, show where it is and what it does, stop on Ctrl-C."""

import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tenantable import __version__
from tenantable.engine.server import SWITCH_SECONDS
from tenantable.local.access.assembly import CONSOLE_PATH
from tenantable.local.access.keys import PLATFORM_SECRET_FILE
from tenantable.local.demonstration.access import access_requests, demonstrate_access
from tenantable.local.demonstration.calls import Step
from tenantable.local.demonstration.event import demonstrate, event_requests
from tenantable.local.secrets import SECRETS_FILE
from tenantable.local.serving import StopSignal
from tenantable.local.world import AccessPlace, World, run_world
from tenantable.settings import Settings
from tenantable.web.logs import configure_logs

_LOG_COLUMNS = 160  # in a file or pipe nothing is wrapped at a terminal's width


def up(settings: Settings, *, demo: bool) -> None:
    """
    Run until Ctrl-C or SIGTERM.

    Args:
        demo: Send one event and make one decision, to show that everything works; needs `cloud = local` or a stand-in.
    """
    # What the demonstration finds there already is refused, as it expects; its table is no place for that.
    configure_logs("error" if demo else settings.log_level)
    sys.setswitchinterval(SWITCH_SECONDS)
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _LOG_COLUMNS
    console.print(f"[bold]tenantable {__version__}[/bold]  data in {settings.data.resolve()}", markup=True)
    with StopSignal() as stop:
        with run_world(settings) as world:
            requests = _demonstrate(console, world, settings.data) if demo else []
            configure_logs(settings.log_level)
            _show_places(console, world, settings.data)
            if requests:
                console.print("\n[bold]Try[/bold]")
            for request in requests:
                console.print(f"  {request}", markup=False)
            console.print("\nCtrl-C stops it; the data stays.")
            stop.wait()
        console.print("Stopped.")


def _demonstrate(console: Console, world: World, folder: Path) -> list[str]:
    """Show each step as it happens; gives requests to try."""
    title = "One event, from the API to a verified signature"
    event_id = _show_steps(console, title, demonstrate(world.address, folder, world.operator_token))
    requests = event_requests(world.address, folder, event_id)
    place = world.access
    if place is not None and place.signs_tokens:
        title = "One organisation, from its owner to a decision and its reasons"
        _show_steps(console, title, demonstrate_access(place.address, place.platform_secret))
        requests += access_requests(place.address, folder)
    return requests


def _show_steps(console: Console, title: str, steps: Iterable[Step]) -> str | None:
    """Gives the subject of the last one."""
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("", style="green")
    table.add_column("step", style="bold")
    table.add_column("what happened", overflow="fold")
    table.add_column("after", justify="right")
    subject = None
    with Live(table, console=console):
        for step in steps:
            table.add_row("✓", step.what, step.detail, f"{step.seconds * 1000:.0f} ms")
            subject = step.subject
    console.print()
    return subject


def _show_places(console: Console, world: World, folder: Path) -> None:
    places = Table(box=None, show_header=False, title="Where things are", title_justify="left")
    places.add_column(style="bold")
    places.add_column(overflow="fold")
    places.add_row("Webhook API", f"{world.address}  (described at {world.address}/openapi.json)")
    if world.access is not None:
        places.add_row("Access API", f"{world.access.address}  (described at {world.access.address}/openapi.json)")
        places.add_row(
            "Console", f"{world.access.address}{CONSOLE_PATH}/  (sign in with a token or the administrator's secret)"
        )
    if world.dynamodb_address is not None:
        places.add_row("DynamoDB", world.dynamodb_address)
        places.add_row("Access keys", f"{world.credentials}  (AWS_SHARED_CREDENTIALS_FILE; a profile per component)")
    if world.metrics_address is not None:
        places.add_row("Metrics", world.metrics_address)
    places.add_row("Operator token", f"{folder / SECRETS_FILE}")
    if world.access is not None:
        places.add_row("Administrator", _administrator(world.access, folder))
    console.print(places)


def _administrator(place: AccessPlace, folder: Path) -> str:
    """The secret at the first start, and where it is later."""
    path = folder / PLATFORM_SECRET_FILE
    if place.platform_secret_is_new:
        return f"{place.platform_secret}  (of access management; shown this once, kept in {path})"
    return f"{path}" if path.exists() else "as TENANTABLE_PLATFORM_SECRET says"
