"""STS as the endpoint has it."""

from collections.abc import Mapping

from tenantable.aws.calls import Action, Answer, Call, Moment, Service
from tenantable.aws.refusals import Refusal
from tenantable.errors import SessionRefused
from tenantable.iam.callers import caller_of
from tenantable.iam.documents import Policy

_FORBIDDEN = 403


def get_caller_identity(call: Call) -> Answer:
    """The administrator is the root of the account."""
    principal, account_id = call.caller.principal, call.home.account_id
    if principal is None:
        return {"UserId": account_id, "Account": account_id, "Arn": f"arn:aws:iam::{account_id}:root"}
    caller = caller_of(principal, call.principals.roles)
    user_id = caller.context.get("aws:userid")
    return {
        "UserId": user_id if isinstance(user_id, str) else caller.names.arn,
        "Account": caller.names.account_id or account_id,
        "Arn": caller.names.arn,
    }


def assume_role(call: Call) -> Answer:
    seconds = call.optional_number("DurationSeconds", least=0, most=1e9)
    tags = call.structures("Tags")
    try:
        issued = call.principals.issuer.assume_role(
            call.text("RoleArn", limit=2048),
            call.text("RoleSessionName"),
            caller=call.caller.principal,
            policy=call.optional_text("Policy", limit=131_072),
            managed_policies=[_managed(call, given) for given in call.structures("PolicyArns")],
            tags=[(_text(call, tag, "Key"), _text(call, tag, "Value")) for tag in tags],
            transitive_tag_keys=call.texts("TransitiveTagKeys"),
            duration_seconds=None if seconds is None else int(seconds),
            external_id=call.optional_text("ExternalId", limit=1224),
        )
    except SessionRefused as error:
        raise Refusal(error.code, error.message, status=_FORBIDDEN if error.code == "AccessDenied" else 400) from error
    credentials = issued.credentials
    assert credentials.expires_at is not None, "what a session gets ends"
    return {
        "Credentials": {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": Moment(credentials.expires_at),
        },
        "AssumedRoleUser": {"AssumedRoleId": issued.session.assumed_role_id, "Arn": issued.session.arn},
        "PackedPolicySize": issued.packed_policy_percent,
    }


def _managed(call: Call, given: Mapping[str, object]) -> Policy:
    """
    Raises:
        Refusal: ValidationError: no managed policy has this ARN.
    """
    arn = _text(call, given, "arn")
    policy = call.principals.managed_policy(arn)
    if policy is None:
        raise call.invalid(f"{arn} is not the ARN of a managed policy")
    return policy


def _text(call: Call, given: Mapping[str, object], member: str) -> str:
    value = given.get(member)
    if not isinstance(value, str):
        raise call.invalid(f"{member} is required and must be text")
    return value


STS = Service(
    name="sts",
    signing_name="sts",
    protocols=("query",),
    namespace="https://sts.amazonaws.com/doc/2011-06-15/",
    keeps_records=False,
    invalid="ValidationError",
    actions={"GetCallerIdentity": Action(run=get_caller_identity), "AssumeRole": Action(run=assume_role)},
)
