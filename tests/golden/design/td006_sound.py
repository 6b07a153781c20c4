"""A day of one resource is a partition."""

from datetime import date, datetime
from typing import Literal

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, writes

ActionType = Literal["create", "update", "delete", "view"]

action_type_index = Index("action-type-index", partition="resource_day", sort="timestamp")
audit_logs = Table("admin-audit-logs", action_type_index, partition="log_id", ttl="ttl")


class AuditLog(Entity, table=audit_logs):
    log_id: Attr[str]
    admin_email: Attr[str]
    action_type: Attr[ActionType]
    resource_type: Attr[str]
    resource_id: Attr[str]
    timestamp: Attr[datetime]
    ttl: Attr[datetime]


class AuditLogs(Repository[AuditLog]):
    @AuditLog.key()
    def get(self, *, log_id: str) -> None:
        """One entry."""

    @AuditLog.query(action_type_index, pk="{resource_id}#{timestamp:date}")
    def of_day(self, *, resource_id: str, timestamp: date) -> None:
        """Actions of one kind, in the order of time."""


SYSTEM = System(
    name="academy",
    tables=[audit_logs],
    components=[Component("admin", grants=[allow(AuditLogs.get, AuditLogs.of_day, writes(AuditLog, "create"))])],
)
