"""
`provisioning.tf`: what it takes to give tenants tables of their own, and nothing beyond their naming pattern.

The provisioner may create and delete stacks of one name pattern, and only with a role that serves CloudFormation alone.
That role may make tables, parameters, scaling and alarms of the same pattern. All of it is there only when the switch
is on.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tenantable.declare.grants import ResourceGrant
from tenantable.declare.resources import ParameterTree
from tenantable.declare.tables import Table
from tenantable.infra.terraform.access.roles import PREFIX, service_trust
from tenantable.infra.terraform.hcl import (
    Argument,
    Block,
    Call,
    Expression,
    Part,
    arguments,
    embedded,
    separated,
    template,
)
from tenantable.infra.terraform.names import DeclaredNames, identifiers
from tenantable.infra.terraform.outputs import output
from tenantable.infra.terraform.sections import Section
from tenantable.infra.terraform.variables import one_of, variable

_MODES = ("PAY_PER_REQUEST", "PROVISIONED")
_TAGS = Argument("tags", Expression("local.common_tags"))
_PARTITION = Expression("local.partition")
_PLACE = (":", Expression("local.region"), ":", Expression("local.account_id"), ":")
_SCALING_ROLE = "dynamodb.application-autoscaling.amazonaws.com"
_SCALING_ROLE_NAME = "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"

_TABLE_ACTIONS = (
    "CreateTable", "DeleteTable", "DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive",
    "ListTagsOfResource", "TagResource", "UntagResource", "UpdateContinuousBackups", "UpdateTable", "UpdateTimeToLive",
)  # fmt: skip
_STACK_ACTIONS = ("DeleteStack", "DescribeStackEvents", "DescribeStackResources", "DescribeStacks", "UpdateStack")
_STACK_PARAMETER_ACTIONS = (
    "AddTagsToResource", "DeleteParameter", "GetParameters", "ListTagsForResource", "PutParameter",
    "RemoveTagsFromResource",
)  # fmt: skip
_SCALING_ACTIONS = (
    "DeleteScalingPolicy", "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget",
)  # fmt: skip
_SCALING_READS = ("DescribeScalableTargets", "DescribeScalingPolicies")
"""These can be granted on everything only."""
_ALARM_ACTIONS = ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm")


def provisioning_section(names: DeclaredNames) -> Section | None:
    """The section of the table that tenants may have for themselves; None where there is none."""
    table = next((table for table in names.system.tables if table.tenancy and table.tenancy.dedicated), None)
    if table is None or any(naming.dedicated is None for naming in names.namings.values()):
        return None
    called = _called(table)
    enabled = Expression(f"var.enable_{called}_provisioning ? 1 : 0")
    blocks = [*_stack_role(names, table, enabled)]
    labels = identifiers(component.name for component in names.system.components)
    for component in names.system.components:
        if component.provisions:
            label = labels[component.name]
            blocks += _provisioner(names, table, label, enabled)
    return Section(
        file="provisioning.tf",
        title=f"Tables that one {called} has for itself",
        blocks=blocks,
        variables=list(_variables(called)),
        outputs=[output(f"{called}_provisioning", f"How {called}s get tables of their own", _facts(called))],
    )


def _called(table: Table) -> str:
    return "tenant" if table.tenancy is None else table.tenancy.called


def _variables(called: str) -> Iterator[Block]:
    yield variable(
        f"enable_{called}_provisioning", f"Allow giving private {called}s tables of their own", "bool", default=[False]
    )
    yield variable(
        f"{called}_provisioning_enable_alarms",
        f"Create alarms for the tables of private {called}s",
        "bool",
        default=[True],
    )
    mode = f"default_private_{called}_billing_mode"
    yield variable(
        mode,
        f"Billing mode of the tables of private {called}s",
        "string",
        default=["PAY_PER_REQUEST"],
        validation=[(one_of(mode, _MODES), f"Billing mode must be one of: {', '.join(_MODES)}.")],
    )


def _facts(called: str) -> dict[str, Any]:
    role = f"aws_iam_role.{called}_stack"
    return {
        "enabled": Expression(f"var.enable_{called}_provisioning"),
        "enable_alarms": Expression(f"var.{called}_provisioning_enable_alarms"),
        "default_billing_mode": Expression(f"var.default_private_{called}_billing_mode"),
        "stack_role_arn": Expression(f"var.enable_{called}_provisioning ? {role}[0].arn : null"),
    }


def _stack_role(names: DeclaredNames, table: Table, enabled: Expression) -> Iterator[Block]:
    called = _called(table)
    label = f"{called}_stack"
    role = [
        *arguments(name=template(PREFIX, f"{called}-stack")),
        *arguments(
            description=f"CloudFormation makes the table of one {called} with it",
            assume_role_policy=service_trust("cloudformation.amazonaws.com"),
        ),
        _TAGS,
    ]
    yield Block("resource", "aws_iam_role", label, body=_counted(enabled, role))
    statements = [
        _statement("Tables", "dynamodb", _TABLE_ACTIONS, _tables(names, table)),
        *(
            _statement(f"Parameters{number}", "ssm", _STACK_PARAMETER_ACTIONS, resource)
            for number, resource in enumerate(_parameters(names), start=1)
        ),
        _statement("Scaling", "application-autoscaling", _SCALING_ACTIONS, _scalable_targets()),
        _statement("ScalingAsItIs", "application-autoscaling", _SCALING_READS, "*"),
        _statement("ScalingRole", "iam", ("CreateServiceLinkedRole",), _service_role())
        | {"Condition": {"StringEquals": {"iam:AWSServiceName": _SCALING_ROLE}}},
        _statement("Alarms", "cloudwatch", _ALARM_ACTIONS, _arn("cloudwatch", "alarm:", _pattern(names, table))),
    ]
    yield from _attached(label, f"Making the table of one {called}", statements, enabled)


def _provisioner(names: DeclaredNames, table: Table, label: str, enabled: Expression) -> Iterator[Block]:
    called = _called(table)
    role = Expression(f"aws_iam_role.{called}_stack[0].arn")
    stacks = template(*embedded(_arn("cloudformation", "stack/", _pattern(names, table))), "/*")
    statements = [
        _statement("CreateStacks", "cloudformation", ("CreateStack",), stacks)
        | {"Condition": {"ArnEquals": {"cloudformation:RoleArn": role}}},
        _statement("KeepStacks", "cloudformation", _STACK_ACTIONS, stacks),
        _statement("PassTheRoleOfStacks", "iam", ("PassRole",), role)
        | {"Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}},
        _statement("FirstItems", "dynamodb", ("BatchWriteItem", "PutItem"), _tables(names, table)),
    ]
    yield from _attached(f"{label}_provisioning", f"Giving {called}s tables of their own", statements, enabled, label)


def _attached(
    label: str, description: str, statements: Sequence[dict[str, Any]], enabled: Expression, *roles: str
) -> Iterator[Block]:
    """A policy and its attachment to the role of this label, or to the one that is counted as the policy is."""
    role = f"aws_iam_role.{roles[0]}.name" if roles else f"aws_iam_role.{label}[0].name"
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policy = [
        *arguments(name=template(PREFIX, label.replace("_", "-")), description=description),
        Argument("policy", Call("jsonencode", document)),
        _TAGS,
    ]
    yield Block("resource", "aws_iam_policy", label, body=_counted(enabled, policy))
    attachment = arguments(role=Expression(role), policy_arn=Expression(f"aws_iam_policy.{label}[0].arn"))
    yield Block("resource", "aws_iam_role_policy_attachment", label, body=_counted(enabled, attachment))


def _counted(enabled: Expression, body: Sequence[Part]) -> list[Part]:
    return separated([arguments(count=enabled), body])


def _statement(sid: str, service: str, actions: Sequence[str], resource: Any) -> dict[str, Any]:
    names = [f"{service}:{action}" for action in actions]
    return {"Sid": sid, "Effect": "Allow", "Action": names if len(names) > 1 else names[0], "Resource": resource}


def _pattern(names: DeclaredNames, table: Table) -> Expression:
    return names.dedicated_style(table, "*")


def _tables(names: DeclaredNames, table: Table) -> Expression:
    return _arn("dynamodb", "table/", _pattern(names, table))


def _parameters(names: DeclaredNames) -> list[Expression]:
    """The parameters that whoever gives tenants their tables may put: the stacks put them on its behalf."""
    put = {
        grant.resource
        for component in names.system.components
        for grant in component.grants
        if component.provisions and isinstance(grant, ResourceGrant) and "PutParameter" in grant.actions
    }
    trees = [each for each in names.system.resources if isinstance(each, ParameterTree) and each.name in put]
    return [template(*embedded(_arn("ssm", "parameter", names.resource_style(tree))), "/*") for tree in trees]


def _scalable_targets() -> Expression:
    # Their names are ids that nobody chooses; the service-linked role reaches nothing but capacity.
    return template("arn:", _PARTITION, ":application-autoscaling", *_PLACE, "scalable-target/*")


def _service_role() -> Expression:
    path = f":role/aws-service-role/{_SCALING_ROLE}/{_SCALING_ROLE_NAME}"
    return template("arn:", _PARTITION, ":iam::", Expression("local.account_id"), path)


def _arn(service: str, kind: str, name: Expression) -> Expression:
    return template("arn:", _PARTITION, f":{service}", *_PLACE, kind, *embedded(name))
