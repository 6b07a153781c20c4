"""Permissions, and sets of them: what an organisation or the platform gives together."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.services.access.declaration.table import Revised, Switched, gsi1, gsi2, table

Effect = Literal["allow", "deny"]
Comparison = Literal["equals", "not-equals", "in", "not-in"]


class PropertyTest(BaseModel):
    """
    A condition on a property that a request or the directory has: `resource`, `status`, `equals`, `"active"`.

    A property that is absent differs from every value.
    """

    model_config = ConfigDict(frozen=True)

    of: Literal["subject", "resource", "action", "context"]
    name: str
    comparison: Comparison = "equals"
    value: Any


class PermissionEntry(BaseModel):
    """
    One permission of a set: a key such as `billing:invoice:read`, or one that ends with a wildcard, `billing:*`.

    A `deny` outweighs every `allow`. Every test of `when` must hold.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    effect: Effect = "allow"
    when: list[PropertyTest] = []


class Permission(Revised, table=table, stored_names=camel_case):
    """Something that can be allowed anywhere on the platform; `permission_id` is its key, `billing:invoice:read`."""

    permission_id: Attr[str]
    category: Attr[str]
    description: Attr[str] = attr(default="")
    active: Attr[bool] = attr(default=True)


class PermissionSet(Switched, table=table, stored_names=camel_case):
    """Permissions that an organisation gives together."""

    organisation_id: Attr[str]
    permission_set_id: Attr[str]
    entries: Attr[Annotated[list[PermissionEntry], Field(max_length=500)]] = attr(default_factory=list)


class PlatformPermissionSet(Switched, table=table, stored_names=camel_case):
    """Permissions that every organisation may give together."""

    permission_set_id: Attr[str]
    entries: Attr[Annotated[list[PermissionEntry], Field(max_length=500)]] = attr(default_factory=list)


class Permissions(Repository[Permission]):
    """The platform's permissions."""

    @Permission.key(pk="PERM#{permission_id}", sk="METADATA")
    def get(self, *, permission_id: str) -> None:
        """One permission."""

    @Permission.query(gsi1, pk="CATEGORY#{category}", sk="PERM#{permission_id}")
    def by_category(self, *, category: str) -> None:
        """The permissions of a category, by id."""


class PermissionSets(Repository[PermissionSet]):
    """Permission sets of organisations."""

    @PermissionSet.key(pk="ORG#{organisation_id}", sk="PERMSET#{permission_set_id}")
    def get(self, *, organisation_id: str, permission_set_id: str) -> None:
        """One permission set of an organisation."""

    @PermissionSet.query()
    def of_organisation(self, *, organisation_id: str) -> None:
        """An organisation's permission sets, by id."""

    @PermissionSet.query(gsi1, pk="ORG#{organisation_id}", sk="PERMSET#{date_created}")
    def by_date(self, *, organisation_id: str) -> None:
        """An organisation's permission sets, oldest first."""

    @PermissionSet.query(gsi2, pk="PERMSET#ACTIVE#{active}", sk="ORG#{organisation_id}#{date_created}")
    def by_activity(self, *, active: bool, organisation_id: str | None = None) -> None:
        """Active (or inactive) permission sets across all organisations, or those of one, oldest first."""


class PlatformPermissionSets(Repository[PlatformPermissionSet]):
    """Permission sets of the platform."""

    @PlatformPermissionSet.key(pk="PLATFORM", sk="PERMSET#{permission_set_id}")
    def get(self, *, permission_set_id: str) -> None:
        """One permission set of the platform."""

    @PlatformPermissionSet.query()
    def every(self) -> None:
        """The platform's permission sets, by id."""

    @PlatformPermissionSet.query(gsi1, pk="PLATFORM", sk="PERMSET#{date_created}")
    def by_date(self) -> None:
        """The platform's permission sets, oldest first."""

    @PlatformPermissionSet.query(gsi2, pk="PLATFORM#PERMSET#ACTIVE#{active}", sk="PERMSET#{date_created}")
    def by_activity(self, *, active: bool) -> None:
        """The platform's active (or inactive) permission sets, oldest first."""
