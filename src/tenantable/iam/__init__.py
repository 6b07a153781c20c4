"""Policy documents: synthesis from grants, evaluation, and the translation of a request to what must be allowed."""

from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import Policy, parse_policy, render_policy
from tenantable.iam.synthesis.statements import component_policies

__all__ = ["Policy", "PolicyAuthorizer", "component_policies", "parse_policy", "render_policy"]
