"""What an authorizer remembers: of each caller, what is left to decide of an operation once its request is known."""

from dataclasses import dataclass, field
from typing import Any

from tenantable.iam.callers import Caller
from tenantable.iam.evaluation import OpenAccess, OpenDecision
from tenantable.iam.patterns import Context
from tenantable.iam.requests.dynamodb import ItemAccess
from tenantable.iam.sessions.roles import Role
from tenantable.iam.watch import Tally
from tenantable.wire.keys import TableKeys, TableKeysLookup

LEADING_KEYS_MAX = 4096
"""How many leading keys that are allowed are remembered of one operation on one table."""

_LEADING_KEY_LENGTH_MAX = 256  # a longer one is decided anew: what callers send must not fill the memory


@dataclass(slots=True, eq=False)
class Prepared:
    """
    An operation of one caller on one table or index: what is left to decide when its request is known.

    It holds as long as `tables` has `table` for the table. `by_leading_key` says that of a request nothing but the key
    of its one item counts; `place` is where it has that key, member and attribute, if it is text. `allowed_keys` are
    the leading keys that are known to be allowed. `tally` counts what is allowed; None: nobody does.
    """

    access: ItemAccess
    known: Context
    decision: OpenAccess | OpenDecision
    table: TableKeys | None
    tables: TableKeysLookup
    always_allows: bool
    reads_surroundings: bool
    by_leading_key: bool
    place: tuple[str, str] | None
    tally: Tally | None
    allowed_keys: set[str] = field(default_factory=set)

    def remember(self, key: str) -> None:
        """That a leading key is allowed."""
        if len(key) <= _LEADING_KEY_LENGTH_MAX:
            if len(self.allowed_keys) >= LEADING_KEYS_MAX:
                self.allowed_keys.clear()
            self.allowed_keys.add(key)


@dataclass(slots=True, eq=False)
class Part:
    """As `Prepared`, of an action on a resource that is a part of what an operation needs."""

    decision: OpenAccess | OpenDecision
    table: TableKeys | None
    tables: TableKeysLookup
    reads_surroundings: bool
    tally: Tally | None


@dataclass(slots=True, eq=False)
class KnownCaller:
    """
    A caller with what was prepared for it: by operation, table and index, and parts by action and resource.

    It holds as long as the role of `role_arn` is `role`. `expires_at` is when a session ends, None for who has no end.
    """

    caller: Caller
    role_arn: str
    role: Role | None
    context: Context
    expires_at: float | None
    prepared: dict[tuple[str, Any, Any], Prepared] = field(default_factory=dict)
    parts: dict[tuple[str, str], Part] = field(default_factory=dict)
