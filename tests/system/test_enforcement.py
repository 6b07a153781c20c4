"""
Components of the webhook system against a real engine: each reaches what it was granted and nothing else.

The requests are plain DynamoDB ones, as a component that was taken over would send them.
Requirement: W-03, W-04, W-05, W-06, W-07.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tenantable.declare.naming import Naming
from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.webhooks.declaration import SYSTEM
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

HOME, NAMING = Home(), Naming()
IDENTITY, CONFIG, EVENTS = "TenantIdentity", "TenantWebhookConfig", "Events"
AUTHORIZED = "tenantId, #status, #plan, createdAt"
ALIASES = {"#status": "status", "#plan": "plan"}
IDENTITY_KEY, CONFIG_KEY = {"apiKey": {"S": "digest"}}, {"tenantId": {"S": "acme"}}
EVENT_KEY = {"PK": {"S": "TENANT#acme#EVENT#e1"}}

Request = dict[str, Any]


def arn(component: str) -> str:
    return f"arn:aws:iam::{HOME.account_id}:role/webhooks-{component}"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    policies = {arn(component.name): component_policies(component, NAMING, HOME) for component in SYSTEM.components}
    with Engine(":memory:", home=HOME, authorizer=PolicyAuthorizer(policies, HOME)) as opened:
        for request in SYSTEM.create_table_requests(NAMING):
            opened.call("CreateTable", request)
        identity = {"tenantId": {"S": "acme"}, "status": {"S": "active"}, "plan": {"S": "pro"}, "notes": {"S": "x"}}
        opened.call("PutItem", {"TableName": IDENTITY, "Item": IDENTITY_KEY | identity})
        opened.call("PutItem", {"TableName": CONFIG, "Item": CONFIG_KEY | {"webhookSecret": {"B": "c2VjcmV0"}}})
        opened.call("PutItem", {"TableName": EVENTS, "Item": EVENT_KEY | {"payload": {"B": "e30="}}})
        yield opened


def get(table: str, key: Request, projection: str | None = None, **others: Any) -> Request:
    request = {"TableName": table, "Key": key, **others}
    return request if projection is None else request | {"ProjectionExpression": projection}


def reads_identity(**changes: Any) -> Request:
    return get(IDENTITY, IDENTITY_KEY, AUTHORIZED, ExpressionAttributeNames=ALIASES) | changes


def test_the_authorizer_reads_what_it_needs_of_an_identity(engine: Engine) -> None:
    answer = engine.as_principal(arn("authorizer")).call("GetItem", reads_identity())
    assert answer["Item"] == {"tenantId": {"S": "acme"}, "status": {"S": "active"}, "plan": {"S": "pro"}}


@pytest.mark.parametrize("component", ["worker", "receiver"])
def test_worker_and_receiver_read_the_configuration(engine: Engine, component: str) -> None:
    answer = engine.as_principal(arn(component)).call("GetItem", get(CONFIG, CONFIG_KEY))
    assert answer["Item"]["webhookSecret"] == {"B": "c2VjcmV0"}


def creation(identity: str, tenant: str) -> Request:
    puts: list[tuple[str, Request]] = [(IDENTITY, {"apiKey": {"S": identity}}), (CONFIG, {"tenantId": {"S": tenant}})]
    return {"TransactItems": [{"Put": {"TableName": table, "Item": item}} for table, item in puts]}


def test_the_api_creates_both_halves_of_a_tenant_together(engine: Engine) -> None:
    engine.as_principal(arn("api")).call("TransactWriteItems", creation("digest-2", "globex"))
    assert "Item" in engine.call("GetItem", get(CONFIG, {"tenantId": {"S": "globex"}}))


def test_the_dlq_processor_reads_events_without_their_payload(engine: Engine) -> None:
    client = engine.as_principal(arn("dlq-processor"))
    assert client.call("GetItem", get(EVENTS, EVENT_KEY, "eventId"))["Item"] == {}
    with pytest.raises(DynamoError, match="AccessDeniedException"):
        client.call("GetItem", get(EVENTS, EVENT_KEY, "payload"))


REFUSED: list[tuple[str, str, Request, tuple[str, str]]] = [
    ("authorizer", "GetItem", get(CONFIG, CONFIG_KEY), ("GetItem", CONFIG)),
    ("authorizer", "GetItem", get(CONFIG, CONFIG_KEY, "targetUrl"), ("GetItem", CONFIG)),
    ("authorizer", "GetItem", get(IDENTITY, IDENTITY_KEY), ("GetItem", IDENTITY)),
    ("authorizer", "GetItem", get(IDENTITY, IDENTITY_KEY, "notes"), ("GetItem", IDENTITY)),
    ("authorizer", "GetItem", reads_identity(ProjectionExpression=AUTHORIZED + ", notes"), ("GetItem", IDENTITY)),
    ("authorizer", "BatchGetItem", {"RequestItems": {IDENTITY: {"Keys": [IDENTITY_KEY]}}}, ("BatchGetItem", IDENTITY)),
    ("authorizer", "TransactGetItems", {"TransactItems": [{"Get": reads_identity()}]}, ("GetItem", IDENTITY)),
    ("authorizer", "Scan", {"TableName": IDENTITY}, ("Scan", IDENTITY)),
    ("authorizer", "PutItem", {"TableName": IDENTITY, "Item": IDENTITY_KEY}, ("PutItem", IDENTITY)),
    ("authorizer", "DescribeTable", {"TableName": IDENTITY}, ("DescribeTable", IDENTITY)),
    ("authorizer", "ListTables", {}, ("ListTables", "*")),
    ("authorizer", "GetItem", get("NoSuchTable", IDENTITY_KEY), ("GetItem", "NoSuchTable")),
    ("worker", "GetItem", get(IDENTITY, IDENTITY_KEY), ("GetItem", IDENTITY)),
    ("worker", "GetItem", reads_identity(), ("GetItem", IDENTITY)),
    ("worker", "Scan", {"TableName": CONFIG}, ("Scan", CONFIG)),
    ("worker", "PutItem", {"TableName": CONFIG, "Item": CONFIG_KEY}, ("PutItem", CONFIG)),
    ("worker", "DeleteItem", {"TableName": EVENTS, "Key": EVENT_KEY}, ("DeleteItem", EVENTS)),
    ("receiver", "GetItem", get(IDENTITY, IDENTITY_KEY), ("GetItem", IDENTITY)),
    ("receiver", "GetItem", get(EVENTS, EVENT_KEY), ("GetItem", EVENTS)),
    ("receiver", "DeleteItem", {"TableName": CONFIG, "Key": CONFIG_KEY}, ("DeleteItem", CONFIG)),
    ("dlq-processor", "GetItem", get(CONFIG, CONFIG_KEY), ("GetItem", CONFIG)),
    ("dlq-processor", "GetItem", get(IDENTITY, IDENTITY_KEY), ("GetItem", IDENTITY)),
    ("api", "Scan", {"TableName": IDENTITY}, ("Scan", IDENTITY)),
    ("api", "PutItem", {"TableName": IDENTITY, "Item": {"apiKey": {"S": "half"}}}, ("PutItem", IDENTITY)),
    ("api", "DeleteTable", {"TableName": IDENTITY}, ("DeleteTable", IDENTITY)),
    ("stranger", "GetItem", get(IDENTITY, IDENTITY_KEY), ("GetItem", IDENTITY)),
]


@pytest.mark.parametrize(
    ("component", "operation", "request_", "needed"), REFUSED, ids=[f"{each[0]}-{each[1]}" for each in REFUSED]
)
def test_what_was_not_granted_is_refused(
    engine: Engine, component: str, operation: str, request_: Request, needed: tuple[str, str]
) -> None:
    action, table = needed
    with pytest.raises(DynamoError) as refused:
        engine.as_principal(arn(component)).call(operation, request_)
    assert refused.value.code == "AccessDeniedException"
    assert refused.value.message == (
        f"User: {arn(component)} is not authorized to perform: dynamodb:{action} on resource: {HOME.table(table)} "
        f"because no identity-based policy allows the dynamodb:{action} action"
    )


def test_a_refused_transaction_leaves_nothing_behind(engine: Engine) -> None:
    """The worker may write none of the two; the part it names first is not written either."""
    with pytest.raises(DynamoError, match="AccessDeniedException"):
        engine.as_principal(arn("worker")).call("TransactWriteItems", creation("digest-3", "initech"))
    assert "Item" not in engine.call("GetItem", get(CONFIG, {"tenantId": {"S": "initech"}}))


def test_a_limited_update_can_be_abused_to_read_in_no_way(engine: Engine) -> None:
    """Neither by returning the item, nor by a condition that fails on purpose, nor by testing other attributes."""
    client = engine.as_principal(arn("dlq-processor"))
    update = {
        "TableName": EVENTS,
        "Key": EVENT_KEY,
        "UpdateExpression": "SET #status = :dead",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":dead": {"S": "dead"}},
    }
    condition = {"ConditionExpression": "attribute_not_exists(#status)"}
    client.call("UpdateItem", update)
    for misuse in (
        {"ReturnValues": "ALL_NEW"},
        condition | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
        {"ConditionExpression": "begins_with(payload, :dead)"},
    ):
        with pytest.raises(DynamoError, match="AccessDeniedException"):
            client.call("UpdateItem", update | misuse)
