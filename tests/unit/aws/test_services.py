"""What services other than DynamoDB answer at the endpoint, to unmodified clients over real sockets."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.aws.conftest import MakeClient, trust

NOBODY = trust("arn:aws:iam::000000000000:root")
ALLOW = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}'


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500
    code: str = caught.value.response["Error"]["Code"]
    return code


@pytest.mark.parametrize(
    ("service", "call", "arguments", "code"),
    [
        ("iam", "list_users", {}, "InvalidAction"),
        ("sts", "get_session_token", {}, "InvalidAction"),
        ("kms", "encrypt", {"KeyId": "a", "Plaintext": b"x"}, "UnknownOperationException"),
        ("cloudwatch", "list_metrics", {}, "UnknownOperationException"),
        ("ec2", "describe_vpcs", {}, "InvalidAction"),
        ("s3", "list_buckets", {}, "InvalidAction"),
        ("events", "list_rules", {}, "UnknownOperationException"),
        ("lambda", "list_functions", {}, "400"),
    ],
)
def test_what_nobody_answers_is_refused_and_never_a_failure(
    make_client: MakeClient, service: str, call: str, arguments: dict[str, Any], code: str
) -> None:
    """A failure of the server would be tried again for minutes."""
    assert code_of(lambda: getattr(make_client(service), call)(**arguments)) == code


def test_a_wrong_secret_is_told_in_the_words_of_the_service(make_client: MakeClient) -> None:
    wrong = {"AccessKeyId": "000011112222", "SecretAccessKey": "wrong", "SessionToken": None}
    assert code_of(make_client("sts", wrong).get_caller_identity) == "InvalidClientTokenId"
    assert code_of(make_client("ssm", wrong).describe_parameters) == "UnrecognizedClientException"


def test_a_role_has_a_life(make_client: MakeClient) -> None:
    iam = make_client("iam")
    made = iam.create_role(
        RoleName="worker", Path="/app/", AssumeRolePolicyDocument=NOBODY, Tags=[{"Key": "a", "Value": "b & <c>"}]
    )["Role"]
    assert made["Arn"] == "arn:aws:iam::000000000000:role/app/worker"
    seen = iam.get_role(RoleName="worker")["Role"]
    assert (seen["RoleId"], seen["Tags"]) == (made["RoleId"], [{"Key": "a", "Value": "b & <c>"}])
    assert seen["AssumeRolePolicyDocument"] == json.loads(NOBODY)
    again = {"RoleName": "Worker", "AssumeRolePolicyDocument": NOBODY}
    assert code_of(lambda: iam.create_role(**again)) == "EntityAlreadyExists"
    iam.put_role_policy(RoleName="worker", PolicyName="queue", PolicyDocument=ALLOW)
    assert iam.get_role_policy(RoleName="worker", PolicyName="queue")["PolicyDocument"] == json.loads(ALLOW)
    assert code_of(lambda: iam.delete_role(RoleName="worker")) == "DeleteConflict"
    iam.delete_role_policy(RoleName="worker", PolicyName="queue")
    iam.delete_role(RoleName="worker")
    assert code_of(lambda: iam.get_role(RoleName="worker")) == "NoSuchEntity"


def test_a_policy_has_versions_and_is_kept_while_it_is_attached(make_client: MakeClient) -> None:
    iam = make_client("iam")
    iam.create_role(RoleName="holder", AssumeRolePolicyDocument=NOBODY)
    arn = iam.create_policy(PolicyName="queues", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="holder", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW, SetAsDefault=True)
    one_more = {"PolicyArn": arn, "PolicyDocument": ALLOW}
    assert code_of(lambda: iam.create_policy_version(**one_more)) == "LimitExceeded"
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [each["VersionId"] for each in versions if each["IsDefaultVersion"]] == ["v5"]
    assert code_of(lambda: iam.delete_policy(PolicyArn=arn)) == "DeleteConflict"
    iam.detach_role_policy(RoleName="holder", PolicyArn=arn)
    for version in ("v1", "v2", "v3", "v4"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.delete_policy(PolicyArn=arn)


@pytest.mark.parametrize("document", ["{", '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}'])
def test_a_document_that_is_no_policy_is_refused(make_client: MakeClient, document: str) -> None:
    iam = make_client("iam")
    policy = {"PolicyName": "broken", "PolicyDocument": document}
    assert code_of(lambda: iam.create_policy(**policy)) == "MalformedPolicyDocument"
    role = {"RoleName": "broken", "AssumeRolePolicyDocument": document}
    assert code_of(lambda: iam.create_role(**role)) == "MalformedPolicyDocument"


def test_lists_come_in_pages(make_client: MakeClient) -> None:
    iam = make_client("iam")
    for number in range(7):
        iam.create_role(RoleName=f"paged-{number}", Path="/paged/", AssumeRolePolicyDocument=NOBODY)
    pages = iam.get_paginator("list_roles").paginate(PathPrefix="/paged/", PaginationConfig={"PageSize": 3})
    sizes = [len(page["Roles"]) for page in pages]
    assert sizes == [3, 3, 1]


def test_the_key_that_aws_manages_is_the_one_that_tables_name(make_client: MakeClient) -> None:
    """Terraform compares the two to see whether a table has a key of its own."""
    key = make_client("kms").describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]
    table = make_client("dynamodb").create_table(
        TableName="encrypted",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        SSESpecification={"Enabled": True},
    )["TableDescription"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == key["Arn"]
    assert key["KeyManager"] == "AWS"
    assert make_client("kms").describe_key(KeyId=key["Arn"])["KeyMetadata"]["KeyId"] == key["KeyId"]


def test_a_key_is_found_by_its_alias_until_it_is_deleted(make_client: MakeClient) -> None:
    kms = make_client("kms")
    key = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
    kms.create_alias(AliasName="alias/orders", TargetKeyId=key["KeyId"])
    assert kms.describe_key(KeyId="alias/orders")["KeyMetadata"]["Arn"] == key["Arn"]
    kms.enable_key_rotation(KeyId=key["KeyId"])
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert code_of(lambda: kms.enable_key(KeyId=key["KeyId"])) == "KMSInvalidStateException"
    assert (
        code_of(lambda: make_client("kms", region="eu-west-1").describe_key(KeyId=key["KeyId"])) == "NotFoundException"
    )


def test_a_parameter_has_versions_and_secrets_are_shown_to_whom_asks(make_client: MakeClient) -> None:
    ssm = make_client("ssm")
    ssm.put_parameter(Name="/db/password", Value="first", Type="SecureString")
    again = {"Name": "/db/password", "Value": "x", "Type": "SecureString"}
    assert code_of(lambda: ssm.put_parameter(**again)) == "ParameterAlreadyExists"
    assert ssm.put_parameter(Name="/db/password", Value="second", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name="/db/password")["Parameter"]["Value"] != "second"
    shown = ssm.get_parameter(Name="/db/password:1", WithDecryption=True)["Parameter"]
    assert (shown["Value"], shown["Type"]) == ("first", "SecureString")


def test_parameters_are_read_by_path(make_client: MakeClient) -> None:
    ssm = make_client("ssm")
    for name in ("/tree/a", "/tree/b", "/tree/c/d", "/trees"):
        ssm.put_parameter(Name=name, Value=name, Type="String")
    names = [each["Name"] for each in ssm.get_parameters_by_path(Path="/tree")["Parameters"]]
    assert names == ["/tree/a", "/tree/b"]
    pages = ssm.get_paginator("get_parameters_by_path").paginate(
        Path="/tree/", Recursive=True, PaginationConfig={"PageSize": 2}
    )
    assert [each["Name"] for page in pages for each in page["Parameters"]] == ["/tree/a", "/tree/b", "/tree/c/d"]
    found = ssm.get_parameters(Names=["/tree/a", "/absent"])
    assert found["InvalidParameters"] == ["/absent"]


def test_a_queue_keeps_its_attributes(make_client: MakeClient) -> None:
    sqs = make_client("sqs")
    dead = sqs.create_queue(QueueName="events-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    url = sqs.create_queue(QueueName="events", Attributes={"RedrivePolicy": redrive}, tags={"a": "b"})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["VisibilityTimeout"], attributes["RedrivePolicy"]) == ("60", redrive)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="events")


@pytest.mark.parametrize(
    "attributes",
    [
        {"VisibilityTimeout": "43201"},
        {"RedrivePolicy": "[]"},
        {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:absent", "maxReceiveCount": 1}'},
        {"Colour": "red"},
    ],
)
def test_an_attribute_that_cannot_be_changes_nothing(make_client: MakeClient, attributes: dict[str, str]) -> None:
    sqs = make_client("sqs")
    asked = {"QueueName": "never", "Attributes": attributes}
    assert code_of(lambda: sqs.create_queue(**asked)).startswith("InvalidAttribute")
    assert "never" not in json.dumps(sqs.list_queues(QueueNamePrefix="never"))


def test_scaling_is_kept_for_a_target(make_client: MakeClient) -> None:
    scaling = make_client("application-autoscaling")
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/orders",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    policy = {
        "PolicyName": "reads",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        },
    }
    assert code_of(lambda: scaling.put_scaling_policy(**target, **policy)) == "ObjectNotFoundException"
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=10)
    scaling.put_scaling_policy(**target, **policy)
    kept = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert [each["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for each in kept] == [70.0]
    scaling.deregister_scalable_target(**target)
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []


def test_an_alarm_is_kept(make_client: MakeClient) -> None:
    """This client speaks CBOR; Terraform's speaks queries."""
    cloudwatch = make_client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="throttled",
        Namespace="AWS/DynamoDB",
        MetricName="ThrottledRequests",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=5,
        Threshold=10.5,
        ComparisonOperator="GreaterThanThreshold",
        Dimensions=[{"Name": "TableName", "Value": "orders"}],
        Tags=[{"Key": "a", "Value": "b"}],
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["throttled"])["MetricAlarms"]
    assert (alarm["Threshold"], alarm["Period"], alarm["StateValue"]) == (10.5, 60, "INSUFFICIENT_DATA")
    assert alarm["AlarmConfigurationUpdatedTimestamp"].year >= 2024
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    cloudwatch.delete_alarms(AlarmNames=["throttled"])
    assert cloudwatch.describe_alarms(AlarmNames=["throttled"])["MetricAlarms"] == []


def test_of_many_who_create_the_same_one_does(make_client: MakeClient) -> None:
    iam = make_client("iam")

    def create(_number: int) -> str:
        try:
            iam.create_role(RoleName="contested", AssumeRolePolicyDocument=NOBODY)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "created"

    with ThreadPoolExecutor(8) as threads:
        outcomes = sorted(threads.map(create, range(16)))
    assert outcomes == ["EntityAlreadyExists"] * 15 + ["created"]


def test_a_replica_answers_in_its_region(make_client: MakeClient) -> None:
    """The table and its items are the same; tags and recovery are the region's own."""
    home, there = make_client("dynamodb"), make_client("dynamodb", region="eu-west-1")
    home.create_table(
        TableName="global",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    assert code_of(lambda: there.describe_table(TableName="global")) == "ResourceNotFoundException"
    home.update_table(TableName="global", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    table = there.describe_table(TableName="global")["Table"]
    assert table["TableArn"] == "arn:aws:dynamodb:eu-west-1:000000000000:table/global"
    assert [each["RegionName"] for each in table["Replicas"]] == ["us-east-1"]
    there.tag_resource(ResourceArn=table["TableArn"], Tags=[{"Key": "a", "Value": "b"}])
    assert there.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    assert home.list_tags_of_resource(ResourceArn=table["TableArn"].replace("eu-west-1", "us-east-1"))["Tags"] == []
    recovery = {"PointInTimeRecoveryEnabled": True}
    there.update_continuous_backups(TableName="global", PointInTimeRecoverySpecification=recovery)
    described = [
        each.describe_continuous_backups(TableName="global")["ContinuousBackupsDescription"] for each in (there, home)
    ]
    states = [each["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] for each in described]
    assert states == ["ENABLED", "DISABLED"]
    there.put_item(TableName="global", Item={"pk": {"S": "a"}})
    assert home.get_item(TableName="global", Key={"pk": {"S": "a"}})["Item"] == {"pk": {"S": "a"}}
    assert (
        there.query(TableName="global", KeyConditionExpression="pk = :a", ExpressionAttributeValues={":a": {"S": "a"}})[
            "Count"
        ]
        == 1
    )
    home.update_table(TableName="global", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}])
    assert code_of(lambda: there.describe_table(TableName="global")) == "ResourceNotFoundException"
