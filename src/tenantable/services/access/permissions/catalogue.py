"""The use cases of the catalogue of permissions."""

from collections.abc import Callable
from typing import TypeVar

from tenantable.declare.queries import Page
from tenantable.errors import ConditionFailed, StaleItem
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed
from tenantable.services.access.decisions.keys import is_key
from tenantable.services.access.declaration import PLATFORM, Permission, Permissions
from tenantable.services.access.errors import AlreadyExists, NotFound, Unprocessable
from tenantable.web.etags import check_if_match

ResultT = TypeVar("ResultT")

TOLD = ("category", "description", "active")
"""Of a permission, in the audit trail."""


class PermissionCatalogue:
    """The platform's permissions by category; for the administrator to change, for everybody to read."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._permissions = changes.database.repository(Permissions).consistent

    def create(self, actor: Actor, *, key: str, category: str, description: str) -> Changed[Permission]:
        """
        Raises:
            Unprocessable: The key is no permission key.
            AlreadyExists: There is one.
        """
        if not is_key(key):
            raise Unprocessable(f"{key!r} is no permission key", hint="write segments with colons between them")

        def build(change: Change) -> Permission:
            made = Permission(permission_id=key, category=category, description=description, date_created=change.now)
            change.create(Permissions, made)
            details = changed(None, made, *TOLD)
            change.record("PERMISSION_CHANGE", "permission.create", target=key, details=details)
            return made.model_copy(update={"revision": 1})

        return created(lambda: self._changes.run(PLATFORM, actor, build), f"There is a permission {key} already")

    def permission(self, key: str) -> Permission:
        """
        Raises:
            NotFound: There is none.
        """
        found = self._permissions.get(permission_id=key)
        if found is None:
            raise NotFound(f"There is no permission {key}")
        return found

    def by_category(self, category: str, *, limit: int, cursor: str | None) -> Page[Permission]:
        """The permissions of a category, by key."""
        return self._changes.database.repository(Permissions).by_category(category=category).page(limit, cursor)

    def change(
        self, actor: Actor, key: str, *, category: str, description: str, active: bool, if_match: str | None
    ) -> Changed[Permission]:
        """
        Raises:
            NotFound: There is none.
            PreconditionFailed: It was changed since it was read.
        """

        def build(change: Change) -> Permission:
            stored = self.permission(key)
            check_if_match(if_match, stored.revision)
            change.update(
                Permissions,
                stored,
                Permission.category.set(category),
                Permission.description.set(description),
                Permission.active.set(active),
            )
            updated = {"category": category, "description": description, "active": active}
            made = stored.model_copy(update=updated | {"revision": stored.revision + 1})
            details = changed(stored, made, *TOLD)
            change.record("PERMISSION_CHANGE", "permission.change", target=key, details=details)
            return made

        return self._changes.run(PLATFORM, actor, build)

    def delete(self, actor: Actor, key: str, *, if_match: str | None) -> Changed[None]:
        """
        Take a permission out of the catalogue. Sets that name its key keep it.

        Raises:
            NotFound: There is none.
            PreconditionFailed: It was changed since it was read.
        """

        def build(change: Change) -> None:
            stored = self.permission(key)
            check_if_match(if_match, stored.revision)
            change.delete(Permissions, stored)
            details = changed(stored, None, *TOLD)
            change.record("PERMISSION_CHANGE", "permission.delete", target=key, details=details)

        return self._changes.run(PLATFORM, actor, build)


def created(run: Callable[[], ResultT], taken: str) -> ResultT:
    """
    What `run` gives, which creates something.

    Raises:
        AlreadyExists: It is there; `taken` says so.
    """
    try:
        return run()
    except StaleItem:
        raise
    except ConditionFailed as error:
        raise AlreadyExists(taken) from error
