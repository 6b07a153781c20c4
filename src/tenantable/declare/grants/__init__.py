"""Components and what each may do: grants per access pattern, from which policies are made."""

from tenantable.declare.grants.components import Component
from tenantable.declare.grants.granted import Grant, ResourceGrant, Writes, allow, allow_resource, writes
from tenantable.declare.grants.permissions import TENANT_VARIABLE, Permission, ResourcePermission

__all__ = [
    "TENANT_VARIABLE",
    "Component",
    "Grant",
    "Permission",
    "ResourceGrant",
    "ResourcePermission",
    "Writes",
    "allow",
    "allow_resource",
    "writes",
]
