"""The options of `tenantable explain`. Imported with the command line, so they import nothing else of ours."""

from pathlib import Path
from typing import Annotated

import typer

Action = Annotated[str, typer.Argument(help="An action such as `GetItem`; with --request an operation of the API.")]
TableName = Annotated[
    str | None, typer.Argument(help="A table's name or ARN; for other services the ARN of a resource.")
]
ComponentName = Annotated[
    str | None, typer.Option("--component", help="Who asks: `webhooks.authorizer`, or `module:SYSTEM.component`.")
]
PolicyFiles = Annotated[
    list[Path] | None,
    typer.Option("--policy", help="A file with an identity policy, instead of --component. Can be given often."),
]
Boundary = Annotated[Path | None, typer.Option("--boundary", help="A file with a permissions boundary.")]
ResourcePolicy = Annotated[
    Path | None, typer.Option("--resource-policy", help="A file with the policy that hangs on the table or stream.")
]
SessionPolicy = Annotated[Path | None, typer.Option("--session", help="A file with a session policy.")]
KeyText = Annotated[
    str | None,
    typer.Option("--key", help='The partition key\'s value, or a key as JSON: `{"PK": "T#1", "SK": "STATE"}`.'),
]
Attributes = Annotated[
    str | None,
    typer.Option("--attributes", help="Names, with commas, read, written or tested. Default: whole items."),
]
IndexName = Annotated[str | None, typer.Option("--index", help="An index of the table, for Query and Scan.")]
InTransaction = Annotated[bool, typer.Option("--in-transaction", help="As part of a transaction.")]
RequestFile = Annotated[
    Path | None, typer.Option("--request", help="A file with a whole request in DynamoDB JSON; -: standard input.")
]
ContextKeys = Annotated[
    list[str] | None,
    typer.Option("--context", help="A condition key, such as `aws:SourceIp=10.0.0.1`. Can be given often."),
]
TenantName = Annotated[
    str | None, typer.Option("--tenant", help="The tenant of the credentials: `aws:PrincipalTag/tenant`.")
]
PrincipalArn = Annotated[str | None, typer.Option("--principal", help="With --policy, the ARN of who calls.")]
PartitionKey = Annotated[
    str | None,
    typer.Option("--partition-key", help="With --policy, the name of the table's partition key attribute."),
]
Account = Annotated[str | None, typer.Option("--account", help="The account of tables that have no ARN.")]
Region = Annotated[str | None, typer.Option("--region", help="The region of tables that have no ARN.")]
Everything = Annotated[bool, typer.Option("--all", help="Show what every statement makes of the request.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, with everything.")]
