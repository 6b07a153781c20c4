"""Policies: read, synthesized from grants, evaluated, explained, counted, linted, compared; and sessions of roles."""

from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import Policy, parse_policy, render_policy
from tenantable.iam.synthesis.statements import component_policies

__all__ = ["Policy", "PolicyAuthorizer", "component_policies", "parse_policy", "render_policy"]
