"""Access management under `up`, as a newcomer meets it: real processes, sockets and files."""

import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from fastapi import FastAPI
from joserfc.jws import extract_compact
from tests.conftest import PATIENCE_SECONDS, Serving
from tests.system.conftest import Start, Up, found
from tests.waiting import wait_until

from tenantable.services.access.identity.tokens import EmbeddedIssuer, new_key

pytestmark = pytest.mark.slow

NEW = {"organisationId": "acme", "name": "Acme", "owner": {"userId": "ann", "email": "ann@example.com"}}
TABLE = "bbws-access-dev-ddb-access-management"


def as_bearer(up: Up, credential: str) -> httpx.Client:
    return httpx.Client(base_url=up.access, headers={"authorization": f"Bearer {credential}"}, timeout=PATIENCE_SECONDS)


def command(up: Up, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "tenantable.cli", *arguments, "--data", str(up.data)]
    return subprocess.run(line, check=False, capture_output=True, text=True, cwd=up.data.parent)


def command_with(up: Up, issuer: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "tenantable.cli", *arguments, "--data", str(up.data)]
    environment = os.environ | {"TENANTABLE_OIDC_ISSUER": issuer}
    return subprocess.run(line, check=False, capture_output=True, text=True, env=environment)


def test_the_demonstration_shows_an_organisation_and_a_restart_finds_it(start: Start) -> None:
    first = start("--demo")
    for step in ("organisation created", "role created", "invitation accepted", "decision allowed", "decision denied"):
        assert f"✓  {step}" in first.shown
    assert first.shown.count("✓  decision explained") == 2
    assert first.stop() == 0
    second = start("--demo")
    for step in ("organisation found", "role found", "member found", "decision allowed", "decision denied"):
        assert f"✓  {step}" in second.shown
    assert second.stop() == 0


def test_the_administrators_secret_is_shown_at_the_first_start_alone(start: Start) -> None:
    first = start()
    assert first.platform_secret in first.shown
    path = first.data / "access-platform-secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with as_bearer(first, first.platform_secret) as administrator:
        assert administrator.post("/v1/organisations", json=NEW).status_code == 201
    assert first.stop() == 0
    second = start()
    assert second.platform_secret == first.platform_secret
    assert second.platform_secret not in second.shown
    assert str(path) in second.shown


def test_the_console_is_where_it_says_and_a_session_outlives_a_restart(start: Start) -> None:
    first = start()
    address = found(r"Console +(http://[\d.:]+/console/)", first.shown)
    headers = {"sec-fetch-site": "same-origin"}
    with httpx.Client(headers=headers, timeout=PATIENCE_SECONDS) as visitor:
        answer = visitor.post(f"{address}sign-in", data={"credential": first.platform_secret})
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"].partition(";")[0]
        assert "New organisation" in visitor.get(f"{address}organisations").text
        assert visitor.get(f"{address}static/htmx.min.js").status_code == 200
        for near in (address.rstrip("/"), first.access, f"{first.access}/"):
            assert visitor.get(near).headers["location"] == "/console/"
    assert first.stop() == 0
    second = start()
    address = found(r"Console +(http://[\d.:]+/console/)", second.shown)
    with httpx.Client(headers=headers | {"cookie": cookie}, timeout=PATIENCE_SECONDS) as visitor:
        assert "New organisation" in visitor.get(f"{address}organisations").text


def test_a_removed_secret_is_replaced_and_the_old_one_ends(start: Start) -> None:
    first = start()
    old = first.platform_secret
    first.stop()
    (first.data / "access-platform-secret").unlink()
    second = start()
    assert second.platform_secret in second.shown
    with as_bearer(second, old) as administrator:
        assert administrator.post("/v1/organisations", json=NEW).status_code == 401


def test_a_secret_that_is_set_counts_and_is_written_nowhere(start: Start) -> None:
    up = start(TENANTABLE_PLATFORM_SECRET="a-secret-that-is-set")
    assert "a-secret-that-is-set" not in up.shown
    assert not (up.data / "access-platform-secret").exists()
    with as_bearer(up, "a-secret-that-is-set") as administrator:
        assert administrator.post("/v1/organisations", json=NEW).status_code == 201


def test_a_rotated_key_counts_at_once_and_the_former_one_still_does(start: Start) -> None:
    """While `up` runs, and after a restart: the command and the server sign with the same key."""
    up = start()
    with as_bearer(up, up.platform_secret) as administrator:
        administrator.post("/v1/organisations", json=NEW)
        before = command(up, "token", "--user", "ann", "--email", "ann@example.com").stdout.strip()
        rotated = command(up, "access", "rotate-key").stdout
        after = command(up, "token", "--user", "ann").stdout.strip()
        issued = administrator.post("/v1/platform/tokens", json={"userId": "ann"}).json()["token"]
    key_id = found(r"The key (\S+) signs tokens from now on", rotated)
    assert [extract_compact(token.encode()).headers()["kid"] for token in (after, issued)] == [key_id, key_id]
    for running in (up, None):
        if running is None:
            up.stop()
            up = start()
        for token in (before, after, issued):
            with as_bearer(up, token) as ann:
                assert ann.get("/v1/organisations/acme").status_code == 200
        published = httpx.get(f"{up.access}/.well-known/jwks.json", timeout=PATIENCE_SECONDS).json()["keys"]
        assert len({key["kid"] for key in published}) == 2
        assert published[0]["kid"] == key_id


def test_keys_of_another_folder_are_neither_made_nor_rotated(start: Start, tmp_path: Path) -> None:
    up = Up(start().process, tmp_path / "elsewhere")
    refused = command(up, "access", "rotate-key")
    assert refused.returncode == 1
    assert "start `tenantable up` once, or say with --data" in refused.stderr
    assert not up.data.exists()


def test_a_token_of_a_folder_without_keys_is_refused_with_the_way_out(start: Start) -> None:
    up = start()
    up.stop()
    (up.data / "access-signing-keys.json").unlink()
    refused = command(up, "token", "--user", "ann")
    assert refused.returncode == 1
    assert "start `tenantable up` once" in refused.stderr


@pytest.mark.parametrize(
    ("profile", "key", "allowed"),
    [
        ("access-decision-service", "HEAD#acme", True),
        ("access-decision-service", "INVTOKEN#x", False),
        ("access-audit-service", "SERVICEKEY#k1", False),
        ("access-directory-service", "SERVICEKEY#k1", True),
        ("webhooks-api", "HEAD#acme", False),
    ],
)
def test_components_of_both_systems_are_held_to_their_grants(up: Up, profile: str, key: str, allowed: bool) -> None:
    client = up.as_profile(profile)
    request = {"TableName": TABLE, "Key": {"PK": {"S": key}, "SK": {"S": "METADATA"}}}
    if allowed:
        assert "Item" not in client.get_item(**request)
        return
    with pytest.raises(ClientError, match=f"{profile} is not authorized to perform: dynamodb:GetItem"):
        client.get_item(**request)


def test_a_change_of_another_process_counts_soon(start: Start) -> None:
    """
    The stream tells of a head that has moved; without it a snapshot may be two seconds old.

    A busy machine may make some changes late, but not five.
    """
    up = start("--demo")
    with as_bearer(up, up.platform_secret) as administrator:
        question: dict[str, Any] = {
            "subject": {"type": "user", "id": "carl"},
            "action": {"name": "read"},
            "resource": {"type": "billing:invoice", "id": "i-1"},
        }

        def allowed() -> bool:
            answer = administrator.post("/organisations/demo/access/v1/evaluation", json=question)
            return bool(answer.json()["decision"])

        assert allowed()
        table = up.as_profile("default")
        role = {"TableName": TABLE, "Key": {"PK": {"S": "ORG#demo#USER#carl"}, "SK": {"S": "ROLE#clerk"}}}
        held = table.get_item(**role)["Item"]

        def seconds_until(expected: bool) -> float:
            """Give carl the role or take it, and ask until it counts. A snapshot of before is new at the start."""
            if expected:
                table.put_item(TableName=TABLE, Item=held)
            else:
                table.delete_item(**role)
            table.update_item(
                TableName=TABLE,
                Key={"PK": {"S": "HEAD#demo"}, "SK": {"S": "METADATA"}},
                UpdateExpression="ADD revision :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
            began = time.monotonic()
            wait_until(lambda: allowed() is expected)
            return time.monotonic() - began

        assert min(seconds_until(expected) for expected in (False, True, False, True, False)) < 1.5


def test_logs_hold_neither_secrets_nor_tokens(start: Start) -> None:
    up = start(TENANTABLE_LOG_LEVEL="debug", TENANTABLE_PLATFORM_SECRET="s" * 32)
    with as_bearer(up, "s" * 32) as administrator:
        administrator.post("/v1/organisations", json=NEW)
        asked = {"userId": "ann", "email": "ann@example.com"}
        token = administrator.post("/v1/platform/tokens", json=asked).json()["token"]
    with as_bearer(up, token) as ann:
        assert ann.get("/v1/organisations/acme").status_code == 200
    up.stop()
    logged = [line for line in up.lines if line.startswith("{")]
    assert [line for line in logged if "/v1/platform/tokens" in line]
    for secret in ("s" * 32, token, "ann@example.com"):
        assert secret not in up.shown


def test_metrics_are_served(start: Start) -> None:
    up = start("--demo")
    assert 'http_requests_total{method="POST"' in httpx.get(f"{up.access}/metrics", timeout=PATIENCE_SECONDS).text


def test_without_access_management_there_is_none(start: Start) -> None:
    up = start("--demo", TENANTABLE_ACCESS="false")
    assert "Access API" not in up.shown
    assert "✓  signature verified" in up.shown


def test_an_issuer_without_an_audience_is_refused(start: Start) -> None:
    up = start(TENANTABLE_OIDC_ISSUER="https://login.example.com")
    assert up.process.wait(PATIENCE_SECONDS) == 1
    assert "set TENANTABLE_OIDC_AUDIENCE" in up.shown


def test_tokens_of_an_openid_provider_are_believed_and_none_are_signed(start: Start, serving: Serving) -> None:
    provider, key = FastAPI(), new_key()

    @provider.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, str]:
        return {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}

    @provider.get("/keys")
    def keys() -> dict[str, object]:
        return {"keys": [key.as_dict(private=False)]}

    issuer = str(serving(provider).base_url)
    up = start("--demo", TENANTABLE_OIDC_ISSUER=issuer, TENANTABLE_OIDC_AUDIENCE=issuer)
    token = EmbeddedIssuer(key, issuer=issuer, clock=time.time).token("ann")
    with as_bearer(up, up.platform_secret) as administrator:
        administrator.post("/v1/organisations", json=NEW)
        assert administrator.post("/v1/platform/tokens", json={"userId": "ann"}).status_code == 404
    with as_bearer(up, token) as ann:
        assert ann.get("/v1/organisations/acme").status_code == 200
    assert "ask http://127.0.0.1" in command_with(up, issuer, "token", "--user", "ann").stderr


def test_access_management_runs_on_amazon_dynamodb(
    start: Start, amazon: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archiver follows the table's stream there, and signs the head of the organisation."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, amazon[name])
    up = start("--demo", **amazon)
    for step in ("organisation created", "invitation accepted", "decision allowed", "decision denied"):
        assert f"✓  {step}" in up.shown
    s3 = boto3.client("s3", endpoint_url=amazon["AWS_ENDPOINT_URL"], region_name="us-east-1")
    heads: dict[str, Any] = {"Bucket": "bbws-access-dev-audit", "Prefix": "heads/"}
    wait_until(lambda: s3.list_objects_v2(**heads)["KeyCount"] > 0)
    assert up.stop() == 0
    assert "step failed" not in up.shown


DOCUMENT = """
permissionSets:
- {id: bookkeeper, name: Books, entries: [billing:invoice:read]}
roles:
- {id: books, name: Books, permissionSets: [bookkeeper]}
"""


def test_a_configuration_is_exported_compared_and_applied(start: Start) -> None:
    up = start()
    with as_bearer(up, up.platform_secret) as administrator:
        administrator.post("/v1/organisations", json=NEW)
    file = up.data.parent / "acme.yaml"
    file.write_text(DOCUMENT)
    url = ("--url", up.access)
    compared = command(up, "access", "diff", "acme", str(file), *url)
    assert compared.returncode == 3
    assert "The role books is created\n2 changes, 2 transactions" in compared.stdout
    assert "Applied in 2 transactions" in command(up, "access", "apply", "acme", str(file), *url).stdout
    assert command(up, "access", "diff", "acme", str(file), *url).returncode == 0
    assert "id: books" in command(up, "access", "export", "acme", "--members", *url).stdout
    file.write_text("roles: [{id: books, name: 7}]")
    refused = command(up, "access", "apply", "acme", str(file), *url)
    assert refused.returncode == 1
    assert "document.roles.0.name, line 1: Input should be a valid string" in refused.stderr


def test_commands_say_when_nothing_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    line = [sys.executable, "-m", "tenantable.cli", "access", "export", "acme", "--members"]
    environment = os.environ | {"TENANTABLE_ACCESS_ENDPOINT": address, "TENANTABLE_ACCESS_TOKEN": "a"}
    refused = subprocess.run(line, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert refused.returncode == 1
    assert f"Nothing answers at {address} (is `tenantable up` running?" in refused.stderr
    assert "Errno" not in refused.stderr


def test_variables_of_the_commands_do_not_keep_up_from_starting(start: Start) -> None:
    assert start(TENANTABLE_ACCESS_ENDPOINT="http://127.0.0.1:1", TENANTABLE_ACCESS_TOKEN="a").stop() == 0


def test_a_lost_key_of_the_trail_keeps_up_from_starting_until_it_is_back(start: Start) -> None:
    up = start()
    up.stop()
    path = up.data / "access-chain-key"
    key = path.read_text()
    path.unlink()
    refused = start()
    assert refused.process.wait(20) == 1
    assert f"{path} is gone, and the audit trail was written with its key" in refused.shown
    assert not path.exists()
    assert start(TENANTABLE_FORMER_CHAIN_KEYS=key).stop() == 0
    path.write_text(key)
    assert start().stop() == 0
