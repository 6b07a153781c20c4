"""The smallest grant in the declaration's words, proven by the policies that are made with it."""

from typing import Any

import pytest

from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.explanation.declared import DeclaredComponent, declared_patterns, smallest_declared_grant
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.services.accounts import declaration as accounts
from tenantable.services.webhooks import declaration as webhooks
from tenantable.services.webhooks.declaration import SYSTEM, events, naming
from tenantable.wire.arns import Home

HOME = Home()
TABLES = {table.name: table.keys for table in SYSTEM.physical_tables(naming())}
EVENT = {"PK": {"S": "TENANT#t#EVENT#e"}}
CONFIG = {"tenantId": {"S": "t"}}


def words(component: str, operation: str, **request: Any) -> str | None:
    declared = DeclaredComponent(system=SYSTEM, component=SYSTEM.component(component), naming=naming(), home=HOME)
    (needed,) = access_requests(operation, request, TABLES.get, home=HOME) or ()
    assert not declared.policies().decide(needed).allowed
    return smallest_declared_grant(needed, declared)


def test_every_pattern_of_a_tables_entities_is_known() -> None:
    assert [pattern.place for pattern in declared_patterns(events)] == [
        "Events.get",
        "Events.summary",
        "Events.recent",
        "Events.dead",
        "Acceptances.get",
    ]


@pytest.mark.parametrize(
    ("component", "operation", "request_", "expected"),
    [
        (
            "authorizer",
            "GetItem",
            {"TableName": "TenantWebhookConfig", "Key": CONFIG},
            "allow(TenantWebhookConfigs.get)",
        ),
        (
            "authorizer",
            "GetItem",
            {"TableName": "TenantWebhookConfig", "Key": CONFIG, "ProjectionExpression": "targetUrl"},
            "allow(TenantWebhookConfigs.target)",
        ),
        (
            "worker",
            "UpdateItem",
            {"TableName": "Events", "Key": EVENT, "UpdateExpression": "SET payload = :p, eventType = :t"},
            'allow(writes(Event, "update"), attributes=[Event.event_type, Event.payload])',
        ),
        ("receiver", "DeleteItem", {"TableName": "Events", "Key": EVENT}, 'allow(writes(Event, "delete"))'),
        (
            "receiver",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "Events", "Item": EVENT}}]},
            'allow(writes(Event, "create"), in_transaction=True)',
        ),
        (
            "api",
            "BatchGetItem",
            {"RequestItems": {"Events": {"Keys": [EVENT]}}},
            "allow(Events.get, batch=True)",
        ),
    ],
)  # fmt: skip
def test_the_grant_that_is_missing_is_named(
    component: str, operation: str, request_: dict[str, Any], expected: str
) -> None:
    """Requirement: W-03."""
    assert words(component, operation, **request_) == expected


def test_of_several_grants_the_one_with_the_fewest_attributes_is_named() -> None:
    """Whole events are allowed by `get` alone; a summary of one by both, and `summary` allows less."""
    key_condition = {"KeyConditionExpression": "tenantKey = :k", "ExpressionAttributeValues": {":k": {"S": "TENANT#t"}}}
    query = {"TableName": "Events", "IndexName": "by-time", **key_condition}
    assert words("worker", "Query", **query, ProjectionExpression="eventId") == "allow(Events.recent)"


@pytest.mark.parametrize(
    "request_",
    [
        {"TableName": "Events"},
        {"TableName": "Elsewhere"},
    ],
)
def test_what_no_declared_pattern_needs_has_no_words(request_: dict[str, Any]) -> None:
    assert words("worker", "Scan", **request_) is None


def test_another_resource_is_granted_by_its_logical_name() -> None:
    named = webhooks.naming("dev-")
    declared = DeclaredComponent(system=SYSTEM, component=webhooks.receiver, naming=named, home=HOME)
    queue = f"arn:aws:sqs:{HOME.region}:{HOME.account_id}:dev-webhook-deliveries"
    found = smallest_declared_grant(AccessRequest("sqs:SendMessage", queue, {}), declared)
    assert found == 'allow_resource("sqs", "SendMessage", resource="webhook-deliveries")'


@pytest.mark.parametrize(("tenant", "expected"), [("t1", 'allow(writes(License, "update"))'), ("t2", None)])
def test_no_grant_lets_a_component_of_one_tenant_reach_another(tenant: str, expected: str | None) -> None:
    """An account and its licences share a partition, so a policy cannot tell their updates apart."""
    stage = accounts.naming("dev")
    (table,) = accounts.SYSTEM.physical_tables(stage)
    key = {name: {"S": "ACCOUNT#t1"} for name in table.keys.table.names}
    needed = access_requests(
        "UpdateItem", {"TableName": table.name, "Key": key}, {table.name: table.keys}.get, home=HOME
    )
    (request,) = needed or ()
    declared = DeclaredComponent(system=accounts.SYSTEM, component=accounts.reader, naming=stage, home=HOME)
    tagged = request._replace(context={**request.context, "aws:principaltag/tenant": tenant})
    assert smallest_declared_grant(tagged, declared) == expected
