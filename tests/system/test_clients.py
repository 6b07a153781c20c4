"""
Clients that others wrote, unmodified, each through its own basic flow: aiobotocore, PynamoDB, the JavaScript SDK and
ElectroDB.

`make clients` installs them by name into `.clients`, in an environment of their own: their demands on botocore differ
from ours. Where they are not installed, the tests are skipped.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

FLOWS = Path(__file__).parent.parent / "clients"
INSTALLED = Path(os.environ.get("CLIENTS", FLOWS.parent.parent / ".clients")).resolve()
PYTHON = INSTALLED / "bin" / "python"


@pytest.fixture(scope="module")
def server(start_dynamo: "StartDynamo", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[DynamoProcess]":
    with start_dynamo(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.mark.parametrize("flow", ["with_aiobotocore.py", "with_pynamodb.py", "with_sdk.mjs", "with_electrodb.mjs"])
def test_an_unmodified_client_carries_out_its_own_basic_flow(
    flow: str, server: "DynamoProcess", tmp_path: Path
) -> None:
    run = _python_command if flow.endswith(".py") else _node_command
    finished = subprocess.run(
        run(flow, tmp_path), env=_environment(server), capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr


def _python_command(flow: str, _folder: Path) -> list[str]:
    if not PYTHON.exists():
        pytest.skip("`make clients` has not installed the Python clients")
    return [str(PYTHON), "-W", "ignore", str(FLOWS / flow)]


def _node_command(flow: str, folder: Path) -> list[str]:
    """Node finds a script's packages beside it, so the flow is run from a folder that has them."""
    node = shutil.which("node")
    if node is None or not (INSTALLED / "node_modules").exists():
        pytest.skip("node is not there, or `make clients` has not installed the JavaScript clients")
    (folder / "node_modules").symlink_to(INSTALLED / "node_modules")
    return [node, "--preserve-symlinks-main", str(shutil.copy(FLOWS / flow, folder))]


def _environment(server: "DynamoProcess") -> dict[str, str]:
    return os.environ | {
        "AWS_ENDPOINT_URL_DYNAMODB": server.address,
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": server.address,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
    }
