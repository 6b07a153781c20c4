"""The commands `token` and `access ...`: tokens of the data folder's own issuer, and its signing keys."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder of the keys. Default: as the settings say, .tenantable")
]


def add_commands(app: typer.Typer) -> None:
    """Add `token` and the group `access`."""
    app.command()(token)
    group = typer.Typer(help="Access management: its keys and its organisations.", no_args_is_help=True)
    group.command("rotate-key")(rotate_key)
    app.add_typer(group, name="access")


def token(
    *,
    user: Annotated[str, typer.Option("--user", help="Id of the user, the `sub` of the token.")],
    email: Annotated[str | None, typer.Option("--email", help="Address of the user; it counts as verified.")] = None,
    seconds: Annotated[int, typer.Option("--seconds", help="How long the token counts, 43200 at most.")] = 3600,
    data: DataFolder = None,
) -> None:
    """
    Print a token with which a user calls access management, signed with the key of the data folder.
    """
    # Here, because these libraries take long to import and serving the engine needs none of them.
    from tenantable.errors import SettingsError  # noqa: PLC0415
    from tenantable.local.access.keys import embedded_issuer  # noqa: PLC0415
    from tenantable.services.access.identity.tokens import normalised_email  # noqa: PLC0415

    issuer = embedded_issuer(_settings(data), clock=time.time)
    try:
        signed = issuer.token(user, email=email and normalised_email(email), lifetime_seconds=seconds)
    except ValueError as error:
        raise SettingsError(f"There is no such token: {error}") from error
    typer.echo(signed)


def rotate_key(*, data: DataFolder = None) -> None:
    """Put a new signing key before the others. It counts from the next start on; tokens of the former ones count on."""
    from tenantable.local.access.keys import rotate_signing_key  # noqa: PLC0415 - as above

    typer.echo(f"The key {rotate_signing_key(_settings(data))} signs tokens from the next start on")


def _settings(data: Path | None) -> Any:
    from tenantable.local.up import read_settings  # noqa: PLC0415 - as above

    return read_settings(data=data)
