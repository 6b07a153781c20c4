"""Explanations as JSON, for programs: names that stay, in the order in which a reader wants them."""

from typing import Any

from tenantable.iam.documents import Policy, policy_document
from tenantable.iam.explanation.explanation import Explanation
from tenantable.iam.explanation.findings import UNKNOWN, ConditionFinding, StatementFinding
from tenantable.iam.requests.context import UNKNOWN_LEADING_KEY


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """
    What is known of a decision.

    Returns:
        `allowed`, `verdict` (Allowed, ImplicitDeny, ExplicitDeny), `decided_by` (a kind of policy), `action`,
        `resource`, `context`, `deciding` and `nearest` (statements, or null), `grant` (a policy document, or null),
        `missing_in` (kinds of policies) and all `statements`.
    """
    request, grant = explanation.request, explanation.grant
    return {
        "allowed": explanation.decision.allowed,
        "verdict": explanation.decision.verdict.value,
        "decided_by": explanation.decision.kind.value,
        "action": request.action,
        "resource": request.resource,
        "context": {key: _context_value(value) for key, value in sorted(request.context.items())},
        "deciding": _statement_or_none(explanation.deciding),
        "nearest": _statement_or_none(explanation.nearest),
        "grant": None if grant is None else policy_document(Policy(statements=(grant,))),
        "missing_in": [kind.value for kind in explanation.missing_in],
        "statements": [statement_document(each) for each in explanation.statements],
    }


def statement_document(finding: StatementFinding) -> dict[str, Any]:
    """One statement: `sid`, where it stands, and what each part makes of the request."""
    return {
        "sid": finding.statement.sid,
        "attached_as": finding.kind.value,
        "policy": finding.policy,
        "number": finding.number,
        "effect": finding.statement.effect,
        "applies": finding.applies,
        "principal_matches": finding.principal_matches,
        "action_matches": finding.action_matches,
        "resource_matches": finding.resource_matches,
        "actions": list(finding.statement.actions),
        "every_action_but": finding.statement.every_action_but,
        "resources": list(finding.statement.resources),
        "every_resource_but": finding.statement.every_resource_but,
        "conditions": [_condition_document(each) for each in finding.conditions],
    }


def _condition_document(finding: ConditionFinding) -> dict[str, Any]:
    return {
        "operator": finding.operator,
        "key": finding.key,
        "holds": finding.holds,
        "wanted": list(finding.wanted),
        "meant": dict(finding.meant),
        "given": None if finding.given is None else list(finding.given),
        "unmatched": list(finding.unmatched),
    }


def _statement_or_none(finding: StatementFinding | None) -> dict[str, Any] | None:
    return None if finding is None else statement_document(finding)


def _context_value(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return [UNKNOWN if each == UNKNOWN_LEADING_KEY else each for each in value]
