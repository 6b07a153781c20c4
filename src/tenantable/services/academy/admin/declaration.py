"""Tables of the admin service: invitations of coaches, audit trail, analytics, organizations."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr
from tenantable.declare.entities import Entity
from tenantable.declare.tables import Index, Table

InvitationStatus = Literal["sent", "accepted", "expired", "cancelled"]
ActionType = Literal["create", "update", "delete", "view"]
OrganizationType = Literal["school", "district", "department"]

coach_email_index = Index("coach-email-index", partition="coach_email")
coach_token_index = Index("magic-link-index", partition="magic_link_token")
coach_invitations = Table(
    "coach-invitations",
    coach_email_index,
    coach_token_index,
    partition="invitation_id",
    ttl="ttl_epoch",
    stream=True,
    recovery=True,
)

# Four kinds of actions would make four partitions, all of them hot; a day of one kind is one.
_TRAIL = "whoever reads the trail wants to see what changed, a kilobyte or two"
admin_actions_index = Index(
    "admin-actions-index",
    partition="admin_email",
    sort="timestamp",
    accepted={"TD007": "the trail is kept for years, and one person makes some hundred entries a day", "TD012": _TRAIL},
)
action_type_index = Index(
    "action-type-index",
    partition="action_day",
    sort="timestamp",
    accepted={"TD006": "four partitions a day take 4,000 entries a second, ten times the peak", "TD012": _TRAIL},
)
resource_index = Index(
    "resource-index",
    partition="resource",
    sort="timestamp",
    accepted={"TD007": "the trail is kept for years, and one resource is seldom changed", "TD012": _TRAIL},
)
audit_logs = Table(
    "admin-audit-logs",
    admin_actions_index,
    action_type_index,
    resource_index,
    partition="log_id",
    stream=True,
    recovery=True,
)

type_day_index = Index(
    "type-day-index",
    partition="type_day",
    sort="at",
    accepted={
        "TD006": "some ten types of events with at most 300 a second each",
        "TD012": "the day's totals are made from the properties; events expire",
    },
)
analytics_events = Table(
    "analytics-events", type_day_index, partition="event_id", ttl="ttl_epoch", stream=True, recovery=True
)
analytics_totals = Table("analytics-totals", partition="event_type", sort="day", recovery=True)

type_index = Index(
    "type-index",
    partition="type",
    sort="name",
    accepted={"TD005": "some thousands of organizations, which hardly ever change"},
)
parent_index = Index("parent-index", partition="parent_id", sort="name")
organizations = Table("organizations", type_index, parent_index, partition="organization_id", recovery=True)


class CoachInvitation(Entity, table=coach_invitations):
    """
    An invitation of a coach. `magic_link_token` is the token's digest, and gone once it was used; `expires_at`
    decides, `ttl_epoch` removes the item later. `school_name` is for display, `school_id` counts.
    """

    invitation_id: Attr[str]
    admin_email: Attr[str]
    coach_email: Attr[str]
    first_name: Attr[str]
    last_name: Attr[str]
    school_id: Attr[str | None] = attr(default=None)
    school_name: Attr[str]
    sport: Attr[str]
    invitation_status: Attr[InvitationStatus] = attr(default="sent")
    magic_link_token: Attr[str | None] = attr(default=None)
    permissions: Attr[Annotated[list[str], Field(max_length=50)]] = attr(default_factory=list)
    expires_at: Attr[datetime]
    sent_at: Attr[datetime]
    accepted_at: Attr[datetime | None] = attr(default=None)
    ttl_epoch: Attr[datetime | None] = attr(default=None)
    revision: Attr[int] = attr(default=0, lock=True)


class AuditLog(Entity, table=audit_logs):
    """What somebody did, or looked at. The states hold what differs, encrypted where it is personal."""

    log_id: Attr[str]
    admin_email: Attr[str]
    action_type: Attr[ActionType]
    resource_type: Attr[str]
    resource_id: Attr[str]
    action_description: Attr[str]
    before_state: Attr[dict[str, Any] | None] = attr(default=None)
    after_state: Attr[dict[str, Any] | None] = attr(default=None)
    ip_address: Attr[str | None] = attr(default=None)
    user_agent: Attr[str | None] = attr(default=None)
    session_id: Attr[str | None] = attr(default=None)
    timestamp: Attr[datetime]


class AnalyticsEvent(Entity, table=analytics_events):
    """Something that happened on a portal."""

    event_id: Attr[str]
    event_type: Attr[str]
    at: Attr[datetime]
    actor: Attr[str | None] = attr(default=None)
    props: Attr[dict[str, Any]] = attr(default_factory=dict)
    ttl_epoch: Attr[datetime]


class AnalyticsTotal(Entity, table=analytics_totals):
    """How many events of one type a day has had."""

    event_type: Attr[str]
    day: Attr[date]
    total: Attr[int] = attr(default=0)


class Organization(Entity, table=organizations):
    """A school, a district or a department."""

    organization_id: Attr[str]
    name: Attr[str]
    organization_type: Attr[OrganizationType] = attr(stored_as="type")
    identifier: Attr[str | None] = attr(default=None)
    parent_id: Attr[str | None] = attr(default=None)
    created_at: Attr[datetime]
    updated_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class CoachInvitations(Repository[CoachInvitation]):
    """Invitations of coaches."""

    @CoachInvitation.key()
    def get(self, *, invitation_id: str) -> None:
        """One invitation."""

    @CoachInvitation.query(coach_email_index)
    def of_coach(self, *, coach_email: str) -> None:
        """The invitations of a (normalised) address."""

    @CoachInvitation.query(coach_token_index)
    def by_token(self, *, magic_link_token: str) -> None:
        """The invitation whose magic link has this digest."""


class AuditLogs(Repository[AuditLog]):
    """The audit trail; each listing takes a time range with `.range(AuditLog.timestamp.between(...))`."""

    @AuditLog.key()
    def get(self, *, log_id: str) -> None:
        """One entry."""

    @AuditLog.query(admin_actions_index)
    def of_admin(self, *, admin_email: str) -> None:
        """What one person did, in the order of time."""

    @AuditLog.query(action_type_index, pk="{action_type}#{timestamp:date}")
    def of_day(self, *, action_type: ActionType, timestamp: date) -> None:
        """Actions of one kind on one day (UTC), in the order of time."""

    @AuditLog.query(resource_index, pk="{resource_type}#{resource_id}")
    def of_resource(self, *, resource_type: str, resource_id: str) -> None:
        """What was done to one resource, in the order of time."""


class AnalyticsEvents(Repository[AnalyticsEvent]):
    """Analytics events."""

    @AnalyticsEvent.key()
    def get(self, *, event_id: str) -> None:
        """One event."""

    @AnalyticsEvent.query(type_day_index, pk="{event_type}#{at:date}")
    def of_day(self, *, event_type: str, at: date) -> None:
        """The events of one type on one day (UTC), in the order of time."""


class AnalyticsTotals(Repository[AnalyticsTotal]):
    """Totals of analytics events."""

    @AnalyticsTotal.key()
    def get(self, *, event_type: str, day: date) -> None:
        """The total of one type on one day."""

    @AnalyticsTotal.query()
    def of_type(self, *, event_type: str) -> None:
        """The totals of one type, day by day."""


class Organizations(Repository[Organization]):
    """Organizations."""

    @Organization.key()
    def get(self, *, organization_id: str) -> None:
        """One organization."""

    @Organization.query(type_index)
    def of_type(self, *, organization_type: OrganizationType) -> None:
        """Organizations of one type, by name."""

    @Organization.query(parent_index)
    def of_parent(self, *, parent_id: str) -> None:
        """The organizations directly below another, by name."""
