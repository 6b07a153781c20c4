"""Roles and policies as they are kept, and what all actions on them share."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tenantable.aws.calls import Call
from tenantable.aws.refusals import LIMIT_EXCEEDED, Refusal
from tenantable.errors import PolicyError
from tenantable.iam.documents import parse_policy

ROLE = "iam/role"
POLICY = "iam/policy"
NAME = r"[\w+=,.@-]+"
PATH = r"/|/[\x21-\x7e]+/"
ROLE_NAME_MAX = 64
POLICY_NAME_MAX = 128
PATH_MAX = 512
DESCRIPTION_MAX = 1000
OF_AWS = "arn:aws:iam::aws:policy/"
"""How the ARNs of policies begin that AWS provides. They can be attached; what they allow is not known here."""


def no_such(message: str) -> Refusal:
    return Refusal("NoSuchEntity", message, status=404)


def conflict(code: str, message: str) -> Refusal:
    """`EntityAlreadyExists` or `DeleteConflict`."""
    return Refusal(code, message, status=409)


def role_name(call: Call) -> str:
    return call.text("RoleName", limit=ROLE_NAME_MAX, pattern=NAME)


def role_of(call: Call) -> dict[str, Any]:
    """
    The role that a call names.

    Raises:
        Refusal: NoSuchEntity.
    """
    name = role_name(call)
    role = call.records.find(ROLE, name.lower())
    if role is None:
        raise no_such(f"The role with name {name} cannot be found.")
    return role


def save_role(call: Call, role: Mapping[str, Any]) -> None:
    call.records.put(ROLE, role["RoleName"].lower(), role)


def role_arn(call: Call) -> str:
    """The ARN of the role that a call names or creates, for policies."""
    name = role_name(call)
    role = call.records.find(ROLE, name.lower())
    if role is not None:
        return str(role["Arn"])
    path = call.optional_text("Path", limit=PATH_MAX, pattern=PATH) or "/"
    return f"arn:aws:iam::{call.home.account_id}:role{path}{name}"


def policy_arn(call: Call) -> str:
    """The ARN of the managed policy that a call names or creates."""
    arn = call.optional_text("PolicyArn", limit=2048)
    if arn:
        return arn
    path = call.optional_text("Path", limit=PATH_MAX, pattern=PATH) or "/"
    name = call.text("PolicyName", limit=POLICY_NAME_MAX, pattern=NAME)
    return f"arn:aws:iam::{call.home.account_id}:policy{path}{name}"


def policy_of(call: Call) -> dict[str, Any]:
    """
    The managed policy that a call names.

    Raises:
        Refusal: NoSuchEntity.
    """
    arn = call.text("PolicyArn", limit=2048)
    policy = find_policy(call, arn)
    if policy is None:
        raise no_such(f"Policy {arn} was not found.")
    return policy


def find_policy(call: Call, arn: str) -> dict[str, Any] | None:
    policy = call.records.find(POLICY, arn.rpartition("/")[2].lower())
    return policy if policy is not None and policy["Arn"] == arn else None


def save_policy(call: Call, policy: Mapping[str, Any]) -> None:
    call.records.put(POLICY, policy["PolicyName"].lower(), policy)


def document(call: Call, member: str, *, limit: int, quota: str) -> str:
    """
    The policy document of a call, as it was given.

    Raises:
        Refusal: MalformedPolicyDocument, or LimitExceeded when it is longer than the quota, white space not counted.
    """
    text = call.text(member, limit=131_072)
    try:
        parse_policy(text)
    except PolicyError as error:
        raise malformed(str(error)) from error
    if counted(text) > limit:
        raise Refusal(LIMIT_EXCEEDED, f"Cannot exceed quota for {quota}: {limit}", status=409)
    return text


def malformed(reason: str) -> Refusal:
    return Refusal("MalformedPolicyDocument", reason)


def counted(document_text: str) -> int:
    """The characters that count towards a quota."""
    return len("".join(document_text.split()))


def encoded(document_text: str) -> str:
    """A document as answers hold it."""
    return quote(document_text, safe="")
