"""The command `up`, as a newcomer meets it: real processes, sockets and files."""

import re
import shutil
import socket
import subprocess
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from tests.conftest import PATIENCE_SECONDS
from tests.directories import opened_database
from tests.system.conftest import Start, Up, found

from tenantable.engine.storage.files import lock_directory

pytestmark = pytest.mark.slow


def delivered(client: httpx.Client, event_id: str, *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        event: dict[str, Any] = client.get(f"/v1/events/{event_id}").raise_for_status().json()
        if event["status"] == "delivered":
            return event
        pause.wait(0.05)
    pytest.fail(f"not delivered: {event}")


def test_the_demonstration_shows_a_verified_event_and_a_restart_finds_it(start: Start) -> None:
    """Requirement: W-08, W-09, X-01."""
    first = start("--demo")
    for step in ("tenant created", "event accepted", "event signed", "event delivered", "signature verified"):
        assert f"✓  {step}" in first.shown
    event_id = found(r"(evt_\w+), stored", first.shown)
    assert first.stop() == 0
    second = start("--demo")
    assert "✓  tenant found" in second.shown
    with second.tenant() as client:
        assert delivered(client, event_id)["attempts"][0]["outcome"] == "delivered"
    assert second.stop() == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_printed_requests_work(start: Start, tmp_path: Path) -> None:
    up = start("--demo")
    requests = re.findall(r"^  (curl -s .*)$", up.shown, re.MULTILINE)
    assert len(requests) == 6
    for request in requests:
        checked = request.replace("curl -s", "curl -s --fail-with-body", 1)
        run = subprocess.run(["bash", "-c", checked], check=False, capture_output=True, cwd=tmp_path)
        assert run.returncode == 0, run.stdout


@pytest.mark.long
@pytest.mark.timeout(300)
def test_events_accepted_before_a_kill_are_delivered_after_it(start: Start) -> None:
    """An attempt that was under way is repeated when its claim of a minute is over. Requirement: W-09."""
    first = start("--demo")
    with first.tenant() as client:
        accepted = [
            client.post("/v1/events", json={"type": "order.created", "data": {"number": number}}).json()["id"]
            for number in range(40)
        ]
    first.process.kill()
    first.process.wait()
    second = start("--demo")
    with second.tenant() as client:
        for event_id in accepted:
            assert delivered(client, event_id, seconds=60 + PATIENCE_SECONDS)["attempts"]


@pytest.mark.parametrize(
    ("profile", "table", "allowed"),
    [
        ("webhooks-authorizer", "TenantWebhookConfig", False),
        ("webhooks-worker", "TenantIdentity", False),
        ("webhooks-worker", "TenantWebhookConfig", True),
        ("webhooks-receiver", "TenantIdentity", False),
        ("webhooks-receiver", "TenantWebhookConfig", True),
        ("webhooks-dlq-processor", "TenantWebhookConfig", False),
        ("webhooks-api", "TenantIdentity", True),
    ],
)
def test_a_component_reaches_over_http_what_it_was_granted_and_no_more(
    up: Up, profile: str, table: str, allowed: bool
) -> None:
    """Requirement: W-03 to W-07."""
    key_name = {"TenantIdentity": "apiKey", "TenantWebhookConfig": "tenantId"}[table]
    request = {"TableName": table, "Key": {key_name: {"S": "tnt_nobody"}}}
    client = up.as_profile(profile)
    if allowed:
        assert "Item" not in client.get_item(**request)
        return
    with pytest.raises(ClientError, match=f"{profile} is not authorized to perform: dynamodb:GetItem") as refused:
        client.get_item(**request)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_the_authorizer_sees_its_four_attributes_and_no_others_over_http(up: Up) -> None:
    """Requirement: W-03."""
    client = up.as_profile("webhooks-authorizer")
    request = {"TableName": "TenantIdentity", "Key": {"apiKey": {"S": "nobody"}}}
    names = {"#status": "status", "#plan": "plan"}
    granted = "tenantId, #status, #plan, createdAt"
    client.get_item(**request, ProjectionExpression=granted, ExpressionAttributeNames=names)
    for projection in ({}, {"ProjectionExpression": "webhookSecret"}, {"ProjectionExpression": "tenantId, targetUrl"}):
        with pytest.raises(ClientError, match="not authorized to perform: dynamodb:GetItem"):
            client.get_item(**request, **projection)


def refusal(start: Start, *arguments: str, **environment: str) -> str:
    """What is said by a start that cannot succeed: one sentence, and the exit code is not zero."""
    up = start(*arguments, **environment)
    assert up.process.wait(PATIENCE_SECONDS) == 1
    said = [line for line in up.lines if line.startswith("tenantable: ")]
    assert len(said) == 1, up.shown
    assert "Traceback" not in up.shown
    return said[0]


def test_operators_see_every_component_in_metrics_and_log(start: Start) -> None:
    up = start("--demo", TENANTABLE_METRICS_PORT="0", TENANTABLE_LOG_REQUESTS="true", TENANTABLE_LOG_LEVEL="info")
    text = httpx.get(found(r"Metrics +(http://[\d.:]+/metrics)", up.shown), timeout=PATIENCE_SECONDS).text
    assert re.search(r'operations_total\{code="success",operation="PutItem"\} [1-9]', text)
    assert re.search(r'tenantable_dynamodb_items\{.*table="TenantIdentity"\} 1.0', text)
    assert up.stop() == 0


def test_a_busy_port_is_named(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"Port {port} of 127.0.0.1 is in use" in refusal(start, "--port", port)


def test_a_data_folder_that_a_tool_has_for_itself_is_named(start: Start, tmp_path: Path) -> None:
    with closing(lock_directory(tmp_path / "data", exclusive=True)):
        assert "is in use" in refusal(start)


def test_a_newer_data_folder_is_named(start: Start) -> None:
    first = start()
    first.stop()
    with opened_database(first.data) as database:
        database.execute("PRAGMA user_version = 9999")
    assert "has format 9999" in refusal(start)


def test_a_data_folder_that_cannot_be_written_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, no folder")
    assert "is not a folder" in refusal(start)


def test_a_wrong_setting_is_named_with_its_value_and_its_place(start: Start) -> None:
    assert "TENANTABLE_ACCOUNT_ID '12'" in refusal(start, TENANTABLE_ACCOUNT_ID="12")


def test_a_misspelt_setting_is_named_with_the_right_one(start: Start) -> None:
    assert "did you mean TENANTABLE_PORT?" in refusal(start, TENANTABLE_PROT="8181")


def test_a_broken_settings_file_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "tenantable.toml").write_text("port = [")
    assert "tenantable.toml is not valid TOML" in refusal(start)


def test_an_unknown_name_in_the_file_is_told_without_its_value(start: Start, tmp_path: Path) -> None:
    (tmp_path / "tenantable.toml").write_text('operator_tokn = "secret"')
    said = refusal(start)
    assert "There is no setting operator_tokn in tenantable.toml" in said
    assert "secret" not in said


def test_a_declared_role_is_assumed_by_its_component_and_the_administrator(up: Up) -> None:
    """With less than the component may do, and by nobody else; roles can be created and assumed beside them."""
    role = "arn:aws:iam::000000000000:role/webhooks-worker"
    nothing = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
    for profile in ("webhooks-worker", "default"):
        sts = up.as_profile(profile, "sts")
        for policy, allowed in ((None, True), (nothing, False)):
            scoped = {} if policy is None else {"Policy": policy}
            issued = sts.assume_role(RoleArn=role, RoleSessionName="less", **scoped)["Credentials"]
            client = boto3.client(
                "dynamodb",
                endpoint_url=up.dynamodb,
                region_name="us-east-1",
                aws_access_key_id=issued["AccessKeyId"],
                aws_secret_access_key=issued["SecretAccessKey"],
                aws_session_token=issued["SessionToken"],
            )
            request: Any = {"TableName": "TenantWebhookConfig", "Key": {"tenantId": {"S": "tnt_nobody"}}}
            if allowed:
                assert "Item" not in client.get_item(**request)
            else:
                with pytest.raises(ClientError, match="explicit deny in a session policy"):
                    client.get_item(**request)
    with pytest.raises(ClientError, match="AccessDenied"):
        up.as_profile("webhooks-api", "sts").assume_role(RoleArn=role, RoleSessionName="more")
    with pytest.raises(ClientError, match="iam:ListRoles"):
        up.as_profile("webhooks-api", "iam").list_roles()


def test_the_same_journey_runs_on_amazons_services(start: Start, amazon: dict[str, str]) -> None:
    """Requirement: X-02."""
    up = start("--demo", **amazon)
    assert "✓  signature verified" in up.shown
    with up.tenant() as client:
        rotated = client.post("/v1/tenants/me/secret/rotate", json={}).raise_for_status().json()
        assert rotated["webhookSecret"].startswith("whsec_")
        event_id = client.post("/v1/events", json={"type": "order.created", "data": {}}).json()["id"]
        assert delivered(client, event_id)["attempts"][0]["statusCode"] == 200
    assert not (up.data / "tenantable.db").exists()
    assert up.stop() == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs AWS credentials, and there are none"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
        ({"AWS_ACCESS_KEY_ID": "example"}, "missing: AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_amazon_without_credentials_is_told_how_to_give_them(start: Start, given: dict[str, str], said: str) -> None:
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    nowhere = {"AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none"}
    wanted = {"TENANTABLE_CLOUD": "aws", "TENANTABLE_KMS_KEY_ID": "key", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    sentence = refusal(start, **(nothing | nowhere | wanted | given))
    assert said in sentence
    assert "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role" in sentence


def test_amazon_without_a_key_is_refused(start: Start, amazon: dict[str, str]) -> None:
    del amazon["TENANTABLE_KMS_KEY_ID"]
    assert "TENANTABLE_KMS_KEY_ID" in refusal(start, **amazon)
