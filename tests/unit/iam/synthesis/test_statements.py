"""Policies made from grants: they allow what was granted, and no neighbour of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.declare.grants import Permission, ResourcePermission
from tenantable.errors import PolicyError
from tenantable.iam.documents import Policy, parse_policy, policy_document, render_policy
from tenantable.iam.evaluation import PolicySet, evaluate
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.iam.synthesis.statements import synthesize
from tenantable.wire.arns import Home
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

HOME = Home()
KEY_NAMES = TableKeys(
    table=KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk")),
    indexes={name: KeyNames(partition=KeyAttribute(name="gpk")) for name in ("by-date", "by-name")},
)
KEY_ATTRIBUTES = frozenset({"pk", "sk", "gpk"})
ON_INDEXES = ("Query", "Scan")
TRANSACTED = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
ACTIONS = (*TRANSACTED, *ON_INDEXES, "BatchGetItem", "BatchWriteItem")


def permission(*actions: str, **changes: Any) -> Permission:
    plain = Permission(
        table="orders",
        index=None,
        actions=frozenset(actions),
        attributes=None,
        leading_keys=None,
        transactional=False,
        key_attributes=KEY_ATTRIBUTES,
    )
    return replace(plain, **changes)


def statements(*permissions: Permission) -> list[dict[str, Any]]:
    (policy,) = synthesize(permissions, HOME)
    found: list[dict[str, Any]] = policy_document(policy)["Statement"]
    return found


def test_a_projected_read_is_exact() -> None:
    """Requirement: W-03."""
    granted = permission(
        "GetItem",
        table="TenantIdentity",
        attributes=frozenset({"status", "plan"}),
        key_attributes=frozenset({"apiKey"}),
    )
    assert statements(granted) == [
        {
            "Sid": "GetItemTenantIdentity",
            "Effect": "Allow",
            "Action": "dynamodb:GetItem",
            "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/TenantIdentity",
            "Condition": {
                "ForAllValues:StringEquals": {"dynamodb:Attributes": ["apiKey", "plan", "status"]},
                "Null": {"dynamodb:EnclosingOperation": "true"},
                "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
            },
        }
    ]


def test_a_limited_write_may_not_return_whole_items() -> None:
    (only,) = statements(permission("UpdateItem", attributes=frozenset({"status"})))
    assert only["Condition"]["StringEqualsIfExists"] == {
        "dynamodb:ReturnValues": ["NONE", "UPDATED_NEW", "UPDATED_OLD"]
    }


def test_a_query_on_an_index_names_that_index_alone() -> None:
    (only,) = statements(permission("Query", index="orders-by-date", leading_keys=("T#*",)))
    assert only == {
        "Sid": "QueryOrdersByDate",
        "Effect": "Allow",
        "Action": "dynamodb:Query",
        "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/orders/index/orders-by-date",
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "T#*"}},
    }


def test_leading_keys_without_wildcards_are_compared_as_they_are() -> None:
    (only,) = statements(permission("Query", leading_keys=("CONFIG", "T#${aws:PrincipalTag/tenant}")))
    assert only["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["CONFIG", "T#${aws:PrincipalTag/tenant}"]}
    }


def test_a_transaction_is_granted_as_its_parts_inside_it() -> None:
    (only,) = statements(permission("PutItem", "ConditionCheckItem", transactional=True))
    assert only["Sid"] == "WriteOrdersInTransactions"
    assert only["Action"] == ["dynamodb:ConditionCheckItem", "dynamodb:PutItem"]
    assert only["Condition"] == {"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}}


def test_what_is_granted_in_and_outside_transactions_needs_no_condition() -> None:
    (only,) = statements(permission("PutItem", transactional=True), permission("PutItem"))
    assert "Condition" not in only


def test_equal_conditions_share_a_statement() -> None:
    found = statements(permission("Query"), permission("Scan"), permission("Query", "Scan", table="events"))
    assert [(each["Sid"], each["Action"], len(each["Resource"])) for each in found] == [
        ("ReadEventsAndOrders", ["dynamodb:Query", "dynamodb:Scan"], 2)
    ]


def test_keys_of_several_patterns_share_a_statement_and_the_wider_stays() -> None:
    (only,) = statements(
        permission("Query", leading_keys=("ORG#*",)), permission("Query", leading_keys=("USER#*", "ORG#*#TEAM#*"))
    )
    assert only["Condition"]["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": ["ORG#*", "USER#*"]}


def test_what_is_granted_twice_is_stated_once() -> None:
    (only,) = statements(
        permission("GetItem"), permission("GetItem", attributes=frozenset({"a"}), leading_keys=("T#*",))
    )
    assert only["Condition"] == {"Null": {"dynamodb:EnclosingOperation": "true"}}


def test_nothing_granted_makes_no_policy() -> None:
    assert synthesize([], HOME) == ()


def test_queues_and_keys() -> None:
    """A key is granted through its alias, for IAM does not look at the alias's own ARN."""
    others = [
        ResourcePermission(
            service="sqs", actions=frozenset({"SendMessage", "ReceiveMessage"}), resource="dead-letters"
        ),
        ResourcePermission(service="kms", actions=frozenset({"Decrypt"}), resource="secrets"),
    ]
    (policy,) = synthesize([], HOME, others=others)
    assert policy_document(policy)["Statement"] == [
        {
            "Sid": "DecryptKey",
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "arn:aws:kms:us-east-1:000000000000:key/*",
            "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/secrets"}},
        },
        {
            "Sid": "UseDeadLetters",
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:SendMessage"],
            "Resource": "arn:aws:sqs:us-east-1:000000000000:dead-letters",
        },
    ]


@pytest.mark.parametrize(
    ("granted", "message"),
    [
        (permission("Scan", leading_keys=("T#*",)), "permission on orders: a Scan has no leading keys"),
        (permission("GetItem", leading_keys=()), "names no leading key"),
        (permission("GetItem", attributes=frozenset()), "names no attribute"),
    ],
)
def test_a_contradiction_is_refused(granted: Permission, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        synthesize([granted], HOME)


def test_another_service_is_refused() -> None:
    invoke = ResourcePermission(service="lambda", actions=frozenset({"InvokeFunction"}), resource="x")
    with pytest.raises(PolicyError, match="no policies are made for the service 'lambda'"):
        synthesize([], HOME, others=[invoke])


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request in few words; `attributes` None asks for, writes or returns everything."""

    action: str
    table: str
    index: str | None
    key: str
    attributes: frozenset[str] | None
    enclosed: bool

    @property
    def possible(self) -> bool:
        if self.enclosed and self.action not in TRANSACTED:
            return False
        return not (self.action == "ConditionCheckItem" and not self.enclosed) and (
            self.index is None or self.action in ON_INDEXES
        )


def allowed_by(policies: Iterable[Policy], request: Request) -> bool:
    operation, fields = as_dynamodb(request)
    needed = access_requests(operation, fields, lambda _table: KEY_NAMES, home=HOME)
    identity = PolicySet(tuple(policies))
    return bool(needed) and all(evaluate(access, identity).allowed for access in needed or ())


def as_dynamodb(request: Request) -> tuple[str, dict[str, Any]]:
    """The operation that the words stand for."""
    names = sorted(request.attributes if request.attributes is not None else {"everything"})
    key = {"pk": {"S": request.key}, "sk": {"S": "1"}}
    item = key | {name: {"S": "x"} for name in names}
    projection = {} if request.attributes is None else {"ProjectionExpression": ", ".join(names)}
    condition = {"ConditionExpression": " AND ".join(f"attribute_exists({name})" for name in names)}
    update = {"UpdateExpression": "REMOVE " + ", ".join(names)}
    member = "ReturnValuesOnConditionCheckFailure" if request.enclosed else "ReturnValues"
    returned = {} if request.attributes is not None else {member: "ALL_OLD"}
    on_index = {} if request.index is None else {"IndexName": request.index}
    partition = "pk" if request.index is None else "gpk"
    queried = {"KeyConditionExpression": f"{partition} = :p", "ExpressionAttributeValues": {":p": {"S": request.key}}}
    fields: dict[str, dict[str, Any]] = {
        "GetItem": {"Key": key} | projection,
        "PutItem": {"Item": item} | returned,
        "UpdateItem": {"Key": key} | update | returned,
        "DeleteItem": {"Key": key} | condition | returned,
        "ConditionCheckItem": {"Key": key} | condition | returned,
        "Query": queried | projection | on_index,
        "Scan": projection | on_index,
    }
    if request.action == "BatchGetItem":
        return request.action, {"RequestItems": {request.table: {"Keys": [key]} | projection}}
    if request.action == "BatchWriteItem":
        return request.action, {"RequestItems": {request.table: [{"PutRequest": {"Item": item}}]}}
    own = fields[request.action] | {"TableName": request.table}
    if not request.enclosed:
        return request.action, own
    operation = "TransactGetItems" if request.action == "GetItem" else "TransactWriteItems"
    member = {"ConditionCheckItem": "ConditionCheck"}.get(request.action, request.action.removesuffix("Item"))
    return operation, {"TransactItems": [{member: own}]}


def permits(granted: Permission, request: Request) -> bool:
    """What a permission means, in the plainest words; the policies must come to the same."""
    inside = granted.transactional or request.action == "ConditionCheckItem"
    return (
        request.action in granted.actions
        and (request.table, request.index) == (granted.table, granted.index)
        and (request.action not in TRANSACTED or request.enclosed == inside)
        and (
            granted.attributes is None
            or (request.attributes is not None and request.attributes <= granted.attributes | granted.key_attributes)
        )
        and (granted.leading_keys is None or any(fnmatchcase(request.key, each) for each in granted.leading_keys))
    )


TABLES, INDEXES = ("orders", "events"), (None, "by-date", "by-name")
KEYS = ("T#1#a", "T#2#a", "CONFIG")
ATTRIBUTES = (None, frozenset({"a"}), frozenset({"a", "b"}), frozenset({"c"}))


def neighbours(request: Request) -> Iterator[Request]:
    """Every possible request that differs in one respect."""
    mutations: dict[str, tuple[Any, ...]] = {
        "action": ACTIONS,
        "table": TABLES,
        "index": INDEXES,
        "key": KEYS,
        "attributes": ATTRIBUTES,
        "enclosed": (True, False),
    }
    for name, others in mutations.items():
        for other in others:
            mutated = replace(request, **{name: other})
            if mutated != request and mutated.possible:
                yield mutated


def requests_of(granted: Permission) -> Iterator[Request]:
    """One request or more for each of a permission's actions."""
    for action in granted.actions:
        for key in KEYS:
            request = Request(
                action=action,
                table=granted.table,
                index=granted.index,
                key=key,
                attributes=granted.attributes,
                enclosed=action in TRANSACTED and (granted.transactional or action == "ConditionCheckItem"),
            )
            if permits(granted, request):
                yield request


@st.composite
def permissions(draw: st.DrawFn) -> Permission:
    index = draw(st.sampled_from(INDEXES))
    actions = draw(st.frozensets(st.sampled_from(ACTIONS if index is None else ON_INDEXES), min_size=1, max_size=4))
    keys = [None, ("T#1#*",), ("T#1#*", "CONFIG"), ("T#*",), ("CONFIG",)]
    return permission(
        *actions,
        table=draw(st.sampled_from(TABLES)),
        index=index,
        attributes=draw(st.sampled_from(ATTRIBUTES)),
        leading_keys=None if "Scan" in actions else draw(st.sampled_from(keys)),
        transactional=draw(st.booleans()),
    )


@given(permissions())
def test_a_policy_allows_the_declared_and_denies_every_neighbour(granted: Permission) -> None:
    policies = synthesize([granted], HOME)
    for request in requests_of(granted):
        assert allowed_by(policies, request), request
        for mutated in neighbours(request):
            assert allowed_by(policies, mutated) == permits(granted, mutated), mutated


@settings(max_examples=40)
@given(st.lists(permissions(), min_size=2, max_size=4))
def test_together_permissions_allow_what_each_allows_and_no_more(granted: list[Permission]) -> None:
    policies = synthesize(granted, HOME)
    for request in [request for each in granted for request in requests_of(each)]:
        assert allowed_by(policies, request), request
        for mutated in neighbours(request):
            assert allowed_by(policies, mutated) == any(permits(each, mutated) for each in granted), mutated


@given(st.lists(permissions(), max_size=4), st.randoms())
def test_the_documents_do_not_depend_on_the_order_of_grants(granted: list[Permission], random: Any) -> None:
    shuffled = random.sample(granted, len(granted))
    assert [*map(render_policy, synthesize(shuffled, HOME))] == [*map(render_policy, synthesize(granted, HOME))]


@given(st.lists(permissions(), max_size=4))
def test_the_documents_are_well_formed(granted: list[Permission]) -> None:
    for policy in synthesize(granted, HOME):
        assert parse_policy(render_policy(policy)) == policy
