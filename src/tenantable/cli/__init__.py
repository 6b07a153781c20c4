"""The `tenantable` command. It chooses the real clock and randomness, and says in one sentence why it cannot start."""

import os
import sys
from typing import Annotated

try:
    import typer
except ModuleNotFoundError as error:
    raise SystemExit(f"tenantable: {error.name} is not installed (pip install 'tenantable[services]')") from error

from tenantable import __version__
from tenantable.cli.access import add_commands as add_access
from tenantable.cli.policy.diff import add_commands as add_diff
from tenantable.cli.policy.explain import add_commands as add_policies
from tenantable.cli.policy.grants import add_commands as add_grants
from tenantable.cli.policy.lint import add_commands as add_lint
from tenantable.cli.provision.commands import add_commands as add_infrastructure
from tenantable.cli.provision.cost import add_commands as add_cost
from tenantable.cli.provision.export import add_commands as add_export
from tenantable.cli.serving import add_commands as add_serving
from tenantable.errors import TenantableError

app = typer.Typer(
    help="DynamoDB for tenants: one declaration, enforced on the laptop.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _add in (
    add_serving,
    add_policies,
    add_grants,
    add_lint,
    add_diff,
    add_infrastructure,
    add_export,
    add_cost,
    add_access,
):
    _add(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tenantable {__version__}")
        raise typer.Exit


@app.callback()
def tenantable(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """DynamoDB for tenants: one declaration, enforced on the laptop."""


def main() -> int:
    """
    Run the command line.

    Returns:
        1, after one sentence on the error stream that says why it cannot be done and the way out. Otherwise the
        process ends with the command's own status.
    """
    os.umask(0o077)  # what is stored is for its owner alone
    try:
        app()
    except TenantableError as error:
        print(f"tenantable: {error}", file=sys.stderr)  # noqa: T201 - this is the command's voice
    return 1
