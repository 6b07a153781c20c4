"""The commands `token` and `access ...`: tokens and keys of a data folder, and organisations over HTTP."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder of the keys. Default: as the settings say, .tenantable")
]

Organisation = Annotated[str, typer.Argument(help="Id of the organisation.")]
DocumentFile = Annotated[Path, typer.Argument(help="The YAML document.", exists=True, dir_okay=False, readable=True)]
Url = Annotated[
    str, typer.Option("--url", envvar="TENANTABLE_ACCESS_ENDPOINT", help="Where access management answers.")
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="TENANTABLE_ACCESS_TOKEN",
        help="A bearer token. Default: the administrator's secret of the data folder.",
        show_default=False,
    ),
]
URL = "http://127.0.0.1:8081"
ANSWER_SECONDS_MAX = 60.0
ROUNDS_MAX = 100
"""Requests with one document, each of which does a bounded part of it."""


def add_commands(app: typer.Typer) -> None:
    """Add `token` and the group `access`."""
    app.command()(token)
    group = typer.Typer(help="Access management: its keys and its organisations.", no_args_is_help=True)
    group.command("rotate-key")(rotate_key)
    group.command("export")(export)
    group.command("diff")(diff)
    group.command("apply")(apply)
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
    from tenantable.errors import SettingsError
    from tenantable.local.access.keys import embedded_issuer
    from tenantable.services.access.identity.emails import normalised_email

    issuer = embedded_issuer(_settings(data), clock=time.time)
    try:
        signed = issuer.token(user, email=email and normalised_email(email), lifetime_seconds=seconds)
    except ValueError as error:
        raise SettingsError(f"There is no such token: {error}") from error
    typer.echo(signed)


def rotate_key(*, data: DataFolder = None) -> None:
    """
    Put a new signing key before the others. It signs from now on, also in processes that run; tokens of the four before
    it count on.
    """
    from tenantable.local.access.keys import rotate_signing_key

    typer.echo(
        f"The key {rotate_signing_key(_settings(data))} signs tokens from now on; those of the former keys count"
    )


def export(
    organisation: Organisation,
    *,
    url: Url = URL,
    token: Token = None,
    members: Annotated[bool, typer.Option("--members", help="Also what members have.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="A file. Without it: the screen.")] = None,
    data: DataFolder = None,
) -> None:
    """Write an organisation's configuration as one YAML document."""
    query = "?members=true" if members else ""
    text = _call("GET", _address(url, organisation, query), _credential(token, data), None).decode()
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text)
        typer.echo(f"Wrote {out}")


def diff(
    organisation: Organisation, document: DocumentFile, *, url: Url = URL, token: Token = None, data: DataFolder = None
) -> None:
    """Show what a document would change. The exit status is 3 if there are changes."""
    found = _sent(_address(url, organisation, "?dryRun=true"), _credential(token, data), document)
    for change in found["changes"]:
        typer.echo(change["sentence"])
    if not found["changes"]:
        typer.echo("No changes")
        return
    typer.echo(f"{_count(len(found['changes']), 'change')}, {_count(found['left'], 'transaction')}")
    raise typer.Exit(3)


def apply(
    organisation: Organisation, document: DocumentFile, *, url: Url = URL, token: Token = None, data: DataFolder = None
) -> None:
    """Apply a document. If it fails, run the same command again to continue from there."""
    from tenantable.errors import ServiceError

    credential, done = _credential(token, data), 0
    for number in range(ROUNDS_MAX):
        found = _sent(_address(url, organisation, ""), credential, document)
        done += found["operations"]
        for change in found["changes"] if number == 0 else ():
            typer.echo(change["sentence"])
        if not found["left"]:
            typer.echo(f"Applied in {_count(done, 'transaction')}" if done else "No changes")
            return
    raise ServiceError(
        f"Not complete after {_count(done, 'transaction')}", hint="somebody else is changing it too; try again later"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _address(url: str, organisation: str, query: str) -> str:
    from urllib.parse import quote

    return f"{url.rstrip('/')}/v1/organisations/{quote(organisation, safe='')}/configuration{query}"


def _credential(token: str | None, data: Path | None) -> str:
    from tenantable.errors import SettingsError
    from tenantable.local.access.keys import PLATFORM_SECRET_FILE

    if token is not None:
        return token
    settings = _settings(data)
    if settings.platform_secret is not None:
        return str(settings.platform_secret.get_secret_value())
    path = settings.data / PLATFORM_SECRET_FILE
    try:
        return str(path.read_text().strip())
    except OSError as error:
        raise SettingsError(
            f"No token given, and {path} doesn't exist", hint="set TENANTABLE_ACCESS_TOKEN or pass --data"
        ) from error


def _sent(address: str, credential: str, document: Path) -> dict[str, Any]:
    import orjson

    found: dict[str, Any] = orjson.loads(_call("POST", address, credential, document.read_bytes()))
    return found


def _call(method: str, address: str, credential: str, body: bytes | None) -> bytes:
    """The body of the answer; what is refused is told as the service says it."""
    import urllib.error
    import urllib.request

    from tenantable.errors import ServiceError

    headers = {"authorization": f"Bearer {credential}", "content-type": "application/yaml"}
    try:
        request = urllib.request.Request(address, method=method, data=body, headers=headers)  # noqa: S310 - the user's own
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:  # noqa: S310 - as above
            found: bytes = answer.read()
            return found
    except urllib.error.HTTPError as error:
        with error:
            raise ServiceError(_told(error.read(1_000_000)) or f"{address} answered {error.code}") from error
    except (OSError, ValueError) as error:
        raise _unanswered(address, error) from error


def _unanswered(address: str, error: OSError | ValueError) -> Exception:
    from urllib.parse import urlsplit

    from tenantable.errors import ServiceError

    cause = getattr(error, "reason", error)
    parts = urlsplit(address)
    place = f"{parts.scheme}://{parts.netloc}" if parts.netloc else address
    where = "say with --url or TENANTABLE_ACCESS_ENDPOINT where it answers"
    if isinstance(cause, ConnectionRefusedError):
        return ServiceError(f"Nothing answers at {place}", hint=f"is `tenantable up` running? If so, {where}")
    return ServiceError(f"{place} did not answer: {getattr(cause, 'strerror', None) or cause}", hint=where)


def _told(body: bytes) -> str:
    """What a problem document says, with each place."""
    import orjson

    try:
        problem = orjson.loads(body)
        faults = [f"\n  {each['place']}, {each['problem']}" for each in problem.get("errors", ())]
        hint = f" ({problem['hint']})" if problem.get("hint") else ""
        return f"{problem['detail']}{hint}{''.join(faults)}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _settings(data: Path | None) -> Any:
    from tenantable.local.settings import read_settings

    return read_settings(data=data)
