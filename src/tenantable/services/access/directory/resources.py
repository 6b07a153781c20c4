"""The use cases of protected resources: what searches find, and with which properties decisions are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import bounded, changed_names
from tenantable.services.access.declaration import ProtectedResource, ProtectedResources
from tenantable.services.access.errors import NotFound, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.rights.conditions import Described, altered_names, refuse_other_descriptions
from tenantable.services.access.rights.held import snapshot_for
from tenantable.web.etags import check_if_match

PUT_AT_ONCE = 40
"""Resources of one transaction."""
_SIGNS = {True: "+", False: "changed"}


@dataclass(frozen=True, kw_only=True, slots=True)
class NewResource:
    """A resource as it is to be."""

    resource_type: str
    resource_id: str
    properties: Mapping[str, Any] = field(default_factory=dict)


class ResourceDirectory:
    """What organisations protect."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._resources = changes.database.repository(ProtectedResources)

    def resource(self, organisation_id: str, resource_type: str, resource_id: str) -> ProtectedResource:
        """
        Raises:
            NotFound: The organisation has none of this type and id.
        """
        found = self._resources.consistent.get(
            organisation_id=organisation_id, resource_type=resource_type, resource_id=resource_id
        )
        if found is None:
            raise NotFound(f"There is no {resource_type} {resource_id}")
        return found

    def of_type(
        self, organisation_id: str, resource_type: str, *, limit: int, cursor: str | None
    ) -> Page[ProtectedResource]:
        """An organisation's resources of one type, by id."""
        found = self._resources.consistent.of_type(organisation_id=organisation_id, resource_type=resource_type)
        return found.page(limit, cursor)

    def put(
        self, actor: Actor, caller: Caller, organisation_id: str, new: NewResource, *, if_match: str | None = None
    ) -> Changed[ProtectedResource]:
        """
        Say what there is, whether it was there or not.

        Raises:
            PreconditionFailed: It was changed since it was read.
            Forbidden: Somebody's rights hang on what changes of its properties, and the caller does not hold them.
        """

        def build(change: Change) -> ProtectedResource:
            (stored,) = self._stored(organisation_id, [new])
            check_if_match(if_match, 0 if stored is None else stored.revision)
            _refuse(change, caller, [_described(new, stored)])
            (made,) = _put(change, [new], [stored])
            details = _details(stored, made)
            change.record("CONFIGURATION", "resource.put", target=_name(new), details=details)
            return made

        return self._changes.run(organisation_id, actor, build)

    def put_many(
        self, actor: Actor, caller: Caller, organisation_id: str, many: Sequence[NewResource]
    ) -> Changed[list[ProtectedResource]]:
        """
        As `put` for up to 100, some in one transaction; after an error, the same again does the rest.

        Raises:
            Unprocessable: One is there twice.
            Forbidden: As for `put`.
        """
        if len({(each.resource_type, each.resource_id) for each in many}) < len(many):
            raise Unprocessable("The same resource is there twice")
        made: list[ProtectedResource] = []
        plain = Actor(id=actor.id, request_id=actor.request_id)
        version = 0
        for start in range(0, len(many), PUT_AT_ONCE):
            some, is_last = many[start : start + PUT_AT_ONCE], start + PUT_AT_ONCE >= len(many)

            def build(
                change: Change, some: Sequence[NewResource] = some, made: list[ProtectedResource] = made
            ) -> list[ProtectedResource]:
                stored = self._stored(organisation_id, some)
                _refuse(change, caller, [_described(*each) for each in zip(some, stored, strict=True)])
                now = _put(change, some, stored)
                names = [f"{_SIGNS[before is None]} {_name(each)}" for before, each in zip(stored, some, strict=True)]
                details = {"resources": str(len(some)), "which": bounded(names)}
                change.record("CONFIGURATION", "resource.put", details=details)
                return [*made, *now]

            changed = self._changes.run(organisation_id, actor if is_last else plain, build)
            made, version = changed.result, changed.version
        return Changed(result=made, version=version)

    def delete(
        self,
        actor: Actor,
        caller: Caller,
        organisation_id: str,
        *,
        resource_type: str,
        resource_id: str,
        if_match: str | None,
    ) -> Changed[None]:
        """
        Raises:
            NotFound: The organisation has none of this type and id.
            PreconditionFailed: It was changed since it was read.
            Forbidden: As for `put`: its properties go.
        """

        def build(change: Change) -> None:
            stored = self.resource(organisation_id, resource_type, resource_id)
            check_if_match(if_match, stored.revision)
            _refuse(change, caller, [Described(resource_type=resource_type, before=stored.properties, after={})])
            change.delete(ProtectedResources, stored)
            change.record("CONFIGURATION", "resource.delete", target=_name(stored), details=_details(stored, None))

        return self._changes.run(organisation_id, actor, build)

    def _stored(self, organisation_id: str, many: Sequence[NewResource]) -> list[ProtectedResource | None]:
        resources = self._resources.consistent
        return [
            resources.get(
                organisation_id=organisation_id, resource_type=each.resource_type, resource_id=each.resource_id
            )
            for each in many
        ]


def _described(new: NewResource, stored: ProtectedResource | None) -> Described:
    before = {} if stored is None else stored.properties
    return Described(resource_type=new.resource_type, before=before, after=new.properties)


def _refuse(change: Change, caller: Caller, described: Sequence[Described]) -> None:
    if any(altered_names(each.before, each.after) for each in described):
        refuse_other_descriptions(described, caller, snapshot_for(change), now=change.now.timestamp())


def _put(
    change: Change, many: Sequence[NewResource], stored: Sequence[ProtectedResource | None]
) -> list[ProtectedResource]:
    put = []
    for new, present in zip(many, stored, strict=True):
        made = ProtectedResource(
            organisation_id=change.organisation_id,
            resource_type=new.resource_type,
            resource_id=new.resource_id,
            properties=dict(new.properties),
            date_created=change.now if present is None else present.date_created,
            revision=0 if present is None else present.revision,
        )
        change.put(ProtectedResources, made)
        put.append(made.model_copy(update={"revision": made.revision + 1}))
    return put


def _name(resource: NewResource | ProtectedResource) -> str:
    return f"{resource.resource_type}/{resource.resource_id}"


def _details(before: ProtectedResource | None, after: ProtectedResource | None) -> dict[str, str]:
    old, new = ({} if each is None else each.properties for each in (before, after))
    return changed_names(old, new)
