"""The use cases of permission sets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenantable.data.repositories import Repository
from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed
from tenantable.services.access.decisions.keys import check_pattern
from tenantable.services.access.decisions.snapshots import read_platform
from tenantable.services.access.declaration import (
    PLATFORM,
    PermissionEntry,
    PermissionSet,
    PermissionSets,
    PlatformPermissionSet,
    PlatformPermissionSets,
)
from tenantable.services.access.errors import AlreadyExists, InUse, NotFound
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.permissions.catalogue import created
from tenantable.services.access.rights.counts import refuse_powerless_owners
from tenantable.services.access.rights.handing_out import (
    Given,
    given_by_entries,
    refuse_changing,
    refuse_making,
)
from tenantable.services.access.rights.held import refuse_more_than_held, snapshot_for
from tenantable.web.etags import check_if_match

AnySet = PermissionSet | PlatformPermissionSet
TOLD = ("name", "active", "entries")
"""Of a permission set, in the audit trail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetContent:
    """What a permission set is to be."""

    name: str
    active: bool
    entries: Sequence[PermissionEntry]


class PermissionSetService:
    """Permission sets of organisations, and those of the platform where `organisation_id` is `PLATFORM`."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._database = changes.database

    def create(
        self, actor: Actor, caller: Caller, organisation_id: str, set_id: str, *, content: SetContent
    ) -> Changed[AnySet]:
        """
        Raises:
            Unprocessable: An entry is no permission.
            Forbidden: It allows more than the caller holds, or longer.
            AlreadyExists: There is a set of this id, perhaps the platform's.
        """
        _check_entries(content)
        taken = f"There is a permission set {set_id} already"

        def build(change: Change) -> AnySet:
            if caller.kind != "platform":
                made_of = _given(set_id, content)
                refuse_making(made_of, caller, snapshot_for(change), now=change.now.timestamp())
            _refuse_taken(change, set_id, taken)
            made = _made(change, set_id, content)
            change.create(_repository(change), made)
            details = changed(None, made, *TOLD)
            change.record("PERMISSION_CHANGE", "permission-set.create", target=set_id, details=details)
            return made.model_copy(update={"revision": 1})

        return created(lambda: self._changes.run(organisation_id, actor, build), taken)

    def permission_set(self, organisation_id: str, set_id: str) -> AnySet:
        """
        Raises:
            NotFound: The organisation has none of this id.
        """
        found: AnySet | None
        if organisation_id == PLATFORM:
            found = self._database.repository(PlatformPermissionSets).consistent.get(permission_set_id=set_id)
        else:
            sets = self._database.repository(PermissionSets).consistent
            found = sets.get(organisation_id=organisation_id, permission_set_id=set_id)
        if found is None:
            raise NotFound(f"There is no permission set {set_id}")
        return found

    def by_date(self, organisation_id: str, *, limit: int, cursor: str | None) -> Page[PermissionSet]:
        """An organisation's permission sets, oldest first."""
        sets = self._database.repository(PermissionSets)
        return sets.by_date(organisation_id=organisation_id).page(limit, cursor)

    def by_activity(self, organisation_id: str, *, active: bool, limit: int, cursor: str | None) -> Page[PermissionSet]:
        """An organisation's active (or inactive) permission sets, oldest first."""
        sets = self._database.repository(PermissionSets)
        return sets.by_activity(active=active, organisation_id=organisation_id).page(limit, cursor)

    def active_everywhere(self, *, active: bool, limit: int, cursor: str | None) -> Page[PermissionSet]:
        """Active (or inactive) permission sets of all organisations, by organisation; for the administrator."""
        return self._database.repository(PermissionSets).by_activity(active=active).page(limit, cursor)

    def of_platform(self, *, active: bool | None, limit: int, cursor: str | None) -> Page[PlatformPermissionSet]:
        """The platform's permission sets, oldest first; active (or inactive) ones alone where `active` says so."""
        sets = self._database.repository(PlatformPermissionSets)
        return (sets.by_date() if active is None else sets.by_activity(active=active)).page(limit, cursor)

    def change(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        set_id: str,
        *,
        content: SetContent,
        if_match: str | None,
    ) -> Changed[AnySet]:
        """
        Give a set another content; whoever has a role with it has that from now on.

        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            Unprocessable: An entry is no permission; or the owners' role would not allow everything about access any
                more.
            Forbidden: It allows more than the caller holds, before or afterwards, or comes to allow what the caller
                does not hold for ever; or a deny would come or go of what the caller does not hold.
        """
        _check_entries(content)

        def build(change: Change) -> AnySet:
            stored = self.permission_set(organisation_id, set_id)
            check_if_match(if_match, stored.revision)
            if caller.kind != "platform":
                before, after = _given(set_id, _content(stored)), _given(set_id, content)
                refuse_changing(before, after, caller, snapshot_for(change), now=change.now.timestamp())
            made = _made(change, set_id, content)
            kept = {"date_created": stored.date_created, "revision": stored.revision}
            if isinstance(made, PlatformPermissionSet):
                _refuse_powerless_owners(change, made)
            change.put(_repository(change), made.model_copy(update=kept))
            details = changed(stored, made, *TOLD)
            change.record("PERMISSION_CHANGE", "permission-set.change", target=set_id, details=details)
            return made.model_copy(update=kept | {"revision": stored.revision + 1})

        return self._changes.run(organisation_id, actor, build)

    def delete(
        self, actor: Actor, caller: Caller, organisation_id: str, set_id: str, *, if_match: str | None
    ) -> Changed[None]:
        """
        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            InUse: A role names it, or it is the platform's, which roles of any organisation may name.
            Forbidden: It allows more than the caller holds.
        """

        def build(change: Change) -> None:
            stored = self.permission_set(organisation_id, set_id)
            check_if_match(if_match, stored.revision)
            if caller.kind != "platform":
                rules = _given(set_id, _content(stored)).every
                refuse_more_than_held(rules, caller, snapshot_for(change), now=change.now.timestamp())
            _refuse_in_use(change, set_id)
            change.delete(_repository(change), stored)
            details = changed(stored, None, *TOLD)
            change.record("PERMISSION_CHANGE", "permission-set.delete", target=set_id, details=details)

        return self._changes.run(organisation_id, actor, build)


def _refuse_taken(change: Change, set_id: str, taken: str) -> None:
    """
    Raises:
        AlreadyExists: The organisation, or the platform for it, has a set of this id.
    """
    if change.organisation_id == PLATFORM:
        return
    found = snapshot_for(change).definitions.permission_set(set_id)
    if isinstance(found, PlatformPermissionSet):
        raise AlreadyExists(f"{set_id} is a permission set of the platform", hint="choose another id")
    if found is not None:
        raise AlreadyExists(taken)


def _check_entries(content: SetContent) -> None:
    for entry in content.entries:
        check_pattern(entry.key)


def _content(stored: AnySet) -> SetContent:
    return SetContent(name=stored.name, active=stored.active, entries=stored.entries)


def _given(set_id: str, content: SetContent) -> Given:
    return given_by_entries(set_id, content.entries, active=content.active)


def _refuse_powerless_owners(change: Change, made: PlatformPermissionSet) -> None:
    found = read_platform(change.database)
    sets = {**found.permission_sets, made.permission_set_id: made}
    refuse_powerless_owners(replace(found, permission_sets=sets))


def _refuse_in_use(change: Change, set_id: str) -> None:
    if change.organisation_id == PLATFORM:
        raise InUse("Roles of any organisation may have this permission set", hint="switch it off")
    found = snapshot_for(change).definitions
    using = [*found.roles.values(), *found.team_roles.values()]
    if any(set_id in role.permission_set_ids for role in using):
        raise InUse("A role has this permission set", hint="take it out of the role first, or switch it off")


def _repository(change: Change) -> type[Repository[AnySet]]:
    found: type[Repository[AnySet]] = PlatformPermissionSets if change.organisation_id == PLATFORM else PermissionSets  # type: ignore[assignment]
    return found


def _made(change: Change, set_id: str, content: SetContent) -> AnySet:
    entries = list(content.entries)
    if change.organisation_id == PLATFORM:
        return PlatformPermissionSet(
            permission_set_id=set_id,
            name=content.name,
            active=content.active,
            entries=entries,
            date_created=change.now,
        )
    return PermissionSet(
        organisation_id=change.organisation_id,
        permission_set_id=set_id,
        name=content.name,
        active=content.active,
        entries=entries,
        date_created=change.now,
    )
