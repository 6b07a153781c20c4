"""From what a rule saw to its finding."""

from collections.abc import Iterable, Sequence

from tenantable.iam.documents import Policy, Statement
from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.lint.catalogue import RULES
from tenantable.iam.lint.findings import CounterExample, Finding, Severity, shown_keys
from tenantable.iam.lint.witnesses import Insisted, Subject


def report(
    rule_id: str,
    subject: Subject,
    sentence: str,
    request: AccessRequest,
    *,
    is_allowed: bool,
    policies: Sequence[Policy] | None = None,
    also: Iterable[str] = (),
    severity: Severity | None = None,
) -> Finding:
    """
    A finding.

    Args:
        is_allowed: True: the request is allowed, though nobody meant it. False: it was meant, and is denied.
        policies: What that is decided on. None: the statement and every deny beside it.
        also: Context keys that a reader must see beside those that the policies read.
        severity: None: the rule's.
    """
    rule = RULES[rule_id]
    decided_on = subject.proof() if policies is None else tuple(policies)
    example = CounterExample(
        request=request, allowed=is_allowed, policies=decided_on, shown=shown_keys(decided_on, request, also)
    )
    return Finding(
        rule=rule,
        place=subject.policy.source.place,
        statement=subject.linted.number,
        sid=subject.statement.sid,
        sentence=sentence,
        example=example,
        severity=severity or rule.severity,
    )


def without_effect(
    rule_id: str,
    subject: Subject,
    sentence: str,
    request: AccessRequest,
    *,
    part: Statement | None = None,
    also: Iterable[str] = (),
) -> Finding:
    """A part of a statement that does nothing: the Allow does not allow what was meant, the Deny does not deny it."""
    policies = subject.proof(part)
    return report(rule_id, subject, sentence, request, is_allowed=not subject.is_allow, policies=policies, also=also)


def decided(
    rule_id: str, subject: Subject, sentence: str, place: tuple[str, str], *, insisted: Insisted, usual: Insisted
) -> Finding:
    """
    A condition that means something else than it says: shown by a request that it lets through, else by one it stops.

    Args:
        place: The action and the resource.
        insisted: What must be so in a request that is let through.
        usual: What a request that is stopped has instead.
    """
    request = subject.witness(*place, insisted)
    if request is not None:
        return report(rule_id, subject, sentence, request, is_allowed=True, also=insisted)
    context = next(iter(subject.contexts(*place, usual)))
    return report(rule_id, subject, sentence, AccessRequest(*place, context), is_allowed=False, also=usual)
