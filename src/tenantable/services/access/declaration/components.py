"""
The components of access management, and what each may do.

Every change moves the head of its organisation and is made in one transaction with its audit event; no component
changes or removes an event. Heads, members, keys and resources stand in partitions of their own: policies see no sort
keys, and so these limits hold.
"""

from tenantable.declare.grants import Component, Grant, Writes, allow, allow_resource, writes
from tenantable.services.access.declaration.audit import AuditEvent, AuditEvents, audit_archive
from tenantable.services.access.declaration.idempotency import KeptAnswer, KeptAnswers
from tenantable.services.access.declaration.invitations import (
    Invitation,
    Invitations,
    InvitationToken,
    InvitationTokens,
    InvitedAddress,
    InvitedAddresses,
)
from tenantable.services.access.declaration.organisations import (
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
    Permission,
    Permissions,
    PermissionSet,
    PermissionSets,
    PlatformPermissionSet,
    PlatformPermissionSets,
)
from tenantable.services.access.declaration.roles import (
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
from tenantable.services.access.declaration.table import table
from tenantable.services.access.declaration.teams import (
    Team,
    TeamMember,
    TeamMembers,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    Teams,
)


def _changes(*changes: Writes) -> Grant:
    return allow(
        *changes,
        writes(OrganisationHead, "update"),
        writes(AuditEvent, "create"),
        writes(KeptAnswer, "create"),
        in_transaction=True,
    )


# What everybody who changes rights must see: nobody hands out more than they hold.
_HELD = allow(
    OrganisationHeads.get,
    OrganisationDefinitions.of_organisation,
    PlatformDefinitions.every,
    UserGrants.of_user,
    KeptAnswers.get,
)

directory_service = Component(
    "directory-service",
    description="Keeps organisations, their members, service keys and the resources that searches find.",
    grants=[
        _HELD,
        allow(Organisations.get, Organisations.by_name),
        allow(Members.get, Members.of_organisation, Members.organisations_of_user),
        allow(ServiceKeys.get, ServiceKeys.of_organisation),
        allow(ProtectedResources.get, ProtectedResources.of_type),
        allow(UserRoleAssignments.get, UserRoleAssignments.of_user, UserRoleAssignments.users_of_role),
        allow(
            writes(Organisation, "create", "update"),
            writes(OrganisationHead, "create", "update"),
            writes(KeptAnswer, "create"),
            writes(Member, "create", "update", "delete"),
            writes(ServiceKey, "create", "update", "delete"),
            writes(ProtectedResource, "create", "put", "update", "delete"),
            writes(PlatformPermissionSet, "create"),
            writes(PlatformRole, "create"),
            writes(UserRoleAssignment, "create", "update", "delete"),
            writes(OrganisationRole, "update"),
            writes(TeamMember, "delete"),
            writes(TeamRoleDefinition, "update"),
            writes(Team, "update"),
            writes(AuditEvent, "create"),
            in_transaction=True,
        ),
    ],
)

permission_service = Component(
    "permission-service",
    description="Keeps permissions and permission sets.",
    grants=[
        _HELD,
        allow(Permissions.get, Permissions.by_category),
        allow(PermissionSets.get, PermissionSets.of_organisation, PermissionSets.by_date, PermissionSets.by_activity),
        allow(PlatformPermissionSets.get, PlatformPermissionSets.every),
        allow(PlatformPermissionSets.by_date, PlatformPermissionSets.by_activity),
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
        _HELD,
        allow(Organisations.get, Organisations.by_name, ServiceKeys.get),
        allow(
            Invitations.get,
            Invitations.by_status,
            Invitations.by_email,
            Invitations.accepted,
            InvitationTokens.get,
            InvitedAddresses.get,
        ),
        allow(OrganisationRoles.get, Teams.get, Members.get, Members.of_organisation),
        _changes(
            writes(Invitation, "create", "update"),
            writes(InvitationToken, "create", "delete"),
            writes(InvitedAddress, "put", "delete"),
            writes(Member, "create", "update"),
            writes(OrganisationRole, "update"),
            writes(Team, "update"),
            writes(TeamRoleDefinition, "update"),
            writes(TeamMember, "create"),
            writes(UserRoleAssignment, "create", "update"),
        ),
    ],
)

team_service = Component(
    "team-service",
    description="Keeps teams, the roles within them and their members.",
    grants=[
        _HELD,
        allow(Members.get),
        allow(Teams.get, Teams.of_organisation, Teams.by_name, Teams.of_division),
        allow(TeamRoleDefinitions.get, TeamRoleDefinitions.by_name),
        allow(
            TeamMembers.get,
            TeamMembers.of_team,
            TeamMembers.by_role,
            TeamMembers.teams_of_user,
            TeamMembers.memberships,
        ),
        _changes(
            writes(Team, "create", "update", "delete"),
            writes(TeamRoleDefinition, "create", "update", "delete"),
            writes(TeamMember, "create", "update", "delete"),
            writes(Member, "update"),
        ),
    ],
)

role_service = Component(
    "role-service",
    description="Keeps roles and who has them.",
    grants=[
        _HELD,
        allow(Members.get),
        allow(PlatformRoles.get, PlatformRoles.by_name, OrganisationRoles.get, OrganisationRoles.by_name),
        allow(UserRoleAssignments.get, UserRoleAssignments.of_user, UserRoleAssignments.users_of_role),
        allow(PermissionSets.get, PlatformPermissionSets.get),
        allow(Invitations.get, Invitations.by_status),
        _changes(
            writes(Invitation, "update"),
            writes(PlatformRole, "create", "update", "delete", "check"),
            writes(OrganisationRole, "create", "update", "delete", "check"),
            writes(UserRoleAssignment, "create", "update", "delete"),
            writes(Member, "check"),
        ),
    ],
)

audit_service = Component(
    "audit-service",
    description="Shows the audit trail, verifies it, and records that it was shown.",
    grants=[
        allow(OrganisationHeads.get, KeptAnswers.get, Members.organisations_of_user),
        allow(AuditEvents.get, AuditEvents.of_day, AuditEvents.of_user, AuditEvents.of_type),
        allow_resource("s3", "GetObject", "ListBucket", resource=audit_archive),
        _changes(),
    ],
)

# Nobody may delete an object of the archive; the versions before it, the eraser alone.
audit_archiver = Component(
    "audit-archiver",
    description="Archives audit events and keeps signed copies of heads apart.",
    grants=[
        allow(OrganisationHeads.get, Organisations.by_name, AuditEvents.of_day),
        allow_resource("s3", "GetObject", "PutObject", "ListBucket", resource=audit_archive),
        allow_resource(
            "dynamodb", "DescribeStream", "DescribeTable", "GetRecords", "GetShardIterator", resource=table.name
        ),
    ],
)

# It works for minutes, on demand; so what it alone may do is not in the hands of the archiver, which always runs. Of an
# event it can change the details, and of a kept answer the body, to erase them, and only in a change that says so.
audit_eraser = Component(
    "audit-eraser",
    description="Erases details of audit events, in the table, the archive and its former versions; and kept answers.",
    grants=[
        allow(OrganisationHeads.get, KeptAnswers.get, KeptAnswers.of_organisation),
        allow(AuditEvents.of_day, AuditEvents.of_type),
        allow_resource(
            "s3",
            "GetObject",
            "PutObject",
            "ListBucket",
            "ListBucketVersions",
            "DeleteObjectVersion",
            resource=audit_archive,
        ),
        _changes(),
        allow(
            writes(AuditEvent, "update"),
            attributes=[AuditEvent.details, AuditEvent.details_salts],
            in_transaction=True,
        ),
        allow(writes(KeptAnswer, "update"), attributes=[KeptAnswer.body], in_transaction=True),
    ],
)

decision_service = Component(
    "decision-service",
    description="Decides what a user may do. Reads what decisions rest on, changes nothing.",
    grants=[
        _HELD,
        allow(OrganisationHeads.get, batch=True),
        allow(Organisations.get, Members.get, Members.of_organisation, Permissions.by_category, ServiceKeys.get),
        allow(
            UserRoleAssignments.get,
            UserRoleAssignments.users_of_role,
            TeamMembers.by_role,
            Teams.of_organisation,
            TeamMembers.of_team,
        ),
        allow(ProtectedResources.get, ProtectedResources.of_type),
    ],
)
