"""The command that explains decisions: `explain`."""

import time
from pathlib import Path

import typer

from tenantable.cli.explaining.options import (
    Account,
    Action,
    AsJson,
    Attributes,
    Boundary,
    ComponentName,
    ContextKeys,
    Everything,
    IndexName,
    InTransaction,
    KeyText,
    PartitionKey,
    PolicyFiles,
    PrincipalArn,
    Region,
    RequestFile,
    ResourcePolicy,
    SessionPolicy,
    TableName,
    TenantName,
)
from tenantable.cli.systems import NameValues, Stage
from tenantable.errors import SettingsError

DENIED = 2
"""The status of a denial; 1 is that of a question that cannot be answered."""


def add_commands(app: typer.Typer) -> None:
    """Add `explain`."""
    app.command()(explain)


def explain(
    action: Action,
    table: TableName = None,
    *,
    component: ComponentName = None,
    policy: PolicyFiles = None,
    boundary: Boundary = None,
    session: SessionPolicy = None,
    resource_policy: ResourcePolicy = None,
    key: KeyText = None,
    attributes: Attributes = None,
    index: IndexName = None,
    in_transaction: InTransaction = False,
    request: RequestFile = None,
    context: ContextKeys = None,
    tenant: TenantName = None,
    principal: PrincipalArn = None,
    partition_key: PartitionKey = None,
    account: Account = None,
    region: Region = None,
    stage: Stage = "dev",
    name: NameValues = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """
    Say whether something is allowed, and why: the deciding statement, or the nearest one with what fails there, and the
    smallest grant that would allow it. Ends with 0 when it is allowed, with 2 when it is denied.
    """
    # Here, because nobody who serves needs any of it.
    from tenantable.cli.explaining.answers import show_answers
    from tenantable.cli.explaining.asking import Asking, answered
    from tenantable.cli.explaining.questions import Asked
    from tenantable.cli.explaining.subjects import Files

    files = Files(identity=policy or (), boundary=_one(boundary), session=_one(session), resource=_one(resource_policy))
    asked = Asked(
        action=action,
        table=table,
        index=index,
        key=key,
        partition_key=partition_key,
        attributes=_names(attributes),
        in_transaction=in_transaction,
        context=tuple(context or ()),
    )
    asking = Asking(
        asked=asked,
        files=files,
        component=component,
        principal=principal,
        tenant=tenant,
        request=request,
        stage=stage,
        names=name,
        account=account,
        region=region,
    )
    subject, answers = answered(asking, clock=time.time)
    if not show_answers(subject, answers, everything=everything, as_json=as_json):
        raise typer.Exit(DENIED)


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    if not names:
        raise SettingsError("--attributes names none", hint="leave it out for whole items")
    return names


def _one(path: Path | None) -> tuple[Path, ...]:
    return () if path is None else (path,)
