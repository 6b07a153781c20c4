"""The commands that serve: `dynamodb`, the endpoint alone, and `up`, everything."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from socket import socket
from typing import Annotated, Literal

import typer
from rich.console import Console

from tenantable.engine.server import PORT_MAX, http_address, listen, serve
from tenantable.local.endpoint.endpoint import EndpointOptions, prepare_for_workers, run_endpoint
from tenantable.local.maintenance.commands import DataFolder
from tenantable.local.maintenance.commands import add_commands as add_maintenance_commands
from tenantable.local.secrets import CREDENTIALS_FILE
from tenantable.local.workers.ports import shared_port
from tenantable.local.workers.supervision import WORKERS_MAX, check_workers, run_workers

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
    int | None,
    typer.Option(
        min=0,
        max=PORT_MAX,
        envvar="TENANTABLE_METRICS_PORT",
        help="Serve Prometheus metrics on this port, of several workers also on those above it; 0: any free one.",
    ),
]
MetricsHost = Annotated[str, typer.Option(envvar="TENANTABLE_METRICS_HOST", help="Address that metrics are served on.")]
LogsRequests = Annotated[
    bool,
    typer.Option(
        "--log-requests", envvar="TENANTABLE_LOG_REQUESTS", help="Log each request as a JSON line, without values."
    ),
]
Workers = Annotated[
    int, typer.Option(min=1, max=WORKERS_MAX, help="Processes that answer; they read at once and write in turn.")
]


def add_commands(app: typer.Typer) -> None:
    """Add `dynamodb`, with the commands that look after its data folder, and `up`."""
    group = typer.Typer()
    group.callback(invoke_without_command=True)(dynamodb)
    add_maintenance_commands(group)
    app.add_typer(group, name="dynamodb")
    app.command()(up)


def dynamodb(
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=PORT_MAX, envvar="TENANTABLE_DYNAMODB_PORT", help="0: any free one.")
    ] = 8000,
    host: Annotated[str, typer.Option(envvar="TENANTABLE_HOST", help="Address to listen on.")] = "127.0.0.1",
    data: DataFolder = Path(".tenantable"),
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
    workers: Workers = 1,
    throttle: Throttled = False,
    eventual_ms: EventualMilliseconds = 0,
    account: Accounts = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = "127.0.0.1",
    log_requests: LogsRequests = False,
) -> None:
    """
    Serve the embedded DynamoDB over HTTP: boto3, the AWS CLI, Terraform and every SDK can talk to it. With a command,
    look after its data folder instead.
    """
    if context.invoked_subcommand is not None:
        _refuse_misplaced_options(context)
        return
    check_workers(workers, memory=memory)
    options = EndpointOptions(
        data=None if memory else data,
        objects=data / "objects",
        credentials=None if open_ else data,
        accounts=tuple(account or ()),
        durability=durability,
        throttle=throttle,
        eventual_seconds=eventual_ms / 1000,
        metrics_port=metrics_port,
        metrics_host=metrics_host,
        logs_requests=log_requests,
        workers=workers,
    )
    with listen(host, port) as listener:
        announce = partial(_announce, http_address(host, listener.getsockname()[1]), options)
        if workers == 1:
            _work(options, listener, announce)
        else:
            prepare_for_workers(options)
            announce()
            with shared_port(listener, workers) as listeners:
                run_workers(listeners, lambda number, own: _work(options.of_worker(number), own), say=_say)


def _work(options: EndpointOptions, listener: socket, announce: Callable[[], None] = lambda: None) -> None:
    with run_endpoint(options) as running:
        announce()
        if running.metrics_address is not None:
            typer.echo(f"Metrics on {running.metrics_address}")
        serve(running.endpoint, listener)


def _say(sentence: str) -> None:
    typer.echo(f"tenantable: {sentence}", err=True)


def up(
    *,
    data: Annotated[Path | None, typer.Option(help="Folder of everything that is kept. Default: .tenantable")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=PORT_MAX, help="Of the webhook API. Default: 8080")] = None,
    access_port: Annotated[
        int | None, typer.Option(min=0, max=PORT_MAX, help="Of access management. Default: the one after --port")
    ] = None,
    dynamodb_port: Annotated[
        int | None, typer.Option(min=0, max=PORT_MAX, help="Of the DynamoDB endpoint. Default: 8000")
    ] = None,
    explain_denials: Annotated[
        bool,
        typer.Option("--explain-denials", help="Log what each denied request lacks, as a JSON line without values."),
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Send one event and make one decision, and show what happens.")
    ] = False,
) -> None:
    """Start the engine, the services and their workers. Everything else is set by TENANTABLE_... or tenantable.toml."""
    from tenantable.local.settings import read_settings

    shown = {"allow_private_targets": True, "log_level": "warning"} if demo else {}
    if explain_denials:
        shown["explain_denials"] = True
    settings = read_settings(data=data, port=port, access_port=access_port, dynamodb_port=dynamodb_port, **shown)
    # Here, because the services' libraries take a second to import; `dynamodb` needs none, nor does a wrong setting.
    from tenantable.local.up import up as start

    start(settings, demo=demo)


def _refuse_misplaced_options(context: typer.Context) -> None:
    """Options that stand before a command would be those of serving, and not of the command."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = name.strip("_").replace("_", "-")
            raise typer.BadParameter(
                f"--{option} stands behind the command: {context.invoked_subcommand} --{option} ..."
            )


def _announce(address: str, options: EndpointOptions) -> None:
    """Say where the endpoint is, where the tables are and how to connect; a secret is named by its file alone."""
    console = Console(highlight=False, soft_wrap=True)
    where = "in memory" if options.data is None else f"in {options.data.resolve()}"
    console.print(f"[bold]DynamoDB[/bold] on [bold]{address}[/bold], tables {where}")
    if options.credentials is None:
        console.print("Open: signatures are not checked, any access key will do. To connect:")
        identity = "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any"
    else:
        console.print("Requests must be signed with the access key of this data folder. To connect:")
        identity = f"AWS_SHARED_CREDENTIALS_FILE={(options.credentials / CREDENTIALS_FILE).resolve()}"
    endpoints = f"AWS_ENDPOINT_URL_DYNAMODB={address} AWS_ENDPOINT_URL_DYNAMODB_STREAMS={address}"
    console.print(f"  export {endpoints} AWS_DEFAULT_REGION=us-east-1 {identity}", markup=False)
    console.print("  aws dynamodb list-tables        # or boto3.client('dynamodb').list_tables()", markup=False)
