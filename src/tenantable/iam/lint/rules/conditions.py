"""Rules on conditions: keys, operators and variables that do not mean what they seem to."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from tenantable.iam.documents import Condition
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.lint.actions import ACTIONS, KEYS, MULTIVALUED, PREFIX, UNNAMED
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.keys import is_known, nearest_key
from tenantable.iam.lint.rules.reporting import decided, report, without_effect
from tenantable.iam.lint.rules.scope import expanded_actions
from tenantable.iam.lint.witnesses import (
    Insisted,
    Subject,
    contexts,
    covered_arn,
    filled,
    readable_pattern,
    variable_value,
)
from tenantable.iam.patterns import Variable, Wildcard

_FALLBACK = "arn:aws:dynamodb:us-east-1:123456789012:table/any-table"


def base_operator(condition: Condition) -> str:
    """The operator without its set operator and IfExists."""
    return condition.operator.rpartition(":")[2].removesuffix("IfExists")


def places(subject: Subject, actions: Iterable[str] | None = None) -> Iterator[tuple[str, str]]:
    """Each action of DynamoDB that the statement speaks of, with a resource that it covers."""
    for action in expanded_actions(subject) if actions is None else actions:
        kinds = sorted(ACTIONS.get(action, frozenset()) - {UNNAMED}, key=lambda kind: kind != "table")
        if subject.statement.every_resource_but:
            if kinds:
                yield action, _FALLBACK
            continue
        for pattern in subject.statement.resources:
            arn = covered_arn(pattern, kinds, variables=subject.policy.has_variables)
            if arn is not None:
                yield action, arn


def _place(subject: Subject, key: str | None = None) -> tuple[str, str]:
    """An action, if possible one whose requests have the key, and where the statement grants it."""
    found = list(places(subject))
    having = [place for place in found if key is None or key in KEYS.get(place[0], frozenset())]
    return next(iter([*having, *found]), ("dynamodb:GetItem", _FALLBACK))


def unknown_keys(subject: Subject) -> Iterator[Finding]:
    """TP206."""
    of_dynamodb = all(action.lower().startswith(PREFIX) for action in subject.statement.actions)
    for condition in subject.statement.conditions:
        service = condition.key.partition(":")[0].lower() if ":" in condition.key else ""
        if is_known(condition.key) or not (service in ("", "aws", "dynamodb") or of_dynamodb):
            continue
        meant = nearest_key(condition.key)
        sentence = f"no request has the condition key {condition.key}"
        sentence += f"; {meant} was probably meant" if meant else ""
        absent: Insisted = {condition.key.lower(): None}
        if meant in ("dynamodb:LeadingKeys", "dynamodb:Attributes"):
            absent = {**absent, meant.lower(): ("somebody-elses",)}
        usual: Insisted = {condition.key.lower(): None}
        yield decided("TP206", subject, sentence, _place(subject, (meant or "").lower()), insisted=absent, usual=usual)


def malformed_conditions(subject: Subject) -> Iterator[Finding]:
    """TP207."""
    for problem in subject.linted.malformed_conditions:
        action, arn = _place(subject)
        request = AccessRequest(action, arn, next(iter(subject.contexts(action, arn))))
        yield without_effect("TP207", subject, problem, request)


def variables_without_version(subject: Subject) -> Iterator[Finding]:
    """TP208: what the variables would decide is not what is decided."""
    statement = subject.statement
    if subject.policy.has_variables:
        return
    texts = [*statement.resources, *(value for each in statement.conditions for value in each.values)]
    if not any(_has_variable(text) for text in texts) or any(
        "${" in each and not _has_variable(each) for each in texts
    ):
        return  # none, or one that the current version would refuse
    for action in expanded_actions(subject):
        kinds = sorted(ACTIONS.get(action, frozenset()) - {UNNAMED}, key=lambda kind: kind != "table")
        for pattern in statement.resources:
            arn = covered_arn(pattern, kinds, variables=True)
            if arn is None:
                continue
            meant = PolicySet(subject.proof_as_current())
            for context in contexts(action, arn, statement.conditions, insisted={}, variables=True, texts=texts):
                request = AccessRequest(action, arn, context)
                wanted, found = meant.decide(request).allowed, subject.allows(request)
                if wanted is not found:
                    sentence = "a variable stands in a policy without Version, where it is ordinary text"
                    yield report("TP208", subject, sentence, request, is_allowed=found)
                    return


def _has_variable(text: str) -> bool:
    return any(isinstance(part, Variable) for part in readable_pattern(text))


def set_operators(subject: Subject) -> Iterator[Finding]:
    """TP301."""
    for condition in subject.statement.conditions:
        key = condition.key.lower()
        if key not in MULTIVALUED or ":" in condition.operator or condition.operator == "Null":
            continue
        action, arn = _place(subject, key)
        wildcards = "Like" in condition.operator
        value = filled(condition.values[0], {}, wildcards=wildcards, variables=subject.policy.has_variables)
        sentence = f"{condition.operator} on {condition.key}, which has several values, matches nothing"
        given: Insisted = {key: (value,)}
        yield decided("TP301", subject, sentence, (action, arn), insisted=given, usual=given)


def never_met(subject: Subject) -> Iterator[Finding]:
    """TP209."""
    if not subject.is_allow or subject.statement.every_action_but:
        return
    named = [action for action in expanded_actions(subject, named_only=True) if action in ACTIONS]
    for condition in subject.statement.conditions:
        key = condition.key.lower()
        operator = condition.operator
        fails = not operator.startswith("ForAllValues") and not operator.endswith("IfExists") and operator != "Null"
        if not key.startswith(PREFIX) or key in MULTIVALUED or not fails or "Not" in operator or not is_known(key):
            continue
        without = [action for action in named if key not in KEYS.get(action, frozenset())]
        found = list(places(subject, without))
        if found:
            action, arn = found[0]
            request = AccessRequest(action, arn, next(iter(subject.contexts(action, arn))))
            sentence = f"{', '.join(without)} never {'has' if len(without) == 1 else 'have'} {condition.key}"
            yield report("TP209", subject, sentence, request, is_allowed=False, also=[key])


def absent_keys(subject: Subject) -> Iterator[Finding]:
    """TP303, TP304."""
    if not subject.is_allow:
        return
    always = {"dynamodb:leadingkeys", "dynamodb:firstpartitionkeyvalues", "dynamodb:attributes"}
    for condition in subject.statement.conditions:
        key, operator = condition.key.lower(), condition.operator
        rule_id = "TP303" if operator.startswith("ForAllValues") else "TP304"
        if rule_id == "TP304" and not (operator.startswith("ForAnyValue") and operator.endswith("IfExists")):
            continue
        if rule_id == "TP303" and (key in always or (key.startswith(PREFIX) and not is_known(key))):
            continue
        if key.startswith("aws:") and not is_known(key):
            continue
        for action, arn in _any_places(subject):
            request = subject.witness(action, arn, {key: None})
            if request is not None:
                sentence = f"{operator} on {condition.key} holds for a request without the key"
                yield report(rule_id, subject, sentence, request, is_allowed=True, also=[key])
                break


def _any_places(subject: Subject) -> Iterator[tuple[str, str]]:
    """Places of any service: conditions on global keys may stand in every statement."""
    yield from places(subject)
    for action in subject.statement.actions:
        if not action.lower().startswith(PREFIX) and not subject.statement.every_resource_but:
            for pattern in subject.statement.resources:
                arn = _FALLBACK if pattern == "*" else pattern
                yield (
                    action.replace("*", "Any"),
                    filled(arn, {}, wildcards=True, variables=subject.policy.has_variables),
                )


def denies_of_all_values(subject: Subject) -> Iterator[Finding]:
    """TP313."""
    if subject.is_allow:
        return
    for condition in subject.statement.conditions:
        key = condition.key.lower()
        if key not in MULTIVALUED or not condition.operator.startswith("ForAllValues"):
            continue
        value = filled(condition.values[0], {}, wildcards=True, variables=subject.policy.has_variables)
        for action, arn in places(subject):
            has_many = key != "dynamodb:leadingkeys" or "Batch" in action
            if has_many and (not key.startswith(PREFIX) or key in KEYS.get(action, frozenset())):
                request = subject.witness(action, arn, {key: (value, "something-else")})
                if request is not None:
                    sentence = f"{condition.operator} on {condition.key} denies only where all values fit"
                    yield report("TP313", subject, sentence, request, is_allowed=True, also=[key])
                    break


def tenants_without_delimiter(subject: Subject) -> Iterator[Finding]:
    """TP308."""
    if not subject.policy.has_variables:
        return
    for condition in subject.statement.conditions:
        operator = base_operator(condition)
        if "Like" not in operator or ("Not" in operator) is subject.is_allow:
            continue
        key = condition.key.lower()
        for value in filter(_runs_on, condition.values):
            reached = _beside_own(value)
            given: Insisted = {key: (reached,) if key in MULTIVALUED or ":" in condition.operator else reached}
            request = next(filter(None, (subject.witness(*place, given) for place in places(subject))), None)
            if request is not None:
                sentence = f"{value} has no delimiter behind the tenant"
                yield report("TP308", subject, sentence, request, is_allowed=True, also=[key, *_tags(value)])
                break
    for pattern in filter(_runs_on, subject.statement.resources if subject.is_allow else ()):
        reached = _beside_own(pattern)
        for action, _ in _any_places(subject):
            request = subject.witness(action, reached)
            if request is not None:
                sentence = f"{pattern} has no delimiter behind the tenant"
                yield report("TP308", subject, sentence, request, is_allowed=True, also=_tags(pattern))
                break


def _runs_on(text: str) -> bool:
    """Whether a wildcard stands directly beside a variable."""
    pairs = list(pairwise(readable_pattern(text)))
    return any(isinstance(a, Variable) and isinstance(b, Wildcard) for a, b in [*pairs, *((b, a) for a, b in pairs)])


def _beside_own(pattern: str) -> str:
    """What the pattern covers of another tenant: t10's, asked for by t1."""
    own = {key: variable_value(key) for key in _tags(pattern)}
    return filled(pattern, own, wildcards=True, variables=True, blank="0")


def _tags(text: str) -> list[str]:
    return [part.key for part in readable_pattern(text) if isinstance(part, Variable)]


def variables_in_exceptions(subject: Subject) -> Iterator[Finding]:
    """TP309."""
    if not subject.is_allow or not subject.statement.every_resource_but or not subject.policy.has_variables:
        return
    for pattern in filter(_has_variable, subject.statement.resources):
        absent: Insisted = dict.fromkeys(_tags(pattern))
        reached = filled(pattern, {}, wildcards=True, variables=True)
        for action in expanded_actions(subject):
            request = subject.witness(action, reached, absent)
            if request is not None:
                sentence = f"{pattern} is no exception for a principal without {', '.join(absent)}"
                yield report("TP309", subject, sentence, request, is_allowed=True, also=absent)
                return
