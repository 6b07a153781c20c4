"""What each part of a statement makes of a request: its actions, its resources, its conditions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenantable.iam.conditions import compile_condition
from tenantable.iam.documents import Condition, Policy, Statement, parse_policy
from tenantable.iam.evaluation import AccessRequest, PolicyKind
from tenantable.iam.patterns import (
    Context,
    Pattern,
    Wildcard,
    parse_arn_pattern,
    parse_pattern,
    resolve,
    split_arn,
    text_test,
)
from tenantable.iam.principals import CallerNames
from tenantable.iam.requests.context import UNKNOWN_LEADING_KEY

UNKNOWN = "(unknown)"
"""Shown for a leading key that cannot be told from the request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """
    Who was refused, with all policies that took part: `session` is empty and the others None where there are none.

    `resource` is the text of the resource policy; `same_account` says whether the asker's account owns the resource.
    """

    names: CallerNames
    identity: tuple[Policy, ...]
    boundary: Policy | None
    session: tuple[Policy, ...]
    resource: str | None
    same_account: bool

    def attached(self) -> "AttachedPolicies":
        """
        The policies by where they are attached.

        Raises:
            PolicyError: The resource policy cannot be read.
        """
        found: dict[PolicyKind, Sequence[Policy]] = {PolicyKind.IDENTITY: self.identity}
        if self.boundary is not None:
            found[PolicyKind.BOUNDARY] = (self.boundary,)
        if self.session:
            found[PolicyKind.SESSION] = self.session
        if self.resource is not None:
            found[PolicyKind.RESOURCE] = (parse_policy(self.resource, kind="resource"),)
        return found


AttachedPolicies = Mapping[PolicyKind, Sequence[Policy]]
"""
All policies that a decision takes into account, by where they are attached. No entry for a boundary or session policy:
there is none; an empty one allows nothing.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionFinding:
    """
    One condition of a statement against a request.

    `wanted` are the policy's values as written, `meant` those that hold variables with what they stand for here (None:
    nothing), by written value. `given` are the request's values, None where it has none. Of these, `unmatched` are
    those that the condition does not hold for.
    """

    operator: str
    key: str
    wanted: tuple[str, ...]
    meant: Mapping[str, str | None]
    given: tuple[str, ...] | None
    unmatched: tuple[str, ...]
    holds: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementFinding:
    """One statement against a request. `policy` and `number` count from 1: the policies of its kind, its statements."""

    kind: PolicyKind
    policy: int
    number: int
    statement: Statement
    action_matches: bool
    resource_matches: bool
    conditions: tuple[ConditionFinding, ...]
    principal_matches: bool = True

    @property
    def name(self) -> str:
        """Its Sid, or where it stands."""
        return self.statement.sid or f"statement {self.number} of {self.kind.value} {self.policy}"

    @property
    def failing(self) -> tuple[ConditionFinding, ...]:
        return tuple(condition for condition in self.conditions if not condition.holds)

    @property
    def applies(self) -> bool:
        return self.principal_matches and self.action_matches and self.resource_matches and not self.failing


def examine(
    request: AccessRequest, attached: AttachedPolicies, caller: CallerNames | None = None
) -> tuple[StatementFinding, ...]:
    """
    What every statement makes of a request, in the order of the policies.

    Args:
        caller: Whom the statements of a resource policy name or not; None: nobody whom they name.
    """
    return tuple(_findings(request, attached, caller))


def _findings(
    request: AccessRequest, attached: AttachedPolicies, caller: CallerNames | None
) -> Iterator[StatementFinding]:
    for kind, policies in attached.items():
        for place, policy in enumerate(policies, start=1):
            for number, statement in enumerate(policy.statements, start=1):
                variables = policy.has_variables
                conditions = tuple(_condition(each, request.context, variables) for each in statement.conditions)
                yield StatementFinding(
                    kind=kind,
                    policy=place,
                    number=number,
                    statement=statement,
                    action_matches=_action_matches(statement, request.action),
                    resource_matches=_resource_matches(statement, request, variables),
                    conditions=conditions,
                    principal_matches=_principal_matches(statement, caller),
                )


def _principal_matches(statement: Statement, caller: CallerNames | None) -> bool:
    if statement.principals is None:
        return True
    return caller is not None and statement.principals.naming(caller) is not None


def _action_matches(statement: Statement, action: str) -> bool:
    patterns = (parse_pattern(each.lower(), wildcards=True, variables=False) for each in statement.actions)
    return any(text_test(pattern)(action.lower()) for pattern in patterns) != statement.every_action_but


def _resource_matches(statement: Statement, request: AccessRequest, variables: bool) -> bool:
    if not statement.resources:  # a policy that hangs on the one resource it is about
        return True
    arn = split_arn(request.resource)
    patterns = (parse_arn_pattern(each, variables=variables) for each in statement.resources)
    return any(pattern.matches(arn, request.context) for pattern in patterns) != statement.every_resource_but


def _condition(condition: Condition, context: Context, variables: bool) -> ConditionFinding:
    test = compile_condition(condition.operator, condition.key, condition.values, variables=variables)
    value = context.get(condition.key.lower())
    given = (value,) if isinstance(value, str) else value or None
    holds = test.holds(context)
    return ConditionFinding(
        operator=condition.operator,
        key=condition.key,
        wanted=condition.values,
        meant=dict(_meanings(condition, context)) if variables else {},
        given=None if given is None else _shown(given),
        unmatched=() if holds else _shown(_unmatched(condition, given or (), context, variables)),
        holds=holds,
    )


def _unmatched(condition: Condition, given: tuple[str, ...], context: Context, variables: bool) -> tuple[str, ...]:
    if condition.operator == "Null" or not condition.operator.startswith("ForA"):
        return given  # a single value, or several where only a set operator could match
    test = compile_condition(condition.operator, condition.key, condition.values, variables=variables)
    key = condition.key.lower()
    return tuple(value for value in given if not test.holds({**context, key: (value,)}))


def _shown(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(UNKNOWN if value == UNKNOWN_LEADING_KEY else value for value in values)


def _meanings(condition: Condition, context: Context) -> Iterator[tuple[str, str | None]]:
    for value in condition.values:
        if "${" in value:
            resolved = resolve(parse_pattern(value, wildcards=True, variables=True), context)
            yield value, None if resolved is None else pattern_text(resolved)


def pattern_text(pattern: Pattern) -> str:
    """A pattern without variables as text."""
    return "".join(part.value if isinstance(part, Wildcard) else str(part) for part in pattern)
