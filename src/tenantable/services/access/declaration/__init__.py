"""Access management, declared: one table, its items and every way to reach them, and who may."""

from tenantable.declare.systems import System
from tenantable.services.access.declaration.audit import (
    AuditEvent,
    AuditEvents,
    AuditType,
)
from tenantable.services.access.declaration.components import (
    audit_service,
    decision_service,
    directory_service,
    invitation_service,
    permission_service,
    role_service,
    team_service,
)
from tenantable.services.access.declaration.idempotency import KeptAnswer, KeptAnswers
from tenantable.services.access.declaration.invitations import (
    Invitation,
    Invitations,
    InvitationStatus,
    InvitationToken,
    InvitationTokens,
)
from tenantable.services.access.declaration.organisations import (
    PLATFORM,
    Member,
    Members,
    Organisation,
    OrganisationHead,
    OrganisationHeads,
    Organisations,
    ProtectedResource,
    ProtectedResources,
    ServiceKey,
    ServiceKeys,
)
from tenantable.services.access.declaration.permissions import (
    Comparison,
    Effect,
    Permission,
    PermissionEntry,
    Permissions,
    PermissionSet,
    PermissionSets,
    PlatformPermissionSet,
    PlatformPermissionSets,
    PropertyTest,
)
from tenantable.services.access.declaration.roles import (
    OWNER,
    OrganisationDefinitions,
    OrganisationRole,
    OrganisationRoles,
    PlatformDefinitions,
    PlatformRole,
    PlatformRoles,
    UserGrants,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.declaration.table import (
    Stage,
    naming,
    table,
)
from tenantable.services.access.declaration.teams import (
    Team,
    TeamMember,
    TeamMembers,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
)

__all__ = [
    "OWNER",
    "PLATFORM",
    "SYSTEM",
    "AuditEvent",
    "AuditEvents",
    "AuditType",
    "Comparison",
    "Effect",
    "Invitation",
    "InvitationStatus",
    "InvitationToken",
    "InvitationTokens",
    "Invitations",
    "KeptAnswer",
    "KeptAnswers",
    "Member",
    "Members",
    "Organisation",
    "OrganisationDefinitions",
    "OrganisationHead",
    "OrganisationHeads",
    "OrganisationRole",
    "OrganisationRoles",
    "Organisations",
    "Permission",
    "PermissionEntry",
    "PermissionSet",
    "PermissionSets",
    "Permissions",
    "PlatformDefinitions",
    "PlatformPermissionSet",
    "PlatformPermissionSets",
    "PlatformRole",
    "PlatformRoles",
    "PropertyTest",
    "ProtectedResource",
    "ProtectedResources",
    "ServiceKey",
    "ServiceKeys",
    "Stage",
    "Team",
    "TeamMember",
    "TeamMembers",
    "TeamRoleDefinition",
    "TeamRoleDefinitions",
    "Teams",
    "UserGrants",
    "UserRoleAssignment",
    "UserRoleAssignments",
    "audit_service",
    "decision_service",
    "directory_service",
    "invitation_service",
    "naming",
    "permission_service",
    "role_service",
    "table",
    "team_service",
]

ACCEPTED = {
    "TD004": dict.fromkeys(("PlatformPermissionSet", "PlatformRole"), "some tens, which seldom change"),
    "TD005": {
        "PlatformRole.gsi1": "some tens, and listed by people",
        "Organisation.gsi1": "organisations are made and renamed seldom, and administrators alone list them",
        "Permission.gsi1": "some hundreds, made with the platform's releases",
        "PermissionSet.gsi2": "the key is a contract, and permission sets change a few times a day",
    },
    "TD011": {
        "Invitation": "an invitation stays as a record of who was invited by whom; its token is what expires",
        "UserRoleAssignment": "an assignment that has ended is shown until somebody takes it away",
        "ServiceKey": "a key that has ended is shown until somebody takes it away; its digest opens nothing",
    },
    "TD012": {
        **dict.fromkeys(("AuditEvent.gsi4", "AuditEvent.gsi5"), "readers want the details, some hundred bytes"),
        **dict.fromkeys(("Member.gsi1", "Member.gsi2"), "the projection is a contract; members change seldom"),
        **dict.fromkeys(
            ("PermissionSet.gsi1", "PermissionSet.gsi2"), "the projection is a contract, and sets are read whole"
        ),
    },
}
"""Findings of the design lint that are meant so."""

SYSTEM = System(
    name="access",
    description="Access management: who may do what, in which organisation, and what they did.",
    tables=(table,),
    components=(
        permission_service,
        invitation_service,
        team_service,
        role_service,
        audit_service,
        decision_service,
        directory_service,
    ),
    environment={"ACCESS_MANAGEMENT_TABLE": table},
    naming=naming,
    accepted=ACCEPTED,
    recovery_regions=("eu-west-1",),
)
