"""What every repository of a database shares: the client, names, the clock, the tenant."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenantable.declare.keys.templates import TENANT
from tenantable.declare.naming import Naming
from tenantable.declare.tables import PhysicalTable, Table, physical_table
from tenantable.errors import TenancyError, Unavailable
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError
from tenantable.wire.values import Item

_TRANSIENT = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
    }
)


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """
    How often and after how long something is tried again: exponential, with full jitter.

    Before attempt n (from 1) it waits a random time up to `base_seconds` * 2^(n-1), never more than `limit_seconds`.
    """

    sleep: Callable[[float], None]
    random: random.Random
    attempts_max: int = 8
    base_seconds: float = 0.025
    limit_seconds: float = 2.0

    def wait(self, attempt: int) -> None:
        self.sleep(self.random.uniform(0, min(self.limit_seconds, self.base_seconds * 2 ** (attempt - 1))))


@dataclass(frozen=True, kw_only=True)
class Session:
    """
    One database, for one tenant or (`tenant` None) for the tables without tenants.

    `clock` gives seconds since 1970.
    """

    client: DynamoClient
    naming: Naming
    cursor_key: bytes
    clock: Callable[[], float]
    backoff: Backoff
    tenant: str | None = None
    _tables: dict[Table, PhysicalTable] = field(default_factory=dict, repr=False)

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Raises:
            Unavailable: DynamoDB cannot answer now.
            DynamoError: Its other answers.
        """
        try:
            return self.client.call(operation, request)
        except DynamoError as error:
            if error.code in _TRANSIENT or error.status >= 500:
                raise Unavailable(f"{operation} failed: {error}") from error
            raise

    def new_token(self) -> str:
        """A fresh token for a transaction."""
        return f"{self.backoff.random.getrandbits(128):032x}"

    def physical(self, table: Table) -> PhysicalTable:
        """The table that this tenant's items of `table` are in."""
        known = self._tables.get(table)
        if known is None:
            known = self._tables[table] = physical_table(table, self.naming)
        return known

    def with_tenant(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Key values, and the tenant where there is one."""
        return values if self.tenant is None else {**values, TENANT: self.tenant}

    def check_scope(self, table: Table, item: Item) -> Item:
        """
        The item, when it belongs to this session's tenant.

        Raises:
            TenancyError: Its partition key has not the tenant's prefix. This must not happen; it is checked anyway.
        """
        if self.tenant is None or table.tenancy is None:
            return item
        # Tenant ids have no delimiters (see `tenant_id`), so the prefix appears in keys as it is.
        prefix = table.tenancy.prefix.replace(f"{{{TENANT}}}", self.tenant)
        key = item.get(table.partition.name, {}).get("S", "")
        if key != prefix and not key.startswith(f"{prefix}#"):
            raise TenancyError(f"an item of another tenant came back from {table.name}: {key!r}")
        return item
