"""Access management: one table, twelve kinds of items, and every way to reach them."""

import re
from datetime import date, datetime
from typing import Annotated, Literal, get_args

from pydantic import Field

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.declare.grants import Component, Grant, Writes, allow, writes
from tenantable.declare.naming import NameValue, Naming
from tenantable.declare.systems import System
from tenantable.declare.tables import AWS_MANAGED_KEY, Index, Table
from tenantable.errors import DeclarationError, Fault

Stage = Literal["dev", "sit", "prod"]
InvitationStatus = Literal["pending", "accepted", "declined", "revoked", "expired"]
AuditType = Literal[
    "AUTHORIZATION", "PERMISSION_CHANGE", "USER_MANAGEMENT", "TEAM_MEMBERSHIP", "ROLE_CHANGE", "INVITATION",
    "CONFIGURATION",
]  # fmt: skip

Ids = Annotated[list[str], Field(max_length=1000)]

_PROJECT = r"^[a-z0-9-]+$"
_PURPOSES = (
    "status/expiry, category, name lookups", "email, active status, division lookups", "user team memberships",
    "audit by user", "audit by event type",
)  # fmt: skip
_INDEXES = gsi1, gsi2, gsi3, gsi4, gsi5 = tuple(
    Index(f"gsi{number}", description=purpose) for number, purpose in enumerate(_PURPOSES, start=1)
)
table = Table(
    "access-management",
    *_INDEXES,
    ttl="ttl",
    stream="NEW_AND_OLD_IMAGES",
    stream_purpose="audit archiving",
    recovery=True,
    encryption_key=AWS_MANAGED_KEY,
    tags={"Project": "BBWS", "Component": "AccessManagement", "CostCenter": "BBWS-ACCESS"},
    description="Every kind of item of access management, in one table.",
)


class Revised(Entity):
    """What is changed by people: `revision` is its ETag."""

    date_created: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class Switched(Revised):
    """What has a name, and can be switched off without being lost."""

    name: Attr[str]
    active: Attr[bool] = attr(default=True)


class Permission(Revised, table=table, stored_names=camel_case):
    """Something that can be allowed anywhere on the platform, such as `invoice:approve`."""

    permission_id: Attr[str]
    category: Attr[str]
    description: Attr[str] = attr(default="")
    active: Attr[bool] = attr(default=True)


class PermissionSet(Switched, table=table, stored_names=camel_case):
    """Permissions that an organisation gives together."""

    organisation_id: Attr[str]
    permission_set_id: Attr[str]
    permission_ids: Attr[Ids] = attr(default_factory=list)


class PlatformPermissionSet(Switched, table=table, stored_names=camel_case):
    """Permissions that every organisation may give together."""

    permission_set_id: Attr[str]
    permission_ids: Attr[Ids] = attr(default_factory=list)


class Invitation(Revised, table=table, stored_names=camel_case):
    """An invitation into an organisation. `email` is normalised; the token that accepts it stands elsewhere."""

    organisation_id: Attr[str]
    invitation_id: Attr[str]
    email: Attr[str]
    status: Attr[InvitationStatus] = attr(default="pending")
    role_id: Attr[str]
    team_id: Attr[str | None] = attr(default=None)
    invited_by: Attr[str]
    expires_at: Attr[datetime]


class InvitationToken(Entity, table=table, stored_names=camel_case):
    """Which invitation a token accepts. `token` is the token's digest; it goes a day after the invitation's end."""

    token: Attr[str]
    organisation_id: Attr[str]
    invitation_id: Attr[str]
    ttl: Attr[datetime]


class Team(Switched, table=table, stored_names=camel_case):
    """A team of an organisation, perhaps within a division."""

    organisation_id: Attr[str]
    team_id: Attr[str]
    division_id: Attr[str | None] = attr(default=None)


class TeamRoleDefinition(Switched, table=table, stored_names=camel_case):
    """What the members of an organisation's teams can be, and what they may do then."""

    organisation_id: Attr[str]
    team_role_id: Attr[str]
    permission_ids: Attr[Ids] = attr(default_factory=list)


class TeamMember(Entity, table=table, stored_names=camel_case):
    """A user in a team, in one role."""

    organisation_id: Attr[str]
    team_id: Attr[str]
    user_id: Attr[str]
    team_role_id: Attr[str]
    date_joined: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class PlatformRole(Switched, table=table, stored_names=camel_case):
    """A role that the platform defines for all organisations."""

    role_id: Attr[str]
    permission_set_ids: Attr[Ids] = attr(default_factory=list)


class OrganisationRole(Switched, table=table, stored_names=camel_case):
    """A role that an organisation defines for itself."""

    organisation_id: Attr[str]
    role_id: Attr[str]
    permission_set_ids: Attr[Ids] = attr(default_factory=list)


class UserRoleAssignment(Entity, table=table, stored_names=camel_case):
    """That a user has a role in an organisation; while `not_before` and `not_after` allow it."""

    organisation_id: Attr[str]
    user_id: Attr[str]
    role_id: Attr[str]
    assigned_by: Attr[str]
    date_assigned: Attr[datetime]
    not_before: Attr[datetime | None] = attr(default=None)
    not_after: Attr[datetime | None] = attr(default=None)


class AuditEvent(Entity, table=table, stored_names=camel_case):
    """What a user did or was refused; stays 30 days in the table and is archived when it leaves."""

    organisation_id: Attr[str]
    event_id: Attr[str]
    event_type: Attr[AuditType]
    user_id: Attr[str]
    timestamp: Attr[datetime]
    action: Attr[str]
    target: Attr[str | None] = attr(default=None)
    outcome: Attr[str]
    details: Attr[dict[str, str]] = attr(default_factory=dict)
    ttl: Attr[datetime]


class Permissions(Repository[Permission]):
    """The platform's permissions."""

    @Permission.key(pk="PERM#{permission_id}", sk="METADATA")
    def get(self, *, permission_id: str) -> None:
        """One permission."""

    @Permission.query(gsi1, pk="CATEGORY#{category}", sk="PERM#{permission_id}")
    def by_category(self, *, category: str) -> None:
        """The permissions of a category, by id."""


class PermissionSets(Repository[PermissionSet]):
    """Permission sets of organisations."""

    @PermissionSet.key(pk="ORG#{organisation_id}", sk="PERMSET#{permission_set_id}")
    def get(self, *, organisation_id: str, permission_set_id: str) -> None:
        """One permission set of an organisation."""

    @PermissionSet.query()
    def of_organisation(self, *, organisation_id: str) -> None:
        """An organisation's permission sets, by id."""

    @PermissionSet.query(gsi1, pk="ORG#{organisation_id}", sk="PERMSET#{date_created}")
    def by_date(self, *, organisation_id: str) -> None:
        """An organisation's permission sets, oldest first."""

    @PermissionSet.query(gsi2, pk="PERMSET#ACTIVE#{active}", sk="ORG#{organisation_id}#{date_created}")
    def by_activity(self, *, active: bool, organisation_id: str | None = None) -> None:
        """Active (or inactive) permission sets across all organisations, or those of one, oldest first."""


class PlatformPermissionSets(Repository[PlatformPermissionSet]):
    """Permission sets of the platform."""

    @PlatformPermissionSet.key(pk="PLATFORM", sk="PERMSET#{permission_set_id}")
    def get(self, *, permission_set_id: str) -> None:
        """One permission set of the platform."""

    @PlatformPermissionSet.query()
    def every(self) -> None:
        """The platform's permission sets, by id."""


class Invitations(Repository[Invitation]):
    """Invitations into organisations."""

    @Invitation.key(pk="ORG#{organisation_id}", sk="INV#{invitation_id}")
    def get(self, *, organisation_id: str, invitation_id: str) -> None:
        """One invitation of an organisation."""

    @Invitation.query(gsi1, pk="ORG#{organisation_id}#STATUS#{status}", sk="{expires_at}#{invitation_id}")
    def by_status(self, *, organisation_id: str, status: InvitationStatus) -> None:
        """An organisation's invitations in one state, the first to expire first."""

    @Invitation.query(gsi2, pk="EMAIL#{email}", sk="ORG#{organisation_id}#{date_created}")
    def by_email(self, *, email: str, organisation_id: str | None = None) -> None:
        """Invitations of an address, into all organisations or into one, oldest first."""


class InvitationTokens(Repository[InvitationToken]):
    """Tokens of invitations."""

    @InvitationToken.key(pk="INVTOKEN#{token}", sk="METADATA")
    def get(self, *, token: str) -> None:
        """What the token with this digest accepts."""


class Teams(Repository[Team]):
    """Teams of organisations."""

    @Team.key(pk="ORG#{organisation_id}", sk="TEAM#{team_id}")
    def get(self, *, organisation_id: str, team_id: str) -> None:
        """One team of an organisation."""

    @Team.query()
    def of_organisation(self, *, organisation_id: str) -> None:
        """An organisation's teams, by id."""

    @Team.query(gsi1, pk="ORG#{organisation_id}#ACTIVE#{active}", sk="TEAM#{name}")
    def by_name(self, *, organisation_id: str, active: bool, name: str | None = None) -> None:
        """An organisation's active (or inactive) teams by name, or those of one name."""

    @Team.query(gsi2, pk="ORG#{organisation_id}#DIV#{division_id}", sk="TEAM#{team_id}")
    def of_division(self, *, organisation_id: str, division_id: str) -> None:
        """The teams of a division, by id."""


class TeamRoleDefinitions(Repository[TeamRoleDefinition]):
    """Roles within the teams of organisations."""

    @TeamRoleDefinition.key(pk="ORG#{organisation_id}", sk="TEAMROLE#{team_role_id}")
    def get(self, *, organisation_id: str, team_role_id: str) -> None:
        """One team role of an organisation."""

    @TeamRoleDefinition.query(gsi1, pk="ORG#{organisation_id}#ACTIVE#{active}", sk="TEAMROLE#{name}")
    def by_name(self, *, organisation_id: str, active: bool, name: str | None = None) -> None:
        """An organisation's active (or inactive) team roles by name, or those of one name."""


class TeamMembers(Repository[TeamMember]):
    """Memberships in teams."""

    @TeamMember.key(pk="ORG#{organisation_id}#TEAM#{team_id}", sk="MEMBER#{user_id}")
    def get(self, *, organisation_id: str, team_id: str, user_id: str) -> None:
        """One user's membership in a team."""

    @TeamMember.query()
    def of_team(self, *, organisation_id: str, team_id: str) -> None:
        """The members of a team, by user id."""

    @TeamMember.query(gsi1, pk="USER#{user_id}", sk="ORG#{organisation_id}#TEAM#{team_id}")
    def teams_of_user(self, *, user_id: str) -> None:
        """Every team of a user, by organisation and team."""

    @TeamMember.query(gsi2, pk="ORG#{organisation_id}#TEAM#{team_id}#ROLE#{team_role_id}", sk="MEMBER#{user_id}")
    def by_role(self, *, organisation_id: str, team_id: str, team_role_id: str) -> None:
        """The members of a team who have one role, by user id."""

    @TeamMember.query(gsi3, pk="USER#{user_id}", sk="ORG#{organisation_id}#TEAM#{team_id}")
    def memberships(self, *, user_id: str, organisation_id: str | None = None) -> None:
        """A user's memberships everywhere, or in one organisation, by organisation and team."""


class PlatformRoles(Repository[PlatformRole]):
    """Roles of the platform."""

    @PlatformRole.key(pk="PLATFORM", sk="ROLE#{role_id}")
    def get(self, *, role_id: str) -> None:
        """One role of the platform."""

    @PlatformRole.query(gsi1, pk="PLATFORM#ACTIVE#{active}", sk="ROLE#{name}")
    def by_name(self, *, active: bool, name: str | None = None) -> None:
        """The platform's active (or inactive) roles by name, or those of one name."""


class OrganisationRoles(Repository[OrganisationRole]):
    """Roles of organisations."""

    @OrganisationRole.key(pk="ORG#{organisation_id}", sk="ROLE#{role_id}")
    def get(self, *, organisation_id: str, role_id: str) -> None:
        """One role of an organisation."""

    @OrganisationRole.query(gsi1, pk="ORG#{organisation_id}#ACTIVE#{active}", sk="ROLE#{name}")
    def by_name(self, *, organisation_id: str, active: bool, name: str | None = None) -> None:
        """An organisation's active (or inactive) roles by name, or those of one name."""


class UserRoleAssignments(Repository[UserRoleAssignment]):
    """Which users have which roles."""

    @UserRoleAssignment.key(pk="ORG#{organisation_id}#USER#{user_id}", sk="ROLE#{role_id}")
    def get(self, *, organisation_id: str, user_id: str, role_id: str) -> None:
        """One assignment."""

    @UserRoleAssignment.query()
    def of_user(self, *, organisation_id: str, user_id: str) -> None:
        """A user's roles in an organisation, by role id."""

    @UserRoleAssignment.query(gsi1, pk="ORG#{organisation_id}#ROLE#{role_id}", sk="USER#{user_id}")
    def users_of_role(self, *, organisation_id: str, role_id: str) -> None:
        """The users who have a role in an organisation, by user id."""


class AuditEvents(Repository[AuditEvent]):
    """The audit trail; each listing takes a time range with `.range(AuditEvent.timestamp.between(...))`."""

    @AuditEvent.key(pk="ORG#{organisation_id}#DATE#{timestamp:date}", sk="EVENT#{timestamp}#{event_id}")
    def get(self, *, organisation_id: str, timestamp: datetime, event_id: str) -> None:
        """One audit event."""

    @AuditEvent.query()
    def of_day(self, *, organisation_id: str, timestamp: date) -> None:
        """An organisation's audit events of one day (UTC), in the order of time."""

    @AuditEvent.query(gsi4, pk="USER#{user_id}", sk="{timestamp}#{event_id}")
    def of_user(self, *, user_id: str) -> None:
        """A user's audit events, in the order of time."""

    @AuditEvent.query(gsi5, pk="ORG#{organisation_id}#TYPE#{event_type}", sk="{timestamp}#{event_id}")
    def of_type(self, *, organisation_id: str, event_type: AuditType) -> None:
        """An organisation's audit events of one type, in the order of time."""


def _changes(*changes: Writes) -> Grant:
    """Every change is made in one transaction with its audit record, and no component changes or removes a record."""
    return allow(*changes, writes(AuditEvent, "create"), in_transaction=True)


permission_service = Component(
    "permission-service",
    description="Keeps permissions and permission sets.",
    grants=[
        allow(Permissions.get, Permissions.by_category),
        allow(PermissionSets.get, PermissionSets.of_organisation, PermissionSets.by_date, PermissionSets.by_activity),
        allow(PlatformPermissionSets.get, PlatformPermissionSets.every),
        _changes(
            writes(Permission, "create", "update", "delete"),
            writes(PermissionSet, "create", "update", "delete"),
            writes(PlatformPermissionSet, "create", "update", "delete"),
        ),
    ],
)

# Accepting turns an invitation into a membership, so the service adds members and assignments too. It must see what
# the inviter has, because nobody can hand out more.
invitation_service = Component(
    "invitation-service",
    description="Invites users into organisations and takes their answers.",
    grants=[
        allow(Invitations.get, Invitations.by_status, Invitations.by_email, InvitationTokens.get),
        allow(OrganisationRoles.get, UserRoleAssignments.of_user, Teams.get, TeamRoleDefinitions.get),
        _changes(
            writes(Invitation, "create", "update"),
            writes(InvitationToken, "create", "delete"),
            writes(TeamMember, "create"),
            writes(UserRoleAssignment, "create"),
        ),
    ],
)

team_service = Component(
    "team-service",
    description="Keeps teams, the roles within them and their members.",
    grants=[
        allow(Teams.get, Teams.of_organisation, Teams.by_name, Teams.of_division),
        allow(TeamRoleDefinitions.get, TeamRoleDefinitions.by_name),
        allow(TeamMembers.get, TeamMembers.of_team, TeamMembers.by_role),
        allow(TeamMembers.teams_of_user, TeamMembers.memberships),
        _changes(
            writes(Team, "create", "update", "delete", "check"),
            writes(TeamRoleDefinition, "create", "update", "delete", "check"),
            writes(TeamMember, "create", "update", "delete"),
        ),
    ],
)

role_service = Component(
    "role-service",
    description="Keeps roles and who has them.",
    grants=[
        allow(PlatformRoles.get, PlatformRoles.by_name, OrganisationRoles.get, OrganisationRoles.by_name),
        allow(UserRoleAssignments.get, UserRoleAssignments.of_user, UserRoleAssignments.users_of_role),
        allow(PermissionSets.get, PlatformPermissionSets.get),
        _changes(
            writes(PlatformRole, "create", "update", "delete", "check"),
            writes(OrganisationRole, "create", "update", "delete", "check"),
            writes(UserRoleAssignment, "create", "update", "delete"),
        ),
    ],
)

audit_service = Component(
    "audit-service",
    description="Shows the audit trail, and records that it was shown.",
    grants=[
        allow(AuditEvents.get, AuditEvents.of_day, AuditEvents.of_user, AuditEvents.of_type),
        allow(writes(AuditEvent, "create")),
    ],
)

decision_service = Component(
    "decision-service",
    description="Decides what a user may do. Reads what decisions rest on and records them; changes nothing.",
    grants=[
        allow(UserRoleAssignments.of_user, TeamMembers.memberships),
        allow(OrganisationRoles.get, PlatformRoles.get, TeamRoleDefinitions.get, batch=True),
        allow(PermissionSets.get, PlatformPermissionSets.get, Permissions.get, batch=True),
        allow(writes(AuditEvent, "create")),  # no batches: BatchWriteItem could delete what must stay
    ],
)


def naming(stage: str, *, project: str = "bbws-access") -> Naming:
    """
    `{project}-{stage}-ddb-access-management`, and the indexes `-gsi1` to `-gsi5` behind it.

    Raises:
        DeclarationError: The stage or the project's name is not allowed.
    """
    faults = []
    if stage not in get_args(Stage):
        hint = f"use one of {', '.join(get_args(Stage))}"
        faults.append(Fault(place="naming(stage)", problem=f"{stage!r} is no stage", hint=hint))
    if not re.fullmatch(_PROJECT, project):
        hint = "use lower-case letters, digits and hyphens"
        faults.append(Fault(place="naming(project)", problem=f"{project!r} is not allowed", hint=hint))
    if faults:
        raise DeclarationError(faults)
    about = NameValue(
        description="Project name prefix for resource naming",
        pattern=_PROJECT,
        requirement="Project name must contain only lowercase letters, numbers, and hyphens.",
    )
    values = {"project": project, "stage": stage}
    style = "{project}-{stage}-ddb-{table}"
    return Naming(table=style, index="{table}-{index}", values=values, about={"project": about})


_ACCEPTED = {
    "TD004": dict.fromkeys(("PlatformPermissionSet", "PlatformRole"), "some tens, which seldom change"),
    "TD005": {
        "PlatformRole.gsi1": "some tens, and listed by people",
        "Permission.gsi1": "some hundreds, made with the platform's releases",
        "PermissionSet.gsi2": "the key is a contract, and permission sets change a few times a day",
    },
    "TD011": {
        "Invitation": "an invitation stays as a record of who was invited by whom; its token is what expires",
        "UserRoleAssignment": "an assignment that has ended is shown until somebody takes it away",
    },
    "TD012": dict.fromkeys(("AuditEvent.gsi4", "AuditEvent.gsi5"), "readers want the details, some hundred bytes"),
}  # fmt: skip
SYSTEM = System(
    name="access",
    description="Access management: who may do what, in which organisation, and what they did.",
    tables=(table,),
    components=(permission_service, invitation_service, team_service, role_service, audit_service, decision_service),
    environment={"ACCESS_MANAGEMENT_TABLE": table},
    naming=naming,
    accepted=_ACCEPTED,
    recovery_regions=("eu-west-1",),
)
