"""
The error tree. Every error this package raises on purpose derives from `TenantableError`.

    TenantableError
    ├── DynamoError          DynamoDB's own answer, exact name and message (tenantable.wire.errors)
    ├── DeclarationError     a declaration contradicts itself; lists every fault at once
    ├── DataError            typed access
    │   ├── ItemNotFound         (LookupError) the item to change does not exist
    │   ├── ConditionFailed      the condition of a write does not hold
    │   ├── StaleItem            somebody else changed the item since it was read
    │   ├── DuplicateValue       a unique value is taken
    │   ├── InvalidCursor        (ValueError) a cursor was altered or belongs to another query
    │   ├── CorruptItem          a stored item does not fit its entity
    │   └── Unavailable          (ConnectionError) no answer from DynamoDB after all retries
    ├── TenancyError         an item or cursor belongs to another tenant
    ├── PolicyError          (ValueError) a policy document is malformed
    ├── SessionRefused       a session of a role that is not given; `code` is the name that STS has for it
    ├── CloudError           a queue, key or other primitive refuses or fails
    │   └── AccessDenied         the policies of whoever asks do not allow it
    ├── InfrastructureError  what is declared cannot become infrastructure, or a file about it has a fault
    ├── SettingsError        a setting has the wrong form; names it and where it may come from
    ├── StorageError         the data directory cannot be used; says why and the way out
    ├── AddressError         an address cannot be listened on
    └── ServiceError         an HTTP answer of a service: `status`, `code`

Each carries a `hint`: what the reader can do about it, or None where the message says it all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "AccessDenied",
    "AddressError",
    "CloudError",
    "ConditionFailed",
    "CorruptItem",
    "DataError",
    "DeclarationError",
    "DuplicateValue",
    "Fault",
    "InfrastructureError",
    "InvalidCursor",
    "ItemNotFound",
    "PolicyError",
    "ServiceError",
    "SessionRefused",
    "SettingsError",
    "StaleItem",
    "StorageError",
    "TenancyError",
    "TenantableError",
    "Unavailable",
    "near_names",
]


class TenantableError(Exception):
    """Something failed in tenantable."""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = (type(self).__doc__ or "").strip().rstrip(".") if message is None else message
        self.hint = hint
        super().__init__(self.message if hint is None else f"{self.message} ({hint})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault of a declaration: the place (`Order.by_status`), what is wrong there, and the way out."""

    place: str
    problem: str
    hint: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem} (hint: {self.hint})"


class DeclarationError(TenantableError):
    """The declaration contradicts itself."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        lines = "\n".join(f"  - {fault}" for fault in self.faults)
        super().__init__(f"{len(self.faults)} fault(s) in the declaration:\n{lines}")


class DataError(TenantableError):
    """Typed access to a table failed."""


class ItemNotFound(DataError, LookupError):
    """The item does not exist."""


class ConditionFailed(DataError):
    """The condition of the write does not hold."""


class StaleItem(ConditionFailed):
    """The item was changed by somebody else since it was read."""


class DuplicateValue(ConditionFailed):
    """Another item already holds this unique value."""


class InvalidCursor(DataError, ValueError):
    """The cursor was altered, has expired or belongs to another query."""


class CorruptItem(DataError):
    """A stored item does not fit its entity."""


class Unavailable(DataError, ConnectionError):
    """DynamoDB did not answer after all retries."""


class TenancyError(TenantableError):
    """An item or a cursor belongs to another tenant."""


class PolicyError(TenantableError, ValueError):
    """The policy document is malformed."""


class SessionRefused(TenantableError):
    """A session of a role is not given; `code` is the name that STS has for the reason, `AccessDenied` for one."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CloudError(TenantableError):
    """A queue, key or other primitive refused or failed."""


class AccessDenied(CloudError):
    """The policies of whoever asks do not allow it."""


class InfrastructureError(TenantableError):
    """What is declared cannot become infrastructure, or a file about it has a fault."""


class SettingsError(TenantableError):
    """A setting has the wrong form."""


class StorageError(TenantableError):
    """The data directory cannot be used."""


class AddressError(TenantableError):
    """The address cannot be listened on."""


class ServiceError(TenantableError):
    """
    A service refuses a request; `status` is the HTTP status, `code` a stable word for programs.

    `reason` is a word for the log alone, where the caller must not learn which of several reasons it is; None: the code
    says it. `way_out` is what usually helps, for those who look the code up.
    """

    status: int = 500
    code: str = "internal-error"
    reason: str | None = None
    way_out: str = ""


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """For hints: up to three of the known names that look like one, whatever their case; the likest first."""
    from difflib import get_close_matches  # noqa: PLC0415 - seldom needed, and every program imports this module

    by_lower: dict[str, str] = {}
    for each in known:
        by_lower.setdefault(each.lower(), each)
    return [by_lower[each] for each in get_close_matches(name.lower(), by_lower, n=3, cutoff=0.55)]
