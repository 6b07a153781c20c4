"""What a role may do: inline policies, and managed ones that are attached."""

from tenantable.aws.calls import Answer, Call
from tenantable.aws.iam.entities import (
    NAME,
    OF_AWS,
    POLICY_NAME_MAX,
    ROLE,
    counted,
    document,
    encoded,
    find_policy,
    no_such,
    policy_of,
    role_of,
    save_role,
)
from tenantable.aws.pages import page
from tenantable.aws.refusals import LIMIT_EXCEEDED, Refusal

INLINE_MAX = 10_240
ATTACHED_MAX = 20
PAGE_MAX = 1000


def put_role_policy(call: Call) -> Answer:
    role = role_of(call)
    name = call.text("PolicyName", limit=POLICY_NAME_MAX, pattern=NAME)
    role["Inline"][name] = document(call, "PolicyDocument", limit=INLINE_MAX, quota="PolicySize")
    if sum(map(counted, role["Inline"].values())) > INLINE_MAX:
        message = f"Maximum policy size of {INLINE_MAX} bytes exceeded for role {role['RoleName']}"
        raise Refusal(LIMIT_EXCEEDED, message, status=409)
    save_role(call, role)
    return None


def get_role_policy(call: Call) -> Answer:
    role, name = role_of(call), call.text("PolicyName", limit=POLICY_NAME_MAX)
    if name not in role["Inline"]:
        raise no_such(f"The role policy with name {name} cannot be found.")
    return {"RoleName": role["RoleName"], "PolicyName": name, "PolicyDocument": encoded(role["Inline"][name])}


def list_role_policies(call: Call) -> Answer:
    named = ((name, name) for name in sorted(role_of(call)["Inline"]))
    shown, marker = page(call, named, cursor="Marker", limit="MaxItems", most=PAGE_MAX)
    return {"PolicyNames": shown, "IsTruncated": marker is not None, "Marker": marker}


def delete_role_policy(call: Call) -> Answer:
    role, name = role_of(call), call.text("PolicyName", limit=POLICY_NAME_MAX)
    if role["Inline"].pop(name, None) is None:
        raise no_such(f"The role policy with name {name} cannot be found.")
    save_role(call, role)
    return None


def attach_role_policy(call: Call) -> Answer:
    role, arn = role_of(call), call.text("PolicyArn", limit=2048)
    if not arn.startswith(OF_AWS) and find_policy(call, arn) is None:
        raise no_such(f"Policy {arn} does not exist or is not attachable.")
    if arn not in role["Attached"]:
        if len(role["Attached"]) >= ATTACHED_MAX:
            raise Refusal(LIMIT_EXCEEDED, f"Cannot exceed quota for PoliciesPerRole: {ATTACHED_MAX}", status=409)
        role["Attached"].append(arn)
        save_role(call, role)
    return None


def detach_role_policy(call: Call) -> Answer:
    role, arn = role_of(call), call.text("PolicyArn", limit=2048)
    if arn not in role["Attached"]:
        raise no_such(f"Policy {arn} was not found.")
    role["Attached"].remove(arn)
    save_role(call, role)
    return None


def list_attached_role_policies(call: Call) -> Answer:
    attached = sorted((arn.rpartition("/")[2], arn) for arn in role_of(call)["Attached"])
    named = ((arn, {"PolicyName": name, "PolicyArn": arn}) for name, arn in attached)
    ordered = sorted(named, key=lambda pair: pair[0])
    shown, marker = page(call, ordered, cursor="Marker", limit="MaxItems", most=PAGE_MAX)
    return {"AttachedPolicies": shown, "IsTruncated": marker is not None, "Marker": marker}


def list_entities_for_policy(call: Call) -> Answer:
    arn = policy_of(call)["Arn"]
    roles = ((name, role) for name, role in call.records.all(ROLE) if arn in role["Attached"])
    shown, marker = page(call, roles, cursor="Marker", limit="MaxItems", most=PAGE_MAX)
    return {
        "PolicyGroups": [],
        "PolicyUsers": [],
        "PolicyRoles": [{"RoleName": role["RoleName"], "RoleId": role["RoleId"]} for role in shown],
        "IsTruncated": marker is not None,
        "Marker": marker,
    }
