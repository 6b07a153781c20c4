"""The command that explains decisions: `explain`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tenantable.cli.systems import NameValues, Stage
from tenantable.errors import SettingsError

DENIED = 2
"""The status of a denial; 1 is that of a question that cannot be answered."""

_REQUEST_BYTES_MAX = 16 * 1024 * 1024
"""As much as DynamoDB takes in one request."""


def add_commands(app: typer.Typer) -> None:
    """Add `explain`."""
    app.command()(explain)


def explain(
    action: Annotated[str, typer.Argument(help="An action such as `GetItem`; with --request an operation of the API.")],
    table: Annotated[
        str | None, typer.Argument(help="A table's name or ARN; for other services the ARN of a resource.")
    ] = None,
    *,
    component: Annotated[
        str | None,
        typer.Option("--component", help="Who asks: `webhooks.authorizer`, or `module:SYSTEM.component`."),
    ] = None,
    policy: Annotated[
        list[Path] | None,
        typer.Option("--policy", help="A file with an identity policy, instead of --component. Can be given often."),
    ] = None,
    boundary: Annotated[Path | None, typer.Option("--boundary", help="A file with a permissions boundary.")] = None,
    session: Annotated[Path | None, typer.Option("--session", help="A file with a session policy.")] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help='The partition key\'s value, or a key as JSON: `{"PK": "T#1", "SK": "STATE"}`.'),
    ] = None,
    attributes: Annotated[
        str | None,
        typer.Option("--attributes", help="Names, with commas, read, written or tested. Default: whole items."),
    ] = None,
    index: Annotated[str | None, typer.Option("--index", help="An index of the table, for Query and Scan.")] = None,
    in_transaction: Annotated[bool, typer.Option("--in-transaction", help="As part of a transaction.")] = False,
    request: Annotated[
        Path | None,
        typer.Option("--request", help="A file with a whole request in DynamoDB JSON; -: standard input."),
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", help="A condition key, such as `aws:SourceIp=10.0.0.1`. Can be given often."),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", help="The tenant of the credentials: `aws:PrincipalTag/tenant`."),
    ] = None,
    principal: Annotated[str | None, typer.Option("--principal", help="With --policy, the ARN of who calls.")] = None,
    partition_key: Annotated[
        str | None,
        typer.Option("--partition-key", help="With --policy, the name of the table's partition key attribute."),
    ] = None,
    account: Annotated[str | None, typer.Option("--account", help="The account of tables that have no ARN.")] = None,
    region: Annotated[str | None, typer.Option("--region", help="The region of tables that have no ARN.")] = None,
    stage: Stage = "dev",
    name: NameValues = None,
    everything: Annotated[bool, typer.Option("--all", help="Show what every statement makes of the request.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, with everything.")] = False,
) -> None:
    """
    Say whether something is allowed, and why: the deciding statement, or the nearest one with what fails there, and the
    smallest grant that would allow it. Ends with 0 when it is allowed, with 2 when it is denied.
    """
    # Here, because nobody who serves needs any of it.
    from rich.console import Console  # noqa: PLC0415

    from tenantable.cli.explaining.answers import answers_json, show_answer  # noqa: PLC0415
    from tenantable.cli.explaining.asking import Asking, answered  # noqa: PLC0415
    from tenantable.cli.explaining.questions import Asked  # noqa: PLC0415
    from tenantable.cli.explaining.subjects import Files  # noqa: PLC0415

    if (component is None) == (not policy):
        raise SettingsError("Name either --component or --policy", hint="such as --component webhooks.authorizer")
    asking = Asking(
        asked=Asked(
            action=action,
            table=table,
            index=index,
            key=key,
            partition_key=partition_key,
            attributes=None if attributes is None else _names(attributes),
            in_transaction=in_transaction,
            context=tuple(context or ()),
        ),
        files=Files(identity=policy or (), boundary=_one(boundary), session=_one(session)),
        component=component,
        principal=principal,
        tenant=tenant,
        request=request,
        stage=stage,
        names=name,
        account=account,
        region=region,
    )
    subject, answers = answered(asking, now=time.time(), request_bytes_max=_REQUEST_BYTES_MAX)
    if as_json:
        typer.echo(answers_json(subject, answers))
    else:
        console = Console()
        for number, answer in enumerate(answers):
            if number:
                console.print()
            show_answer(console, subject, answer, everything=everything)
    if not all(answer.explanation.decision.allowed for answer in answers):
        raise typer.Exit(DENIED)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    if not names:
        raise SettingsError("--attributes names none", hint="leave it out for whole items")
    return names


def _one(path: Path | None) -> tuple[Path, ...]:
    return () if path is None else (path,)
