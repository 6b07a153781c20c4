"""DescribeContributorInsights: whether the keys of a table or a global index are counted."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.insights.descriptions import find_setting, rule_names, summary
from tenantable.engine.session import Session


def describe_contributor_insights(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    table, index = session.catalog.described_table(request["TableName"]), request.get("IndexName")
    setting = find_setting(table, index)
    description = summary(table, index)
    if setting.enabled:
        description["ContributorInsightsRuleList"] = rule_names(table, index, setting)
    if setting.changed_at:
        description["LastUpdateDateTime"] = setting.changed_at
    return description
