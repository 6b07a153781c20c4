"""Policies made from grants: they allow what was granted, and no neighbour of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.iam.synthesis.requests_in_words import (
    ACTIONS,
    HOME,
    ON_INDEXES,
    Universe,
    allowed_by,
    neighbours,
    permits,
    requests_of,
)

from tenantable.declare.grants import Permission, ResourcePermission
from tenantable.errors import PolicyError
from tenantable.iam.documents import parse_policy, policy_document, render_policy
from tenantable.iam.evaluation import PolicySet
from tenantable.iam.synthesis.statements import synthesize
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

KEY_NAMES = TableKeys(
    table=KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk")),
    indexes={name: KeyNames(partition=KeyAttribute(name="gpk")) for name in ("by-date", "by-name")},
)
KEY_ATTRIBUTES = frozenset({"pk", "sk", "gpk"})


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


TABLES, INDEXES = ("orders", "events"), (None, "by-date", "by-name")
ATTRIBUTES = (None, frozenset({"a"}), frozenset({"a", "b"}), frozenset({"c"}))
UNIVERSE = Universe(tables=dict.fromkeys(TABLES, KEY_NAMES), keys=("T#1#a", "T#2#a", "CONFIG"), attributes=ATTRIBUTES)


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
    policies = PolicySet(synthesize([granted], HOME))
    for request in requests_of(granted, UNIVERSE):
        assert allowed_by(policies, request, UNIVERSE), request
        for mutated in neighbours(request, UNIVERSE):
            assert allowed_by(policies, mutated, UNIVERSE) == permits(granted, mutated), mutated


@settings(max_examples=40)
@given(st.lists(permissions(), min_size=2, max_size=4))
def test_together_permissions_allow_what_each_allows_and_no_more(granted: list[Permission]) -> None:
    policies = PolicySet(synthesize(granted, HOME))
    for request in [request for each in granted for request in requests_of(each, UNIVERSE)]:
        assert allowed_by(policies, request, UNIVERSE), request
        for mutated in neighbours(request, UNIVERSE):
            assert allowed_by(policies, mutated, UNIVERSE) == any(permits(each, mutated) for each in granted), mutated


@given(st.lists(permissions(), max_size=4), st.randoms())
def test_the_documents_do_not_depend_on_the_order_of_grants(granted: list[Permission], random: Any) -> None:
    shuffled = random.sample(granted, len(granted))
    assert [*map(render_policy, synthesize(shuffled, HOME))] == [*map(render_policy, synthesize(granted, HOME))]


@given(st.lists(permissions(), max_size=4))
def test_the_documents_are_well_formed(granted: list[Permission]) -> None:
    for policy in synthesize(granted, HOME):
        assert parse_policy(render_policy(policy)) == policy
