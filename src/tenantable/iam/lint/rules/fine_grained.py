"""Rules on leading keys and attributes: conditions that a request evades by naming nothing."""

import re
from collections.abc import Iterator

from tenantable.iam.documents import Condition
from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.lint.actions import (
    ATTRIBUTES,
    FULL_SCAN,
    KEYS,
    LEADING_KEYS,
    PARTITION_VALUES,
    READS,
    RETURN_VALUES,
    SELECT,
    STREAM_READS,
    covers,
)
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.rules.conditions import base_operator, places
from tenantable.iam.lint.rules.reporting import report
from tenantable.iam.lint.rules.scope import expanded_actions
from tenantable.iam.lint.witnesses import Insisted, Subject
from tenantable.iam.patterns import parse_pattern, split_arn, text_test

_WHOLE_ITEMS = ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PartiQLDelete", "dynamodb:PutItem")
_HARMLESS = re.compile(r"dynamodb:(Describe(?!Stream)|List)")
_KEY_LIKE = re.compile(r"(?i)^(pk|sk|hk|rk|hash|range|partition|sort)|(id|key|pk|sk|code|number|email)$")


def _conditions(subject: Subject, *keys: str) -> list[Condition]:
    return [each for each in subject.statement.conditions if each.key.lower() in keys and each.operator != "Null"]


def keyless_actions(subject: Subject) -> Iterator[Finding]:
    """TP302."""
    if not subject.is_allow or not _conditions(subject, LEADING_KEYS, PARTITION_VALUES[0]):
        return
    suspects = [action for action in expanded_actions(subject) if _lacks_leading_keys(action)]
    absent: Insisted = dict.fromkeys((LEADING_KEYS, *PARTITION_VALUES))
    found: dict[str, AccessRequest] = {}
    for action, arn in places(subject, suspects):
        scans: Insisted = {**absent, FULL_SCAN: "true"} if action == "dynamodb:PartiQLSelect" else absent
        request = subject.witness(action, arn, scans)
        if request is not None:
            found.setdefault(action, request)
    if found:
        names = list(found)
        first = "dynamodb:Scan" if "dynamodb:Scan" in found else names[0]
        others = f" and {len(names) - 1} more" if len(names) > 1 else ""
        sentence = f"{first}{others} not limited by dynamodb:LeadingKeys"
        sentence = sentence.replace(" not limited", " are not limited" if others else " is not limited")
        yield report("TP302", subject, sentence, found[first], is_allowed=True, also=[LEADING_KEYS])
        return
    named = [
        each for each in expanded_actions(subject, named_only=True) if each in STREAM_READS or each == "dynamodb:Scan"
    ]
    for action, arn in places(subject, named):
        context = next(iter(subject.contexts(action, arn, absent)))
        sentence = f"{action} has no leading keys, so that the condition refuses it always"
        if "dynamodb:leadingkeys" in {
            each.key.lower() for each in subject.statement.conditions if each.operator == "Null"
        }:
            return  # the guard is there: that the Scan is refused was meant
        request = AccessRequest(action, arn, context)
        yield report("TP302", subject, sentence, request, is_allowed=False, also=[LEADING_KEYS])
        return


def scans(subject: Subject) -> Iterator[Finding]:
    """TP312."""
    if (
        not subject.is_allow
        or subject.statement.every_action_but
        or "dynamodb:Scan" not in expanded_actions(subject, named_only=True)
    ):
        return
    for action, arn in places(subject, ["dynamodb:Scan"]):
        request = subject.witness(
            action, arn, {SELECT: "ALL_PROJECTED_ATTRIBUTES" if "/index/" in arn else "ALL_ATTRIBUTES"}
        )
        if request is not None:
            yield report("TP312", subject, f"{arn} can be read whole", request, is_allowed=True)
            return


def _lacks_leading_keys(action: str) -> bool:
    if _HARMLESS.match(action):
        return False
    return action == "dynamodb:PartiQLSelect" or LEADING_KEYS not in KEYS.get(action, frozenset())


def unguarded_attributes(subject: Subject) -> Iterator[Finding]:
    """TP305."""
    if not subject.is_allow or not _conditions(subject, ATTRIBUTES):
        return
    for action, arn in places(subject):
        insisted: list[Insisted] = []
        if action in READS:
            whole = "ALL_PROJECTED_ATTRIBUTES" if "/index/" in arn else "ALL_ATTRIBUTES"
            insisted = [{SELECT: whole, ATTRIBUTES: None} if action == "dynamodb:Scan" else {SELECT: whole}]
        elif RETURN_VALUES in KEYS.get(action, frozenset()):
            insisted = [{RETURN_VALUES: "ALL_OLD"}, {RETURN_VALUES: "ALL_NEW"}]
        for each in insisted:
            request = subject.witness(action, arn, each)
            if request is not None:
                sentence = f"{action} returns all attributes, whatever the list says"
                yield report("TP305", subject, sentence, request, is_allowed=True, also=[*each])
                return


def attributes_without_keys(subject: Subject) -> Iterator[Finding]:
    """TP306: exactly where the tables are known, else where no name in the list looks like a key."""
    if not subject.is_allow:
        return
    lists = [each for each in _conditions(subject, ATTRIBUTES) if "Not" not in base_operator(each)]
    for condition in lists:
        for action, arn in places(subject):
            if ATTRIBUTES not in KEYS.get(action, frozenset()) or action == "dynamodb:Scan":
                continue
            missing = _missing_keys(subject, condition, arn)
            if not missing:
                continue
            named = tuple(sorted(missing))
            context = next(iter(subject.contexts(action, arn, {ATTRIBUTES: named})))
            request = AccessRequest(action, arn, context)
            if not subject.allows(request):
                sentence = f"the list of attributes lacks the key {', '.join(named)}"
                if not subject.policy.source.key_names.get(_table(arn)):
                    sentence = "no attribute in the list looks like a key, and every request names the key"
                yield report("TP306", subject, sentence, request, is_allowed=False, also=[ATTRIBUTES])
                return


def _table(arn: str) -> str:
    return split_arn(arn)[-1].split("/")[1] if "/" in arn else ""


def _missing_keys(subject: Subject, condition: Condition, arn: str) -> set[str]:
    wildcards = "Like" in condition.operator
    tests = [text_test(parse_pattern(value, wildcards=wildcards, variables=False)) for value in condition.values]
    known = subject.policy.source.key_names.get(_table(arn))
    if known:
        return {name for name in known if not any(test(name) for test in tests)}
    looks_like_key = any(_KEY_LIKE.search(value) for value in condition.values)
    open_list = any(covers(value, "pk") for value in condition.values) if wildcards else False
    return set() if looks_like_key or open_list else {"pk"}


def whole_item_writes(subject: Subject) -> Iterator[Finding]:
    """TP307."""
    if not subject.is_allow or not _conditions(subject, ATTRIBUTES):
        return
    suspects = [action for action in expanded_actions(subject) if action in _WHOLE_ITEMS]
    suspects.sort(key=lambda action: action != "dynamodb:PutItem")
    for action, arn in places(subject, suspects):
        request = subject.witness(action, arn)
        if request is not None:
            sentence = f"{action} changes attributes that the list leaves out"
            yield report("TP307", subject, sentence, request, is_allowed=True, also=[ATTRIBUTES])
            return
