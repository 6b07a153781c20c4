"""Access management, whole: its HTTP application and what works behind it."""

import secrets as randomness
import time
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from tenantable.console.app import create_console
from tenantable.data.database import Database
from tenantable.engine import Engine
from tenantable.errors import SettingsError
from tenantable.local.access.chain_keys import newest_key_id
from tenantable.local.access.following import HeadFollower
from tenantable.local.access.keys import AccessSecrets
from tenantable.local.access.leaving import amazon_removals, embedded_removals
from tenantable.local.components import ComponentClient, Installation
from tenantable.local.loops import Loop, every, stop_all
from tenantable.local.primitives.identities import ComponentPrimitives
from tenantable.services.access.app import Dependencies, create_app
from tenantable.services.access.audit.archiving.archive import Archive
from tenantable.services.access.audit.assembly import archiver_of
from tenantable.services.access.declaration import (
    PROJECT,
    SYSTEM,
    audit_archive,
    audit_archiver,
    audit_service,
    naming,
)
from tenantable.services.access.declaration import table as access_table
from tenantable.services.access.identity.fetching import fetch
from tenantable.services.access.identity.openid import OpenIdKeys
from tenantable.services.access.identity.tokens import Issuer
from tenantable.settings import PREFIX, Settings
from tenantable.wire.arns import Home

CONSOLE_PATH = "/console"
EXPIRY_SECONDS = 60.0
"""How often invitations are closed whose time is over; they are accepted no more, closed or not."""
_FORM_KEY_BYTES = 16
_CURSOR_KEY_BYTES = 32


def trail_key_id(installation: Installation, client: ComponentClient, primitives: ComponentPrimitives) -> str | None:
    """The key that the audit trail was last written with; None where there is no trail yet."""
    # No cursor leaves it, so any key will do.
    no_key = bytes(_CURSOR_KEY_BYTES)
    database = Database(client(audit_service), naming=installation.naming, cursor_key=no_key, clock=lambda: 0.0)
    bucket_name = installation.naming.resource_name(audit_archive.name)
    return newest_key_id(database, Archive(primitives(audit_service).bucket(bucket_name)))


@dataclass(frozen=True, kw_only=True)
class RunningAccess:
    """The application to be served, and what works behind it until `close`."""

    app: FastAPI
    loops: tuple[Loop, ...]

    def start(self) -> None:
        for loop in self.loops:
            loop.start()

    def close(self) -> None:
        stop_all(self.loops)


def access_installation(settings: Settings, home: Home) -> Installation:
    names = naming(settings.stage, project=f"{settings.prefix}{PROJECT}")
    return Installation(system=SYSTEM, naming=names, home=home)


def assemble_access(
    installation: Installation,
    client: ComponentClient,
    primitives: ComponentPrimitives,
    *,
    secrets: AccessSecrets,
    settings: Settings,
    address: str,
    engine: Engine | None,
) -> RunningAccess:
    """
    Put the service together; nothing runs before `start`.

    Args:
        address: Where it is served.
        engine: Where the table is, so that its stream can be followed; None: it is on AWS.
    Raises:
        SettingsError: The OpenID provider that is set cannot be trusted, or its audience is missing.
        CloudError: The table is on AWS and has no stream.
    """
    embedded = secrets.issuer(settings) if settings.oidc_issuer is None else None
    bucket_name = installation.naming.resource_name(audit_archive.name)
    dependencies = Dependencies(
        client=client,
        naming=installation.naming,
        cursor_key=secrets.cursor_key,
        chain_key=secrets.chain_key,
        former_chain_keys=secrets.former_chain_keys,
        platform_secret=secrets.platform_secret,
        issuers=[_provider(settings) if embedded is None else embedded.trusted],
        embedded_issuer=embedded,
        public_url=(settings.access_url or address).rstrip("/"),
        default_organisation=settings.default_organisation,
        bucket=lambda component: primitives(component).bucket(bucket_name),
    )
    app = create_app(dependencies)
    console = create_console(
        app,
        key=secrets.console_key,
        public_url=dependencies.public_url,
        clock=time.time,
        new_key=lambda: randomness.token_urlsafe(_FORM_KEY_BYTES),
    )
    app.mount(CONSOLE_PATH, console)
    for path in ("/", CONSOLE_PATH):
        app.add_route(path, _to_the_console, include_in_schema=False)
    loops = [Loop("invitation-expiry", every(EXPIRY_SECONDS, app.state.invitations.expiry.sweep))]
    table_name = installation.naming.table_name(access_table.name)
    if engine is not None:
        follower = HeadFollower(engine.stream(table_name), app.state.doors.snapshots.forget)
        loops.append(Loop("access-heads", follower.step))
        removals = embedded_removals(engine, table_name)
    else:
        checkpoints = primitives(audit_archiver).bucket(bucket_name)
        removals = amazon_removals(client(audit_archiver), table_name, settings, checkpoints)
    archiver = archiver_of(dependencies, removals, wait=time.sleep)
    return RunningAccess(app=app, loops=(*loops, Loop("audit-archiver", archiver.step)))


def _to_the_console(_request: Request) -> RedirectResponse:
    """Without a host: a redirect leads nowhere else, whatever host the request named."""
    return RedirectResponse(f"{CONSOLE_PATH}/")


def _provider(settings: Settings) -> Issuer:
    assert settings.oidc_issuer is not None
    if settings.oidc_audience is None:
        hint = f"set {PREFIX}OIDC_AUDIENCE to the aud of the tokens that are meant for this API"
        raise SettingsError(f"{PREFIX}OIDC_ISSUER is set, and its audience is not", hint=hint)
    return Issuer(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        keys=OpenIdKeys(settings.oidc_issuer, fetch=fetch, monotonic=time.monotonic),
        user_claim=settings.oidc_user_claim,
    )
