"""What an authorizer remembers: of each caller, what is left to decide of an operation once its request is known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tenantable.iam.callers import Caller
from tenantable.iam.evaluation import OpenAccess, OpenDecision
from tenantable.iam.explanation.findings import Asker
from tenantable.iam.patterns import Context
from tenantable.iam.requests.dynamodb import ItemAccess
from tenantable.iam.sessions.roles import Role
from tenantable.iam.sessions.session import Session
from tenantable.iam.watch import Tally
from tenantable.wire.keys import TableKeys, TableKeysLookup
from tenantable.wire.principals import Principal

REMEMBERED_MAX = 4096
"""How many leading keys, or requests, that are allowed are remembered of one operation on one table."""

# Longer ones are decided anew: what callers send must not fill the memory.
_LEADING_KEY_LENGTH_MAX = 256
_REQUEST_LENGTH_MAX = 1024


@dataclass(slots=True, eq=False)
class Prepared:
    """
    An operation of one caller on one table or index: what is left to decide when its request is known.

    It holds as long as `tables` has `table` for the table. `by_request` says that of a request nothing counts but what
    `ItemAccess.decided_by` gives, `by_leading_key` that of this nothing but the key of its one item does; `place` is
    where it has that key, member and attribute, if it is text. `allowed` are the leading keys or requests that are
    known to be allowed. `tally` counts what is allowed; None: nobody does. `add` counts one more at once where nothing
    of the request matters; None: something does.
    """

    access: ItemAccess
    known: Context
    decision: OpenAccess | OpenDecision
    table: TableKeys | None
    tables: TableKeysLookup
    always_allows: bool
    reads_surroundings: bool
    by_leading_key: bool
    by_request: bool
    place: tuple[str, str] | None
    tally: Tally | None
    add: Callable[[], object] | None
    allowed: set[object] = field(default_factory=set)

    def remember(self, asked: object) -> None:
        """That what gives this is allowed."""
        if _characters(asked) <= (_LEADING_KEY_LENGTH_MAX if self.by_leading_key else _REQUEST_LENGTH_MAX):
            if len(self.allowed) >= REMEMBERED_MAX:
                self.allowed.clear()
            self.allowed.add(asked)


def _characters(part: Any) -> int:
    """How many there are in a text, or in a tuple's texts and tuples."""
    if part is None:
        return 0
    return len(part) if isinstance(part, str) else sum(map(_characters, part))


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
    principal: Principal
    role_arn: str
    role: Role | None
    context: Context
    expires_at: float | None
    prepared: dict[tuple[str, Any, Any], Prepared] = field(default_factory=dict)
    parts: dict[tuple[str, str], Part] = field(default_factory=dict)


def asker_of(known: KnownCaller, table: TableKeys | None, *, same_account: bool) -> Asker:
    """Who is refused, with all policies that take part."""
    return Asker(
        names=known.caller.names,
        identity=() if known.role is None else tuple(known.role.policies),
        boundary=None if known.role is None else known.role.boundary,
        session=known.principal.policies if isinstance(known.principal, Session) else (),
        resource=None if table is None else table.policy,
        same_account=same_account,
    )
