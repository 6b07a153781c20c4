"""Roles: who may assume them, their boundary, their tags, and how they are listed."""

from collections.abc import Mapping
from typing import Any

from tenantable.aws.calls import Answer, Call, Moment
from tenantable.aws.iam.entities import (
    DESCRIPTION_MAX,
    OF_AWS,
    PATH,
    PATH_MAX,
    ROLE,
    conflict,
    counted,
    encoded,
    find_policy,
    malformed,
    no_such,
    role_arn,
    role_name,
    role_of,
    save_role,
)
from tenantable.aws.pages import page
from tenantable.aws.refusals import LIMIT_EXCEEDED, Refusal
from tenantable.aws.tags import add_tags, read_tags, remove_tags, shown_tags
from tenantable.errors import PolicyError
from tenantable.iam.documents import parse_policy

TRUST_POLICY_MAX = 8192
SESSION_SECONDS = 3600
SESSION_SECONDS_MAX = 43_200
PAGE_MAX = 1000


def create_role(call: Call) -> Answer:
    name, arn = role_name(call), role_arn(call)
    if call.records.find(ROLE, name.lower()) is not None:
        raise conflict("EntityAlreadyExists", f"Role with name {name} already exists.")
    role: dict[str, Any] = {
        "Path": call.optional_text("Path", limit=PATH_MAX, pattern=PATH) or "/",
        "RoleName": name,
        "RoleId": call.identifier("AROA"),
        "Arn": arn,
        "CreateDate": call.now,
        "AssumeRolePolicyDocument": _trust_policy(call, "AssumeRolePolicyDocument"),
        "Description": call.optional_text("Description", limit=DESCRIPTION_MAX),
        "MaxSessionDuration": _session_seconds(call, SESSION_SECONDS),
        "PermissionsBoundary": _boundary(call) if call.optional_text("PermissionsBoundary") else None,
        "Inline": {},
        "Attached": [],
    }
    add_tags(role, read_tags(call))
    save_role(call, role)
    return {"Role": shown_role(role)}


def get_role(call: Call) -> Answer:
    return {"Role": shown_role(role_of(call))}


def list_roles(call: Call) -> Answer:
    beginning = call.optional_text("PathPrefix", limit=PATH_MAX) or "/"
    roles = ((name, role) for name, role in call.records.all(ROLE) if role["Path"].startswith(beginning))
    shown, marker = page(call, roles, cursor="Marker", limit="MaxItems", most=PAGE_MAX)
    listed = [{name: member for name, member in shown_role(role).items() if name != "Tags"} for role in shown]
    return {"Roles": listed, "IsTruncated": marker is not None, "Marker": marker}


def update_role(call: Call) -> Answer:
    role = role_of(call)
    if call.parameters.get("Description") is not None:
        role["Description"] = call.optional_text("Description", limit=DESCRIPTION_MAX)
    role["MaxSessionDuration"] = _session_seconds(call, role["MaxSessionDuration"])
    save_role(call, role)
    return {"Role": shown_role(role)} if call.action == "UpdateRoleDescription" else {}


def update_assume_role_policy(call: Call) -> Answer:
    role = role_of(call)
    role["AssumeRolePolicyDocument"] = _trust_policy(call, "PolicyDocument")
    save_role(call, role)
    return None


def put_permissions_boundary(call: Call) -> Answer:
    role = role_of(call)
    role["PermissionsBoundary"] = _boundary(call)
    save_role(call, role)
    return None


def delete_permissions_boundary(call: Call) -> Answer:
    role = role_of(call)
    role["PermissionsBoundary"] = None
    save_role(call, role)
    return None


def delete_role(call: Call) -> Answer:
    role = role_of(call)
    for member, what in (("Attached", "must detach all policies first"), ("Inline", "must delete policies first")):
        if role[member]:
            raise conflict("DeleteConflict", f"Cannot delete entity, {what}.")
    call.records.remove(ROLE, role["RoleName"].lower())
    return None


def tag_role(call: Call) -> Answer:
    role = role_of(call)
    add_tags(role, read_tags(call))
    save_role(call, role)
    return None


def untag_role(call: Call) -> Answer:
    role = role_of(call)
    remove_tags(role, call.texts("TagKeys"))
    save_role(call, role)
    return None


def list_role_tags(call: Call) -> Answer:
    return {"Tags": shown_tags(role_of(call)), "IsTruncated": False}


def list_instance_profiles(call: Call) -> Answer:
    """There are none here: nothing runs on instances."""
    role_of(call)
    return {"InstanceProfiles": [], "IsTruncated": False}


def shown_role(role: Mapping[str, Any]) -> dict[str, Any]:
    """A role as answers hold it."""
    boundary = role["PermissionsBoundary"]
    return {
        "Path": role["Path"],
        "RoleName": role["RoleName"],
        "RoleId": role["RoleId"],
        "Arn": role["Arn"],
        "CreateDate": Moment(role["CreateDate"]),
        "AssumeRolePolicyDocument": encoded(role["AssumeRolePolicyDocument"]),
        "Description": role["Description"],
        "MaxSessionDuration": role["MaxSessionDuration"],
        "PermissionsBoundary": boundary and {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary},
        "Tags": shown_tags(role) or None,
        "RoleLastUsed": {},
    }


def _session_seconds(call: Call, default: int) -> int:
    return call.count("MaxSessionDuration", default, least=SESSION_SECONDS, most=SESSION_SECONDS_MAX)


def _boundary(call: Call) -> str:
    arn = call.text("PermissionsBoundary", limit=2048)
    if not arn.startswith(OF_AWS) and find_policy(call, arn) is None:
        raise no_such(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def _trust_policy(call: Call, member: str) -> str:
    """
    Raises:
        Refusal: MalformedPolicyDocument, or LimitExceeded when it is longer than the quota.
    """
    text = call.text(member, limit=131_072)
    try:
        parse_policy(text, kind="trust")
    except PolicyError as error:
        raise malformed(str(error)) from error
    if counted(text) > TRUST_POLICY_MAX:
        raise Refusal(LIMIT_EXCEEDED, f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_MAX}", status=409)
    return text
