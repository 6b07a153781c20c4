"""The entrance to typed access: a database, and the scopes of its tenants."""

import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NewType, TypeVar

from tenantable.data.reading.cursors import CURSOR_KEY_BYTES_MIN
from tenantable.data.repositories import Operations, Repository, TenantRepository
from tenantable.data.session import Backoff, Session
from tenantable.data.transactions import Transaction
from tenantable.declare.naming import Naming
from tenantable.errors import DataError, TenancyError
from tenantable.wire.client import DynamoClient

TenantId = NewType("TenantId", str)
"""The id of a tenant. Not any text: `Database.tenant` wants to be told that a text is one."""

RepositoryT = TypeVar("RepositoryT", bound=Repository[Any])
TenantRepositoryT = TypeVar("TenantRepositoryT", bound=TenantRepository[Any])

_TENANT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class Database:
    """
    Typed access to declared tables over any DynamoDB client.

    Args:
        client: The engine, the HTTP client, a botocore client.
        naming: The system's rule for physical names.
        cursor_key: Signs cursors; at least 16 bytes, the same in every process that reads them.
        clock: Seconds since 1970, for expiry.
        sleep: Waits between attempts.
        random: Makes waiting times differ, and tokens of transactions.
    """

    def __init__(
        self,
        client: DynamoClient,
        *,
        naming: Naming,
        cursor_key: bytes,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: random.Random = random.SystemRandom(),  # noqa: B008 - stateless, so sharing it is harmless
    ) -> None:
        if len(cursor_key) < CURSOR_KEY_BYTES_MIN:
            raise DataError(f"cursor_key has {len(cursor_key)} bytes; at least {CURSOR_KEY_BYTES_MIN} are needed")
        self._session = Session(
            client=client,
            naming=naming,
            cursor_key=cursor_key,
            clock=clock,
            backoff=Backoff(sleep=sleep, random=random),
        )

    def repository(self, repository: type[RepositoryT]) -> RepositoryT:
        """
        A repository of a table without tenants.

        Raises:
            TenancyError: The repository is one of tenants.
        """
        _check_repository(repository)
        if repository.tenant_scoped:
            name = repository.__name__
            hint = f"use Database.tenant(TenantId(...)).repository({name})"
            raise TenancyError(f"{name} is the repository of a table that tenants share", hint=hint)
        return repository(self._session)

    def tenant(self, tenant: TenantId) -> "TenantScope":
        """
        The scope of one tenant, the only way to the tables that tenants share.

        Raises:
            TenancyError: The id has characters that keys or policies give a meaning of their own.
        """
        check_tenant_id(tenant)
        return TenantScope(replace(self._session, tenant=tenant))

    def transaction(self, *, token: str | None = None) -> Transaction:
        """
        Writes of several entities that happen together; see `Transaction`.

        Args:
            token: 1 to 36 characters. The same transaction with the same token within ten minutes happens once.
        """
        return Transaction(self._session, token=token)


class TenantScope:
    """One tenant's view of a database. Made by `Database.tenant`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def repository(self, repository: type[TenantRepositoryT]) -> TenantRepositoryT:
        """A repository that sees this tenant's items alone."""
        _check_repository(repository)
        return repository(self._session)

    def transaction(self, *, token: str | None = None) -> Transaction:
        """As `Database.transaction`; takes this tenant's repositories, and those without tenants."""
        return Transaction(self._session, token=token)


def check_tenant_id(tenant: str) -> None:
    """
    Raises:
        TenancyError: The id has characters that keys or policies give a meaning of their own.
    """
    if not _TENANT_ID.fullmatch(tenant):
        hint = "ids are 1 to 128 letters, digits, '_', '.' and '-', and begin with a letter or digit"
        raise TenancyError(f"{tenant!r} is no tenant id", hint=hint)


def _check_repository(repository: object) -> None:
    if not isinstance(repository, type) or not issubclass(repository, Operations):
        shown = repository.__name__ if isinstance(repository, type) else type(repository).__name__
        hint = "pass a class such as Orders, declared as class Orders(Repository[Order])"
        raise DataError(f"{shown} is no repository class", hint=hint)
