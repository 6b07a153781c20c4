"""
Accounts: the table that public accounts share and each private account has for itself.

The table has three indexes, and all of them serve the administrators' views over every account, which tenants must not
see: what an account does with its own data starts from its partition `ACCOUNT#{id}`.

- `gsi1`: accounts by cloud type and provisioning status. Finds what is stuck in `creating` or has `failed`, and lists
  the accounts of one kind.
- `gsi2`: accounts by master account and name, as people look for them.
- `gsi3`: licences by enterprise in the order of their end, for renewals.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tenantable.data.repositories import TenantRepository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.declare.grants import Component, allow, allow_resource, writes
from tenantable.declare.naming import Naming
from tenantable.declare.resources import ParameterTree
from tenantable.declare.systems import System
from tenantable.declare.tables import AWS_MANAGED_KEY, Index, Table, Tenancy

CloudType = Literal["public", "private"]
ProvisioningStatus = Literal["pending", "creating", "active", "failed", "deleting"]

gsi1 = Index("gsi1", across_tenants=True)
gsi2 = Index("gsi2", across_tenants=True)
gsi3 = Index("gsi3", across_tenants=True)
table = Table(
    "accounts",
    gsi1,
    gsi2,
    gsi3,
    tenancy=Tenancy(prefix="ACCOUNT#{tenant}", dedicated=True),
    stream="NEW_AND_OLD_IMAGES",
    recovery=True,
    encryption_key=AWS_MANAGED_KEY,
)
account_parameters = ParameterTree(name="/accounts", description="Where the data of each account is.")
platform_parameters = ParameterTree(name="/platform", description="What all accounts share: table, billing, template.")


class Address(BaseModel):
    """A postal address of an account."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["billing", "shipping", "office"] = "billing"
    lines: list[str]
    postal_code: str
    city: str
    country: str


class TechnicalUser(BaseModel):
    """Whom to ask about an account's integration."""

    model_config = ConfigDict(frozen=True)

    full_name: str
    email: str


class Account(Entity, table=table, stored_names=camel_case):
    """An account. `table_name` is the physical table that its data is in."""

    account_id: Attr[str]
    name: Attr[str]
    master_account_name: Attr[str]
    cloud_type: Attr[CloudType]
    addresses: Attr[list[Address]] = attr(default_factory=list)
    technical_user: Attr[TechnicalUser | None] = attr(default=None)
    table_name: Attr[str]
    provisioning_status: Attr[ProvisioningStatus] = attr(default="pending")
    provisioning_error: Attr[str | None] = attr(default=None)
    created_at: Attr[datetime]
    updated_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class License(Entity, table=table, stored_names=camel_case):
    """A product and service that an account may use, from `start_date` to `end_date` inclusive."""

    license_id: Attr[str]
    account_id: Attr[str]
    enterprise_id: Attr[str]
    product_id: Attr[str]
    service_id: Attr[str]
    start_date: Attr[date]
    end_date: Attr[date]
    contact_full_name: Attr[str]
    contact_email: Attr[str]
    revision: Attr[int] = attr(default=0, lock=True)


class Provisioning(Entity, table=table, stored_names=camel_case):
    """How far the account's own table is. Written before each step, so that a crash midway can be resumed."""

    stack_name: Attr[str]
    stack_id: Attr[str | None] = attr(default=None)
    step: Attr[Literal["create-stack", "wait", "copy-data", "done", "delete-stack", "clean-parameters"]]
    attempts: Attr[int] = attr(default=0)
    error: Attr[str | None] = attr(default=None)
    started_at: Attr[datetime]
    updated_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class Accounts(TenantRepository[Account]):
    """Accounts: one from its own scope, all of them for administrators."""

    @Account.key(pk="ACCOUNT#{tenant}", sk="METADATA")
    def get(self) -> None:
        """The account of the scope."""

    @Account.query(gsi1, pk="CLOUD#{cloud_type}#STATUS#{provisioning_status}", sk="{created_at}#{account_id}")
    def by_status(self, *, cloud_type: CloudType, provisioning_status: ProvisioningStatus) -> None:
        """Accounts of one kind in one state, oldest first."""

    @Account.query(gsi2, pk="MASTER#{master_account_name}", sk="NAME#{name}")
    def by_name(self, *, master_account_name: str, name: str | None = None) -> None:
        """The accounts of a master account by name, or those of one name."""


class Licenses(TenantRepository[License]):
    """Licences of an account."""

    @License.key(pk="ACCOUNT#{tenant}", sk="LICENSE#{license_id}")
    def get(self, *, license_id: str) -> None:
        """One licence of the account."""

    @License.query()
    def every(self) -> None:
        """The account's licences, by id."""

    @License.query(gsi3, pk="ENTERPRISE#{enterprise_id}", sk="{end_date}#{license_id}")
    def of_enterprise(self, *, enterprise_id: str) -> None:
        """An enterprise's licences over all accounts, the first to end first."""


class Provisionings(TenantRepository[Provisioning]):
    """The provisioning of an account's own table."""

    @Provisioning.key(pk="ACCOUNT#{tenant}#PROVISIONING", sk="STATE")
    def get(self) -> None:
        """How far the account's own table is."""


_FIND = ("GetParameter", "GetParameters", "GetParametersByPath")
"""What finding an account's table takes; nobody needs the history of parameters."""

# An account and its licences share a partition, and policies see no sort keys: whoever may write licences may write the
# account too, so the API's grant says as much.
api = Component(
    "api",
    description="Creates accounts and licences, and shows them; the administrators' door.",
    grants=[
        allow(Accounts.get, Accounts.by_status, Accounts.by_name, writes(Account, "create", "update")),
        allow(Licenses.get, Licenses.every, Licenses.of_enterprise, writes(License, "create", "update", "delete")),
        allow(Provisionings.get),
        allow_resource("ssm", *_FIND, resource=account_parameters),
        allow_resource("ssm", *_FIND, resource=platform_parameters),
    ],
)

# Of an account it changes only how far the provisioning is; its own notes stand in a partition of their own, so that
# this limit holds. Dedicated tables are made by the stack's role. It alone writes where accounts are found; what the
# platform shares is written by whoever deploys it.
provisioner = Component(
    "provisioner",
    description="Gives private accounts a table of their own, and takes it away again.",
    grants=[
        allow(Accounts.get, Accounts.by_status, Licenses.every),
        allow(
            writes(Account, "update"),
            attributes=[
                Account.provisioning_status,
                Account.provisioning_error,
                Account.table_name,
                Account.updated_at,
                Account.revision,
            ],
        ),
        allow(Provisionings.get, writes(Provisioning, "put", "update", "delete")),
        allow_resource("ssm", *_FIND, "PutParameter", "DeleteParameter", resource=account_parameters),
        allow_resource("ssm", *_FIND, resource=platform_parameters),
    ],
)

reader = Component(
    "reader",
    description="Works with the data of one account, in whichever table it is.",
    tenant_bound=True,
    grants=[
        allow(Accounts.get, Licenses.get, Licenses.every),
        allow_resource("ssm", *_FIND, resource=account_parameters),
    ],
)


def naming(stage: str) -> Naming:
    """The shared table is `app-{stage}-accounts`, the table of one account `app-{stage}-account-{id}`."""
    return Naming(
        table="app-{stage}-{table}",
        dedicated="app-{stage}-account-{tenant}",
        values={"stage": stage},
    )


SYSTEM = System(
    name="accounts",
    description="Accounts that share a table or have one for themselves, and their licences.",
    tables=(table,),
    components=(api, provisioner, reader),
    resources=(account_parameters, platform_parameters),
    environment={"SHARED_TABLE": table},
    naming=naming,
)
