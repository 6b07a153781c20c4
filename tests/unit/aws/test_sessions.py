"""Roles that were created at the endpoint, assumed as code that vends tenant tokens does, and enforced at once."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.aws.conftest import Account, MakeClient, served_account, trust

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
ROOT = "arn:aws:iam::000000000000:root"


def policy(actions: Any, resource: str = TABLE, **condition: Any) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    if condition:
        statement["Condition"] = condition["condition"]
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def leading_keys(*patterns: str) -> dict[str, Any]:
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}


@pytest.fixture(scope="module")
def orders(make_client: MakeClient) -> Any:
    """The administrator's client, and a table with an item of each of two tenants."""
    client = make_client("dynamodb")
    client.create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    for tenant in ("acme", "globex"):
        client.put_item(TableName="orders", Item={"pk": {"S": f"TENANT#{tenant}"}, "total": {"N": "7"}})
    return client


@pytest.fixture(scope="module")
def role(make_client: MakeClient, orders: Any) -> str:
    """A role that reads and writes orders."""
    iam = make_client("iam")
    arn: str = iam.create_role(RoleName="orders", AssumeRolePolicyDocument=trust(ROOT))["Role"]["Arn"]
    iam.put_role_policy(
        RoleName="orders", PolicyName="orders", PolicyDocument=policy(["dynamodb:GetItem", "dynamodb:PutItem"])
    )
    return arn


def assume(make_client: MakeClient, role_arn: str, **arguments: Any) -> Any:
    return make_client("sts").assume_role(RoleArn=role_arn, RoleSessionName="vended", **arguments)


def get(client: Any, tenant: str) -> Any:
    return client.get_item(TableName="orders", Key={"pk": {"S": f"TENANT#{tenant}"}})


def code_of(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_a_session_may_do_what_its_role_may(make_client: MakeClient, role: str) -> None:
    client = make_client("dynamodb", assume(make_client, role)["Credentials"])
    assert get(client, "acme")["Item"]["total"] == {"N": "7"}
    assert code_of(lambda: client.scan(TableName="orders")) == "AccessDeniedException"


def test_a_session_policy_holds_a_session_to_one_tenant(make_client: MakeClient, role: str) -> None:
    """The vended token of a tenant reaches the tenant's keys, and of what the role may do no more than it says."""
    scoped = policy("dynamodb:GetItem", condition=leading_keys("TENANT#acme"))
    client = make_client("dynamodb", assume(make_client, role, Policy=scoped)["Credentials"])
    assert get(client, "acme")["Item"]["total"] == {"N": "7"}
    with pytest.raises(ClientError, match="no session policy allows the dynamodb:GetItem action"):
        get(client, "globex")
    item = {"pk": {"S": "TENANT#acme"}}
    assert code_of(lambda: client.put_item(TableName="orders", Item=item)) == "AccessDeniedException"


def test_a_session_tag_holds_a_session_to_one_tenant(make_client: MakeClient, orders: Any) -> None:
    """The role's own policy asks for `aws:PrincipalTag/tenant`, and the session brings it."""
    iam = make_client("iam")
    arn = iam.create_role(RoleName="tagged", AssumeRolePolicyDocument=trust(ROOT))["Role"]["Arn"]
    document = policy("dynamodb:GetItem", condition=leading_keys("TENANT#${aws:PrincipalTag/tenant}"))
    iam.put_role_policy(RoleName="tagged", PolicyName="own-keys", PolicyDocument=document)
    tags = [{"Key": "tenant", "Value": "globex"}]
    client = make_client("dynamodb", assume(make_client, arn, Tags=tags)["Credentials"])
    assert get(client, "globex")["Item"]["total"] == {"N": "7"}
    assert code_of(lambda: get(client, "acme")) == "AccessDeniedException"
    untagged = make_client("dynamodb", assume(make_client, arn)["Credentials"])
    assert code_of(lambda: get(untagged, "globex")) == "AccessDeniedException"


def test_managed_policies_of_a_session_limit_it_too(make_client: MakeClient, role: str) -> None:
    scoped = policy("dynamodb:GetItem", condition=leading_keys("TENANT#acme"))
    made = make_client("iam").create_policy(PolicyName="acme-only", PolicyDocument=scoped)["Policy"]["Arn"]
    client = make_client("dynamodb", assume(make_client, role, PolicyArns=[{"arn": made}])["Credentials"])
    assert get(client, "acme")["Item"]
    assert code_of(lambda: get(client, "globex")) == "AccessDeniedException"
    missing = [{"arn": "arn:aws:iam::000000000000:policy/nothing"}]
    assert code_of(lambda: assume(make_client, role, PolicyArns=missing)) == "ValidationError"


def test_a_changed_role_counts_for_sessions_that_it_has(make_client: MakeClient, orders: Any) -> None:
    """As on AWS: what a role loses, its sessions lose, and what it gains they gain."""
    iam = make_client("iam")
    arn = iam.create_role(RoleName="changing", AssumeRolePolicyDocument=trust(ROOT))["Role"]["Arn"]
    client = make_client("dynamodb", assume(make_client, arn)["Credentials"])
    assert code_of(lambda: get(client, "acme")) == "AccessDeniedException"
    made = iam.create_policy(PolicyName="changing", PolicyDocument=policy("dynamodb:GetItem"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="changing", PolicyArn=made)
    assert get(client, "acme")["Item"]
    iam.create_policy_version(PolicyArn=made, PolicyDocument=policy("dynamodb:PutItem"), SetAsDefault=True)
    assert code_of(lambda: get(client, "acme")) == "AccessDeniedException"
    iam.attach_role_policy(RoleName="changing", PolicyArn="arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess")
    assert get(client, "acme")["Item"]
    iam.put_role_permissions_boundary(RoleName="changing", PermissionsBoundary=made)
    with pytest.raises(ClientError, match="no permissions boundary allows"):
        get(client, "acme")
    iam.delete_role_permissions_boundary(RoleName="changing")
    for each in (made, "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"):
        iam.detach_role_policy(RoleName="changing", PolicyArn=each)
    iam.delete_role(RoleName="changing")
    assert code_of(lambda: get(client, "acme")) == "AccessDeniedException"


def test_a_session_is_told_who_it_is(make_client: MakeClient, role: str) -> None:
    issued = assume(make_client, role)
    seen = make_client("sts", issued["Credentials"]).get_caller_identity()
    assert seen["Arn"] == issued["AssumedRoleUser"]["Arn"] == "arn:aws:sts::000000000000:assumed-role/orders/vended"
    assert seen["UserId"] == issued["AssumedRoleUser"]["AssumedRoleId"]
    assert seen["Account"] == "000000000000"
    assert make_client("sts").get_caller_identity()["Arn"] == ROOT


def test_only_whom_a_role_trusts_may_assume_it(make_client: MakeClient, role: str) -> None:
    iam = make_client("iam")
    trusting = iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=trust(role))["Role"]["Arn"]
    strict = iam.create_role(RoleName="strict", AssumeRolePolicyDocument=trust(trusting))["Role"]["Arn"]
    session = make_client("sts", assume(make_client, role)["Credentials"])
    assert session.assume_role(RoleArn=trusting, RoleSessionName="chained")["Credentials"]
    assert code_of(lambda: session.assume_role(RoleArn=strict, RoleSessionName="chained")) == "AccessDenied"


def test_a_session_may_do_at_other_services_what_its_role_may(make_client: MakeClient, role: str) -> None:
    """Each action is asked for by its own name and the ARN of what it is done to."""
    iam = make_client("iam")
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust(ROOT))["Role"]["Arn"]
    document = policy("ssm:GetParameter", "arn:aws:ssm:us-east-1:000000000000:parameter/app/*")
    iam.put_role_policy(RoleName="reader", PolicyName="parameters", PolicyDocument=document)
    ssm = make_client("ssm")
    for name in ("/app/name", "/other/name"):
        ssm.put_parameter(Name=name, Value="v", Type="String")
    credentials = assume(make_client, arn)["Credentials"]
    session = make_client("ssm", credentials)
    assert session.get_parameter(Name="/app/name")["Parameter"]["Value"] == "v"
    assert code_of(lambda: session.get_parameter(Name="/other/name")) == "AccessDeniedException"
    assert code_of(lambda: session.delete_parameter(Name="/app/name")) == "AccessDeniedException"
    with pytest.raises(ClientError, match=r"iam:CreateRole on resource: arn:aws:iam::000000000000:role/more because"):
        make_client("iam", credentials).create_role(RoleName="more", AssumeRolePolicyDocument=trust(ROOT))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"DurationSeconds": 7200}, "ValidationError"),
        ({"Policy": "{"}, "MalformedPolicyDocument"),
        ({"Tags": [{"Key": "a", "Value": "b"}, {"Key": "A", "Value": "c"}]}, "InvalidParameterValue"),
        ({"RoleSessionName": "a b"}, "ValidationError"),
        ({"RoleArn": "arn:aws:iam::000000000000:role/absent"}, "AccessDenied"),
    ],
)
def test_what_sts_refuses(make_client: MakeClient, role: str, arguments: dict[str, Any], code: str) -> None:
    asked = {"RoleArn": role, "RoleSessionName": "vended"} | arguments
    assert code_of(lambda: make_client("sts").assume_role(**asked)) == code


def test_a_token_that_was_altered_is_refused(make_client: MakeClient, role: str) -> None:
    credentials = assume(make_client, role)["Credentials"]
    token = credentials["SessionToken"]
    altered = credentials | {"SessionToken": token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]}
    assert code_of(lambda: get(make_client("dynamodb", altered), "acme")) == "UnrecognizedClientException"
    assert code_of(lambda: make_client("sts", altered).get_caller_identity()) == "InvalidClientTokenId"


def test_a_session_of_another_account_works_in_that_account(make_client: MakeClient) -> None:
    other = "111122223333"
    admin = make_client("dynamodb", profile=other)
    admin.create_table(
        TableName="theirs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    iam = make_client("iam", profile=other)
    arn = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{other}:root"))["Role"][
        "Arn"
    ]
    document = policy("dynamodb:DescribeTable", f"arn:aws:dynamodb:us-east-1:{other}:table/theirs")
    iam.put_role_policy(RoleName="theirs", PolicyName="theirs", PolicyDocument=document)
    issued = make_client("sts", profile=other).assume_role(RoleArn=arn, RoleSessionName="vended")
    table = make_client("dynamodb", issued["Credentials"]).describe_table(TableName="theirs")["Table"]
    assert table["TableArn"] == f"arn:aws:dynamodb:us-east-1:{other}:table/theirs"
    assert code_of(lambda: make_client("iam").get_role(RoleName="theirs")) == "NoSuchEntity"


def test_sessions_and_roles_outlive_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()

    def begin(account: Account) -> Any:
        account.client("dynamodb").create_table(
            TableName="orders",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        iam = account.client("iam")
        arn = iam.create_role(RoleName="kept", AssumeRolePolicyDocument=trust(ROOT))["Role"]["Arn"]
        iam.put_role_policy(RoleName="kept", PolicyName="p", PolicyDocument=policy("dynamodb:DescribeTable"))
        return account.client("sts").assume_role(RoleArn=arn, RoleSessionName="vended")["Credentials"]

    with served_account(data, data=data) as account:
        credentials = begin(account)
    with served_account(data, data=data) as account:
        client = account.client("dynamodb", credentials)
        assert client.describe_table(TableName="orders")["Table"]["TableStatus"] == "ACTIVE"
        assert code_of(lambda: client.scan(TableName="orders")) == "AccessDeniedException"
