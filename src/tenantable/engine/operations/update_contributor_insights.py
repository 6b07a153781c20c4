"""UpdateContributorInsights: begin or end to count the keys of a table or a global index."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenantable.engine.insights.descriptions import find_setting, named
from tenantable.engine.insights.setting import EVERY_ACCESS, TABLE, InsightsSetting
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction

_MILLISECOND = 0.001


def update_contributor_insights(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    index = request.get("IndexName")
    enabled = request["ContributorInsightsAction"] == "ENABLE"

    def work(transaction: Transaction) -> tuple[str, InsightsSetting]:
        table = session.catalog.described_table(request["TableName"])
        before = find_setting(table, index)
        mode = request.get("ContributorInsightsMode") or (before.mode if before.enabled else EVERY_ACCESS)
        setting = replace(before, enabled=enabled, mode=mode)
        if setting != before:
            changed_at = max(session.clock(), before.changed_at + _MILLISECOND)  # no two settings are the same
            setting = replace(setting, changed_at=changed_at)
            insights = {**table.insights, (index or TABLE): setting}
            session.catalog.save(transaction, replace(table, insights=insights))
        return table.name, setting

    table_name, setting = session.storage.write(work)
    return {
        **named(table_name, index),
        "ContributorInsightsStatus": "ENABLING" if enabled else "DISABLING",
        "ContributorInsightsMode": setting.mode,
    }
