"""
Authorization of every request by the policies of whoever sends it, with IAM's own words for a refusal.

`PolicyAuthorizer` fits the engine's `Authorizer` protocol. A missing table is refused like any other: nobody learns
which tables exist without a grant on them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from tenantable.iam.documents import Policy
from tenantable.iam.evaluation import AccessRequest, Decision, OpenDecision, PolicySet, Verdict, evaluate
from tenantable.iam.patterns import Context, ContextValue, split_arn
from tenantable.iam.requests.dynamodb import ItemAccess, access_requests, item_access
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError, access_denied
from tenantable.wire.keys import TableKeysLookup

CALLERS_MAX = 4096
"""How many users and role sessions are remembered; an older one is looked up again."""

PREPARED_MAX = 16384
"""How many combinations of principal, operation, table and index are remembered with what is left to decide."""

LEADING_KEYS_MAX = 4096
"""How many leading keys are remembered, each with one decision on it."""

_LEADING_KEY = "dynamodb:leadingkeys"
_LEADING_KEY_LENGTH_MAX = 256  # a longer one is decided anew: what callers send must not fill the memory
_TIME_KEYS = frozenset({"aws:currenttime", "aws:epochtime"})
_FIXED_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:username",
        "aws:viaawsservice",
        "dynamodb:enclosingoperation",
    }
)
"""What the caller and the operation alone decide, where an operation stands by itself."""


class Tally(Protocol):
    """Counts what a principal was allowed of one action on one resource."""

    def count(self, context: Context) -> None:
        """One request more, or one part of it, with these condition keys."""
        ...

    def count_item(
        self, access: ItemAccess, request: Mapping[str, Any], tables: TableKeysLookup, *, known: Context
    ) -> None:
        """One request more. Its condition keys are left to be made, for they cost more than the count."""
        ...


class DecisionWatch(Protocol):
    """Is told what a `PolicyAuthorizer` decides. It must be quick: the request waits."""

    def tally(self, principal: str, action: str, resource: str) -> Tally | None:
        """What is to count the requests that are allowed; None: nothing. Asked once and remembered."""
        ...

    def denied(self, principal: str, request: AccessRequest, decision: Decision) -> None:
        """A request is about to be refused. Its context has the principal's keys as far as its policies read them."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Caller:
    """A caller's policies and those of its own condition keys that they read."""

    policies: PolicySet
    context: Context
    reads_time: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """
    An operation of one caller on one table or index: what is left to decide when its request is known.

    `by_leading_key` says that nothing of the request but the key of its one item counts.
    """

    access: ItemAccess
    caller: _Caller
    decision: OpenDecision
    always_allows: bool
    by_leading_key: bool
    tally: Tally | None


class PolicyAuthorizer:
    """
    Identity policies by principal.

    Args:
        policies: By the ARN of a user or role. A role's policies serve its sessions
            (`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`). Whoever is not listed may do nothing.
        home: The account and region that the tables live in.
        clock: Seconds since the epoch, for conditions on the time.
        watch: Is told of decisions; None: nobody is.
    Raises:
        PolicyError: A policy that was built by hand is malformed.

    Safe to share between threads.
    """

    def __init__(
        self,
        policies: Mapping[str, Sequence[Policy]],
        home: Home | None = None,
        *,
        clock: Callable[[], float] = time.time,
        watch: DecisionWatch | None = None,
    ) -> None:
        self._home = home or Home()
        self._clock = clock
        self._watch = watch
        self._policies = {arn: PolicySet(each) for arn, each in policies.items()}
        self._caller = lru_cache(maxsize=CALLERS_MAX)(self._look_up)
        self._prepared = lru_cache(maxsize=PREPARED_MAX)(self._prepare)
        self._tally = lru_cache(maxsize=PREPARED_MAX)(self._find_tally)
        self._decide_by_leading_key = lru_cache(maxsize=LEADING_KEYS_MAX)(_decide_by_leading_key)

    def authorize(self, principal: str, operation: str, request: Mapping[str, Any], tables: TableKeysLookup) -> None:
        """
        Return when all that the request needs is allowed.

        Args:
            principal: The ARN of a user, a role or a role session.
            operation: The API's name for it, such as `PutItem`.
            request: A request whose shape was checked.
            tables: The key names of each table, for leading keys.
        Raises:
            DynamoError: AccessDeniedException with IAM's sentence for the first thing that is not allowed;
                ValidationException where an expression cannot be read.
        """
        prepared = self._prepared(principal, operation, request.get("TableName"), request.get("IndexName"))
        if prepared is None:
            self._authorize_parts(principal, operation, request, tables)
            return
        if not prepared.always_allows:
            decision = self._decide(prepared, request, tables)
            if decision.verdict is not Verdict.ALLOWED:
                context = prepared.access.context(request, tables, self._known(prepared.caller))
                asked = AccessRequest(prepared.access.action, prepared.access.resource, context)
                raise self._refusal(principal, asked, decision)
        tally = prepared.tally
        if tally is not None:
            tally.count_item(prepared.access, request, tables, known=prepared.caller.context)

    def _decide(self, prepared: _Prepared, request: Mapping[str, Any], tables: TableKeysLookup) -> Decision:
        access = prepared.access
        if prepared.by_leading_key:
            key = access.leading_key(request, tables)
            if len(key) <= _LEADING_KEY_LENGTH_MAX:
                return self._decide_by_leading_key(prepared, key)
        return prepared.decision.complete(access.context(request, tables, self._known(prepared.caller)))

    def _authorize_parts(
        self, principal: str, operation: str, request: Mapping[str, Any], tables: TableKeysLookup
    ) -> None:
        caller = self._caller(principal)
        needed = access_requests(operation, request, tables, home=self._home, known=self._known(caller))
        if needed is None:
            asked = AccessRequest(f"dynamodb:{operation}", self._home.every_table(), _NO_CONTEXT)
            raise self._refusal(principal, asked, _NOBODY.decide(asked))
        allowed = []
        for access in needed:
            decision = evaluate(access, caller.policies)
            if decision.verdict is not Verdict.ALLOWED:
                raise self._refusal(principal, access, decision)
            allowed.append(access)
        if self._watch is not None:
            for access in allowed:
                tally = self._tally(principal, access.action, access.resource)
                if tally is not None:
                    tally.count(access.context)

    def _refusal(self, principal: str, request: AccessRequest, decision: Decision) -> DynamoError:
        if self._watch is not None:
            self._watch.denied(principal, request, decision)
        return denial(principal, request.action, request.resource, decision)

    def _find_tally(self, principal: str, action: str, resource: str) -> Tally | None:
        return None if self._watch is None else self._watch.tally(principal, action, resource)

    def _prepare(self, principal: str, operation: str, table: str | None, index: str | None) -> _Prepared | None:
        if table is None:
            return None
        access = item_access(operation, {"TableName": table, "IndexName": index}, self._home)
        if access is None:
            return None
        caller = self._caller(principal)
        decision = caller.policies.open_decision(access.action, access.resource)
        decision = decision.given(caller.context, fixed=_FIXED_KEYS)
        keyed = access.key_member is not None and not caller.reads_time
        by_leading_key = keyed and decision.keys_read() <= {_LEADING_KEY, *caller.context}
        return _Prepared(
            access=access,
            caller=caller,
            decision=decision,
            always_allows=decision.always_allows,
            by_leading_key=by_leading_key,
            tally=self._tally(principal, access.action, access.resource),
        )

    def _known(self, caller: _Caller) -> Context:
        return {**caller.context, **self._time_context()} if caller.reads_time else caller.context

    def _look_up(self, arn: str) -> _Caller:
        role = role_of_session(arn)
        policies = self._policies.get(arn) or self._policies.get(role or arn, _NOBODY)
        context = _principal_context(arn, role) | {
            "aws:requestedregion": self._home.region,
            "aws:resourceaccount": self._home.account_id,
            "aws:viaawsservice": "false",
        }
        return _Caller(
            policies=policies,
            context={key: value for key, value in context.items() if key in policies.context_keys},
            reads_time=not policies.context_keys.isdisjoint(_TIME_KEYS),
        )

    def _time_context(self) -> dict[str, ContextValue]:
        now_seconds = self._clock()
        return {
            "aws:currenttime": datetime.fromtimestamp(now_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:epochtime": str(int(now_seconds)),
        }


def _decide_by_leading_key(prepared: _Prepared, key: str) -> Decision:
    return prepared.decision.complete({**prepared.caller.context, _LEADING_KEY: (key,)})


def denial(principal: str, action: str, resource: str, decision: Decision) -> DynamoError:
    """The AccessDeniedException for a decision that does not allow, in IAM's words."""
    sentence = f"User: {principal} is not authorized to perform: {action} on resource: {resource}"
    kind = decision.kind.value
    if decision.verdict is Verdict.EXPLICIT_DENY:
        article = "an" if kind[0] in "aeiou" else "a"
        return access_denied(f"{sentence} with an explicit deny in {article} {kind}")
    return access_denied(f"{sentence} because no {kind} allows the {action} action")


def role_of_session(arn: str) -> str | None:
    """The ARN of the role that a session belongs to; None when the principal is no role session."""
    segments = split_arn(arn)
    kind, _, rest = segments[-1].partition("/")
    role, slash, _session = rest.partition("/")
    if len(segments) < 6 or kind != "assumed-role" or not slash:
        return None
    return f"arn:{segments[1]}:iam::{segments[4]}:role/{role}"


def principal_context(arn: str) -> Context:
    """The condition keys that say who calls, of a user, a role or a role session."""
    return _principal_context(arn, role_of_session(arn))


def _principal_context(arn: str, role: str | None) -> dict[str, ContextValue]:
    """The condition keys that say who calls; of a session, `aws:PrincipalArn` is its role's ARN."""
    segments = split_arn(role or arn)
    context: dict[str, ContextValue] = {"aws:principalarn": role or arn}
    if len(segments) < 6:
        return context
    kind, _, name = segments[-1].partition("/")
    context["aws:principalaccount"] = segments[4]
    context["aws:principaltype"] = "User" if kind == "user" else "AssumedRole"
    if kind == "user":
        context["aws:username"] = name.rpartition("/")[2]
    return context


_NOBODY = PolicySet(())
_NO_CONTEXT: Context = {}
