"""Defining roles: what they are made of, and that nobody makes one with more than they hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tenantable.declare.queries import Page
from tenantable.errors import ConditionFailed, StaleItem
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.decisions.definitions import INHERITANCE_MAX, Definitions
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    PLATFORM,
    OrganisationRole,
    OrganisationRoles,
    PlatformRole,
    PlatformRoles,
)
from tenantable.services.access.errors import AlreadyExists, InUse, NotFound, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.rights import refuse_more_than_held, snapshot_for
from tenantable.web.etags import check_if_match


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleContent:
    """What a role is to be: its permission sets, and the roles whose permissions it has too."""

    name: str
    active: bool
    permission_set_ids: Sequence[str]
    parent_role_ids: Sequence[str]


class RoleDefinitions:
    """Roles that organisations define for themselves."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._roles = changes.database.repository(OrganisationRoles)

    def role(self, organisation_id: str, role_id: str) -> OrganisationRole:
        """
        Raises:
            NotFound: The organisation has none of this id.
        """
        found = self._roles.consistent.get(organisation_id=organisation_id, role_id=role_id)
        if found is None:
            raise NotFound(f"There is no role {role_id}")
        return found

    def by_name(
        self, organisation_id: str, *, active: bool, name: str | None, limit: int, cursor: str | None
    ) -> Page[OrganisationRole]:
        """An organisation's active (or inactive) roles by name, or those of one name."""
        return self._roles.by_name(organisation_id=organisation_id, active=active, name=name).page(limit, cursor)

    def create(
        self, actor: Actor, caller: Caller, organisation_id: str, role_id: str, *, content: RoleContent
    ) -> Changed[OrganisationRole]:
        """
        Raises:
            AlreadyExists: There is a role of this id, perhaps the platform's.
            Unprocessable: It names a permission set or a role that is not there, or would be its own parent.
            Forbidden: It allows more than the caller holds.
        """

        def build(change: Change) -> OrganisationRole:
            snapshot = snapshot_for(change)
            if snapshot.definitions.role(role_id) is not None:
                raise AlreadyExists(f"There is a role {role_id} already")
            made = _made(change, role_id, content)
            _check(snapshot, made, caller, now=change.now.timestamp())
            change.create(OrganisationRoles, made)
            self._count_parents(change, snapshot, made.parent_role_ids, 1)
            change.record("ROLE_CHANGE", "role.create", target=role_id)
            return made.model_copy(update={"revision": 1})

        try:
            return self._changes.run(organisation_id, actor, build)
        except StaleItem:
            raise
        except ConditionFailed as error:
            raise AlreadyExists(f"There is a role {role_id} already") from error

    def change(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        role_id: str,
        *,
        content: RoleContent,
        if_match: str | None,
    ) -> Changed[OrganisationRole]:
        """
        Give a role another content; whoever has it has that from now on.

        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            Unprocessable, Forbidden: As for `create`, before or afterwards.
        """

        def build(change: Change) -> OrganisationRole:
            stored = self.role(organisation_id, role_id)
            check_if_match(if_match, stored.revision)
            snapshot, now = snapshot_for(change), change.now.timestamp()
            _check(snapshot, stored, caller, now=now)
            made = stored.model_copy(
                update={
                    "name": content.name,
                    "active": content.active,
                    "permission_set_ids": list(dict.fromkeys(content.permission_set_ids)),
                    "parent_role_ids": list(dict.fromkeys(content.parent_role_ids)),
                }
            )
            _check(snapshot, made, caller, now=now)
            change.put(OrganisationRoles, made)
            before, after = set(stored.parent_role_ids), set(made.parent_role_ids)
            self._count_parents(change, snapshot, before - after, -1)
            self._count_parents(change, snapshot, after - before, 1)
            change.record("ROLE_CHANGE", "role.change", target=role_id)
            return made.model_copy(update={"revision": stored.revision + 1})

        return self._changes.run(organisation_id, actor, build)

    def delete(
        self, actor: Actor, caller: Caller, organisation_id: str, role_id: str, *, if_match: str | None
    ) -> Changed[None]:
        """
        Raises:
            NotFound: The organisation has none of this id.
            PreconditionFailed: It was changed since it was read.
            InUse: A user, an open invitation or a role below has it.
            Forbidden: It allows more than the caller holds.
        """

        def build(change: Change) -> None:
            stored = self.role(organisation_id, role_id)
            check_if_match(if_match, stored.revision)
            if stored.assigned:
                hint = "give them another role first: remap it"
                raise InUse(f"{stored.assigned} users, invitations or roles have this role", hint=hint)
            snapshot = snapshot_for(change)
            _check(snapshot, stored, caller, now=change.now.timestamp())
            change.delete(OrganisationRoles, stored)
            self._count_parents(change, snapshot, stored.parent_role_ids, -1)
            change.record("ROLE_CHANGE", "role.delete", target=role_id)

        return self._changes.run(organisation_id, actor, build)

    def _count_parents(self, change: Change, snapshot: Snapshot, parent_ids: Iterable[str], number: int) -> None:
        for parent_id in dict.fromkeys(parent_ids):
            if parent_id in snapshot.definitions.roles:
                key = OrganisationRoles.get.key(organisation_id=change.organisation_id, role_id=parent_id)
                change.update(OrganisationRoles, key, OrganisationRole.assigned.add(number))


class PlatformRoleDefinitions:
    """Roles that the platform defines for all organisations; for the administrator to change, never deleted."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._roles = changes.database.repository(PlatformRoles)

    def role(self, role_id: str) -> PlatformRole:
        """
        Raises:
            NotFound: There is none of this id.
        """
        found = self._roles.consistent.get(role_id=role_id)
        if found is None:
            raise NotFound(f"There is no role {role_id}")
        return found

    def by_name(self, *, active: bool, name: str | None, limit: int, cursor: str | None) -> Page[PlatformRole]:
        """The platform's active (or inactive) roles by name, or those of one name."""
        return self._roles.by_name(active=active, name=name).page(limit, cursor)

    def put(self, actor: Actor, role_id: str, *, content: RoleContent, if_match: str | None) -> Changed[PlatformRole]:
        """
        Make a role, or give it another content.

        Raises:
            PreconditionFailed: It was changed since it was read.
            Unprocessable: It names a permission set or a role that is not there, or would be its own parent.
        """

        def build(change: Change) -> PlatformRole:
            stored = self._roles.consistent.get(role_id=role_id)
            check_if_match(if_match, 0 if stored is None else stored.revision)
            made = PlatformRole(
                role_id=role_id,
                name=content.name,
                active=content.active,
                permission_set_ids=list(dict.fromkeys(content.permission_set_ids)),
                parent_role_ids=list(dict.fromkeys(content.parent_role_ids)),
                date_created=change.now if stored is None else stored.date_created,
                revision=0 if stored is None else stored.revision,
            )
            definitions = snapshot_for(change).definitions.above
            assert definitions is not None, "an organisation's definitions stand below the platform's"
            _check_references(definitions, made)
            change.put(PlatformRoles, made)
            change.record("ROLE_CHANGE", "platform-role.put", target=role_id)
            return made.model_copy(update={"revision": made.revision + 1})

        return self._changes.run(PLATFORM, actor, build)


def _made(change: Change, role_id: str, content: RoleContent) -> OrganisationRole:
    return OrganisationRole(
        organisation_id=change.organisation_id,
        role_id=role_id,
        name=content.name,
        active=content.active,
        permission_set_ids=list(dict.fromkeys(content.permission_set_ids)),
        parent_role_ids=list(dict.fromkeys(content.parent_role_ids)),
        date_created=change.now,
    )


def _check(snapshot: Snapshot, role: OrganisationRole, caller: Caller, *, now: float) -> None:
    _check_references(snapshot.definitions, role)
    definitions = _with(snapshot.definitions, role.model_copy(update={"active": True}))
    refuse_more_than_held(definitions.rules_of_role(role.role_id), caller, snapshot, now=now)


def _check_references(definitions: Definitions, role: OrganisationRole | PlatformRole) -> None:
    for set_id in role.permission_set_ids:
        if definitions.permission_set(set_id) is None:
            raise Unprocessable(f"There is no permission set {set_id}")
    for parent_id in role.parent_role_ids:
        if parent_id != role.role_id and definitions.role(parent_id) is None:
            raise Unprocessable(f"There is no role {parent_id}")
    _check_parents(_with(definitions, role), role)


def _check_parents(definitions: Definitions, role: OrganisationRole | PlatformRole) -> None:
    """Refuses a role above itself, and too many above one another; looks at each role once."""
    level, above = [role.role_id], {role.role_id}
    for _ in range(INHERITANCE_MAX):
        parents = [found for each in level if (found := definitions.role(each)) is not None]
        names = dict.fromkeys(parent_id for parent in parents for parent_id in parent.parent_role_ids)
        if role.role_id in names:
            raise Unprocessable(f"The role {role.role_id} would be above itself")
        level = [each for each in names if each not in above]
        above.update(level)
        if not level:
            return
    raise Unprocessable(f"More than {INHERITANCE_MAX} roles would stand above one another")


def _with(definitions: Definitions, role: OrganisationRole | PlatformRole) -> Definitions:
    return replace(definitions, roles={**definitions.roles, role.role_id: role})
