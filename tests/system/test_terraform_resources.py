"""Every kind of resource that generated modules have, through Terraform's life cycle, against our own endpoint."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.terraform import (
    NOT_INSTALLED,
    Endpoint,
    Installed,
    StepFailed,
    installed,
    lifecycle,
    logged_endpoint,
    run_of,
)

if TYPE_CHECKING:
    from tests.conftest import StartDynamo

pytestmark = pytest.mark.slow

MODULES = Path(__file__).parent / "terraform_modules"


@pytest.fixture(scope="module")
def terraform() -> Installed:
    found = installed()
    if found is None:
        pytest.skip(NOT_INSTALLED)
    return found


@pytest.fixture(scope="module")
def endpoint(start_dynamo: "StartDynamo", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with logged_endpoint(start_dynamo, tmp_path_factory.mktemp("terraform")) as running:
        yield running


@pytest.mark.timeout(900)
def test_every_kind_of_resource_stays_as_it_was_applied(
    terraform: Installed, endpoint: Endpoint, tmp_path: Path
) -> None:
    """
    Tables with indexes, replicas and keys; roles, policies, queues, parameters, scaling and alarms: applied, changed,
    destroyed, and after each apply a plan finds nothing. No answer on the way is a failure of the endpoint.
    """
    run = run_of(MODULES / "resources", endpoint, tmp_path / "module", terraform)
    change = {
        "tags": {"team": "other", "cost": "shared"},
        "protected": False,
        "ttl": False,
        "indexes": ["a", "b", "c", "f"],
        "replicas": ["us-west-2"],
    }
    outputs = lifecycle(run, {}, change)
    assert outputs["account"] == "000000000000"
    assert outputs["table_arn"] == "arn:aws:dynamodb:us-east-1:000000000000:table/harness-users"
    failures = [each for each in endpoint.requests() if each["status"] >= 500]
    assert failures == []


def test_a_step_that_fails_says_what_was_asked(terraform: Installed, endpoint: Endpoint, tmp_path: Path) -> None:
    """The report has the provider's error and the endpoint's refusal, so that nobody has to look for either."""
    module = """
        resource "aws_sqs_queue" "events" {
          name           = "events"
          redrive_policy = jsonencode({
            deadLetterTargetArn = "arn:aws:sqs:us-east-1:000000000000:nowhere", maxReceiveCount = 3
          })
        }
    """
    run = run_of(module, endpoint, tmp_path / "module", terraform)
    run.init()
    with pytest.raises(StepFailed, match=r"(?s)Dead letter target does not exist.*sqs CreateQueue"):
        run.apply({})
