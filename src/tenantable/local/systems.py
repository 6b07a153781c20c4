"""A declared system on the embedded engine: tables created, every component held to its policy."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tenantable.data import Database, TenantId
from tenantable.data.database import TenantScope
from tenantable.declare import Component, Naming, System
from tenantable.engine import Engine
from tenantable.engine.metering.observation import Observer
from tenantable.engine.storage.files import Durability
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.sessions.issuing import SessionIssuer
from tenantable.iam.sessions.roles import FixedRoles, Roles
from tenantable.iam.sessions.tokens import SessionTokens
from tenantable.local.components import ComponentClient, Installation
from tenantable.local.principals.principals import ComponentPrincipal
from tenantable.local.tables import create_missing_tables
from tenantable.wire.arns import Home
from tenantable.wire.client import DynamoClient

__all__ = ["RunningSystem", "engine_clients", "open_engine", "run_embedded"]


@dataclass(frozen=True, kw_only=True)
class RunningSystem:
    """A system that can be used: each component through a client of its own, and nothing through another's."""

    installation: Installation
    engine: Engine
    client: ComponentClient
    cursor_key: bytes
    clock: Callable[[], float]
    issuer: SessionIssuer
    tokens: SessionTokens

    def database(self, component: Component) -> Database:
        """Typed access with the identity of `component`."""
        return self._database(self.client(component))

    def tenant(self, component: Component, tenant: TenantId) -> TenantScope:
        """
        Typed access for one tenant, with credentials of `component` that reach this tenant's items alone.

        Raises:
            TenancyError: The id has characters that keys or policies give a meaning of their own.
            PolicyError: The component reaches nothing by the keys of one tenant.
        """
        return self._database(self.principal(component).for_tenant(tenant).client).tenant(tenant)

    def principal(self, component: Component) -> ComponentPrincipal:
        """The component as a principal, which can be held to one tenant: see `ComponentPrincipal.for_tenant`."""
        return ComponentPrincipal(
            installation=self.installation,
            component=component,
            issuer=self.issuer,
            client_of=self.engine.as_principal,
        )

    def _database(self, client: DynamoClient) -> Database:
        naming = self.installation.naming
        return Database(client, naming=naming, cursor_key=self.cursor_key, clock=self.clock)


def open_engine(
    data: Path | str,
    installations: Iterable[Installation],
    *,
    home: Home,
    durability: Durability = "power",
    clock: Callable[[], float] = time.time,
    observer: Observer | None = None,
    roles: Roles | None = None,
) -> Engine:
    """
    The engine of a data folder (or `:memory:`), enforcing the policies of these systems' components.

    Args:
        roles: Where the roles are found; None: those of the components, and no others.
        observer: Is told of every operation; None: nobody is.
    Raises:
        StorageError: The folder is in use, damaged, of a newer format or cannot be written.
    """
    authorizer = PolicyAuthorizer(installed_roles(installations) if roles is None else roles, home, clock=clock)
    return Engine(data, home=home, authorizer=authorizer, clock=clock, durability=durability, observer=observer)


def installed_roles(installations: Iterable[Installation]) -> Roles:
    """The roles of the components of several systems."""
    return FixedRoles([role for each in installations for role in each.roles()])


def engine_clients(installation: Installation, engine: Engine) -> ComponentClient:
    """The clients of a system's components on an engine that enforces their policies."""
    return lambda component: engine.as_principal(installation.principal(component))


@contextmanager
def run_embedded(
    system: System,
    *,
    naming: Naming | None = None,
    data: Path | str = ":memory:",
    clock: Callable[[], float] = time.time,
) -> Iterator[RunningSystem]:
    """
    One system on an engine of its own, for scripts and tests: `with run_embedded(shop) as running:`.

    Args:
        naming: None: physical names are the logical ones.
        data: The engine's folder, or `:memory:`. Cursors and sessions do not outlive the block.
        clock: Seconds since 1970, for the engine, for policies and for typed access.
    """
    installation = Installation(system=system, naming=naming or Naming(), home=Home())
    roles = installed_roles([installation])
    tokens = SessionTokens(secrets.token_bytes(32), clock=clock, random_bytes=secrets.token_bytes)
    with open_engine(data, [installation], home=installation.home, clock=clock, roles=roles) as engine:
        create_missing_tables(engine, system.physical_tables(installation.naming))
        yield RunningSystem(
            installation=installation,
            engine=engine,
            client=engine_clients(installation, engine),
            cursor_key=secrets.token_bytes(32),
            clock=clock,
            issuer=SessionIssuer(roles, tokens, clock=clock),
            tokens=tokens,
        )
