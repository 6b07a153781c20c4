"""The log of denials: it says what is missing, never whose data was asked for, and does a bounded amount of work."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from tenantable.engine import Engine
from tenantable.iam.documents import parse_policy
from tenantable.iam.sessions.session import Session
from tenantable.iam.use.counting import GrantUses
from tenantable.local.components import Installation
from tenantable.local.decisions.denials import EXPLAINED_PER_SECOND_MAX, REMEMBERED_MAX, DenialLog, warn
from tenantable.local.decisions.watch import PolicyWatch, declared_components
from tenantable.local.systems import open_engine
from tenantable.services.webhooks.declaration import SYSTEM, naming
from tenantable.testing import ManualClock
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

SECRET = "jane@example.com"
INSTALLATION = Installation(system=SYSTEM, naming=naming(), home=Home())
COMPONENTS = declared_components([INSTALLATION])


class Denied:
    """An engine whose denials are kept as lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.clock = ManualClock()
        self.log = DenialLog(COMPONENTS, monotonic=self.clock, log=self._write)
        watch = PolicyWatch(GrantUses(COMPONENTS), self.log)
        self.engine: Engine = open_engine(":memory:", [INSTALLATION], home=Home(), watch=watch)
        for request in SYSTEM.create_table_requests(naming()):
            self.engine.call("CreateTable", request)

    def ask(self, principal: str, operation: str, **request: Any) -> dict[str, Any]:
        """What is logged when this is denied."""
        arn = principal if principal.startswith("arn:") else f"arn:aws:iam::000000000000:role/webhooks-{principal}"
        with pytest.raises(DynamoError, match="AccessDenied"):
            self.engine.as_principal(arn).call(operation, request)
        return self.lines[-1]

    def _write(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})


@pytest.fixture
def denied() -> Any:
    found = Denied()
    yield found
    found.engine.close()


def test_a_line_names_what_was_asked_for_what_fails_and_what_would_help(denied: Denied) -> None:
    key = {"PK": {"S": f"TENANT#{SECRET}#EVENT#1"}}
    values = {":v": {"S": SECRET}}
    update = {"UpdateExpression": "SET payload = :v", "ExpressionAttributeValues": values}
    assert denied.ask("worker", "UpdateItem", TableName="Events", Key=key, **update) == {
        "event": "denied",
        "component": "webhooks.worker",
        "principal": "arn:aws:iam::000000000000:role/webhooks-worker",
        "action": "dynamodb:UpdateItem",
        "resource": "arn:aws:dynamodb:us-east-1:000000000000:table/Events",
        "verdict": "ImplicitDeny",
        "decided_by": "identity-based policy",
        "explained": True,
        "nearest": "UpdateItemEvents",
        "fails_on": ["ForAllValues:StringEquals dynamodb:Attributes"],
        "grant": 'allow(writes(Event, "update"), attributes=[Event.payload])',
    }


@pytest.mark.parametrize(
    ("principal", "operation", "request_"),
    [
        ("authorizer", "GetItem", {"TableName": "TenantWebhookConfig", "Key": {"tenantId": {"S": SECRET}}}),
        ("worker", "GetItem", {"TableName": "Nowhere", "Key": {SECRET: {"S": SECRET}}, "ProjectionExpression": "a"}),
        ("worker", "PutItem", {"TableName": "Events", "Item": {"PK": {"S": SECRET}, SECRET: {"S": SECRET}}}),
        ("worker", "ExecuteStatement", {"Statement": f'SELECT "{SECRET}" FROM "Events" WHERE PK = \'{SECRET}\''}),
        (
            "api",
            "Query",
            {
                "TableName": "Events",
                "IndexName": "dead",
                "KeyConditionExpression": "deadKey = :k",
                "ExpressionAttributeValues": {":k": {"S": SECRET}},
            },
        ),
        ("nobody", "GetItem", {"TableName": "Events", "Key": {"PK": {"S": SECRET}}}),
    ],
)
def test_no_value_and_no_name_that_a_caller_made_up_is_logged(
    denied: Denied, principal: str, operation: str, request_: dict[str, Any]
) -> None:
    """Requirement: X-11."""
    assert SECRET not in json.dumps(denied.ask(principal, operation, **request_))


def test_a_session_of_a_role_is_explained_as_its_component(denied: Denied) -> None:
    session = "arn:aws:sts::000000000000:assumed-role/webhooks-authorizer/one"
    line = denied.ask(session, "Scan", TableName="Events")
    assert (line["component"], line["explained"]) == ("webhooks.authorizer", True)


def test_whoever_is_no_component_is_told_the_smallest_statement(denied: Denied) -> None:
    line = denied.ask("arn:aws:iam::000000000000:user/eve", "Scan", TableName="Events")
    assert (line["component"], line["nearest"]) == (None, None)
    assert line["grant"] == "dynamodb:Scan on arn:aws:dynamodb:us-east-1:000000000000:table/Events"


def test_what_a_session_policy_withholds_is_explained_by_it(denied: Denied) -> None:
    limit = parse_policy(
        {
            "Version": "2012-10-17",
            "Statement": {"Sid": "Less", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"},
        }
    )
    role = "arn:aws:iam::000000000000:role/webhooks-dlq-processor"
    session = Session(role_arn=role, name="s", role_id="AROA", issued_at=0, expires_at=1e12, policies=(limit,))
    query = {"KeyConditionExpression": "deadKey = :k", "ExpressionAttributeValues": {":k": {"S": "TENANT#t#DEAD"}}}
    with pytest.raises(DynamoError, match="no session policy allows"):
        denied.engine.as_principal(session).call(
            "Query", {"TableName": "Events", "IndexName": "dead", "ProjectionExpression": "eventId", **query}
        )
    line = denied.lines[-1]
    assert (line["component"], line["decided_by"]) == ("webhooks.dlq-processor", "session policy")
    assert (line["nearest"], line["fails_on"]) == ("Less", ["action"])


def test_only_so_many_new_denials_are_explained_in_a_second(denied: Denied) -> None:
    def ask(number: int) -> bool:
        key = {"tenantId": {"S": str(number)}}
        explained: bool = denied.ask("authorizer", "GetItem", TableName="TenantWebhookConfig", Key=key)["explained"]
        return explained

    assert all(ask(number) for number in range(EXPLAINED_PER_SECOND_MAX))
    assert not ask(EXPLAINED_PER_SECOND_MAX)
    assert ask(0), "what was explained before is remembered"
    denied.clock.now += 1
    assert ask(EXPLAINED_PER_SECOND_MAX)


def test_what_is_remembered_is_bounded(denied: Denied) -> None:
    for number in range(REMEMBERED_MAX + 10):
        denied.clock.now += 1
        denied.ask("authorizer", "DescribeTable", TableName=f"table-{number}")
    assert len(denied.log._remembered) <= REMEMBERED_MAX  # noqa: SLF001 - memory cannot be seen from outside


def test_lines_go_to_the_processs_own_log_as_warnings() -> None:
    with capture_logs() as lines:
        warn("denied", component="webhooks.api")
    assert lines == [{"event": "denied", "component": "webhooks.api", "log_level": "warning"}]
