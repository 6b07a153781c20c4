"""The `tenantable` command. It chooses the real clock and randomness, and says in one sentence why it cannot start."""

import os
import secrets
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from socket import socket
from typing import Annotated, Literal

import typer
from rich.console import Console

from tenantable import __version__
from tenantable.engine import Engine
from tenantable.engine.server import listen, serve
from tenantable.engine.signature import AccessKey, AccessKeyLookup
from tenantable.engine.storage.files import Durability
from tenantable.errors import TenantableError
from tenantable.local.maintenance.commands import add_commands
from tenantable.local.secrets import ADMINISTRATOR, CREDENTIALS_FILE, profile_keys
from tenantable.local.serving import dynamo_endpoint
from tenantable.local.workers.ports import shared_port
from tenantable.local.workers.supervision import WORKERS_MAX, check_workers, run_workers

app = typer.Typer(
    help="DynamoDB for tenants: one declaration, enforced on the laptop.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

dynamodb_group = typer.Typer()
add_commands(dynamodb_group)
app.add_typer(dynamodb_group, name="dynamodb")


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


@dynamodb_group.callback(invoke_without_command=True)
def dynamodb(
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, envvar="TENANTABLE_DYNAMODB_PORT", help="0: any free one.")
    ] = 8000,
    host: Annotated[str, typer.Option(envvar="TENANTABLE_HOST", help="Address to listen on.")] = "127.0.0.1",
    data: Annotated[
        Path, typer.Option(envvar="TENANTABLE_DATA", help="Folder of the tables and the access key.")
    ] = Path(".tenantable"),
    open_: Annotated[
        bool, typer.Option("--open", help="Check no signatures: any access key may do everything.")
    ] = False,
    memory: Annotated[
        bool, typer.Option("--memory", help="Keep the tables in memory; they end with the process.")
    ] = False,
    durability: Annotated[
        Literal["power", "process", "none"],
        typer.Option(
            envvar="TENANTABLE_DURABILITY", help="What an acknowledged write survives: loss of power, a kill, nothing."
        ),
    ] = "power",
    workers: Annotated[
        int, typer.Option(min=1, max=WORKERS_MAX, help="Processes that answer; they read at once and write in turn.")
    ] = 1,
) -> None:
    """
    Serve the embedded DynamoDB over HTTP: boto3, the AWS CLI, Terraform and every SDK can talk to it. With a command,
    look after its data folder instead.
    """
    if context.invoked_subcommand is not None:
        _refuse_misplaced_options(context)
        return
    check_workers(workers, memory=memory)
    with listen(host, port) as listener:
        # Several workers have engines of their own; this one makes the folder, or says why it cannot be used.
        with Engine(":memory:" if memory else data, durability=durability) as engine:
            answer = partial(
                _answer,
                access_keys=None if open_ else _access_keys(data),
                # Reads must not wait behind the commit of another process, however short it is.
                commits_wait=workers > 1 or (durability == "power" and not memory),
            )
            address = f"http://{host}:{listener.getsockname()[1]}"
            _announce(address, tables=None if memory else data, credentials=None if open_ else data / CREDENTIALS_FILE)
            if workers == 1:
                answer(engine, listener)
        if workers > 1:
            with shared_port(listener, workers) as listeners:
                run_workers(listeners, partial(_work, data, durability, answer), say=_say)


def _answer(engine: Engine, listener: socket, *, access_keys: AccessKeyLookup | None, commits_wait: bool) -> None:
    with dynamo_endpoint(engine, access_keys=access_keys, commits_wait=commits_wait) as endpoint:
        serve(endpoint, listener)


def _work(data: Path, durability: Durability, answer: Callable[[Engine, socket], None], listener: socket) -> None:
    with Engine(data, durability=durability) as engine:
        answer(engine, listener)


def _say(sentence: str) -> None:
    typer.echo(f"tenantable: {sentence}", err=True)


@app.command()
def up(
    *,
    data: Annotated[Path | None, typer.Option(help="Folder of everything that is kept. Default: .tenantable")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Of the HTTP APIs. Default: 8080")] = None,
    dynamodb_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of the DynamoDB endpoint. Default: 8000")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Send one event to a receiver on this machine, and show what happens.")
    ] = False,
) -> None:
    """Start the engine, the services and their workers. Everything else is set by TENANTABLE_... or tenantable.toml."""
    # Here, because the services' libraries take half a second to import and `dynamodb` needs none of them.
    from tenantable.local.up import read_settings  # noqa: PLC0415
    from tenantable.local.up import up as start  # noqa: PLC0415

    shown = {"allow_private_targets": True, "log_level": "warning"} if demo else {}
    settings = read_settings(data=data, port=port, dynamodb_port=dynamodb_port, **shown)
    start(settings, demo=demo)


def _refuse_misplaced_options(context: typer.Context) -> None:
    """Options that stand before a command would be those of serving, and not of the command."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = name.strip("_")
            raise typer.BadParameter(
                f"--{option} stands behind the command: {context.invoked_subcommand} --{option} ..."
            )


def _access_keys(folder: Path) -> AccessKeyLookup:
    """The one key of this folder; it may do everything. Made at the first start."""
    key = profile_keys(folder, [ADMINISTRATOR], secrets.token_urlsafe)[ADMINISTRATOR]
    return {key.access_key_id: AccessKey(secret=key.secret_access_key)}.get


def _announce(address: str, *, tables: Path | None, credentials: Path | None) -> None:
    """Say where the endpoint is, where the tables are and how to connect; a secret is named by its file alone."""
    console = Console(highlight=False, soft_wrap=True)
    where = "in memory" if tables is None else f"in {tables.resolve()}"
    console.print(f"[bold]DynamoDB[/bold] on [bold]{address}[/bold], tables {where}")
    if credentials is None:
        console.print("Open: signatures are not checked, any access key will do. To connect:")
        identity = "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any"
    else:
        console.print("Requests must be signed with the access key of this data folder. To connect:")
        identity = f"AWS_SHARED_CREDENTIALS_FILE={credentials.resolve()}"
    endpoints = f"AWS_ENDPOINT_URL_DYNAMODB={address} AWS_ENDPOINT_URL_DYNAMODB_STREAMS={address}"
    console.print(f"  export {endpoints} AWS_DEFAULT_REGION=us-east-1 {identity}", markup=False)
    console.print("  aws dynamodb list-tables        # or boto3.client('dynamodb').list_tables()", markup=False)


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


if __name__ == "__main__":
    sys.exit(main())
