"""What every installation begins with: the platform's own head, and the roles that every organisation has."""

from datetime import UTC, datetime

from tenantable.errors import ConditionFailed
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.declaration import (
    OWNER,
    PLATFORM,
    PermissionEntry,
    PlatformPermissionSet,
    PlatformPermissionSets,
    PlatformRole,
    PlatformRoles,
)
from tenantable.services.access.identity.callers import INSTALLATION_ACTOR

BUILT_IN: dict[str, tuple[str, ...]] = {
    OWNER: ("*",),
    "admin": ("access:*",),
    "auditor": ("access:audit:read", "access:member:read", "access:role:read", "access:team:read"),
    "member": ("access:organisation:read", "access:member:read", "access:role:read", "access:team:read"),
}
"""The platform's roles and what each may do, under permission sets of the same ids. They can be changed later."""


def found_platform(changes: Changes, *, now: float) -> None:
    """Begin, unless that was done before."""
    created = datetime.fromtimestamp(now, UTC)

    def build(change: Change) -> None:
        for role_id, keys in BUILT_IN.items():
            entries = [PermissionEntry(key=key) for key in keys]
            permission_set = PlatformPermissionSet(
                permission_set_id=role_id, name=role_id, entries=entries, date_created=created
            )
            role = PlatformRole(role_id=role_id, name=role_id, permission_set_ids=[role_id], date_created=created)
            change.create(PlatformPermissionSets, permission_set)
            change.create(PlatformRoles, role)
        details = {role_id: ", ".join(f"+ allow {key}" for key in keys) for role_id, keys in BUILT_IN.items()}
        change.record("CONFIGURATION", "platform.create", details=details)

    try:
        changes.found(PLATFORM, Actor(id=INSTALLATION_ACTOR), build)
    except ConditionFailed:
        return
