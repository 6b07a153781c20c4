"""Scalable targets and their policies."""

from typing import Any

from tenantable.aws.calls import Answer, Call, Moment
from tenantable.aws.pages import page
from tenantable.aws.refusals import Refusal
from tenantable.aws.tags import add_tags, checked_tags, remove_tags

TARGET = "scaling/target"
POLICY = "scaling/policy"
PAGE_MAX = 50
CAPACITY_MAX = 1_000_000
_SEPARATOR = "|"


def register_target(call: Call) -> Answer:
    name, before = _target_name(call), call.records.find(TARGET, _target_name(call))
    least, most = (_capacity(call, member, before) for member in ("MinCapacity", "MaxCapacity"))
    if least > most:
        raise call.invalid("Maximum capacity cannot be less than minimum capacity")
    target = before or {
        "ServiceNamespace": call.text("ServiceNamespace", limit=64),
        "ResourceId": call.text("ResourceId", limit=1600),
        "ScalableDimension": call.text("ScalableDimension", limit=128),
        "CreationTime": call.now,
        "Arn": _target_arn(call),
        "Suspended": {},
    }
    target |= {"MinCapacity": least, "MaxCapacity": most, "RoleARN": call.optional_text("RoleARN") or _role(call)}
    target["Suspended"] = {**target["Suspended"], **(call.structure("SuspendedState") or {})}
    add_tags(target, checked_tags(call, call.text_map("Tags")))
    call.records.put(TARGET, name, target)
    return {"ScalableTargetARN": target["Arn"]}


def describe_targets(call: Call) -> Answer:
    ids = call.texts("ResourceIds")
    shown, token = _matching(call, TARGET, ids)
    suspended = dict.fromkeys(
        ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
    )
    members = ("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "RoleARN")
    return {
        "ScalableTargets": [
            {
                **{member: target[member] for member in members},
                "CreationTime": Moment(target["CreationTime"]),
                "SuspendedState": suspended | target["Suspended"],
                "ScalableTargetARN": target["Arn"],
            }
            for target in shown
        ],
        "NextToken": token,
    }


def deregister_target(call: Call) -> Answer:
    """Its policies go with it."""
    name = _target_name(call)
    if not call.records.remove(TARGET, name):
        raise _no_target(call)
    for policy, _ in list(call.records.all(POLICY, name + _SEPARATOR)):
        call.records.remove(POLICY, policy)
    return {}


def put_policy(call: Call) -> Answer:
    target = _target_name(call)
    if call.records.find(TARGET, target) is None:
        raise _no_target(call)
    policy_name = call.text("PolicyName", limit=256)
    name = f"{target}{_SEPARATOR}{policy_name}"
    policy = call.records.find(POLICY, name) or {
        "PolicyARN": f"arn:aws:autoscaling:{call.home.region}:{call.home.account_id}:scalingPolicy:{call.uuid()}:"
        f"resource/{call.text('ServiceNamespace')}/{call.text('ResourceId')}:policyName/{policy_name}",
        "PolicyName": policy_name,
        "ServiceNamespace": call.text("ServiceNamespace"),
        "ResourceId": call.text("ResourceId"),
        "ScalableDimension": call.text("ScalableDimension"),
        "CreationTime": call.now,
        "PolicyType": "StepScaling",
    }
    kinds = ("StepScaling", "TargetTrackingScaling", "PredictiveScaling")
    policy["PolicyType"] = call.choice("PolicyType", kinds, policy["PolicyType"])
    configuration = f"{policy['PolicyType']}PolicyConfiguration"
    given = call.structure(configuration) or policy.get(configuration)
    if given is None:
        raise call.invalid(f"{configuration} is required")
    call.records.put(POLICY, name, policy | {configuration: dict(given)})
    return {"PolicyARN": policy["PolicyARN"], "Alarms": []}


def describe_policies(call: Call) -> Answer:
    names, resource = call.texts("PolicyNames"), call.optional_text("ResourceId")
    shown, token = _matching(call, POLICY, [resource] if resource else [], names)
    policies = [policy | {"CreationTime": Moment(policy["CreationTime"]), "Alarms": []} for policy in shown]
    return {"ScalingPolicies": policies, "NextToken": token}


def delete_policy(call: Call) -> Answer:
    name = f"{_target_name(call)}{_SEPARATOR}{call.text('PolicyName', limit=256)}"
    if not call.records.remove(POLICY, name):
        raise Refusal("ObjectNotFoundException", f"No scaling policy found for {call.text('ResourceId')}")
    return {}


def nothing_scheduled(_call: Call) -> Answer:
    """Nothing scales here, and nothing is scheduled."""
    return {"ScheduledActions": [], "ScalingActivities": []}


def tag_target(call: Call) -> Answer:
    name, target = _tagged(call)
    add_tags(target, checked_tags(call, call.text_map("Tags")))
    call.records.put(TARGET, name, target)
    return {}


def untag_target(call: Call) -> Answer:
    name, target = _tagged(call)
    remove_tags(target, call.texts("TagKeys"))
    call.records.put(TARGET, name, target)
    return {}


def list_tags(call: Call) -> Answer:
    return {"Tags": _tagged(call)[1]["Tags"]}


def target_arn(call: Call) -> str:
    """For policies."""
    target = call.records.find(TARGET, _target_name(call))
    return f"{_arn(call)}*" if target is None else str(target["Arn"])


def tagged_arn(call: Call) -> str:
    return call.text("ResourceARN", limit=2048)


def _arn(call: Call) -> str:
    return f"arn:aws:application-autoscaling:{call.home.region}:{call.home.account_id}:scalable-target/"


def _target_arn(call: Call) -> str:
    return f"{_arn(call)}{call.random.getrandbits(160):040x}"


def _target_name(call: Call) -> str:
    parts = [call.text(member, limit=1600) for member in ("ServiceNamespace", "ResourceId", "ScalableDimension")]
    return _SEPARATOR.join(parts)


def _capacity(call: Call, member: str, before: dict[str, Any] | None) -> int:
    number = call.optional_number(member, least=0, most=CAPACITY_MAX)
    if number is None and before is None:
        raise call.invalid(f"{member} is required for a new scalable target")
    return int(number) if number is not None or before is None else int(before[member])  # type: ignore[arg-type]


def _role(call: Call) -> str:
    return (
        f"arn:aws:iam::{call.home.account_id}:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
    )


def _matching(
    call: Call, kind: str, resources: list[str], names: list[str] | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    namespace, dimension = call.text("ServiceNamespace", limit=64), call.optional_text("ScalableDimension")
    named = (
        (name, record)
        for name, record in call.records.all(kind, namespace + _SEPARATOR)
        if (not resources or record["ResourceId"] in resources)
        and dimension in {None, record["ScalableDimension"]}
        and (not names or record["PolicyName"] in names)
    )
    return page(call, named, cursor="NextToken", limit="MaxResults", most=PAGE_MAX)


def _tagged(call: Call) -> tuple[str, dict[str, Any]]:
    arn = tagged_arn(call)
    for name, target in call.records.all(TARGET):
        if target["Arn"] == arn:
            return name, target
    raise Refusal("ResourceNotFoundException", f"The resource {arn} was not found")


def _no_target(call: Call) -> Refusal:
    return Refusal(
        "ObjectNotFoundException",
        f"No scalable target registered for service namespace: {call.text('ServiceNamespace')}, resource ID: "
        f"{call.text('ResourceId')}, scalable dimension: {call.text('ScalableDimension')}",
    )
