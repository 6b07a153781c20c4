"""What other services were told, after the endpoint was killed; and their permissions under `tenantable up`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, '
    '"Action": "sts:AssumeRole"}]}'
)


def client(server: "DynamoProcess", service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=server.address,
        region_name="us-east-1",
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )


def test_what_was_answered_survives_a_kill(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    """With two workers, which see each other's changes at once."""
    with start_dynamo(tmp_path, "--workers", "2") as server:
        iam = client(server, "iam")
        for number in range(20):
            iam.create_role(RoleName=f"role-{number:02}", AssumeRolePolicyDocument=TRUST)
            assert client(server, "iam").get_role(RoleName=f"role-{number:02}")
        client(server, "ssm").put_parameter(Name="/app/table", Value="orders", Type="String")
        key = client(server, "kms").create_key()["KeyMetadata"]["KeyId"]
        server.kill()
    with start_dynamo(tmp_path) as server:
        roles = client(server, "iam").list_roles()["Roles"]
        assert [role["RoleName"] for role in roles] == [f"role-{number:02}" for number in range(20)]
        assert client(server, "ssm").get_parameter(Name="/app/table")["Parameter"]["Value"] == "orders"
        assert client(server, "kms").describe_key(KeyId=key)["KeyMetadata"]["Enabled"]


@pytest.mark.parametrize("option", ["--open", "--memory"])
def test_services_are_there_whatever_the_endpoint_keeps(
    start_dynamo: "StartDynamo", tmp_path: Path, option: str
) -> None:
    with start_dynamo(tmp_path, option) as server:
        assert client(server, "sts").get_caller_identity()["Account"] == "000000000000"
        client(server, "ssm").put_parameter(Name="name", Value="v", Type="String")
        assert client(server, "ssm").get_parameter(Name="name")["Parameter"]["Value"] == "v"
