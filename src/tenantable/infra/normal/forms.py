"""The normal form of a table: frozen values that are equal when two descriptions mean the same table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenantable.wire.keys import KeyAttribute

OWNED = "owned"
"""Encrypted with the key that DynamoDB owns."""
MANAGED = "managed"
"""Encrypted with the account's key that AWS manages, `aws/dynamodb`."""
STANDARD = "STANDARD"
RECOVERY_DAYS = 35
"""How far back a table can be restored when nobody says otherwise."""
REPLICATED_VIEW = "NEW_AND_OLD_IMAGES"
"""The view of the stream that replication reads."""
EVERYTHING = "ALL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity:
    """Provisioned units a second."""

    read_units: int
    write_units: int

    def __str__(self) -> str:
        return f"{self.read_units} read and {self.write_units} write units"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ceilings:
    """The most request units a second of what is billed on demand; None: no ceiling."""

    read_units: int | None = None
    write_units: int | None = None

    def __str__(self) -> str:
        shown = {"read": self.read_units, "write": self.write_units}
        return " and ".join(f"at most {units} {kind} units" for kind, units in shown.items() if units is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyForm:
    """The key attributes of a table or index, each kind in its order."""

    partition: tuple[KeyAttribute, ...]
    sort: tuple[KeyAttribute, ...] = ()

    def __str__(self) -> str:
        kinds = (", ".join(f"{key.name} ({key.type})" for key in keys) for keys in (self.partition, self.sort) if keys)
        return " / ".join(kinds)


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexForm:
    """
    A secondary index.

    Args:
        projection: `ALL`, `KEYS_ONLY` or `INCLUDE`; `included` has the names for the last.
        capacity: Of a global index of a provisioned table, else None.
        ceilings: None: there are none.
    """

    keys: KeyForm
    projection: str = EVERYTHING
    included: frozenset[str] = frozenset()
    capacity: Capacity | None = None
    ceilings: Ceilings | None = None

    def __str__(self) -> str:
        held = {"ALL": "whole items", "KEYS_ONLY": "keys alone"}.get(self.projection, ", ".join(sorted(self.included)))
        return f"{self.keys}, holds {held}"


@dataclass(frozen=True, kw_only=True, slots=True)
class TableForm:
    """
    A table.

    Args:
        capacity: None: it is billed on demand.
        ttl: The attribute by which items expire, or None.
        recovery_days: How far back it can be restored, or None.
        encryption: `OWNED`, `MANAGED`, or a customer's key as `alias/NAME`, `key/ID` or another account's ARN.
        stream: The view type, or None.
        replicas: The regions beside its own.
        resource_policy: Canonical JSON, or None.
    """

    name: str
    keys: KeyForm
    global_indexes: Mapping[str, IndexForm] = field(default_factory=dict)
    local_indexes: Mapping[str, IndexForm] = field(default_factory=dict)
    capacity: Capacity | None = None
    ceilings: Ceilings | None = None
    ttl: str | None = None
    recovery_days: int | None = None
    encryption: str = OWNED
    stream: str | None = None
    deletion_protection: bool = False
    table_class: str = STANDARD
    tags: Mapping[str, str] = field(default_factory=dict)
    replicas: frozenset[str] = frozenset()
    resource_policy: str | None = None
