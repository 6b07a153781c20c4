"""Defining roles: what they are made of, and that nobody makes one with more than they hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tenantable.declare.queries import Page
from tenantable.errors import ConditionFailed, StaleItem
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    OWNER,
    PLATFORM,
    OrganisationRole,
    OrganisationRoles,
    PlatformRole,
    PlatformRoles,
    UserRoleAssignments,
)
from tenantable.services.access.errors import AlreadyExists, InUse, NotFound, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.counts import refuse_powerless_owners
from tenantable.services.access.rights.handing_out import given_by_role, of_role, refuse_changing, refuse_making
from tenantable.services.access.rights.held import refuse_more_than_held, snapshot_for
from tenantable.services.access.roles.inheritance import check_references, with_role
from tenantable.web.etags import check_if_match

TOLD = ("name", "active", "permission_set_ids", "parent_role_ids")
"""Of a role, in the audit trail."""
USERS_COUNTED_MAX = 500
"""Users of a role who are told from its open invitations where it cannot be deleted."""
_PLURALS = {"user": "users", "open invitation": "open invitations", "role below it": "roles below it"}


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
            Forbidden: It allows more than the caller holds, or longer.
        """

        def build(change: Change) -> OrganisationRole:
            snapshot = snapshot_for(change)
            found = snapshot.definitions.role(role_id)
            if isinstance(found, PlatformRole):
                raise AlreadyExists(f"{role_id} is a role of the platform", hint="choose another id")
            if found is not None:
                raise AlreadyExists(f"There is a role {role_id} already")
            made = _made(change, role_id, content)
            check_references(snapshot.definitions, made)
            given = of_role(with_role(snapshot.definitions, made), role_id)
            refuse_making(given, caller, snapshot, now=change.now.timestamp())
            change.create(OrganisationRoles, made)
            self._count_parents(change, snapshot, made.parent_role_ids, 1)
            change.record("ROLE_CHANGE", "role.create", target=role_id, details=changed(None, made, *TOLD))
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
            Unprocessable: As for `create`.
            Forbidden: It allows more than the caller holds, before or afterwards, or comes to allow what the caller
                does not hold for ever; or a deny would come or go that the caller could not make good.
        """

        def build(change: Change) -> OrganisationRole:
            stored = self.role(organisation_id, role_id)
            check_if_match(if_match, stored.revision)
            snapshot, now = snapshot_for(change), change.now.timestamp()
            made = stored.model_copy(
                update={
                    "name": content.name,
                    "active": content.active,
                    "permission_set_ids": list(dict.fromkeys(content.permission_set_ids)),
                    "parent_role_ids": list(dict.fromkeys(content.parent_role_ids)),
                }
            )
            check_references(snapshot.definitions, made)
            before, after = (of_role(with_role(snapshot.definitions, role), role_id) for role in (stored, made))
            refuse_changing(before, after, caller, snapshot, now=now)
            change.put(OrganisationRoles, made)
            former, present = set(stored.parent_role_ids), set(made.parent_role_ids)
            self._count_parents(change, snapshot, former - present, -1)
            self._count_parents(change, snapshot, present - former, 1)
            change.record("ROLE_CHANGE", "role.change", target=role_id, details=changed(stored, made, *TOLD))
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
            snapshot = snapshot_for(change)
            if stored.assigned:
                self._refuse_used(snapshot, stored)
            rules = given_by_role(snapshot.definitions, role_id)
            refuse_more_than_held(rules, caller, snapshot, now=change.now.timestamp())
            change.delete(OrganisationRoles, stored)
            self._count_parents(change, snapshot, stored.parent_role_ids, -1)
            change.record("ROLE_CHANGE", "role.delete", target=role_id, details=changed(stored, None, *TOLD))

        return self._changes.run(organisation_id, actor, build)

    def _refuse_used(self, snapshot: Snapshot, role: OrganisationRole) -> None:
        place = {"organisation_id": role.organisation_id, "role_id": role.role_id}
        below = sum(role.role_id in each.parent_role_ids for each in snapshot.definitions.roles.values())
        # The index may be a moment behind, and what is no user and no role is an open invitation.
        page = self._changes.database.repository(UserRoleAssignments).users_of_role(**place).page(USERS_COUNTED_MAX)
        users = min(len(page.items), role.assigned - below)
        if page.next is None:
            kinds = ((users, "user"), (role.assigned - below - users, "open invitation"), (below, "role below it"))
            parts = [f"{number} {kind if number == 1 else _PLURALS[kind]}" for number, kind in kinds if number]
        else:
            parts = [f"{role.assigned - below} users and open invitations", f"{below} {_PLURALS['role below it']}"]
        hint = (
            f"give them another role: POST /v1/organisations/{role.organisation_id}/roles/{role.role_id}/remap "
            'with {"toRoleId": ...}; open invitations are accepted, or revoked'
        )
        raise InUse(f"The role {role.role_id} is in use, by {', '.join(parts)}", hint=hint)

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
            Unprocessable: It names a permission set or a role that is not there, or would be its own parent; or the
                owners' role would be switched off, or not allow everything about access any more.
        """
        if role_id == OWNER and not content.active:
            raise Unprocessable("Every organisation has owners: their role cannot be switched off")

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
            check_references(definitions, made)
            refuse_powerless_owners(with_role(definitions, made))
            change.put(PlatformRoles, made)
            change.record("ROLE_CHANGE", "platform-role.put", target=role_id, details=changed(stored, made, *TOLD))
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
