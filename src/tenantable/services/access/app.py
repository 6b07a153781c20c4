"""Access management put together: five services and the decisions behind one HTTP application."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tenantable import __version__
from tenantable.cloud.objects.bucket import Bucket
from tenantable.data.database import Database
from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.services.access import declaration
from tenantable.services.access.audit.api import router as audit_router
from tenantable.services.access.audit.archiving.archiver import Retention
from tenantable.services.access.audit.assembly import audit_of
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.decisions.snapshots import Snapshots
from tenantable.services.access.directory.api import router as directory_router
from tenantable.services.access.directory.platform import found_platform
from tenantable.services.access.directory.service import Directory
from tenantable.services.access.http.answers import install_replays
from tenantable.services.access.http.requests import Doors
from tenantable.services.access.identity.callers import Authenticator, PlatformSecret
from tenantable.services.access.identity.service_keys import ServiceKeyAuthenticator
from tenantable.services.access.identity.tokens import Issuer, TokenAuthenticator
from tenantable.services.access.permissions.api import router as permissions_router
from tenantable.services.access.permissions.service import PermissionCatalogue, PermissionSetService
from tenantable.services.access.roles.api import router as roles_router
from tenantable.services.access.roles.assignments import Assignments
from tenantable.services.access.roles.definitions import PlatformRoleDefinitions, RoleDefinitions
from tenantable.web.application import new_application
from tenantable.wire.client import DynamoClient

BODY_BYTES_MAX = 1024 * 1024
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing is mistaken for another
_RANDOM_CHARACTERS = 16


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """
    What the application is made from.

    `client` gives each component a client that carries its identity. `platform_secret` is the administrator's, of at
    least 16 characters; `chain_key` keys the audit trail; `issuers` are those whose tokens are believed.

    `bucket` gives the archive of audit events as a component may use it; None: there is no archive. `former_chain_keys`
    keyed earlier events, the oldest first; `head_seed` (32 bytes) is of the key that signs heads, by default made of
    the chain's first key, and `former_head_keys` are public keys that signed earlier ones.
    """

    client: Callable[[Component], DynamoClient]
    naming: Naming
    cursor_key: bytes
    chain_key: bytes
    platform_secret: str
    issuers: Sequence[Issuer]
    bucket: Callable[[Component], Bucket] | None = None
    former_chain_keys: Sequence[bytes] = ()
    head_seed: bytes | None = None
    former_head_keys: Sequence[bytes] = ()
    retention: Retention = field(default_factory=Retention)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.perf_counter
    entropy: Callable[[int], bytes] = os.urandom
    random: Random = field(default_factory=SystemRandom)

    def database(self, component: Component, *, clock: Callable[[], float] | None = None) -> Database:
        """The table as this component may see it; `clock` tells what has expired."""
        return Database(
            self.client(component),
            naming=self.naming,
            cursor_key=self.cursor_key,
            clock=clock or self.clock,
            random=self.random,
        )

    def changes(self, component: Component, database: Database | None = None) -> Changes:
        return Changes(
            database or self.database(component),
            chain_key=self.chain_key,
            clock=self.clock,
            new_id=self.new_id,
            random=self.random,
            hot_days=self.retention.hot_days,
        )

    def new_id(self) -> str:
        """An id that sorts by time: eight characters of milliseconds' time, then sixteen random ones."""
        milliseconds = int(self.clock() * 1000)
        time_part = "".join(_ID_ALPHABET[milliseconds >> 5 * place & 31] for place in range(8, -1, -1))
        drawn = "".join(_ID_ALPHABET[byte & 31] for byte in self.entropy(_RANDOM_CHARACTERS))
        return time_part + drawn


def create_app(dependencies: Dependencies) -> FastAPI:
    """The HTTP application, to be served alone or mounted under a prefix. The platform is founded if it is not yet."""
    app = new_application(
        title="Access management",
        version=__version__,
        description="Who may do what, in which organisation, and what they did.",
        body_bytes_max=BODY_BYTES_MAX,
        registry=dependencies.registry,
        entropy=dependencies.entropy,
        monotonic=dependencies.monotonic,
    )
    install_replays(app)
    decision_database = dependencies.database(declaration.decision_service)
    app.state.doors = Doors(
        authenticators=_authenticators(dependencies, decision_database),
        snapshots=Snapshots(decision_database, clock=dependencies.clock),
        clock=dependencies.clock,
    )
    changes = dependencies.changes(declaration.directory_service)
    found_platform(changes, now=dependencies.clock())
    app.state.directory = Directory(changes)
    app.include_router(directory_router)
    permission_changes = dependencies.changes(declaration.permission_service)
    app.state.permission_catalogue = PermissionCatalogue(permission_changes)
    app.state.permission_sets = PermissionSetService(permission_changes)
    app.include_router(permissions_router)
    role_changes = dependencies.changes(declaration.role_service)
    app.state.roles = RoleDefinitions(role_changes)
    app.state.platform_roles = PlatformRoleDefinitions(role_changes)
    app.state.assignments = Assignments(role_changes)
    app.include_router(roles_router)
    app.state.audit = audit_of(dependencies)
    app.include_router(audit_router)
    return app


def _authenticators(dependencies: Dependencies, database: Database) -> list[Authenticator]:
    return [
        PlatformSecret(dependencies.platform_secret),
        ServiceKeyAuthenticator(database, clock=dependencies.clock),
        TokenAuthenticator(dependencies.issuers, clock=dependencies.clock),
    ]
