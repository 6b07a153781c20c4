"""Policies found in plans and templates: what is open, what hangs together, what is resolved."""

import json
from typing import Any

from tenantable.iam.lint.linting import lint
from tenantable.iam.lint.sources.documents import policies_in
from tenantable.iam.lint.sources.terraform import open_policies

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
EVERYTHING = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": ARN}
DENY = {"Effect": "Deny", "NotAction": "dynamodb:GetItem", "Resource": "*"}


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources, "Parameters": {"Stage": {"Type": "String", "Default": "dev"}}}


def managed(*statements: Any) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}


def resources_of(document: Any) -> list[Any]:
    (source,) = policies_in(document, "template")
    return [each["Resource"] for each in source.document["Statement"]]


def test_functions_are_resolved_as_far_as_the_template_says() -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "orders-${Stage}"}}}
    arns = [
        {"Fn::GetAtt": "Orders.Arn"},
        {"Fn::Join": ["/", [{"Fn::GetAtt": ["Orders", "Arn"]}, "index", "by-date"]]},
        {"Fn::Sub": ["${Arn}/index/${Name}", {"Arn": {"Fn::GetAtt": ["Orders", "Arn"]}, "Name": "by-status"}]},
        {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${!aws:username}"},
    ]
    statements = [{"Effect": "Allow", "Action": "dynamodb:Query", "Resource": arn} for arn in arns]
    found = resources_of(template(Orders=table, Reader=managed(*statements)))
    start = "arn:aws:dynamodb:us-east-1:123456789012:table/"
    assert found == [
        f"{start}orders-dev",
        f"{start}orders-dev/index/by-date",
        f"{start}orders-dev/index/by-status",
        f"{start}${{aws:username}}",
    ]


def test_both_sides_of_an_if_are_looked_at() -> None:
    guarded = managed(EVERYTHING, {"Fn::If": ["IsProduction", DENY, {"Ref": "AWS::NoValue"}]})
    (finding,) = lint(policies_in(template(Reader=guarded), "template"))
    assert finding.rule.id == "TP101"
    assert finding.place == "template: Reader, where conditions are false"


def test_policies_of_one_role_are_looked_at_together() -> None:
    def policy(name: str, statement: Any) -> dict[str, Any]:
        document = {"Version": "2012-10-17", "Statement": statement}
        properties = {"PolicyName": name, "Roles": [{"Ref": "Worker"}], "PolicyDocument": document}
        return {"Type": "AWS::IAM::Policy", "Properties": properties}

    role = {"Type": "AWS::IAM::Role", "Properties": {}}
    wide, guard = policy("wide", EVERYTHING), policy("guard", DENY)
    assert lint(policies_in(template(Worker=role, Wide=wide, Guard=guard), "template")) == []
    assert len(lint(policies_in(template(Worker=role, Wide=wide), "template"))) == 1


def test_a_state_of_terraform_is_read_like_a_plan() -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": EVERYTHING})
    resource = {"address": "aws_iam_user_policy.p", "mode": "managed", "type": "aws_iam_user_policy"}
    module = {"resources": [{**resource, "values": {"user": "ann", "policy": policy}}]}
    state = {"format_version": "1.0", "values": {"root_module": {"child_modules": [module]}}}
    (finding,) = lint(policies_in(state, "state"))
    assert finding.place == "state: aws_iam_user_policy.p"


def test_a_policy_that_is_not_known_before_apply_is_no_fault() -> None:
    resource = {"address": "aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "values": {"name": "p"}}
    plan = {"planned_values": {"root_module": {"resources": [resource]}}}
    assert policies_in(plan, "plan") == []
    assert open_policies(plan) == ["aws_iam_policy.p"]


def test_policies_of_queues_and_buckets_in_a_plan_are_looked_at() -> None:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": anybody})
    for kind in ("aws_sqs_queue_policy", "aws_sqs_queue", "aws_s3_bucket_policy", "aws_sns_topic_policy"):
        resource = {"address": f"{kind}.own", "type": kind, "values": {"policy": text}}
        plan = {"planned_values": {"root_module": {"resources": [resource]}}}
        assert [each.rule.id for each in lint(policies_in(plan, "plan"))] == ["TP108"]


def test_policies_of_queues_and_buckets_in_a_template_are_looked_at() -> None:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    properties = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [anybody]}}
    for kind in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"):
        found = lint(policies_in(template(Own={"Type": kind, "Properties": properties}), "template"))
        assert [each.rule.id for each in found] == ["TP108"]


def test_the_answer_of_get_resource_policy_is_read() -> None:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": ARN}
    answer = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": anybody}), "RevisionId": "1"}
    assert [each.rule.id for each in lint(policies_in(answer, "answer"))] == ["TP108"]
