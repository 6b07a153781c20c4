"""What the operations of contributor insights say of a table or a global index."""

from typing import Any

from tenantable.engine.insights.setting import EVERY_ACCESS, TABLE, InsightsSetting
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import table_not_found

_NEVER_ENABLED = InsightsSetting(enabled=False)


def find_setting(table: Table, index: str | None) -> InsightsSetting:
    """
    Raises:
        DynamoError: ResourceNotFoundException when the table has no global index of that name.
    """
    if index is not None and (index not in table.indexes or not table.indexes[index].is_global):
        raise table_not_found(f"Index: {index} not found")
    return table.insights.get(index or TABLE, _NEVER_ENABLED)


def named(table_name: str, index: str | None) -> dict[str, Any]:
    return {"TableName": table_name} if index is None else {"TableName": table_name, "IndexName": index}


def summary(table: Table, index: str | None) -> dict[str, Any]:
    setting = find_setting(table, index)
    shown = named(table.name, index)
    shown["ContributorInsightsStatus"] = "ENABLED" if setting.enabled else "DISABLED"
    if setting.enabled:
        shown["ContributorInsightsMode"] = setting.mode
    return shown


def rule_names(table: Table, index: str | None, setting: InsightsSetting) -> list[str]:
    """
    The rules that the service creates in CloudWatch: partition and sort keys, consumed and throttled.

    Source: Developer Guide, "Contributor insights: how it works".
    """
    keys = table.keys if index is None else table.indexes[index].keys
    kinds = ["PKC", "SKC"] if setting.mode == EVERY_ACCESS else []
    kinds += ["PKT", "SKT"]
    resource = table.name if index is None else f"{table.name}-{index}"
    return [
        f"DynamoDBContributorInsights-{kind}-{resource}-{int(setting.changed_at * 1000)}"
        for kind in kinds
        if kind.startswith("P") or keys.sort is not None
    ]
