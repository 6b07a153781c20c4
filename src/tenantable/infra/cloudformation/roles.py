"""A role for each component, with the policies that follow from its grants."""

from collections.abc import Mapping
from typing import Any

from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.iam.documents import policy_document
from tenantable.iam.synthesis.statements import component_policies
from tenantable.infra.cloudformation.placeholders import MARKED_HOME, pascal_case, substituted, without_marks

Properties = dict[str, Any]

SERVICE = "TrustedService"
_TENANT_TAG = "aws:RequestTag/tenant"


def role_id(component: Component) -> str:
    """`coach-service` is `CoachServiceRole`."""
    return f"{pascal_case(component.name)}Role"


def role_parameters() -> Properties:
    """Who may take on the roles."""
    return {
        SERVICE: {
            "Type": "String",
            "Default": "lambda.amazonaws.com",
            "Description": "The service that runs the components.",
        }
    }


def role_resources(component: Component, naming: Naming, system: System) -> dict[str, Properties]:
    """
    Args:
        naming: With marks in place of values.
        system: Of the component, whose other roles it may be granted.
    """
    roles = {MARKED_HOME.role(f"{system.name}-{each.name}"): role_id(each) for each in system.components}
    role = role_id(component)
    described = {"Description": component.description} if component.description else {}
    resources: dict[str, Properties] = {
        role: {
            "Type": "AWS::IAM::Role",
            "Properties": {**described, "AssumeRolePolicyDocument": _trust(component)},
        }
    }
    for number, policy in enumerate(component_policies(component, naming, MARKED_HOME), start=1):
        document = policy_document(policy)
        for statement in document["Statement"]:
            statement["Sid"] = without_marks(statement["Sid"])
            statement["Resource"] = _with_roles(statement["Resource"], roles)
        _number_equal_names(document["Statement"])
        resources[f"{pascal_case(component.name)}Policy{number if number > 1 else ''}"] = {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": substituted(document), "Roles": [{"Ref": role}]},
        }
    return resources


def _with_roles(resource: Any, roles: Mapping[str, str]) -> Any:
    """CloudFormation chooses the names of the stack's roles, so that they are referred to."""
    if isinstance(resource, list):
        return [_with_roles(each, roles) for each in resource]
    return {"Fn::GetAtt": [roles[resource], "Arn"]} if resource in roles else resource


def _number_equal_names(statements: list[dict[str, Any]]) -> None:
    """Names that differ in their marks alone would be equal without them."""
    taken: set[str] = set()
    for statement in statements:
        name = sid = statement["Sid"]
        number = 1
        while sid in taken:
            number += 1
            sid = f"{name}{number}"
        taken.add(sid)
        statement["Sid"] = sid


def _trust(component: Component) -> Properties:
    """A component that is bound to a tenant is taken on by code of this account that says for which one."""
    if not component.tenant_bound:
        statement: Properties = {
            "Effect": "Allow",
            "Principal": {"Service": {"Ref": SERVICE}},
            "Action": "sts:AssumeRole",
        }
    else:
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {"StringLike": {_TENANT_TAG: "?*"}},
        }
    return {"Version": "2012-10-17", "Statement": [statement]}
