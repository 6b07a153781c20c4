"""IAM as the endpoint has it."""

from tenantable.aws.calls import Action, Call, Service
from tenantable.aws.iam import managed_policies, role_policies, roles
from tenantable.aws.iam.entities import policy_arn, role_arn


def _every_role(call: Call) -> str:
    return f"arn:aws:iam::{call.home.account_id}:role/"


def _every_policy(call: Call) -> str:
    return f"arn:aws:iam::{call.home.account_id}:policy/"


_ON_ROLES = {
    "CreateRole": roles.create_role,
    "GetRole": roles.get_role,
    "UpdateRole": roles.update_role,
    "UpdateRoleDescription": roles.update_role,
    "UpdateAssumeRolePolicy": roles.update_assume_role_policy,
    "PutRolePermissionsBoundary": roles.put_permissions_boundary,
    "DeleteRolePermissionsBoundary": roles.delete_permissions_boundary,
    "DeleteRole": roles.delete_role,
    "TagRole": roles.tag_role,
    "UntagRole": roles.untag_role,
    "ListRoleTags": roles.list_role_tags,
    "ListInstanceProfilesForRole": roles.list_instance_profiles,
    "PutRolePolicy": role_policies.put_role_policy,
    "GetRolePolicy": role_policies.get_role_policy,
    "ListRolePolicies": role_policies.list_role_policies,
    "DeleteRolePolicy": role_policies.delete_role_policy,
    "AttachRolePolicy": role_policies.attach_role_policy,
    "DetachRolePolicy": role_policies.detach_role_policy,
    "ListAttachedRolePolicies": role_policies.list_attached_role_policies,
}
_ON_POLICIES = {
    "CreatePolicy": managed_policies.create_policy,
    "GetPolicy": managed_policies.get_policy,
    "DeletePolicy": managed_policies.delete_policy,
    "CreatePolicyVersion": managed_policies.create_policy_version,
    "GetPolicyVersion": managed_policies.get_policy_version,
    "ListPolicyVersions": managed_policies.list_policy_versions,
    "DeletePolicyVersion": managed_policies.delete_policy_version,
    "SetDefaultPolicyVersion": managed_policies.set_default_policy_version,
    "TagPolicy": managed_policies.tag_policy,
    "UntagPolicy": managed_policies.untag_policy,
    "ListPolicyTags": managed_policies.list_policy_tags,
    "ListEntitiesForPolicy": role_policies.list_entities_for_policy,
}

IAM = Service(
    name="iam",
    signing_name="iam",
    protocols=("query",),
    namespace="https://iam.amazonaws.com/doc/2010-05-08/",
    is_global=True,
    invalid="ValidationError",
    limit_exceeded="LimitExceeded",
    actions={
        **{name: Action(run=run, resource=role_arn) for name, run in _ON_ROLES.items()},
        **{name: Action(run=run, resource=policy_arn) for name, run in _ON_POLICIES.items()},
        "ListRoles": Action(run=roles.list_roles, resource=_every_role),
        "ListPolicies": Action(run=managed_policies.list_policies, resource=_every_policy),
    },
)
