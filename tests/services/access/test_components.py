"""
Each component is refused what it was not granted, at the table itself, by the policy that is made of its grants.

What each may do at most is said here in plain words, and everything else is tried. Kinds that share a partition (roles,
permission sets, teams and invitations of an organisation) cannot be told apart by a policy.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.services.access.conftest import World, principal

from tenantable.declare.grants import Component
from tenantable.services.access.declaration import SYSTEM
from tenantable.wire.errors import DynamoError

TABLE = "bbws-access-dev-ddb-access-management"
PARTITIONS = {
    "answer": "ANSWER#d1",
    "address": "INVITED#acme#ann@example.com",
    "audit": "ORG#acme#DATE#2026-11-21",
    "definitions": "ORG#acme",
    "head": "HEAD#acme",
    "key": "SERVICEKEY#k1",
    "permission": "PERM#billing:invoice:read",
    "platform": "PLATFORM",
    "resources": "ORG#acme#RESOURCES#record",
    "team": "ORG#acme#TEAM#reds",
    "token": "INVTOKEN#d1",
    "user": "ORG#acme#USER#ann",
}
EVERY_CHANGE = {"head": "U", "audit": "P", "answer": "P"}
WRITES: dict[str, dict[str, str]] = {
    "permission-service": EVERY_CHANGE | {"permission": "PUD", "definitions": "PUD", "platform": "PUD"},
    "role-service": EVERY_CHANGE | {"definitions": "PUD", "platform": "PUD", "user": "PUD"},
    "team-service": EVERY_CHANGE | {"definitions": "PUD", "team": "PUD", "user": "U"},
    "invitation-service": EVERY_CHANGE
    | {"address": "PD", "definitions": "PU", "token": "PD", "team": "P", "user": "PU"},
    "audit-archiver": {},
    "audit-eraser": EVERY_CHANGE | {"audit": "PU"},
    "audit-service": EVERY_CHANGE,
    "decision-service": {},
    "directory-service": {
        "head": "PU",
        "audit": "P",
        "answer": "P",
        "definitions": "PU",
        "key": "PUD",
        "platform": "P",
        "resources": "PUD",
        "team": "D",
        "user": "PUD",
    },
}
"""What may be put, updated and deleted, in transactions alone."""
EVERYBODY_READS = {"answer", "definitions", "head", "platform", "user"}
READS: dict[str, set[str]] = {
    "permission-service": EVERYBODY_READS | {"permission"},
    "role-service": EVERYBODY_READS,
    "team-service": EVERYBODY_READS | {"team"},
    "invitation-service": EVERYBODY_READS | {"address", "token", "team", "key"},
    "audit-archiver": {"head", "audit"},
    "audit-eraser": {"answer", "head", "audit"},
    "audit-service": {"answer", "head", "audit"},
    "decision-service": EVERYBODY_READS | {"key", "team", "resources"},
    "directory-service": EVERYBODY_READS | {"key", "resources"},
}
Attempt = tuple[str, dict[str, Any]]


def key(partition: str) -> dict[str, Any]:
    return {"PK": {"S": PARTITIONS[partition]}, "SK": {"S": "x"}}


def transaction(letter: str, partition: str) -> Attempt:
    place: dict[str, Any] = {"TableName": TABLE}
    update: dict[str, Any] = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": "x"}}}
    writes: dict[str, dict[str, Any]] = {
        "P": {"Put": place | {"Item": key(partition)}},
        "U": {"Update": place | {"Key": key(partition)} | update},
        "D": {"Delete": place | {"Key": key(partition)}},
    }
    return "TransactWriteItems", {"TransactItems": [writes[letter]]}


def writes_alone(partition: str) -> Iterator[Attempt]:
    place: dict[str, Any] = {"TableName": TABLE}
    update: dict[str, Any] = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": "x"}}}
    yield "PutItem", place | {"Item": key(partition)}
    yield "UpdateItem", place | {"Key": key(partition)} | update
    yield "DeleteItem", place | {"Key": key(partition)}
    yield "BatchWriteItem", {"RequestItems": {TABLE: [{"PutRequest": {"Item": key(partition)}}]}}
    yield (
        "ExecuteStatement",
        {"Statement": f"DELETE FROM \"{TABLE}\" WHERE PK = '{PARTITIONS[partition]}' AND SK = 'x'"},
    )


def reads(partition: str) -> Iterator[Attempt]:
    queried = {
        "KeyConditionExpression": "PK = :p",
        "ExpressionAttributeValues": {":p": {"S": PARTITIONS[partition]}},
    }
    yield "GetItem", {"TableName": TABLE, "Key": key(partition)}
    yield "Query", {"TableName": TABLE} | queried
    yield "BatchGetItem", {"RequestItems": {TABLE: {"Keys": [key(partition)]}}}
    yield "TransactGetItems", {"TransactItems": [{"Get": {"TableName": TABLE, "Key": key(partition)}}]}
    yield "ExecuteStatement", {"Statement": f"SELECT * FROM \"{TABLE}\" WHERE PK = '{PARTITIONS[partition]}'"}


def is_refused(world: World, component: Component, attempt: Attempt) -> bool:
    try:
        world.engine.as_principal(principal(component)).call(*attempt)
    except DynamoError as error:
        return "AccessDenied" in error.code or "AccessDenied" in str(error.__dict__)
    return False


@pytest.mark.parametrize("component", SYSTEM.components, ids=lambda component: component.name)
@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_component_writes_what_it_may_and_nothing_else(shared: World, component: Component, partition: str) -> None:
    """Requirement: audit events are never changed or removed, and nothing is written outside a transaction."""
    most = WRITES[component.name].get(partition, "")
    for letter in set("PUD") - set(most):
        assert is_refused(shared, component, transaction(letter, partition)), (letter, partition)
    for attempt in writes_alone(partition):
        assert is_refused(shared, component, attempt), attempt


@pytest.mark.parametrize("component", SYSTEM.components, ids=lambda component: component.name)
@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_component_reads_what_it_may_and_nothing_else(shared: World, component: Component, partition: str) -> None:
    """Requirement: nobody but the invitation service sees tokens, and nobody but the audit service sees events."""
    if partition not in READS[component.name]:
        for attempt in reads(partition):
            assert is_refused(shared, component, attempt), attempt


@pytest.mark.parametrize("component", SYSTEM.components, ids=lambda component: component.name)
def test_no_component_scans_or_changes_the_table(shared: World, component: Component) -> None:
    for attempt in (
        ("Scan", {"TableName": TABLE}),
        ("Scan", {"TableName": TABLE, "IndexName": f"{TABLE}-gsi1"}),
        ("DeleteTable", {"TableName": TABLE}),
        ("ExecuteStatement", {"Statement": f'SELECT * FROM "{TABLE}"'}),
    ):
        assert is_refused(shared, component, attempt), attempt
