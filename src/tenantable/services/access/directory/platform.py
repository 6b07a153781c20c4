"""What every installation begins with: the platform's own head, and the roles that every organisation has."""

from datetime import UTC, datetime

from tenantable.errors import ConditionFailed
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.decisions.snapshots import read_platform
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

BUILT_IN_SETS: dict[str, tuple[str, ...]] = {**BUILT_IN, "decision": ("access:decision:read",)}
"""The platform's permission sets: those of the roles, and what a key takes that asks for decisions and nothing else."""


def found_platform(changes: Changes, *, now: float) -> None:
    """Begin, unless that was done before; then add what an earlier version did not begin with."""
    created = datetime.fromtimestamp(now, UTC)

    def build(change: Change) -> None:
        for role_id in BUILT_IN:
            role = PlatformRole(role_id=role_id, name=role_id, permission_set_ids=[role_id], date_created=created)
            change.create(PlatformRoles, role)
        for set_id in BUILT_IN_SETS:
            change.create(PlatformPermissionSets, _made_set(set_id, created))
        details = {set_id: ", ".join(f"+ allow {key}" for key in keys) for set_id, keys in BUILT_IN_SETS.items()}
        change.record("CONFIGURATION", "platform.create", details=details)

    try:
        changes.found(PLATFORM, Actor(id=INSTALLATION_ACTOR), build)
    except ConditionFailed:
        _add_missing_sets(changes, created)


def _add_missing_sets(changes: Changes, created: datetime) -> None:
    """One of this id that is there stays as it is: the administrator may have changed it."""
    missing = sorted(BUILT_IN_SETS.keys() - read_platform(changes.database).permission_sets.keys())
    if not missing:
        return

    def build(change: Change) -> None:
        for set_id in missing:
            change.create(PlatformPermissionSets, _made_set(set_id, created))
            change.record("PERMISSION_CHANGE", "permission-set.create", target=set_id)

    try:
        changes.run(PLATFORM, Actor(id=INSTALLATION_ACTOR), build)
    except ConditionFailed:
        return  # another process, which started at the same time, was faster


def _made_set(set_id: str, created: datetime) -> PlatformPermissionSet:
    entries = [PermissionEntry(key=key) for key in BUILT_IN_SETS[set_id]]
    return PlatformPermissionSet(permission_set_id=set_id, name=set_id, entries=entries, date_created=created)
