"""Application Auto Scaling as the endpoint has it."""

from tenantable.aws.calls import Action, Service
from tenantable.aws.scaling import targets

SCALING = Service(
    name="application-autoscaling",
    signing_name="application-autoscaling",
    protocols=("json",),
    target="AnyScaleFrontendService",
    actions={
        "RegisterScalableTarget": Action(run=targets.register_target, resource=targets.target_arn),
        "DeregisterScalableTarget": Action(run=targets.deregister_target, resource=targets.target_arn),
        "DescribeScalableTargets": Action(run=targets.describe_targets),
        "PutScalingPolicy": Action(run=targets.put_policy, resource=targets.target_arn),
        "DescribeScalingPolicies": Action(run=targets.describe_policies),
        "DeleteScalingPolicy": Action(run=targets.delete_policy, resource=targets.target_arn),
        "DescribeScheduledActions": Action(run=targets.nothing_scheduled),
        "DescribeScalingActivities": Action(run=targets.nothing_scheduled),
        "TagResource": Action(run=targets.tag_target, resource=targets.tagged_arn),
        "UntagResource": Action(run=targets.untag_target, resource=targets.tagged_arn),
        "ListTagsForResource": Action(run=targets.list_tags, resource=targets.tagged_arn),
    },
)
