"""Organisations for decisions, written as the services write them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx
from tests.services.access.conftest import World

from tenantable.data.database import Database
from tenantable.services.access import declaration
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.declaration import (
    PLATFORM,
    Member,
    Members,
    OrganisationRole,
    OrganisationRoles,
    PermissionEntry,
    PermissionSet,
    PermissionSets,
    PropertyTest,
    ProtectedResource,
    ProtectedResources,
    ServiceKey,
    ServiceKeys,
    TeamRoleDefinition,
    TeamRoleDefinitions,
    UserRoleAssignment,
    UserRoleAssignments,
)
from tenantable.services.access.identity.service_keys import secret_digest, service_key_text
from tenantable.testing import ManualClock

NOW = datetime.fromtimestamp(ManualClock().now, UTC)
SECRET = "s" * 43


def when(of: Any, name: str, value: Any, comparison: Any = "equals") -> PropertyTest:
    return PropertyTest(of=of, name=name, comparison=comparison, value=value)


def allow(key: str, *tests: PropertyTest) -> PermissionEntry:
    return PermissionEntry(key=key, when=list(tests))


def deny(key: str, *tests: PropertyTest) -> PermissionEntry:
    return PermissionEntry(key=key, effect="deny", when=list(tests))


class Organisation:
    """One organisation of a world. What is put is written in the place of what there was; each gives its version."""

    def __init__(self, world: World, organisation_id: str = "acme") -> None:
        self.world = world
        self.id = organisation_id
        world.found(organisation_id)

    def put(self, repository: Any, entity: Any) -> int:
        component = {
            PermissionSets: declaration.permission_service,
            OrganisationRoles: declaration.role_service,
            UserRoleAssignments: declaration.role_service,
            TeamRoleDefinitions: declaration.team_service,
        }.get(repository, declaration.directory_service)
        key = {name: getattr(entity, name) for name in repository.patterns["get"].parameters}
        stored = _stored(self.world, repository, key)

        def build(change: Change) -> None:
            if stored is None:
                change.create(repository, entity)
            elif hasattr(stored, "revision"):
                change.put(repository, entity.model_copy(update={"revision": stored.revision}))
            change.record("CONFIGURATION", "test")

        return self.world.dependencies.changes(component).run(self.id, Actor(id="test"), build).version

    def delete(self, repository: Any, **key: str) -> int:
        def build(change: Change) -> None:
            change.delete(repository, repository.get.key(organisation_id=self.id, **key))
            change.record("CONFIGURATION", "test")

        changes = self.world.dependencies.changes(declaration.role_service)
        return changes.run(self.id, Actor(id="test"), build).version

    def role(self, role_id: str, *entries: PermissionEntry, parents: Iterable[str] = (), active: bool = True) -> int:
        """A role with a permission set of its own, of the same id."""
        permission_set = PermissionSet(
            organisation_id=self.id, permission_set_id=role_id, name=role_id, entries=list(entries), date_created=NOW
        )
        self.put(PermissionSets, permission_set)
        role = OrganisationRole(
            organisation_id=self.id,
            role_id=role_id,
            name=role_id,
            active=active,
            permission_set_ids=[role_id],
            parent_role_ids=list(parents),
            date_created=NOW,
        )
        return self.put(OrganisationRoles, role)

    def team_role(self, team_role_id: str, *set_ids: str, reach: Any = "organisation") -> int:
        role = TeamRoleDefinition(
            organisation_id=self.id,
            team_role_id=team_role_id,
            name=team_role_id,
            permission_set_ids=list(set_ids),
            reach=reach,
            date_created=NOW,
        )
        return self.put(TeamRoleDefinitions, role)

    def member(
        self,
        user_id: str,
        *role_ids: str,
        properties: dict[str, Any] | None = None,
        team_roles: dict[str, str] | None = None,
        active: bool = True,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> int:
        member = Member(
            organisation_id=self.id,
            user_id=user_id,
            email=f"{user_id}@example.com",
            active=active,
            properties=properties or {},
            team_roles=team_roles or {},
            date_joined=NOW,
        )
        version = self.put(Members, member)
        for role_id in role_ids:
            assignment = UserRoleAssignment(
                organisation_id=self.id,
                user_id=user_id,
                role_id=role_id,
                assigned_by="test",
                date_assigned=NOW,
                not_before=not_before,
                not_after=not_after,
            )
            version = self.put(UserRoleAssignments, assignment)
        return version

    def resource(self, resource_type: str, resource_id: str, **properties: Any) -> int:
        resource = ProtectedResource(
            organisation_id=self.id,
            resource_type=resource_type,
            resource_id=resource_id,
            properties=properties,
            date_created=NOW,
        )
        return self.put(ProtectedResources, resource)

    def asker(self, key_id: str = "pep") -> httpx.Client:
        """A program whose service key may ask this organisation for decisions, and do nothing else."""
        self.role("asks", allow("access:decision:read"))
        key = ServiceKey(
            key_id=self.id + key_id,
            organisation_id=self.id,
            name="pep",
            secret_digest=secret_digest(SECRET),
            permission_set_ids=["asks"],
            created_by="test",
            date_created=NOW,
        )
        self.put(ServiceKeys, key)
        return self.world.as_bearer(service_key_text(key.key_id, SECRET))


def _stored(world: World, repository: Any, key: dict[str, Any]) -> Any:
    """As it stands in the table, whoever may see it."""
    names = world.dependencies.naming
    database = Database(world.engine, naming=names, cursor_key=bytes(32))
    return database.repository(repository).get(**key)


def question(user_id: str, action: str, resource: str, /, **parts: Any) -> dict[str, Any]:
    """`question("ann", "read", "record/r1", action={"soft": True})`: a request, and the properties of its parts."""
    resource_type, _, resource_id = resource.partition("/")
    asked: dict[str, Any] = {
        "subject": {"type": "user", "id": user_id},
        "action": {"name": action},
        "resource": {"type": resource_type, "id": resource_id},
    }
    for name, properties in parts.items():
        if name == "context":
            asked["context"] = properties
        else:
            asked[name]["properties"] = properties
    return asked


def decision(client: httpx.Client, asked: dict[str, Any], *, version: str | None = None) -> bool:
    headers = {} if version is None else {"access-version": version}
    answer = client.post("/access/v1/evaluation", json=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    found: bool = answer.json()["decision"]
    return found


__all__ = ["PLATFORM", "Organisation", "allow", "decision", "deny", "question", "when"]
