"""TP501: statements that another one makes superfluous, or that a Deny takes back whole."""

from collections.abc import Iterator
from dataclasses import replace

from tenantable.iam.documents import Condition, Policy, Statement
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.lint.actions import ACTIONS, BY_HARM, UNNAMED, covers, is_pattern
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.rules.reporting import report
from tenantable.iam.lint.rules.scope import expanded_actions
from tenantable.iam.lint.witnesses import Subject, covered_arn, filled
from tenantable.iam.patterns import parse_pattern, split_arn, text_test


def superfluous(subject: Subject) -> Iterator[Finding]:
    """The later of two equal statements, or the narrower one, in the same document."""
    own = subject.statement
    for other in subject.policy.statements:
        if other is subject.linted or not other.applies or not subject.linted.applies:
            continue
        wider = other.statement
        same_people = (other.principals, other.every_principal_but) == (
            subject.linted.principals,
            subject.linted.every_principal_but,
        )
        if not same_people or not statement_covers(wider, own):
            continue
        taken_back = own.effect == "Allow" and wider.effect == "Deny"
        if own.effect != wider.effect and not taken_back:
            continue
        mutual = own.effect == wider.effect and statement_covers(own, wider)
        if mutual and other.number > subject.linted.number:
            continue  # of two equal ones the later is found
        finding = _found(subject, other.name, wider, taken_back=taken_back)
        if finding is not None:
            yield finding
            return


def _found(subject: Subject, name: str, wider: Statement, *, taken_back: bool) -> Finding | None:
    version = subject.policy.version
    for request in _requests(subject):
        if taken_back:
            sentence = f"{name} denies all of it"
            if not subject.allows(request):
                return report("TP501", subject, sentence, request, is_allowed=False)
            continue
        sentence = f"{name} says as much" if wider.effect == "Allow" else f"{name} denies as much"
        rest = (
            (Statement(effect="Allow", actions=("*",), resources=("*",)), wider) if wider.effect == "Deny" else (wider,)
        )
        policies = (Policy(statements=rest, version=version),)
        is_allowed = wider.effect == "Allow"
        if PolicySet(policies).decide(request).allowed is is_allowed:
            return report("TP501", subject, sentence, request, is_allowed=is_allowed, policies=policies)
    return None


def _requests(subject: Subject) -> Iterator[AccessRequest]:
    """Requests that the statement is about, whether or not they are allowed in the end."""
    variables = subject.policy.has_variables
    actions = ["dynamodb:GetItem"] if subject.statement.every_action_but else expanded_actions(subject)
    for action in actions[: len(BY_HARM)]:
        kinds = sorted(ACTIONS.get(action, frozenset()) - {UNNAMED}, key=lambda kind: kind != "table")
        for pattern in subject.statement.resources:
            arn = covered_arn(pattern, kinds, variables=variables) if kinds else None
            arn = arn or filled(pattern, {}, wildcards=True, variables=variables)
            own = Policy(statements=(replace(subject.statement, effect="Allow"),), version=subject.policy.version)
            alone = PolicySet([own])
            for context in subject.contexts(action, arn):
                request = AccessRequest(action, arn, context)
                if alone.decide(request).allowed:
                    yield request
                    break


def statement_covers(wide: Statement, narrow: Statement) -> bool:
    """Whether one statement surely applies wherever the other does; False where that cannot be shown."""
    negated = wide.every_action_but, wide.every_resource_but
    if negated != (narrow.every_action_but, narrow.every_resource_but):
        return False
    actions = wide.actions, narrow.actions
    resources = wide.resources, narrow.resources
    if wide.every_action_but:  # fewer exceptions are wider
        actions = narrow.actions, wide.actions
    if wide.every_resource_but:
        resources = narrow.resources, wide.resources
    return (
        all(any(covers(pattern, each) for pattern in actions[0]) for each in actions[1])
        and all(any(arn_covers(pattern, each) for pattern in resources[0]) for each in resources[1])
        and {_normal(each) for each in wide.conditions} <= {_normal(each) for each in narrow.conditions}
    )


def _normal(condition: Condition) -> tuple[str, str, frozenset[str]]:
    return condition.operator, condition.key.lower(), frozenset(condition.values)


def arn_covers(wide: str, narrow: str) -> bool:
    """Whether one resource element covers all that another does; `*` takes in any pattern, `?` one sign only."""
    if wide == narrow or not wide.strip("*"):
        return True
    if not narrow.strip("*") or "${" in wide:
        return False
    pairs = zip([*split_arn(wide), *["*"] * 6][:6], [*split_arn(narrow), *["*"] * 6][:6], strict=True)
    return all(_segment_covers(pattern, text) for pattern, text in pairs)


def _segment_covers(wide: str, narrow: str) -> bool:
    if wide == narrow:
        return True
    # A `?` could be met by a wildcard's own sign.
    if "?" in wide and is_pattern(narrow):
        return False
    return text_test(parse_pattern(wide, wildcards=True, variables=False))(narrow)
