"""
Authorization of every request by the policies of whoever sends it and of the table or stream that it is for, with
IAM's own words for a refusal.

`PolicyAuthorizer` fits the engine's `Authorizer` protocol. A missing table is refused like any other: nobody learns
which tables exist without a grant on them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from tenantable.errors import PolicyError
from tenantable.iam.callers import Caller, caller_of, principal_context, role_of_session
from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.evaluation import (
    AccessRequest,
    Decision,
    OpenAccess,
    OpenDecision,
    PolicyKind,
    PolicySet,
    ResourcePolicySet,
    Verdict,
)
from tenantable.iam.patterns import Context
from tenantable.iam.prepared import KnownCaller, Part, Prepared, asker_of
from tenantable.iam.principals import CallerNames
from tenantable.iam.requests.dynamodb import ItemAccess, access_requests, item_access
from tenantable.iam.requests.surroundings import (
    RESOURCE_TAG,
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
from tenantable.iam.watch import DecisionWatch, Tally
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError, access_denied, invalid_parameter_values
from tenantable.wire.keys import TableKeys, TableKeysLookup
from tenantable.wire.principals import Principal, Sender

__all__ = ["DecisionWatch", "PolicyAuthorizer", "Tally", "denial", "principal_context", "role_of_session"]

CALLERS_MAX = 4096
"""How many users and role sessions are remembered; then all are looked up again."""

PREPARED_MAX = 1024
"""How many combinations of operation, table and index are remembered for a caller with what is left to decide."""

RESOURCE_POLICIES_MAX = 1024
"""How many policies of tables and streams are remembered compiled."""

_LEADING_KEY = "dynamodb:leadingkeys"
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


class PolicyAuthorizer:
    """
    Decides by the policies of principals and of resources.

    Args:
        roles: Where roles and users are looked up, for every request; or the policies of each by its ARN, where they
            stay the same. A role serves its sessions (`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, or `Session`).
            Whoever is not found may do what a resource policy allows it, and else nothing.
        home: The account and region that the tables live in.
        clock: Seconds since the epoch, for conditions on the time and for sessions, which end.
        watch: Is told of decisions; None: nobody is.
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
        watch: DecisionWatch | None = None,
    ) -> None:
        self._watch = watch
        self._home = home or Home()
        self._clock = clock
        self._roles: Roles = _fixed_roles(roles) if isinstance(roles, Mapping) else roles
        self._find = self._roles.find
        self._known: dict[Principal, KnownCaller] = {}

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
        sender = None
        if type(principal) is Sender:
            sender, principal = principal, principal.principal
        known = self._known.get(principal)
        if known is None or known.expires_at is not None or self._find(known.role_arn) is not known.role:
            known = self._known_caller(principal)
        prepared = known.prepared.get((operation, request.get("TableName"), request.get("IndexName")))
        if prepared is None or prepared.tables is not tables:
            prepared = self._prepared(known, operation, request, tables)
            if prepared is None:
                self._authorize_parts(known, operation, request, tables=tables, sender=sender)
                return
        allowed = prepared.always_allows
        if prepared.place is not None:
            member, name = prepared.place
            try:
                key = request[member][name]["S"]
                asked = key if prepared.by_leading_key else prepared.access.decided_by(key, request)
                allowed = asked in prepared.allowed
            except (LookupError, TypeError):  # no key, or none of this form
                allowed = False
        if not allowed:
            self._complete(known, prepared, request, sender)
        if prepared.add is not None:
            prepared.add()
        elif prepared.tally is not None:
            prepared.tally.count_item(prepared.access, request, tables, known=known.context)

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

    def _known_caller(self, principal: Principal) -> KnownCaller:
        known = self._known.get(principal)
        if known is None or self._find(known.role_arn) is not known.role:
            known = self._look_up(principal)
        if known.expires_at is not None and known.expires_at <= self._clock():
            raise expired()
        return known

    def _look_up(self, principal: Principal) -> KnownCaller:
        caller = caller_of(principal, self._roles)
        context = {
            **caller.context,
            "aws:requestedregion": self._home.region,
            "aws:resourceaccount": self._home.account_id,
            "aws:viaawsservice": "false",
        }
        expires_at = principal.expires_at if isinstance(principal, Session) else None
        known = KnownCaller(caller, principal, caller.role_arn, caller.role, context=context, expires_at=expires_at)
        if len(self._known) >= CALLERS_MAX:
            self._known.clear()
        self._known[principal] = known
        return known

    def _complete(
        self, known: KnownCaller, prepared: Prepared, request: Mapping[str, Any], sender: Sender | None
    ) -> None:
        """Decide what is left to decide. A leading key or request that was allowed is allowed again."""
        access, key, asked = prepared.access, "", None
        if prepared.by_request:
            key = access.leading_key(request, prepared.table)
            asked = key if prepared.by_leading_key else access.decided_by(key, request)
            if asked in prepared.allowed:
                return
        context: Context
        if prepared.by_leading_key:
            context = {**prepared.known, _LEADING_KEY: (key,)}
        else:
            context = access.context(request, prepared.tables, prepared.known)
            if prepared.reads_surroundings:
                context = SurroundedContext(context, Surroundings(prepared.table, sender, self._clock))
        decision = prepared.decision.complete(context)
        if decision.verdict is not Verdict.ALLOWED:
            own = access.context(request, prepared.tables, known.context)
            context = SurroundedContext(own, Surroundings(prepared.table, sender, self._clock))
            refused = AccessRequest(access.action, access.resource, context)
            raise self._refusal(known, refused, decision, prepared.table)
        if asked is not None:
            prepared.remember(asked)

    def _refusal(
        self, known: KnownCaller, request: AccessRequest, decision: Decision, table: TableKeys | None
    ) -> DynamoError:
        if self._watch is not None:
            same_account = known.caller.names.account_id == self._home.account_id
            self._watch.denied(asker_of(known, table, same_account=same_account), request, decision)
        return denial(known.caller.names.arn, request.action, request.resource, decision)

    def _tally(self, known: KnownCaller, action: str, resource: str) -> Tally | None:
        return None if self._watch is None else self._watch.tally(known.role_arn, action, resource)

    def _prepared(
        self, known: KnownCaller, operation: str, request: Mapping[str, Any], tables: TableKeysLookup
    ) -> Prepared | None:
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
        self, known: KnownCaller, access: ItemAccess, table: TableKeys | None, tables: TableKeysLookup
    ) -> Prepared:
        opened = self._open(known.caller, access.action, access.resource, table)
        context = {**known.context, **resource_tags(table)}
        fixed = _FIXED_KEYS | {key for key in opened.keys_read() if key.startswith(_FIXED_PREFIXES)}
        opened = opened.given(context, fixed=fixed)
        reads = opened.keys_read()
        by_request = access.texts is not None and reads <= fixed | access.derivations.keys()
        by_leading_key = by_request and reads <= fixed | {_LEADING_KEY}
        tally = self._tally(known, access.action, access.resource)
        return Prepared(
            access=access,
            known={key: value for key, value in context.items() if key in reads},
            decision=opened,
            table=table,
            tables=tables,
            always_allows=opened.always_allows,
            reads_surroundings=not reads.isdisjoint(SURROUNDING_KEYS),
            by_leading_key=by_leading_key,
            by_request=by_request,
            place=_place_of_text(access, table) if by_request and not opened.always_allows else None,
            tally=tally,
            add=None if tally is None else tally.add,
        )

    def _authorize_parts(
        self,
        known: KnownCaller,
        operation: str,
        request: Mapping[str, Any],
        *,
        tables: TableKeysLookup,
        sender: Sender | None,
    ) -> None:
        needed = access_requests(operation, request, tables, home=self._home, known=known.context)
        if needed is None:
            asked = AccessRequest(f"dynamodb:{operation}", self._home.every_table(), known.context)
            raise self._refusal(known, asked, _NOBODY.decide(asked), None)
        counted: list[tuple[Tally, Context]] = []
        for access in needed:
            part = known.parts.get((access.action, access.resource))
            if part is None or part.tables is not tables:
                part = self._part(known, access.action, access.resource, tables)
            context = access.context
            if part.reads_surroundings:
                context = SurroundedContext(context, Surroundings(part.table, sender, self._clock))
            decision = part.decision.complete(context)
            if decision.verdict is not Verdict.ALLOWED:
                whole = SurroundedContext(access.context, Surroundings(part.table, sender, self._clock))
                raise self._refusal(known, access._replace(context=whole), decision, part.table)
            if part.tally is not None:
                counted.append((part.tally, access.context))
        for tally, context in counted:  # once all of it is allowed
            tally.count(context)

    def _part(self, known: KnownCaller, action: str, resource: str, tables: TableKeysLookup) -> Part:
        """What is left to decide of an action on a resource, as the resource is now."""
        table, part = described(resource, tables), known.parts.get((action, resource))
        if part is not None and part.table is table:
            part.tables = tables
            return part
        decision = self._open(known.caller, action, resource, table)
        reads = decision.keys_read()
        surrounded = any(key in SURROUNDING_KEYS or key.startswith(RESOURCE_TAG) for key in reads)
        if len(known.parts) >= PREPARED_MAX:
            known.parts.clear()
        part = known.parts[action, resource] = Part(
            decision, table, tables, surrounded, self._tally(known, action, resource)
        )
        return part

    def _open(self, caller: Caller, action: str, resource: str, table: TableKeys | None) -> OpenAccess | OpenDecision:
        """What all policies together say of an action on a resource, that of the table or stream among them."""
        same_account = caller.names.account_id == self._home.account_id
        granted = None
        if table is not None and table.policy is not None and (same_account or crosses_accounts(action)):
            granted = _resource_decision(table.policy, action, resource, caller.names)
        identity = caller.identity.open_decision(action, resource)
        if same_account and granted is None and not caller.limits:
            return identity
        return OpenAccess(
            identity,
            tuple(each.open_decision(action, resource) for each in caller.limits),
            granted,
            same_account,
        )


def _place_of_text(access: ItemAccess, table: TableKeys | None) -> tuple[str, str] | None:
    if table is None or access.key_member is None or table.table.partition.type != "S":
        return None
    return access.key_member, table.table.partition.name


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
