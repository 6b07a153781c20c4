"""Tables of the coach service: profiles, onboarding sessions, invitations of parents."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr
from tenantable.declare.entities import Entity
from tenantable.declare.tables import Index, Table

ProfileStatus = Literal["active", "inactive", "pending"]
InvitationStatus = Literal["sent", "opened", "accepted", "expired", "cancelled", "revoked"]

school_index = Index("school-index", partition="school_id")
status_index = Index(
    "status-index",
    partition="profile_status",
    sort="updated_at",
    accepted={
        "TD005": "some thousands of coaches, whose profiles change a few times a day",
        "TD014": "the listing is by the time of the last change, and changes are rare",
    },
)
profiles = Table("profiles", school_index, status_index, partition="coach_id", stream=True, recovery=True)

coach_sessions_index = Index(
    "coach-sessions-index",
    partition="coach_id",
    sort="created_at",
    accepted={"TD012": "a coach who resumes wants the form, and there are a few hundred sessions at a time"},
)
onboarding_sessions = Table(
    "coach-onboarding-sessions", coach_sessions_index, partition="session_id", ttl="expiration_time", recovery=True
)

coach_invitations_index = Index("coach-invitations-index", partition="coach_id")
parent_email_index = Index("parent-email-index", partition="parent_email")
parent_token_index = Index("magic-link-index", partition="magic_link_token")
parent_invitations = Table(
    "parent-invitations",
    coach_invitations_index,
    parent_email_index,
    parent_token_index,
    partition="invitation_id",
    ttl="ttl_epoch",
    stream=True,
    recovery=True,
)


class Profile(Entity, table=profiles):
    """A coach. `school_id` is the school's Ed-Fi number as digits; `updated_at` orders the listings by status."""

    coach_id: Attr[str]
    first_name: Attr[str]
    last_name: Attr[str]
    email: Attr[str]
    phone: Attr[str | None] = attr(default=None)
    school_id: Attr[str | None] = attr(default=None)
    sport_specialties: Attr[Annotated[list[str], Field(max_length=30)]] = attr(default_factory=list)
    profile_status: Attr[ProfileStatus] = attr(default="pending")
    created_at: Attr[datetime]
    updated_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class OnboardingSession(Entity, table=onboarding_sessions):
    """
    What a coach has filled in so far. Every step moves `expiration_time` to 24 hours ahead; DynamoDB removes late,
    so reads leave out what has expired.
    """

    session_id: Attr[str]
    coach_id: Attr[str]
    onboarding_step: Attr[str]
    form_data: Attr[dict[str, Any]] = attr(default_factory=dict)
    expiration_time: Attr[datetime]
    created_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class ParentInvitation(Entity, table=parent_invitations):
    """
    A coach's invitation of a parent. `magic_link_token` is the token's digest, and gone once it was used; `expires_at`
    decides, `ttl_epoch` removes the item later.
    """

    invitation_id: Attr[str]
    coach_id: Attr[str]
    parent_email: Attr[str]
    student_name: Attr[str]
    sport: Attr[str]
    invitation_status: Attr[InvitationStatus] = attr(default="sent")
    magic_link_token: Attr[str | None] = attr(default=None)
    expires_at: Attr[datetime]
    sent_at: Attr[datetime]
    responded_at: Attr[datetime | None] = attr(default=None)
    ttl_epoch: Attr[datetime | None] = attr(default=None)
    revision: Attr[int] = attr(default=0, lock=True)


class Profiles(Repository[Profile]):
    """Coaches."""

    @Profile.key()
    def get(self, *, coach_id: str) -> None:
        """One coach."""

    @Profile.query(school_index)
    def of_school(self, *, school_id: str) -> None:
        """The coaches of a school."""

    @Profile.query(status_index)
    def by_status(self, *, profile_status: ProfileStatus) -> None:
        """Coaches in one state, by the time of their last change."""


class OnboardingSessions(Repository[OnboardingSession]):
    """Onboarding in progress."""

    @OnboardingSession.key()
    def get(self, *, session_id: str) -> None:
        """One session."""

    @OnboardingSession.query(coach_sessions_index)
    def of_coach(self, *, coach_id: str) -> None:
        """A coach's sessions by their beginning, so that the newest can be resumed on any device."""


class ParentInvitations(Repository[ParentInvitation]):
    """Invitations of parents."""

    @ParentInvitation.key()
    def get(self, *, invitation_id: str) -> None:
        """One invitation."""

    @ParentInvitation.query(coach_invitations_index)
    def of_coach(self, *, coach_id: str) -> None:
        """The invitations that a coach has sent."""

    @ParentInvitation.query(parent_email_index)
    def of_parent(self, *, parent_email: str) -> None:
        """The invitations of a (normalised) address."""

    @ParentInvitation.query(parent_token_index)
    def by_token(self, *, magic_link_token: str) -> None:
        """The invitation whose magic link has this digest."""
