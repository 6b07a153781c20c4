"""Resource policies lie on disk with what they hang on, and an authorizer can ask for them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tenantable.engine import Engine
from tenantable.testing import ManualClock

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, TableRequest

STREAM = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}


def document(action: str) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}})


def test_an_authorizer_finds_the_policy_of_what_is_asked_for(engine: Engine, call: "Call", create: "Create") -> None:
    table = create("orders", global_={"by_x": ("x",)}, StreamSpecification=STREAM)
    arn, stream = table["TableArn"], table["LatestStreamArn"]
    assert engine.resource_policy(arn) is None
    call("PutResourcePolicy", ResourceArn=arn, Policy=document("dynamodb:Query"))
    assert engine.resource_policy(arn) == engine.resource_policy(f"{arn}/index/by_x") == document("dynamodb:Query")
    assert engine.resource_policy(stream) is None
    call("PutResourcePolicy", ResourceArn=stream, Policy=document("dynamodb:GetRecords"))
    assert engine.resource_policy(stream) == document("dynamodb:GetRecords")
    assert engine.resource_policy(f"{arn}/stream/none") is None
    assert engine.resource_policy(f"{arn}-none") is None


def test_policies_are_there_after_a_restart(tmp_path: Path, table_request: "TableRequest") -> None:
    with Engine(tmp_path) as engine:
        request = table_request("orders", StreamSpecification=STREAM, ResourcePolicy=document("dynamodb:Query"))
        table = engine.call("CreateTable", request)["TableDescription"]
        policy = document("dynamodb:GetRecords")
        engine.call("PutResourcePolicy", {"ResourceArn": table["LatestStreamArn"], "Policy": policy})
    with Engine(tmp_path) as engine:
        assert engine.resource_policy(table["TableArn"]) == document("dynamodb:Query")
        assert engine.resource_policy(table["LatestStreamArn"]) == policy


def test_a_revision_is_never_given_twice(call: "Call", create: "Create", clock: ManualClock) -> None:
    """Also when two changes come within a millisecond, or the clock is set back."""
    arn = create("orders")["TableArn"]
    revisions: list[int] = []
    for step_seconds in (0, 0, -100, 100):
        clock.now += step_seconds
        policy = document(f"dynamodb:{len(revisions)}")
        revisions.append(int(call("PutResourcePolicy", ResourceArn=arn, Policy=policy)["RevisionId"]))
    assert revisions == sorted(set(revisions))
