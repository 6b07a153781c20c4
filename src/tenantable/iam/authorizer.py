"""
Authorization of every request by the policies of whoever sends it and of the table or stream that it is for, with
IAM's own words for a refusal.

`PolicyAuthorizer` fits the engine's `Authorizer` protocol. A missing table is refused like any other: nobody learns
which tables exist without a grant on them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tenantable.errors import PolicyError
from tenantable.iam.callers import Caller, caller_of
from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.evaluation import (
    Decision,
    OpenAccess,
    OpenDecision,
    PolicyKind,
    PolicySet,
    ResourcePolicySet,
    Verdict,
)
from tenantable.iam.patterns import Context
from tenantable.iam.principals import CallerNames
from tenantable.iam.requests.dynamodb import ItemAccess, access_requests, item_access
from tenantable.iam.requests.surroundings import (
    SURROUNDING_KEYS,
    SurroundedContext,
    Surroundings,
    crosses_accounts,
    described,
    resource_tags,
)
from tenantable.iam.sessions.roles import FixedRoles, Role, Roles
from tenantable.iam.sessions.session import Session
from tenantable.iam.sessions.tokens import expired
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError, access_denied, invalid_parameter_values
from tenantable.wire.keys import TableKeys, TableKeysLookup
from tenantable.wire.principals import Principal, Sender

CALLERS_MAX = 4096
"""How many users and role sessions are remembered; then all are looked up again."""

PREPARED_MAX = 1024
"""How many combinations of operation, table and index are remembered for a caller with what is left to decide."""

LEADING_KEYS_MAX = 4096
"""How many leading keys that are allowed are remembered in each of these combinations."""

RESOURCE_POLICIES_MAX = 1024
"""How many policies of tables and streams are remembered compiled."""

_LEADING_KEY = "dynamodb:leadingkeys"
_LEADING_KEY_LENGTH_MAX = 256  # a longer one is decided anew: what callers send must not fill the memory
_FIXED_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:tokenissuetime",
        "aws:userid",
        "aws:username",
        "aws:viaawsservice",
        "dynamodb:enclosingoperation",
    }
)
"""What the caller and the operation alone decide, where an operation stands by itself."""
_FIXED_PREFIXES = ("aws:principaltag/", "aws:resourcetag/")


@dataclass(slots=True, eq=False)
class _Prepared:
    """
    An operation of one caller on one table or index: what is left to decide when its request is known.

    It holds as long as `tables` has `table` for the table. `allowed_keys` are the leading keys that are known to be
    allowed; None where more of a request counts than the key of its one item.
    """

    access: ItemAccess
    known: Context
    decision: OpenAccess | OpenDecision
    table: TableKeys | None
    tables: TableKeysLookup
    always_allows: bool
    reads_surroundings: bool
    allowed_keys: set[str] | None


@dataclass(slots=True, eq=False)
class _Known:
    """A caller with what was prepared for it, by operation, table and index."""

    caller: Caller
    role_arn: str
    role: Role | None
    context: Context
    expires_at: float | None
    prepared: dict[tuple[str, Any, Any], _Prepared] = field(default_factory=dict)


class PolicyAuthorizer:
    """
    Decides by the policies of principals and of resources.

    Args:
        roles: Where roles and users are looked up, for every request; or the policies of each by its ARN, where they
            stay the same. A role serves its sessions (`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, or `Session`).
            Whoever is not found may do what a resource policy allows it, and else nothing.
        home: The account and region that the tables live in.
        clock: Seconds since the epoch, for conditions on the time and for sessions, which end.
    Raises:
        PolicyError: A policy that was built by hand is malformed.

    Safe to share between threads.
    """

    def __init__(
        self,
        roles: Roles | Mapping[str, Sequence[Policy]],
        home: Home | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._home = home or Home()
        self._clock = clock
        self._roles: Roles = _fixed_roles(roles) if isinstance(roles, Mapping) else roles
        self._find = self._roles.find
        self._known: dict[Principal, _Known] = {}

    def authorize(
        self, principal: Principal, operation: str, request: Mapping[str, Any], tables: TableKeysLookup
    ) -> None:
        """
        Return when all that the request needs is allowed.

        Args:
            principal: The ARN of a user, a role or a role session; or a `Session`; or a `Sender` with either.
            operation: The API's name for it, such as `PutItem`.
            request: A request whose shape was checked.
            tables: The key names of each table, for leading keys, its resource policy and its tags.
        Raises:
            DynamoError: AccessDeniedException with IAM's sentence for the first thing that is not allowed;
                ExpiredTokenException for a session whose time is over; ValidationException where an expression cannot
                be read.
        """
        sender = principal if type(principal) is Sender else None
        known = self._known_caller(principal if sender is None else sender.principal)
        prepared = known.prepared.get((operation, request.get("TableName"), request.get("IndexName")))
        if prepared is None or prepared.tables is not tables:
            prepared = self._prepared(known, operation, request, tables)
        if prepared is None:
            self._authorize_parts(known, operation, request, tables=tables, sender=sender)
        elif not prepared.always_allows:
            self._complete(known, prepared, request, sender)

    def check_policy(self, document: str) -> None:
        """
        Whether a document can hang on a table or stream.

        Raises:
            DynamoError: ValidationException that says what is wrong with it.
        """
        try:
            parse_policy(document, kind="resource")
        except PolicyError as error:
            raise invalid_parameter_values(f"Invalid policy document: {error}") from error

    def _known_caller(self, principal: Principal) -> _Known:
        known = self._known.get(principal)
        if known is None or self._find(known.role_arn) is not known.role:
            known = self._look_up(principal)
        if known.expires_at is not None and known.expires_at <= self._clock():
            raise expired()
        return known

    def _look_up(self, principal: Principal) -> _Known:
        caller = caller_of(principal, self._roles)
        context = {
            **caller.context,
            "aws:requestedregion": self._home.region,
            "aws:resourceaccount": self._home.account_id,
            "aws:viaawsservice": "false",
        }
        expires_at = principal.expires_at if isinstance(principal, Session) else None
        known = _Known(caller, caller.role_arn, caller.role, context, expires_at)
        if len(self._known) >= CALLERS_MAX:
            self._known.clear()
        self._known[principal] = known
        return known

    def _complete(self, known: _Known, prepared: _Prepared, request: Mapping[str, Any], sender: Sender | None) -> None:
        """Decide what is left to decide. A leading key that was allowed is allowed again."""
        access, allowed_keys, key = prepared.access, prepared.allowed_keys, None
        context: Context
        if allowed_keys is not None:
            key = access.leading_key(request, prepared.table)
            if key in allowed_keys:
                return
            context = {**prepared.known, _LEADING_KEY: (key,)}
        else:
            context = access.context(request, prepared.tables, prepared.known)
            if prepared.reads_surroundings:
                context = SurroundedContext(context, Surroundings(prepared.table, sender, self._clock))
        decision = prepared.decision.complete(context)
        if decision.verdict is not Verdict.ALLOWED:
            raise denial(known.caller.names.arn, access.action, access.resource, decision)
        if allowed_keys is not None and key is not None and len(key) <= _LEADING_KEY_LENGTH_MAX:
            if len(allowed_keys) >= LEADING_KEYS_MAX:
                allowed_keys.clear()
            allowed_keys.add(key)

    def _prepared(
        self, known: _Known, operation: str, request: Mapping[str, Any], tables: TableKeysLookup
    ) -> _Prepared | None:
        """What is prepared for an operation, as its table is now; None for an operation on none or several."""
        place = (operation, request.get("TableName"), request.get("IndexName"))
        access = None if place[1] is None else item_access(operation, request, self._home)
        if access is None:
            return None
        table, prepared = tables(access.table_name), known.prepared.get(place)
        if prepared is not None and prepared.table is table:
            prepared.tables = tables
            return prepared
        if len(known.prepared) >= PREPARED_MAX:
            known.prepared.clear()
        prepared = known.prepared[place] = self._prepare(known, access, table, tables)
        return prepared

    def _prepare(
        self, known: _Known, access: ItemAccess, table: TableKeys | None, tables: TableKeysLookup
    ) -> _Prepared:
        opened = self._open(known.caller, access.action, access.resource, table)
        context = {**known.context, **resource_tags(table)}
        fixed = _FIXED_KEYS | {key for key in opened.keys_read() if key.startswith(_FIXED_PREFIXES)}
        opened = opened.given(context, fixed=fixed)
        reads = opened.keys_read()
        by_leading_key = access.key_member is not None and reads <= fixed | {_LEADING_KEY}
        return _Prepared(
            access=access,
            known={key: value for key, value in context.items() if key in reads},
            decision=opened.identity if opened.is_of_identity_alone else opened,
            table=table,
            tables=tables,
            always_allows=opened.always_allows,
            reads_surroundings=not reads.isdisjoint(SURROUNDING_KEYS),
            allowed_keys=set() if by_leading_key else None,
        )

    def _authorize_parts(
        self,
        known: _Known,
        operation: str,
        request: Mapping[str, Any],
        *,
        tables: TableKeysLookup,
        sender: Sender | None,
    ) -> None:
        caller = known.caller
        needed = access_requests(operation, request, tables, home=self._home, known=known.context)
        if needed is None:
            action, resource = f"dynamodb:{operation}", self._home.every_table()
            raise denial(caller.names.arn, action, resource, _NOBODY.open_decision(action, resource).otherwise)
        for access in needed:
            table = described(access.resource, tables)
            context = SurroundedContext(access.context, Surroundings(table, sender, self._clock))
            decision = self._open(caller, access.action, access.resource, table).complete(context)
            if decision.verdict is not Verdict.ALLOWED:
                raise denial(caller.names.arn, access.action, access.resource, decision)

    def _open(self, caller: Caller, action: str, resource: str, table: TableKeys | None) -> OpenAccess:
        """What all policies together say of an action on a resource, that of the table or stream among them."""
        same_account = caller.names.account_id == self._home.account_id
        granted = None
        if table is not None and table.policy is not None and (same_account or crosses_accounts(action)):
            granted = _resource_decision(table.policy, action, resource, caller.names)
        return OpenAccess(
            caller.identity.open_decision(action, resource),
            tuple(each.open_decision(action, resource) for each in caller.limits),
            granted,
            same_account,
        )


def denial(principal: str, action: str, resource: str, decision: Decision) -> DynamoError:
    """The AccessDeniedException for a decision that does not allow, in IAM's words."""
    sentence = f"User: {principal} is not authorized to perform: {action} on resource: {resource}"
    kind = decision.kind.value
    if decision.verdict is Verdict.EXPLICIT_DENY:
        article = "an" if kind[0] in "aeiou" else "a"
        return access_denied(f"{sentence} with an explicit deny in {article} {kind}")
    return access_denied(f"{sentence} because no {kind} allows the {action} action")


@lru_cache(maxsize=RESOURCE_POLICIES_MAX)
def _resource_decision(document: str, action: str, resource: str, caller: CallerNames) -> OpenDecision:
    policies = _resource_policies(document)
    if policies is None:  # what cannot be read may have been meant as a deny
        return OpenDecision((), Decision(verdict=Verdict.EXPLICIT_DENY, kind=PolicyKind.RESOURCE))
    return policies.open_decision(action, resource, caller)


@lru_cache(maxsize=RESOURCE_POLICIES_MAX)
def _resource_policies(document: str) -> ResourcePolicySet | None:
    try:
        return ResourcePolicySet(parse_policy(document, kind="resource"))
    except PolicyError:
        return None


def _fixed_roles(policies: Mapping[str, Sequence[Policy]]) -> Roles:
    return FixedRoles([Role(arn=arn, policies=tuple(each)) for arn, each in policies.items()])


_NOBODY = PolicySet(())
