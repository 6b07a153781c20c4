"""The components of a system as principals: their names, their policies, their access keys, their clients."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine.signature import AccessKey
from tenantable.iam.documents import Policy, Statement
from tenantable.iam.principals import Principals
from tenantable.iam.sessions.roles import Role
from tenantable.iam.synthesis.statements import component_policies
from tenantable.local.secrets import ADMINISTRATOR, ProfileKey
from tenantable.wire.arns import Home
from tenantable.wire.client import DynamoClient

ComponentClient = Callable[[Component], DynamoClient]
"""From a component to the client that carries its identity."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A system in one stage: the declaration, its physical names, and where it lives."""

    system: System
    naming: Naming
    home: Home

    def profile(self, component: Component) -> str:
        """The name under which the component's access key is kept, such as `webhooks-authorizer`."""
        return f"{self.system.name}-{component.name}"

    def principal(self, component: Component) -> str:
        """The ARN of the component's role."""
        return f"arn:aws:iam::{self.home.account_id}:role/{self.profile(component)}"

    def roles(self) -> list[Role]:
        """
        The roles of its components. Each trusts itself, so that a component can take a session of its own role with
        less than it may do, for a tenant say; and the administrator may assume each.
        """
        return [Role(arn=arn, policies=policies, trust=_trusts(arn)) for arn, policies in self.policies().items()]

    def policies(self) -> dict[str, tuple[Policy, ...]]:
        """The policies of every component, by principal."""
        return {
            self.principal(component): component_policies(component, self.naming, self.home)
            for component in self.system.components
        }


def _trusts(arn: str) -> Policy:
    statement = Statement(
        effect="Allow",
        actions=("sts:AssumeRole", "sts:TagSession"),
        resources=(),
        principals=Principals(named=(("AWS", arn),)),
    )
    return Policy(statements=(statement,))


def profiles(installations: Iterable[Installation]) -> list[str]:
    """The profiles that an installation's credentials file holds, the administrator's first."""
    return [
        ADMINISTRATOR,
        *(each.profile(component) for each in installations for component in each.system.components),
    ]


def access_keys(installations: Iterable[Installation], keys: Mapping[str, ProfileKey]) -> dict[str, AccessKey]:
    """Who signs with which key, by access key id; the administrator has no principal and so no policy."""
    principals: dict[str, str | None] = {ADMINISTRATOR: None}
    for each in installations:
        principals |= {each.profile(component): each.principal(component) for component in each.system.components}
    return {
        keys[profile].access_key_id: AccessKey(secret=keys[profile].secret_access_key, principal=principal)
        for profile, principal in principals.items()
    }
