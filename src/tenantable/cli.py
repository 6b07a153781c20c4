"""The `tenantable` command. It chooses the real clock and randomness, and says in one sentence why it cannot start."""

import os
import secrets
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from tenantable import __version__
from tenantable.engine import Engine
from tenantable.engine.accounts.homes import Homes
from tenantable.engine.server import listen, serve
from tenantable.engine.signature import AccessKey, AccessKeyLookup
from tenantable.errors import SettingsError, TenantableError
from tenantable.local.secrets import ACCOUNT, ADMINISTRATOR, CREDENTIALS_FILE, profile_keys
from tenantable.local.serving import dynamo_endpoint
from tenantable.wire.arns import Home

if TYPE_CHECKING:
    from tenantable.local.observation.observing import Watch

app = typer.Typer(
    help="DynamoDB for tenants: one declaration, enforced on the laptop.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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


Throttled = Annotated[
    bool, typer.Option("--throttle", help="Enforce provisioned throughput, also that of indexes and partitions.")
]
EventualMilliseconds = Annotated[
    int,
    typer.Option("--eventual-ms", min=0, help="How late reads that are not consistent may be. 0: never."),
]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", help="Make an access key for this account (12 digits) too. Can be given several times."),
]
MetricsPort = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Serve Prometheus metrics on this port; 0: any free one.")
]
MetricsHost = Annotated[str, typer.Option(help="Address that metrics are served on.")]
LogsRequests = Annotated[bool, typer.Option("--log-requests", help="Log each request as a JSON line, without values.")]


@app.command()
def dynamodb(
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
    throttle: Throttled = False,
    eventual_ms: EventualMilliseconds = 0,
    account: Accounts = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = "127.0.0.1",
    log_requests: LogsRequests = False,
) -> None:
    """Serve the embedded DynamoDB over HTTP: boto3, the AWS CLI, Terraform and every SDK can talk to it."""
    watch = _watch(metrics_port, log_requests=log_requests)

    def open_engine(path: Path | str, home: Home) -> Engine:
        observer = None if watch is None else watch.observer(home)
        late = eventual_ms / 1000
        return Engine(
            path, home=home, durability=durability, throttle=throttle, eventual_seconds=late, observer=observer
        )

    with listen(host, port) as listener, Homes(":memory:" if memory else data, open_engine, clock=time.time) as homes:
        endpoint = dynamo_endpoint(
            homes.engine_for(Home()),
            homes=homes,
            access_keys=None if open_ else _access_keys(data, account or []),
            commits_wait=durability == "power" and not memory,
            refused=None if watch is None else watch.refused,
        )
        with endpoint as serving, ExitStack() as stack:
            address = f"http://{host}:{listener.getsockname()[1]}"
            _announce(address, tables=None if memory else data, credentials=None if open_ else data / CREDENTIALS_FILE)
            if watch is not None and metrics_port is not None:
                connected = lambda: serving.connections()  # noqa: E731, PLW0108 - `serve` sets it
                exposed = watch.exposed(homes.engines, host=metrics_host, port=metrics_port, connections=connected)
                print(f"Metrics on {stack.enter_context(exposed)}", flush=True)  # noqa: T201 - the command's voice
            serve(serving, listener)


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


def _watch(metrics_port: int | None, *, log_requests: bool) -> "Watch | None":
    """Who watches the engines; None when nobody does, so that it costs nothing, neither time nor the import."""
    if metrics_port is None and not log_requests:
        return None
    from tenantable.local.observation.observing import Watch  # noqa: PLC0415
    from tenantable.web.logs import configure_logs  # noqa: PLC0415

    if log_requests:
        configure_logs("info")
    return Watch(counts=metrics_port is not None, logs_requests=log_requests)


def _access_keys(folder: Path, accounts: list[str]) -> AccessKeyLookup:
    """The keys of this folder, made at the first start: of the default account and others. Each may do everything."""
    wrong = [account for account in accounts if not ACCOUNT.fullmatch(account)]
    if wrong:
        raise SettingsError(f"--account {wrong[0]}: the number of an account has 12 digits")
    keys = profile_keys(folder, [ADMINISTRATOR, *accounts], secrets.token_urlsafe)
    return {key.access_key_id: AccessKey(secret=key.secret_access_key) for key in keys.values()}.get


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
