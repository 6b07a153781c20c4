"""The nearest miss: of the statements that could allow a request, the one that needs the smallest changes."""

from collections.abc import Iterable

from tenantable.iam.explanation.findings import StatementFinding
from tenantable.iam.patterns import split_arn

_ACTION_COST = 3.0
_TABLE_COST = 4.0
_INDEX_COST = 2.0
"""Another index of the same table, or the table instead of its index, is nearer than another action."""
_PRINCIPAL_COST = 2.0
_CONDITION_COST = 1.0


def nearest_miss(findings: Iterable[StatementFinding], resource: str) -> StatementFinding | None:
    """
    The statement that comes nearest to allowing, the first of several that come equally near.

    None when none comes near: each is about other actions and about other resources.
    """
    nearest, least = None, 0.0
    for finding in findings:
        if finding.statement.effect == "Allow" and not finding.applies:
            cost = _cost(finding, resource)
            if cost is not None and (nearest is None or cost < least):
                nearest, least = finding, cost
    return nearest


def _cost(finding: StatementFinding, resource: str) -> float | None:
    """What must change; None when nothing of the statement is about the request."""
    same_table = _is_on_the_table_of(finding, resource)
    if not finding.action_matches and not (finding.resource_matches or same_table):
        return None
    place = 0.0 if finding.resource_matches else _INDEX_COST if same_table else _TABLE_COST
    doing = 0.0 if finding.action_matches else _ACTION_COST
    # The failing part of the values tells two failing conditions apart: one name too many is nearer than ten.
    failing = [_CONDITION_COST + len(each.unmatched) / (2 * len(each.given or "?")) for each in finding.failing]
    naming = 0.0 if finding.principal_matches else _PRINCIPAL_COST
    return place + doing + naming + sum(failing)


def _is_on_the_table_of(finding: StatementFinding, resource: str) -> bool:
    statement, table = finding.statement, _table(resource)
    return not statement.every_resource_but and any(_table(each) == table for each in statement.resources)


def _table(resource: str) -> str:
    """The ARN up to the table's name: an index, a stream or a backup belongs to its table."""
    segments = split_arn(resource)
    return ":".join([*segments[:-1], "/".join(segments[-1].split("/")[:2])])
