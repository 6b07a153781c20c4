"""Differences of effective permissions: none where the text alone differs, and never a widening unnoticed."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.iam.differences.comparison import Difference, compare
from tenantable.iam.documents import parse_policy
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.lint.actions import ENCLOSING, KEYS, LEADING_KEYS, RETURN_VALUES, SELECT
from tenantable.iam.lint.reading import PolicySource, read_policy

TABLES = "arn:aws:dynamodb:eu-west-1:123456789012:table/"


def statement(action: Any, resource: Any, condition: Any = None, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    fields = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return fields if condition is None else {**fields, "Condition": condition}


def policy(*statements: Any, version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def difference(old: Any, new: Any) -> Difference | None:
    before, after = ([read_policy(PolicySource(place="", document=each))] for each in (old, new))
    return next(iter(compare({"": before}, {"": after})), None)


def keys(*values: str, operator: str = "ForAllValues:StringEquals") -> dict[str, Any]:
    return {operator: {"dynamodb:LeadingKeys": list(values)}}


GET = policy(statement("dynamodb:GetItem", TABLES + "A"))

EQUAL = [
    (GET, policy(statement(["dynamodb:getitem"], [TABLES + "A"]))),
    (
        policy(statement(["dynamodb:GetItem", "dynamodb:Query"], TABLES + "A")),
        policy(statement("dynamodb:Query", TABLES + "A"), statement("dynamodb:GetItem", TABLES + "A")),
    ),
    (policy(statement("dynamodb:Batch*", TABLES + "A")),
     policy(statement(["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"], TABLES + "A"))),
    (policy(statement("dynamodb:GetItem", [TABLES + "A*", TABLES + "AB"])),
     policy(statement("dynamodb:GetItem", TABLES + "A**"))),
    (GET, policy(*GET["Statement"], statement("dynamodb:PutItem", TABLES + "A/index/g"))),
    (policy(statement("dynamodb:GetItem", TABLES + "A", keys("a", "b"))),
     policy(statement("dynamodb:GetItem", TABLES + "A", keys("b")),
            statement("dynamodb:GetItem", TABLES + "A", keys("a", operator="ForAnyValue:StringLike")))),
    (policy(statement("dynamodb:Query", TABLES + "A", {"Null": {"dynamodb:EnclosingOperation": "true"}})),
     policy(statement("dynamodb:Query", TABLES + "A"))),
    (policy(statement("dynamodb:GetItem", TABLES + "A", {"StringEquals": {"dynamodb:Select": ["COUNT"]}}),
            statement("dynamodb:GetItem", TABLES + "A", {"StringEquals": {"dynamodb:Select": "ALL_ATTRIBUTES"}})),
     policy(statement("dynamodb:GetItem", TABLES + "A",
                      {"StringEquals": {"DynamoDB:select": ["ALL_ATTRIBUTES", "COUNT"]}}))),
    (policy(statement("dynamodb:*", "*"), statement("dynamodb:*", "*", effect="Deny")),
     policy(statement("dynamodb:*", "*", effect="Deny"))),
]  # fmt: skip

WIDER = [
    (GET, policy(statement("dynamodb:GetItem", TABLES + "A*"))),
    (GET, policy(statement(["dynamodb:GetItem", "dynamodb:Scan"], TABLES + "A"))),
    (policy(statement("dynamodb:GetItem", TABLES + "A", keys("T#a"))), GET),
    (policy(statement("dynamodb:GetItem", TABLES + "A", keys("T#a"))),
     policy(statement("dynamodb:GetItem", TABLES + "A", keys("T#*", operator="ForAllValues:StringLike")))),
    (policy(statement("dynamodb:BatchGetItem", TABLES + "A", keys("a")),
            statement("dynamodb:BatchGetItem", TABLES + "A", keys("b"))),
     policy(statement("dynamodb:BatchGetItem", TABLES + "A", keys("a", "b")))),
    (policy(*GET["Statement"], statement("dynamodb:GetItem", TABLES + "A", keys("x"), effect="Deny")), GET),
    (policy(statement("dynamodb:GetItem", TABLES + "A", {"StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}})),
     GET),
    (policy(statement("dynamodb:PutItem", TABLES + "A", {"Null": {"dynamodb:EnclosingOperation": "true"}})),
     policy(statement("dynamodb:PutItem", TABLES + "A"))),
    (policy(statement("dynamodb:GetItem", TABLES + "${aws:username}", version="2008-10-17")), GET),
    (policy(statement("sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:q")),
     policy(statement("sqs:*", "arn:aws:sqs:eu-west-1:1:q"))),
    (GET, {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), EQUAL)
def test_the_same_permissions_in_other_words_are_no_difference(old: Any, new: Any) -> None:
    assert difference(old, new) is None
    assert difference(new, old) is None


@pytest.mark.parametrize(("old", "new"), WIDER)
def test_what_is_newly_allowed_is_told_and_its_reverse_widens_nothing(old: Any, new: Any) -> None:
    found = difference(old, new)
    assert found is not None
    assert found.widens
    reverse = difference(new, old)
    assert reverse is not None
    assert reverse.vanished


def test_a_sentence_names_action_index_table_and_leading_key() -> None:
    found = difference(GET, policy(*GET["Statement"], statement("dynamodb:Query", TABLES + "A/index/by-date")))
    assert found is not None
    place = "index by-date of table A in eu-west-1 of 123456789012"
    assert found.appeared == (f"may now dynamodb:Query on {place} for any leading key",)


def test_a_deny_that_goes_is_told() -> None:
    denied = statement("dynamodb:GetItem", TABLES + "A", keys("x"), effect="Deny")
    found = difference(policy(*GET["Statement"], denied), GET)
    assert found is not None
    place = "table A in eu-west-1 of 123456789012"
    assert found.appeared == (f"is no longer denied dynamodb:GetItem on {place} for leading keys x",)


ACTIONS = [f"dynamodb:{name}" for name in ("BatchGetItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")]
PLACES = [f"{TABLES}A", f"{TABLES}AB", f"{TABLES}A/index/g"]
WORDS = {
    SELECT: ["ALL_ATTRIBUTES", "SPECIFIC_ATTRIBUTES"],
    RETURN_VALUES: ["NONE", "ALL_OLD"],
    ENCLOSING: [None, "TransactGetItems", "TransactWriteItems"],
}
CONDITIONS = [
    {},
    keys("t1"),
    keys("t1", "t2"),
    keys("t1*", operator="ForAllValues:StringLike"),
    keys("t?", operator="ForAnyValue:StringLike"),
    keys("t2", operator="ForAnyValue:StringNotEquals"),
    keys("t1", operator="StringEquals"),
    {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "a"]}},
    {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "a", "b"], "dynamodb:LeadingKeys": "t2"}},
    {"StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}},
    {"StringEquals": {"dynamodb:ReturnValues": "NONE"}},
    {"StringNotEquals": {"dynamodb:ReturnValues": "ALL_OLD"}},
    {"Null": {"dynamodb:EnclosingOperation": "true"}},
    {"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringNotEqualsIfExists": {"aws:username": "ann"}},
    {"Null": {"dynamodb:LeadingKeys": "false"}},
]


def requests() -> list[AccessRequest]:
    """Every request that can be made in a small world."""
    found = []
    for action, place in itertools.product(ACTIONS, PLACES):
        if "/index/" in place and action not in ("dynamodb:Query", "dynamodb:Scan"):
            continue
        has = KEYS[action]
        leading: list[Any] = [("t1",), ("t2",), ("t10",)] if LEADING_KEYS in has else [None]
        leading += [("t1", "t2"), ("t1", "t3")] if action == "dynamodb:BatchGetItem" else []
        attributes: list[Any] = [("pk",), ("pk", "a"), ("pk", "b"), ("pk", "a", "c")]
        attributes += [None] if action == "dynamodb:Scan" else []
        words: list[Any] = [WORDS[key] if key in has else [None] for key in (SELECT, RETURN_VALUES, ENCLOSING)]
        choices: list[list[Any]] = [leading, attributes, *words, [None, "ann"]]
        for key, names, select, returned, enclosing, user in itertools.product(*choices):
            context = {
                LEADING_KEYS: key, "dynamodb:attributes": names, SELECT: select, RETURN_VALUES: returned,
                ENCLOSING: enclosing, "aws:securetransport": "true", "aws:username": user,
            }  # fmt: skip
            present = {name: value for name, value in context.items() if value is not None}
            found.append(AccessRequest(action, place, present))
    return found


WORLD = requests()
RESOURCES = [*PLACES, f"{TABLES}A*", f"{TABLES}A/index/*", f"{TABLES}A?", "*"]

statements = st.builds(
    lambda effect, actions, resources, condition, negated: {
        "Effect": effect,
        "NotAction" if negated == 1 else "Action": actions,
        "NotResource" if negated == 2 else "Resource": resources,
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
    st.lists(st.sampled_from([*ACTIONS, "dynamodb:*", "dynamodb:*Item", "DynamoDB:q*", "*"]), min_size=1, max_size=2),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2),
    st.sampled_from(CONDITIONS),
    st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2]),
)
policies = st.lists(statements, min_size=1, max_size=3).map(lambda each: policy(*each))


@settings(max_examples=150, deadline=None)
@given(old=policies, new=policies)
def test_nothing_is_newly_allowed_without_being_told(old: Any, new: Any) -> None:
    """Requirement: P-01."""
    before, after = PolicySet([parse_policy(old)]), PolicySet([parse_policy(new)])
    gained = [each for each in WORLD if after.decide(each).allowed and not before.decide(each).allowed]
    found = difference(old, new)
    if gained:
        assert found is not None, gained[0]
        assert found.widens, gained[0]


@settings(max_examples=60, deadline=None)
@given(document=policies, data=st.data())
def test_the_order_and_grouping_of_statements_is_no_difference(document: Any, data: st.DataObject) -> None:
    single = [
        {**each, name: value}
        for each in document["Statement"]
        for name in ("Action", "NotAction")
        if name in each
        for value in (each[name] if name == "Action" else [each[name]])
    ]
    shuffled = data.draw(st.permutations(single))
    assert difference(document, policy(*shuffled)) is None
    assert difference(policy(*shuffled), document) is None
