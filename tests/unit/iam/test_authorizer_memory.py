"""What was allowed is remembered, and never decides of a request that conditions see otherwise."""

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from tenantable.iam import prepared
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import parse_policy
from tenantable.iam.evaluation import OpenDecision
from tenantable.iam.requests.dynamodb import ItemAccess, item_access
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

HOME = Home()
ROLE = f"arn:aws:iam::{HOME.account_id}:role/reader"
NUMBERED = KeyNames(partition=KeyAttribute(name="id", type="N"))
KEYS = {"orders": TableKeys(table=KeyNames(partition=KeyAttribute(name="pk"))), "bills": TableKeys(table=NUMBERED)}

CONDITIONS: list[dict[str, Any]] = [
    {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "id", "a", "b"]}},
    {"StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}},
    {"StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_NEW"]}},
    {"StringEquals": {"dynamodb:ReturnConsumedCapacity": "NONE"}},
    {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["T#1*", "1"]}},
    {"ForAnyValue:StringEquals": {"dynamodb:Attributes": "a", "dynamodb:FirstPartitionKeyValues": "T#1"}},
]
CONDITIONS.append({key: value for each in CONDITIONS[:5] for key, value in each.items()})

KEY = {"pk": {"S": "T#1"}}
LONG = "x" * 1024
A_OR_C = [{"#n": "a"}, {"#n": "c"}]
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("GetItem", {}),
    ("GetItem", {"Key": {"pk": {"S": "T#2"}}}),
    ("GetItem", {"Key": {"pk": {"N": "1"}}}),
    ("GetItem", {"Key": {**KEY, "c": {"S": "x"}}}),
    ("GetItem", {"ProjectionExpression": "a"}),
    ("GetItem", {"ProjectionExpression": "c"}),
    ("GetItem", {"ProjectionExpression": "a, b"}),
    ("GetItem", {"ProjectionExpression": "a", "ReturnConsumedCapacity": "TOTAL"}),
    ("GetItem", {"AttributesToGet": ["a"]}),
    ("GetItem", {"AttributesToGet": ["c"]}),
    *(("GetItem", {"ProjectionExpression": "#n", "ExpressionAttributeNames": names}) for names in A_OR_C),
    *(("GetItem", {"ProjectionExpression": f"#n.{LONG}", "ExpressionAttributeNames": names}) for names in A_OR_C),
    ("GetItem", {"TableName": "bills", "Key": {"id": {"N": "1.0"}}, "ProjectionExpression": "a"}),
    ("GetItem", {"TableName": "bills", "Key": {"id": {"N": "2"}}, "ProjectionExpression": "a"}),
    ("DeleteItem", {}),
    ("DeleteItem", {"ConditionExpression": "a = :v"}),
    ("DeleteItem", {"ConditionExpression": "c = :v"}),
    ("DeleteItem", {"Expected": {"c": {"Exists": False}}}),
    ("DeleteItem", {"ReturnValues": "ALL_OLD"}),
    ("DeleteItem", {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
    ("PutItem", {"Item": {**KEY, "a": {"S": "x"}}}),
    ("PutItem", {"Item": {**KEY, "c": {"S": "x"}}}),
    ("UpdateItem", {"UpdateExpression": "SET a = :v"}),
    ("UpdateItem", {"UpdateExpression": "SET c = :v"}),
    ("UpdateItem", {"UpdateExpression": "SET a = :v", "ConditionExpression": "c = :v"}),
    ("UpdateItem", {"UpdateExpression": "SET a = :v", "ReturnValues": "ALL_NEW"}),
    ("UpdateItem", {"AttributeUpdates": {"a": {"Action": "DELETE"}}}),
    ("UpdateItem", {"AttributeUpdates": {"c": {"Action": "DELETE"}}}),
]  # fmt: skip


def authorizer(condition: Mapping[str, Any]) -> PolicyAuthorizer:
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": condition}
    return PolicyAuthorizer({ROLE: [parse_policy({"Version": "2012-10-17", "Statement": statement})]}, HOME)


def allows(checked: PolicyAuthorizer, operation: str, given: Mapping[str, Any]) -> bool:
    try:
        checked.authorize(ROLE, operation, {"TableName": "orders", "Key": KEY, **given}, KEYS.get)
    except DynamoError as error:
        if error.code != "AccessDeniedException":
            raise
        return False
    return True


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_was_allowed_before_changes_no_decision(condition: Mapping[str, Any]) -> None:
    alone = [allows(authorizer(condition), *request) for request in REQUESTS]
    assert set(alone) == {True, False}
    for first, (position, second) in itertools.product(REQUESTS, enumerate(REQUESTS)):
        checked = authorizer(condition)
        allows(checked, *first)
        assert allows(checked, *second) is alone[position], (first, second)


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry for each decision that is really made."""
    made: list[None] = []
    complete = OpenDecision.complete

    def counted(self: OpenDecision, context: Any) -> Any:
        made.append(None)
        return complete(self, context)

    monkeypatch.setattr(OpenDecision, "complete", counted)
    return made


def test_a_projection_is_decided_once_for_each_key(decided: list[None]) -> None:
    checked = authorizer(CONDITIONS[0])
    projection = {"ProjectionExpression": "#n", "ExpressionAttributeNames": {"#n": "a"}}
    for number in (1, 2, 1, 2, 1):
        assert allows(checked, "GetItem", {"Key": {"pk": {"S": f"T#{number}"}}, **projection})
    assert len(decided) == 2


def test_long_requests_are_not_remembered_and_many_are_forgotten(
    decided: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "REMEMBERED_MAX", 2)
    checked = authorizer(CONDITIONS[0])
    for _ in range(2):
        assert allows(checked, "GetItem", {"ProjectionExpression": f"a.{LONG}"})
    assert len(decided) == 2
    for number in (1, 2, 3, 3, 1):
        assert allows(checked, "GetItem", {"Key": {"pk": {"S": f"T#{number}"}}, "ProjectionExpression": "a"})
    assert len(decided) == 6


def test_every_condition_key_of_an_operation_follows_from_what_is_remembered() -> None:
    """Whoever adds a condition key, or a member that one is derived from, must say so in `decided_by` too."""
    for operation, given in REQUESTS:
        request = {"TableName": "orders", "Key": KEY, **given}
        access = _access(operation, request)
        seen = _Seen(request)
        dict(access.context(seen, KEYS.get))
        derived_from = set(seen.asked)
        seen.asked.clear()
        if access.decided_by("T#1", seen) is not None:
            assert derived_from <= seen.asked


class _Seen(dict[str, Any]):
    """A request that knows which of its members were asked for."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        super().__init__(request)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def _access(operation: str, request: Mapping[str, Any]) -> ItemAccess:
    found = item_access(operation, request, HOME)
    assert found is not None
    return found
