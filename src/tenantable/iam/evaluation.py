"""
The decision: may a principal, under its policies, do this to that?

Policies are compiled once. A decision then looks up the few statements that concern the action and the resource and
tests their conditions; an explicit deny anywhere wins, and what no statement allows is denied.
Source: IAM User Guide, "Policy evaluation logic".
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

from tenantable.iam.conditions import ContextTest, compile_condition
from tenantable.iam.documents import Policy, Statement
from tenantable.iam.patterns import (
    ArnPattern,
    Context,
    TextTest,
    has_variables,
    parse_arn_pattern,
    parse_pattern,
    split_arn,
    text_test,
    variable_keys,
)
from tenantable.iam.principals import CallerNames, Naming

ANYONE_PASSES_LIMITS = False
"""
Whether a resource policy that names `*` grants what boundary and session policies are silent about. The documents leave
it open; what is refused here and allowed by AWS is found early, the reverse would be found too late.
"""

CANDIDATES_MAX = 4096
"""How many pairs of action and resource a policy set remembers the statements for."""


class PolicyKind(enum.Enum):
    """Where a policy is attached, in the words of IAM's denial sentences."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    RESOURCE = "resource-based policy"


class Verdict(enum.Enum):
    """What an evaluation comes to."""

    ALLOWED = "Allowed"
    IMPLICIT_DENY = "ImplicitDeny"
    EXPLICIT_DENY = "ExplicitDeny"


class AccessRequest(NamedTuple):
    """One thing that must be allowed: `dynamodb:GetItem`, the ARN, and the context by key in lower case."""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """
    A verdict and what decided it.

    `kind` is the kind of policy that decided; `policy` and `statement` the deciding ones, None for an implicit deny,
    which no statement decides. `naming` is how a resource policy's statement names the caller, None elsewhere.
    """

    verdict: Verdict
    kind: PolicyKind
    policy: Policy | None = None
    statement: Statement | None = None
    naming: Naming | None = None

    @property
    def allowed(self) -> bool:
        return self.verdict is Verdict.ALLOWED


class _Candidate(NamedTuple):
    """A statement that concerns an action and a resource: what it decides once all its tests hold."""

    decision: Decision
    tests: tuple[ContextTest, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _CompiledStatement:
    statement: Statement
    decision: Decision
    action_tests: tuple[TextTest, ...]
    resources: tuple[ArnPattern, ...]
    conditions: tuple[ContextTest, ...]

    def concerns_action(self, action: str) -> bool:
        return any(matches(action) for matches in self.action_tests) != self.statement.every_action_but

    def keys_read(self) -> frozenset[str]:
        """The condition keys, in lower case, that its conditions and variables read."""
        conditioned = frozenset[str]().union(*(test.reads for test in self.conditions))
        return conditioned | variable_keys(pattern.resource for pattern in self.resources)

    def resource_test(self, arn: tuple[str, ...]) -> ContextTest | bool:
        """Whether the statement covers the resource, or the test of it where that depends on variables."""
        negated = self.statement.every_resource_but
        if any(not has_variables(pattern.resource) and pattern.matches(arn, {}) for pattern in self.resources):
            return not negated
        open_patterns = [pattern for pattern in self.resources if has_variables(pattern.resource)]
        if not open_patterns:
            return negated
        return ContextTest(
            lambda context: any(pattern.matches(arn, context) for pattern in open_patterns) != negated,
            variable_keys(pattern.resource for pattern in open_patterns),
        )


class OpenDecision(NamedTuple):
    """
    What policies say of one action on one resource before the request is known: who may decide, and else what.

    A context completes it; until then some tests may be made in advance with `given`.
    """

    candidates: tuple[_Candidate, ...]
    otherwise: Decision

    def complete(self, context: Context) -> Decision:
        for decision, tests in self.candidates:
            for test in tests:
                if not test.holds(context):
                    break
            else:
                return decision
        return self.otherwise

    def given(self, known: Context, *, fixed: frozenset[str]) -> "OpenDecision":
        """
        The same decision for requests of which some keys are known.

        Args:
            known: The context so far.
            fixed: The keys of which `known` is the last word: absent there, they are absent. All others are open.
        """
        candidates = []
        for decision, tests in self.candidates:
            if all(test.holds(known) for test in tests if test.reads <= fixed):
                candidates.append(_Candidate(decision, tuple(test for test in tests if not test.reads <= fixed)))
        return OpenDecision(tuple(candidates), self.otherwise)

    def keys_read(self) -> frozenset[str]:
        """The keys, in lower case, that tests still read."""
        return frozenset[str]().union(*(test.reads for _, tests in self.candidates for test in tests))

    @property
    def always_allows(self) -> bool:
        """Whether every request is allowed: one statement allows it without a test, and none before it denies."""
        for decision, tests in self.candidates:
            if decision.verdict is not Verdict.ALLOWED:
                return False
            if not tests:
                return True
        return False


class OpenAccess(NamedTuple):
    """
    What all policies together say of one action on one resource before the request is known.

    `limits` are the boundary and the session policies, where there are any; `resource` is the resource policy, None
    where there is none; `same_account` says whether the caller's account owns the resource.
    """

    identity: OpenDecision
    limits: tuple[OpenDecision, ...]
    resource: OpenDecision | None
    same_account: bool

    def complete(self, context: Context) -> Decision:
        decisions = [self.identity.complete(context), *(each.complete(context) for each in self.limits)]
        granted = None if self.resource is None else self.resource.complete(context)
        return _together(decisions, granted, same_account=self.same_account)

    def given(self, known: Context, *, fixed: frozenset[str]) -> "OpenAccess":
        """See `OpenDecision.given`."""
        return OpenAccess(
            self.identity.given(known, fixed=fixed),
            tuple(each.given(known, fixed=fixed) for each in self.limits),
            None if self.resource is None else self.resource.given(known, fixed=fixed),
            self.same_account,
        )

    def keys_read(self) -> frozenset[str]:
        """See `OpenDecision.keys_read`."""
        parts = (self.identity, *self.limits, *(() if self.resource is None else (self.resource,)))
        return frozenset[str]().union(*(each.keys_read() for each in parts))

    @property
    def always_allows(self) -> bool:
        """Whether every request is allowed, as far as can be told in advance."""
        resource = self.resource
        is_silent = resource is None or (
            not resource.candidates and resource.otherwise.verdict is Verdict.IMPLICIT_DENY
        )
        return is_silent and self.same_account and all(each.always_allows for each in (self.identity, *self.limits))


class PolicySet:
    """
    All policies of one kind that a principal has, compiled.

    `context_keys` are the condition keys, in lower case, that some condition or variable reads; `open_decision` gives
    what is known of an action on a resource alone. Safe to share between threads: nothing changes after construction
    but a bounded cache.
    """

    def __init__(self, policies: Sequence[Policy], *, kind: PolicyKind = PolicyKind.IDENTITY) -> None:
        compiled = [_compile(policy, statement, kind) for policy in policies for statement in policy.statements]
        # Denies first, so that the first candidate whose tests hold decides.
        statements = sorted(compiled, key=lambda each: each.statement.effect == "Allow")
        otherwise = Decision(verdict=Verdict.IMPLICIT_DENY, kind=kind)
        self.open_decision = lru_cache(maxsize=CANDIDATES_MAX)(partial(_open_decision, statements, otherwise))
        self.context_keys = frozenset[str]().union(*(each.keys_read() for each in compiled))

    def decide(self, request: AccessRequest) -> Decision:
        """The decision of these policies alone."""
        return self.open_decision(request.action, request.resource).complete(request.context)


class ResourcePolicySet:
    """The policy of one resource, compiled. Safe to share between threads, as `PolicySet` is."""

    def __init__(self, policy: Policy, *, kind: PolicyKind = PolicyKind.RESOURCE) -> None:
        self._statements = [_compile(policy, statement, kind) for statement in policy.statements]
        self._otherwise = Decision(verdict=Verdict.IMPLICIT_DENY, kind=kind)
        self.context_keys = frozenset[str]().union(*(each.keys_read() for each in self._statements))

    def open_decision(self, action: str, resource: str | None, caller: CallerNames) -> OpenDecision:
        """
        What the policy says of an action of one caller: its denies first, then what names the caller most exactly.

        Args:
            resource: None for a trust policy, whose statements name no resource.
        """
        namings = [(each, _naming(each.statement, caller)) for each in self._statements]
        about = [
            (replace(each, decision=replace(each.decision, naming=naming)), naming)
            for each, naming in namings
            if naming is not None
        ]
        about.sort(key=lambda pair: (pair[0].statement.effect == "Allow", -pair[1]))
        return _open_decision([each for each, _ in about], self._otherwise, action, resource)


def evaluate(
    request: AccessRequest,
    identity: PolicySet,
    *,
    boundary: PolicySet | None = None,
    session: PolicySet | None = None,
    resource: OpenDecision | None = None,
    same_account: bool = True,
) -> Decision:
    """
    Decide a request.

    Args:
        boundary: The principal's permissions boundary; None where it has none. Limits, never grants.
        session: The policies passed with a session; None where there are none. Limits, never grants.
        resource: What the policy of the resource says of this caller (`ResourcePolicySet.open_decision`); None where it
            has none.
        same_account: Whether the caller's account owns the resource. Where it does not, both sides must allow.
    Returns:
        An explicit deny if any policy has one; else the first kind, in the order above, that would have to allow and
        does not; else the allow that decided, of the identity policy or of the resource policy.
    """
    limits = tuple(
        each.open_decision(request.action, request.resource) for each in (boundary, session) if each is not None
    )
    opened = identity.open_decision(request.action, request.resource)
    return OpenAccess(opened, limits, resource, same_account).complete(request.context)


def _together(decisions: Sequence[Decision], granted: Decision | None, *, same_account: bool) -> Decision:
    """From what each kind says, identity policies first, and the resource policy (None where there is none)."""
    for each in decisions:
        if each.verdict is Verdict.EXPLICIT_DENY:
            return each
    if granted is not None and granted.verdict is Verdict.EXPLICIT_DENY:
        return granted
    naming = None if granted is None else granted.naming
    if same_account and granted is not None and naming is not None:
        if naming is Naming.DIRECT or (naming is Naming.ANYONE and ANYONE_PASSES_LIMITS):
            return granted
        # Naming the role, or anyone, grants what neither boundary nor session policy withholds.
        if naming is not Naming.ACCOUNT and all(each.allowed for each in decisions[1:]):
            return granted
    for each in decisions:
        if not each.allowed:
            return each
    if not same_account and naming is None:
        return granted or Decision(verdict=Verdict.IMPLICIT_DENY, kind=PolicyKind.RESOURCE)
    return decisions[0]


def _naming(statement: Statement, caller: CallerNames) -> Naming | None:
    assert statement.principals is not None, "the statements of resource policies name principals"
    return statement.principals.naming(caller)


def _compile(policy: Policy, statement: Statement, kind: PolicyKind) -> _CompiledStatement:
    verdict = Verdict.ALLOWED if statement.effect == "Allow" else Verdict.EXPLICIT_DENY
    variables = policy.has_variables
    return _CompiledStatement(
        statement=statement,
        decision=Decision(verdict=verdict, kind=kind, policy=policy, statement=statement),
        action_tests=tuple(
            text_test(parse_pattern(action.lower(), wildcards=True, variables=False)) for action in statement.actions
        ),
        resources=tuple(parse_arn_pattern(resource, variables=variables) for resource in statement.resources),
        conditions=tuple(
            compile_condition(each.operator, each.key, each.values, variables=variables)
            for each in statement.conditions
        ),
    )


def _open_decision(
    statements: Iterable[_CompiledStatement], otherwise: Decision, action: str, resource: str | None
) -> OpenDecision:
    """The statements that may decide an action on a resource, in order, with what is left to test of each."""
    arn = None if resource is None else split_arn(resource)
    found = []
    for statement in statements:
        covers = statement.concerns_action(action.lower()) and (arn is None or statement.resource_test(arn))
        if covers is not False:
            tests = statement.conditions if covers is True else (covers, *statement.conditions)
            found.append(_Candidate(statement.decision, tests))
    return OpenDecision(tuple(found), otherwise)
