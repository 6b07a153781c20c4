"""What a component may do for one tenant: the session policy and the session tag that hold it to that tenant."""

from collections.abc import Iterable, Iterator

from tenantable.declare.grants import Component, Permission
from tenantable.declare.naming import Naming
from tenantable.errors import PolicyError
from tenantable.iam.documents import Condition, Policy, Statement, policy_size
from tenantable.iam.sessions.issuing import SESSION_POLICY_CHARACTERS_MAX
from tenantable.wire.arns import Home

TENANT_TAG = "tenant"
"""The session tag that `${aws:PrincipalTag/tenant}` in the policies of tenant-bound components stands for."""

_OTHER_TENANTS = ("a", "b")
_SESSION_NAME_CHARACTERS_MAX = 64


def tenant_policy(component: Component, naming: Naming, home: Home, tenant: str) -> Policy:
    """
    A session policy that leaves of a component's own permissions what belongs to one tenant.

    Only what is reached by keys that name the tenant is left: no Scan, no table or index that tenants do not share. It
    allows by keys alone; actions, tables and attributes are limited by the component's own policies as ever, for a
    session may do what both allow.

    Args:
        tenant: Its id; letters, digits, `_`, `.` and `-`.
    Returns:
        A policy of at most 2,048 characters. Where the ARNs of tables and indexes need more, `*` stands for them.
    Raises:
        PolicyError: The component has no permission of that kind, or too many different keys.
    """
    permissions = list(_of_tenant(component, naming, tenant))
    if not permissions:
        raise PolicyError(
            f"component {component.name!r} reaches nothing by the keys of one tenant",
            hint="grant it access patterns of a table that is declared with tenancy=Tenancy(...)",
        )
    resources = sorted({_arn(permission, home) for permission in permissions})
    policy = _policy(permissions, resources)
    if policy_size(policy) > SESSION_POLICY_CHARACTERS_MAX:
        policy = _policy(permissions, ["*"])
    if policy_size(policy) > SESSION_POLICY_CHARACTERS_MAX:
        raise PolicyError(
            f"the keys of one tenant that component {component.name!r} reaches need {policy_size(policy)} characters, "
            f"and a session policy holds {SESSION_POLICY_CHARACTERS_MAX}",
            hint="split the component",
        )
    return policy


def tenant_session_name(tenant: str) -> str:
    """What a tenant's session is called, within what STS allows; the tag, not the name, says which tenant it is."""
    return f"tenant-{tenant}"[:_SESSION_NAME_CHARACTERS_MAX]


def _of_tenant(component: Component, naming: Naming, tenant: str) -> Iterator[Permission]:
    """The permissions whose keys are this tenant's: those that would be different ones for another tenant."""
    other = next(each for each in _OTHER_TENANTS if each != tenant)
    shared = set(component.permissions(naming, tenant=other))
    for permission in component.permissions(naming, tenant=tenant):
        if permission not in shared and permission.leading_keys:
            yield permission


def _policy(permissions: Iterable[Permission], resources: Iterable[str]) -> Policy:
    actions = {action for permission in permissions for action in permission.actions} - {"Scan"}
    keys = {key for permission in permissions for key in permission.leading_keys or ()}
    condition = Condition(operator="ForAllValues:StringLike", key="dynamodb:LeadingKeys", values=tuple(sorted(keys)))
    # Of a request without leading keys the first condition would say nothing.
    present = Condition(operator="Null", key="dynamodb:LeadingKeys", values=("false",))
    statement = Statement(
        effect="Allow",
        actions=tuple(f"dynamodb:{action}" for action in sorted(actions)),
        resources=tuple(resources),
        conditions=(condition, present),
    )
    return Policy(statements=(statement,))


def _arn(permission: Permission, home: Home) -> str:
    table = permission.table
    return home.table(table) if permission.index is None else home.index(table, permission.index)
