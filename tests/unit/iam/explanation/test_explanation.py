"""Decisions explained: what decided, what came nearest, and a smallest grant that is proven to suffice."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.evaluation import AccessRequest, PolicyKind, Verdict
from tenantable.iam.explanation.documents import explanation_document
from tenantable.iam.explanation.explanation import Explanation, Standing, decide, explain
from tenantable.iam.principals import CallerNames
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.iam.requests.samples import ITEM_ACTIONS, Sample, sample_call
from tenantable.wire.arns import Home
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

HOME = Home()
ORDERS, OTHERS = HOME.table("orders"), HOME.table("others")
KEYS = TableKeys(
    table=KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk")),
    indexes={"by-date": KeyNames(partition=KeyAttribute(name="gpk"))},
)
TABLES = {"orders": KEYS, "others": KEYS}


def policy(*statements: dict[str, Any]) -> Policy:
    plain = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": ORDERS}
    return parse_policy({"Version": "2012-10-17", "Statement": [{**plain, **each} for each in statements]})


def needed(action: str = "GetItem", key: str = "T#1", **changes: Any) -> AccessRequest:
    """What a request of an action needs."""
    is_indexed = changes.get("index") is not None
    names = KEYS.indexes[changes["index"]] if is_indexed else KEYS.table
    about: dict[str, Any] = {"table": "orders", "index": None, "keys": names, "key": {names.partition.name: {"S": key}}}
    call = sample_call(action, Sample(**{**about, **changes}))
    assert call is not None
    (found,) = access_requests(*call, TABLES.get, home=HOME) or ()
    return found


def explained(request: AccessRequest, *policies: Policy, **others: Policy) -> Explanation:
    attached = {PolicyKind.IDENTITY: policies, **{PolicyKind[kind.upper()]: [each] for kind, each in others.items()}}
    return explain(request, attached)


def test_of_what_is_allowed_the_deciding_statement_is_told() -> None:
    found = explained(needed(), policy({"Sid": "Other", "Action": "dynamodb:Query"}, {"Sid": "Read"}))
    assert found.decision.allowed
    assert found.deciding is not None
    assert (found.deciding.name, found.nearest, found.grant, found.missing_in) == ("Read", None, None, ())


def test_a_statement_without_a_sid_is_named_by_its_place() -> None:
    found = explained(needed(), policy({"Action": "dynamodb:Query"}), policy({}, {"Action": "dynamodb:Scan"}))
    assert found.deciding is not None
    assert found.deciding.name == "statement 1 of identity-based policy 2"


def test_against_an_explicit_deny_no_grant_is_offered() -> None:
    found = explained(needed(), policy({}), policy({"Sid": "Never", "Effect": "Deny"}))
    assert found.decision.verdict is Verdict.EXPLICIT_DENY
    assert found.deciding is not None
    assert (found.deciding.name, found.nearest, found.grant) == ("Never", None, None)


def test_a_failing_condition_is_told_with_the_values_that_fail() -> None:
    limits = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "total"]}}
    found = explained(needed(attributes=("total", "note")), policy({"Condition": limits}))
    assert found.nearest is not None
    (failing,) = found.nearest.failing
    assert (failing.operator, failing.key) == ("ForAllValues:StringEquals", "dynamodb:Attributes")
    assert failing.wanted == ("pk", "sk", "total")
    assert sorted(failing.given or ()) == ["note", "pk", "sk", "total"]
    assert failing.unmatched == ("note",)


def test_what_a_variable_stands_for_is_told() -> None:
    own = {"StringEquals": {"dynamodb:Select": ["${aws:PrincipalTag/a}", "${aws:PrincipalTag/b}"]}}
    request = needed()
    tagged = request._replace(context={**request.context, "aws:principaltag/a": "x"})
    found = explained(tagged, policy({"Condition": own}))
    assert found.nearest is not None
    assert found.nearest.failing[0].meant == {"${aws:PrincipalTag/a}": "x", "${aws:PrincipalTag/b}": None}


def test_a_condition_on_a_key_that_the_request_lacks_says_so() -> None:
    found = explained(needed(), policy({"Condition": {"StringEquals": {"aws:PrincipalTag/a": "x"}}}))
    assert found.nearest is not None
    assert found.nearest.failing[0].given is None


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        ({"Condition": {"StringEquals": {"aws:SourceVpc": "v"}}}, {"Action": "dynamodb:Query"}),
        ({"Resource": f"{ORDERS}/index/by-date"}, {"Resource": OTHERS}),
        ({"Action": "dynamodb:Query"}, {"Resource": OTHERS}),
        (
            {"Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "a"]}}},
            {"Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk"]}}},
        ),
    ],
)
def test_the_nearest_statement_needs_the_smallest_changes(nearer: dict[str, Any], farther: dict[str, Any]) -> None:
    request = needed(attributes=("a", "b"))
    for policies in (policy(nearer, farther), policy(farther, nearer)):
        nearest = explained(request, policies).nearest
        assert nearest is not None
        assert nearest.statement == policy(nearer).statements[0]


def test_what_is_about_other_actions_and_other_tables_is_not_near() -> None:
    assert explained(needed(), policy({"Action": "dynamodb:Query", "Resource": OTHERS})).nearest is None


def test_where_a_boundary_decides_its_own_statements_are_compared() -> None:
    boundary = policy({"Sid": "Limit", "Resource": OTHERS})
    found = explained(needed(), policy({"Sid": "Read"}), boundary=boundary)
    assert found.decision.kind is PolicyKind.BOUNDARY
    assert found.nearest is not None
    assert found.nearest.name == "Limit"
    assert found.missing_in == (PolicyKind.BOUNDARY,)
    assert found.grant is not None


def test_a_grant_is_missing_wherever_it_is_not_allowed() -> None:
    found = explained(needed(), policy({"Resource": OTHERS}), session=policy({"Resource": OTHERS}))
    assert found.missing_in == (PolicyKind.IDENTITY, PolicyKind.SESSION)


def on_table(**statement: Any) -> Policy:
    plain = {"Sid": "Shared", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": ORDERS, "Principal": "*"}
    return parse_policy({"Version": "2012-10-17", "Statement": {**plain, **statement}}, kind="resource")


HERE = CallerNames(arn=f"arn:aws:iam::{HOME.account_id}:user/ann", role_arn=None, account_id=HOME.account_id)
ELSEWHERE = CallerNames(arn="arn:aws:iam::111111111111:user/eve", role_arn=None, account_id="111111111111")


def test_a_resource_policy_that_names_the_caller_decides() -> None:
    attached = {PolicyKind.IDENTITY: [], PolicyKind.RESOURCE: [on_table(Principal={"AWS": HERE.arn})]}
    found = explain(needed(), attached, standing=Standing(caller=HERE))
    assert found.decision.allowed
    assert found.deciding is not None
    assert found.deciding.name == "Shared"


def test_a_statement_that_names_somebody_else_says_so() -> None:
    attached = {PolicyKind.IDENTITY: [], PolicyKind.RESOURCE: [on_table(Principal={"AWS": ELSEWHERE.arn})]}
    found = explain(needed(), attached, standing=Standing(caller=HERE))
    (shared,) = found.statements
    assert not shared.principal_matches
    assert not shared.applies
    assert found.missing_in == (PolicyKind.IDENTITY,)


def test_across_accounts_both_sides_lack_a_grant_and_both_get_it() -> None:
    attached = {PolicyKind.IDENTITY: [], PolicyKind.RESOURCE: [on_table(Principal={"AWS": HERE.arn})]}
    found = explain(needed(), attached, standing=Standing(caller=ELSEWHERE, same_account=False))
    assert found.missing_in == (PolicyKind.IDENTITY, PolicyKind.RESOURCE)
    assert found.grant is not None


def test_a_key_that_cannot_be_told_is_not_shown() -> None:
    """Its stand-in has no UTF-8 form."""
    (unknown,) = access_requests("GetItem", {"TableName": "missing", "Key": {}}, TABLES.get, home=HOME) or ()
    found = explained(unknown, policy({"Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "a"}}}))
    str(explanation_document(found)).encode()
    assert found.grant is not None
    assert "dynamodb:LeadingKeys" not in {each.key for each in found.grant.conditions}


def test_a_document_for_programs_says_everything() -> None:
    document = explanation_document(explained(needed(), policy({"Sid": "Other", "Resource": OTHERS})))
    assert (document["allowed"], document["verdict"]) == (False, "ImplicitDeny")
    assert (document["action"], document["resource"]) == ("dynamodb:GetItem", ORDERS)
    assert document["context"]["dynamodb:leadingkeys"] == ["T#1"]
    assert document["nearest"]["sid"] == "Other"
    assert document["grant"]["Statement"][0]["Resource"] == ORDERS
    assert [each["resource_matches"] for each in document["statements"]] == [False]


# Every action on items, one step away in every direction.

ALTERED: dict[str, dict[str, Any]] = {
    "another table": {"table": "others"},
    "another key": {"key": "T#2"},
    "another attribute": {"attributes": ("a", "other")},
    "in a transaction": {"in_transaction": True},
}
LISTED = {"GetItem", "BatchGetItem", "Query", "UpdateItem", "PartiQLSelect", "PartiQLUpdate"}
"""Whose attributes a statement can limit."""


@pytest.mark.parametrize("action", ITEM_ACTIONS)
def test_the_smallest_grant_allows_the_request_and_no_neighbour_of_it(action: str) -> None:
    request = needed(action, attributes=("a",))
    found = explained(request)
    assert found.grant is not None
    attached = {PolicyKind.IDENTITY: [Policy(statements=(found.grant,))]}
    assert decide(request, attached).allowed
    for name, change in ALTERED.items():
        if name == "another key" and action == "Scan":
            continue
        if name == "another attribute" and action not in LISTED | {"Scan"}:
            continue
        if name == "in a transaction" and (
            action.startswith("Batch") or action in {"Query", "Scan", "ConditionCheckItem"}
        ):
            continue
        assert not decide(needed(action, **{"attributes": ("a",), **change}), attached).allowed, name
    for other in ITEM_ACTIONS:
        if other != action:
            assert not decide(needed(other, attributes=("a",)), attached).allowed, other


@pytest.mark.parametrize("action", ["Query", "Scan"])
def test_a_grant_on_an_index_is_none_on_its_table(action: str) -> None:
    request = needed(action, index="by-date", attributes=("a",))
    grant = explained(request).grant
    assert grant is not None
    attached = {PolicyKind.IDENTITY: [Policy(statements=(grant,))]}
    assert decide(request, attached).allowed
    assert not decide(needed(action, attributes=("a",)), attached).allowed


@settings(max_examples=200, deadline=None)
@given(key=st.text(min_size=1), other=st.text(min_size=1), name=st.sampled_from(["${a}", "*", "${aws:x}", "${*}", "a"]))
def test_a_grant_for_one_key_is_for_that_key_alone(key: str, other: str, name: str) -> None:
    """Whatever a key or an attribute is called: also as a wildcard or a policy variable is written."""
    request = needed(key=key + name, attributes=(name,))
    grant = explained(request).grant
    assert grant is not None
    attached = {PolicyKind.IDENTITY: [Policy(statements=(grant,))]}
    assert decide(request, attached).allowed
    assert decide(needed(key=other, attributes=(name,)), attached).allowed == (other == key + name)


def test_a_grant_for_an_example_of_a_key_is_for_any_key() -> None:
    found = explain(needed(), {PolicyKind.IDENTITY: []}, any_key=True)
    assert found.grant is not None
    assert decide(needed(key="T#2"), {PolicyKind.IDENTITY: [Policy(statements=(found.grant,))]}).allowed
