"""The services of teams and invitations, each with its own identity: what they were not granted is refused.

Policies compare partition keys with `ORG#*`, which also begins those of users, teams and days: limits between these
hold in the code, not here.
"""

from typing import Any

import pytest
from tests.services.access.conftest import World, principal

from tenantable.declare.grants import Component
from tenantable.services.access.declaration import invitation_service, team_service
from tenantable.wire.errors import DynamoError

TABLE = "bbws-access-dev-ddb-access-management"


def item(partition: str, sort: str = "METADATA") -> dict[str, Any]:
    return {"TableName": TABLE, "Key": {"PK": {"S": partition}, "SK": {"S": sort}}}


def query(partition: str, index: str | None = None) -> dict[str, Any]:
    name = "PK" if index is None else f"{index.upper()}PK"
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": f"{name} = :p",
        "ExpressionAttributeValues": {":p": {"S": partition}},
    }
    return request if index is None else request | {"IndexName": f"{TABLE}-{index}"}


def put(partition: str) -> dict[str, Any]:
    return {"TableName": TABLE, "Item": item(partition)["Key"]}


def transact(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    return {"TransactItems": [{operation: request}]}


@pytest.mark.parametrize(
    ("component", "operation", "request_body"),
    [
        (team_service, "Scan", {"TableName": TABLE}),
        (team_service, "GetItem", item("INVTOKEN#d1g3st")),
        (team_service, "GetItem", item("INVITED#acme#bob@example.com")),
        (team_service, "GetItem", item("SERVICEKEY#k1")),
        (team_service, "Query", query("EMAIL#bob@example.com", "gsi2")),
        (team_service, "TransactWriteItems", transact("Delete", item("HEAD#acme"))),
        (team_service, "PutItem", put("ORG#acme")),
        (invitation_service, "Scan", {"TableName": TABLE}),
        (invitation_service, "Query", query("USER#bob", "gsi4")),
        (invitation_service, "TransactWriteItems", transact("Put", put("SERVICEKEY#k1"))),
        (invitation_service, "TransactWriteItems", transact("Put", put("PLATFORM"))),
        (invitation_service, "TransactWriteItems", transact("Delete", item("ORG#acme#USER#ann", "ROLE#owner"))),
        (invitation_service, "TransactWriteItems", transact("Delete", item("ORG#acme#TEAM#reds", "MEMBER#ann"))),
        (invitation_service, "TransactWriteItems", transact("Delete", item("ORG#acme", "INV#i1"))),
        (invitation_service, "PutItem", put("INVTOKEN#d1g3st")),
    ],
)
def test_a_service_is_refused_what_it_was_not_granted(
    world: World, component: Component, operation: str, request_body: dict[str, Any]
) -> None:
    with pytest.raises(DynamoError, match="not authorized"):
        world.engine.as_principal(principal(component)).call(operation, request_body)
