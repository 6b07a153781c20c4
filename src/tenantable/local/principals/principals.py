"""A component as whoever uses it holds it: its own client, and clients and credentials for one of its tenants."""

from collections.abc import Callable
from dataclasses import dataclass

from tenantable.data.database import check_tenant_id
from tenantable.declare.grants import Component
from tenantable.iam.documents import compact_policy
from tenantable.iam.sessions.issuing import SessionIssuer
from tenantable.iam.sessions.session import Session
from tenantable.iam.sessions.tenants import TENANT_TAG, tenant_policy, tenant_session_name
from tenantable.local.components import Installation
from tenantable.wire.client import DynamoClient
from tenantable.wire.principals import Principal
from tenantable.wire.signatures import Credentials

ClientOf = Callable[[Principal], DynamoClient]
"""From a principal to a client that acts as it: `Engine.as_principal`."""


@dataclass(frozen=True, kw_only=True)
class TenantPrincipal:
    """
    A component that acts for one tenant, until its session ends.

    `client` reaches the tenant's items alone, in process; with `credentials` any SDK does, over HTTP.
    """

    tenant: str
    session: Session
    credentials: Credentials
    client: DynamoClient


@dataclass(frozen=True, kw_only=True)
class ComponentPrincipal:
    """A component of an installation as a principal."""

    installation: Installation
    component: Component
    issuer: SessionIssuer
    client_of: ClientOf

    @property
    def arn(self) -> str:
        """The ARN of its role."""
        return self.installation.principal(self.component)

    @property
    def client(self) -> DynamoClient:
        """Everything that the component may do."""
        return self.client_of(self.arn)

    def for_tenant(self, tenant: str, *, duration_seconds: int | None = None) -> TenantPrincipal:
        """
        The component, held to one tenant: a session of its role as sts:AssumeRole gives it.

        The session has the tag `tenant`, which the policies of a tenant-bound component ask for, and a session policy
        that leaves of the component's permissions what is reached by the tenant's keys (`tenant_policy`).

        Args:
            duration_seconds: 900 to 3,600. None: an hour.
        Raises:
            TenancyError: The tenant's id is none.
            PolicyError: The component reaches nothing by the keys of one tenant.
            SessionRefused: The duration is out of bounds.
        """
        check_tenant_id(tenant)
        installation = self.installation
        policy = tenant_policy(self.component, installation.naming, installation.home, tenant)
        issued = self.issuer.assume_role(
            self.arn,
            tenant_session_name(tenant),
            caller=self.arn,
            policy=compact_policy(policy),
            tags={TENANT_TAG: tenant},
            duration_seconds=duration_seconds,
        )
        client = self.client_of(issued.session)
        return TenantPrincipal(tenant=tenant, session=issued.session, credentials=issued.credentials, client=client)
