"""
Queues, keys, buckets and event buses in CloudFormation's words.

Parameters in the Parameter Store are not among them: they are made by who has values for them.
"""

from typing import Any

from tenantable.declare.naming import Naming
from tenantable.declare.resources import Bucket, EncryptionKey, EventBus, Queue, Resource
from tenantable.infra.buckets import LIFECYCLE_RULE, UNCHECKED, UPLOAD_DAYS, tls_only
from tenantable.infra.cloudformation.placeholders import pascal_case
from tenantable.infra.cloudformation.tables import RETAINED

Properties = dict[str, Any]

_TYPES = {Queue: "Queue", EncryptionKey: "Key", Bucket: "Bucket", EventBus: "Bus"}


def logical_id(resource: Resource) -> str:
    """The name of a resource within the template: `webhook-deliveries` is `WebhookDeliveriesQueue`."""
    return pascal_case(resource.name) + _TYPES.get(type(resource), "")


def resource_resources(resource: Resource, naming: Naming) -> dict[str, Properties]:
    """What a declared resource becomes, by logical id; nothing for what a stack does not make."""
    name = logical_id(resource)
    made = {Queue: _queue, EncryptionKey: _key, Bucket: _bucket, EventBus: _bus}.get(type(resource))
    return {} if made is None else made(resource, name, naming.resource_name(resource.name))


def reference(resource: Resource, naming: Naming) -> Any:
    """The physical name of a resource, as components are told it."""
    if isinstance(resource, Queue):
        return {"Fn::GetAtt": [logical_id(resource), "QueueName"]}
    if isinstance(resource, EncryptionKey):
        return {"Ref": f"{logical_id(resource)}Alias"}
    if isinstance(resource, Bucket | EventBus):
        return {"Ref": logical_id(resource)}
    return naming.resource_name(resource.name)


def _queue(queue: Any, name: str, physical: str) -> dict[str, Properties]:
    properties: Properties = {
        "QueueName": physical,
        "VisibilityTimeout": queue.visibility_seconds,
        "MessageRetentionPeriod": queue.retention_seconds,
        "SqsManagedSseEnabled": True,
    }
    if queue.dead_letters is not None:
        properties["RedrivePolicy"] = {
            "deadLetterTargetArn": {"Fn::GetAtt": [logical_id(queue.dead_letters), "Arn"]},
            "maxReceiveCount": queue.receives_max,
        }
    return {name: {"Type": "AWS::SQS::Queue", **RETAINED, "Properties": properties}}


def _key(key: Any, name: str, physical: str) -> dict[str, Properties]:
    root = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            # The account decides by its own policies who uses the key.
            {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
        ],
    }
    described = {"Description": key.description} if key.description else {}
    properties = {**described, "EnableKeyRotation": True, "KeyPolicy": policy}
    return {
        name: {"Type": "AWS::KMS::Key", **RETAINED, "Properties": properties},
        f"{name}Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": f"alias/{physical}", "TargetKeyId": {"Ref": name}},
        },
    }


def _bucket(_bucket: Any, name: str, physical: str) -> dict[str, Properties]:
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    encryption = [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}]
    unfinished = {
        "Id": LIFECYCLE_RULE,
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS},
    }
    properties = {
        "BucketName": physical,
        "BucketEncryption": {"ServerSideEncryptionConfiguration": encryption},
        "LifecycleConfiguration": {"Rules": [unfinished]},
        "PublicAccessBlockConfiguration": dict.fromkeys(blocked, True),
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    unchecked = [{"id": rule, "comment": reason} for rule, reason in UNCHECKED.items()]
    arn = {"Fn::GetAtt": [name, "Arn"]}
    policy = tls_only([arn, {"Fn::Join": ["", [arn, "/*"]]}])
    return {
        name: {
            "Type": "AWS::S3::Bucket",
            **RETAINED,
            "Metadata": {"checkov": {"skip": unchecked}},
            "Properties": properties,
        },
        # It stays with the bucket, which would take plain HTTP without it.
        f"{name}Policy": {
            "Type": "AWS::S3::BucketPolicy",
            **RETAINED,
            "Properties": {"Bucket": {"Ref": name}, "PolicyDocument": policy},
        },
    }


def _bus(bus: Any, name: str, physical: str) -> dict[str, Properties]:
    described = {"Description": bus.description} if bus.description else {}
    return {name: {"Type": "AWS::Events::EventBus", "Properties": {"Name": physical, **described}}}
