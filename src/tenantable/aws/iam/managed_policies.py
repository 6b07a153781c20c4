"""Managed policies: documents of their own, in up to five versions, that roles share."""

from collections.abc import Mapping
from typing import Any

from tenantable.aws.calls import Answer, Call, Moment
from tenantable.aws.iam.entities import (
    DESCRIPTION_MAX,
    PATH,
    PATH_MAX,
    POLICY,
    ROLE,
    conflict,
    document,
    encoded,
    no_such,
    policy_arn,
    policy_of,
    save_policy,
)
from tenantable.aws.pages import page
from tenantable.aws.refusals import LIMIT_EXCEEDED, Refusal
from tenantable.aws.tags import add_tags, read_tags, remove_tags, shown_tags

DOCUMENT_MAX = 6144
VERSIONS_MAX = 5
PAGE_MAX = 1000


def create_policy(call: Call) -> Answer:
    arn = policy_arn(call)
    name = arn.rpartition("/")[2]
    if call.records.find(POLICY, name.lower()) is not None:
        raise conflict(
            "EntityAlreadyExists", f"A policy called {name} already exists. Duplicate names are not allowed."
        )
    text = document(call, "PolicyDocument", limit=DOCUMENT_MAX, quota="PolicySize")
    policy: dict[str, Any] = {
        "PolicyName": name,
        "PolicyId": call.identifier("ANPA"),
        "Arn": arn,
        "Path": call.optional_text("Path", limit=PATH_MAX, pattern=PATH) or "/",
        "Description": call.optional_text("Description", limit=DESCRIPTION_MAX),
        "CreateDate": call.now,
        "UpdateDate": call.now,
        "Default": "v1",
        "Versions": {"v1": {"Document": text, "CreateDate": call.now}},
        "Made": 1,
    }
    add_tags(policy, read_tags(call))
    save_policy(call, policy)
    return {"Policy": _shown(policy, attached=0)}


def get_policy(call: Call) -> Answer:
    policy = policy_of(call)
    return {"Policy": _shown(policy, attached=_attachments(call).get(policy["Arn"], 0))}


def list_policies(call: Call) -> Answer:
    beginning = call.optional_text("PathPrefix", limit=PATH_MAX) or "/"
    scope, attached = call.choice("Scope", ("All", "AWS", "Local"), "All"), _attachments(call)
    attached_only = call.flag("OnlyAttached", False)
    policies = (
        (name, policy)
        for name, policy in call.records.all(POLICY)
        if scope != "AWS" and policy["Path"].startswith(beginning) and (policy["Arn"] in attached or not attached_only)
    )
    shown, marker = page(call, policies, cursor="Marker", limit="MaxItems", most=PAGE_MAX)
    listed = [_shown(policy, attached=attached.get(policy["Arn"], 0)) for policy in shown]
    return {"Policies": listed, "IsTruncated": marker is not None, "Marker": marker}


def delete_policy(call: Call) -> Answer:
    policy = policy_of(call)
    if policy["Arn"] in _attachments(call):
        raise conflict("DeleteConflict", "Cannot delete a policy attached to entities.")
    if len(policy["Versions"]) > 1:
        raise conflict(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy.",
        )
    call.records.remove(POLICY, policy["PolicyName"].lower())
    return None


def create_policy_version(call: Call) -> Answer:
    policy = policy_of(call)
    text = document(call, "PolicyDocument", limit=DOCUMENT_MAX, quota="PolicySize")
    if len(policy["Versions"]) >= VERSIONS_MAX:
        raise Refusal(
            LIMIT_EXCEEDED,
            f"A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new version, you must "
            "delete an existing version.",
            status=409,
        )
    policy["Made"] += 1
    version = f"v{policy['Made']}"
    policy["Versions"][version] = {"Document": text, "CreateDate": call.now}
    policy["UpdateDate"] = call.now
    if call.flag("SetAsDefault", False):
        policy["Default"] = version
    save_policy(call, policy)
    return {"PolicyVersion": _shown_version(policy, version)}


def get_policy_version(call: Call) -> Answer:
    policy = policy_of(call)
    version = _version_of(call, policy)
    shown = _shown_version(policy, version) | {"Document": encoded(policy["Versions"][version]["Document"])}
    return {"PolicyVersion": shown}


def list_policy_versions(call: Call) -> Answer:
    policy = policy_of(call)
    newest_first = sorted(policy["Versions"], key=lambda version: -int(version[1:]))
    return {"Versions": [_shown_version(policy, version) for version in newest_first], "IsTruncated": False}


def delete_policy_version(call: Call) -> Answer:
    policy = policy_of(call)
    version = _version_of(call, policy)
    if version == policy["Default"]:
        raise conflict("DeleteConflict", "Cannot delete the default version of a policy.")
    del policy["Versions"][version]
    save_policy(call, policy)
    return None


def set_default_policy_version(call: Call) -> Answer:
    policy = policy_of(call)
    policy["Default"] = _version_of(call, policy)
    save_policy(call, policy)
    return None


def tag_policy(call: Call) -> Answer:
    policy = policy_of(call)
    add_tags(policy, read_tags(call))
    save_policy(call, policy)
    return None


def untag_policy(call: Call) -> Answer:
    policy = policy_of(call)
    remove_tags(policy, call.texts("TagKeys"))
    save_policy(call, policy)
    return None


def list_policy_tags(call: Call) -> Answer:
    return {"Tags": shown_tags(policy_of(call)), "IsTruncated": False}


def _version_of(call: Call, policy: Mapping[str, Any]) -> str:
    version = call.text("VersionId", limit=16)
    if version not in policy["Versions"]:
        raise no_such(f"Policy {policy['Arn']} version {version} does not exist or is not attachable.")
    return version


def _attachments(call: Call) -> dict[str, int]:
    """How many roles each policy is attached to, by its ARN."""
    counts: dict[str, int] = {}
    for _, role in call.records.all(ROLE):
        for arn in role["Attached"]:
            counts[arn] = counts.get(arn, 0) + 1
    return counts


def _shown(policy: Mapping[str, Any], *, attached: int) -> dict[str, Any]:
    return {
        "PolicyName": policy["PolicyName"],
        "PolicyId": policy["PolicyId"],
        "Arn": policy["Arn"],
        "Path": policy["Path"],
        "DefaultVersionId": policy["Default"],
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "Description": policy["Description"],
        "CreateDate": Moment(policy["CreateDate"]),
        "UpdateDate": Moment(policy["UpdateDate"]),
        "Tags": shown_tags(policy) or None,
    }


def _shown_version(policy: Mapping[str, Any], version: str) -> dict[str, Any]:
    return {
        "VersionId": version,
        "IsDefaultVersion": version == policy["Default"],
        "CreateDate": Moment(policy["Versions"][version]["CreateDate"]),
    }
