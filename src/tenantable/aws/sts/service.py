"""STS as the endpoint has it."""

from tenantable.aws.calls import Action, Answer, Call, Service


def get_caller_identity(call: Call) -> Answer:
    """The administrator is the root of the account."""
    principal = call.caller.principal or f"arn:aws:iam::{call.home.account_id}:root"
    return {"UserId": call.home.account_id, "Account": call.home.account_id, "Arn": principal}


STS = Service(
    name="sts",
    signing_name="sts",
    protocols=("query",),
    namespace="https://sts.amazonaws.com/doc/2011-06-15/",
    invalid="ValidationError",
    actions={"GetCallerIdentity": Action(run=get_caller_identity, is_free=True)},
)
