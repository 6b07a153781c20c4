"""Policy documents: what is read, what is refused and where, and that rendering is stable."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.errors import PolicyError
from tenantable.iam.documents import Condition, Policy, Statement, parse_policy, policy_size, render_policy

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"


def statement(**changes: Any) -> dict[str, Any]:
    fields = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE, **changes}
    return {name: value for name, value in fields.items() if value is not None}


def document(**changes: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement(**changes)]}


def test_a_document_is_read_into_values() -> None:
    written = document(Sid="Read", Condition={"StringEquals": {"dynamodb:Select": ["COUNT", "SPECIFIC_ATTRIBUTES"]}})
    condition = Condition(operator="StringEquals", key="dynamodb:Select", values=("COUNT", "SPECIFIC_ATTRIBUTES"))
    only = Statement(
        effect="Allow", actions=("dynamodb:GetItem",), resources=(TABLE,), conditions=(condition,), sid="Read"
    )
    assert parse_policy(json.dumps(written)) == Policy(statements=(only,))


def test_a_lone_statement_needs_no_list() -> None:
    assert parse_policy({"Version": "2012-10-17", "Statement": statement()}) == parse_policy(document())


def test_a_missing_version_is_the_first() -> None:
    assert not parse_policy({"Statement": statement()}).has_variables


def test_json_numbers_and_booleans_are_condition_values() -> None:
    policy = parse_policy(document(Condition={"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"a:b": [5]}}))
    assert [each.values for each in policy.statements[0].conditions] == [("true",), ("5",)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Effect": "allow"}, 'statement 1, Effect: must be "Allow" or "Deny"'),
        ({"Effect": ["Allow"]}, "statement 1, Effect"),
        ({"Sid": "not a sid"}, "statement 1, Sid"),
        ({"Action": None}, "statement 1: needs either Action or NotAction"),
        ({"NotAction": "dynamodb:Scan"}, "statement 1: needs either Action or NotAction, and not both"),
        ({"Action": []}, "statement 1, Action: must not be empty"),
        ({"Action": "GetItem"}, "statement 1, Action: 'GetItem' is not an action"),
        ({"Action": "*:GetItem"}, "'*:GetItem' is not an action"),
        ({"Action": [5]}, "statement 1, Action: must be text"),
        ({"Resource": None}, "statement 1: needs either Resource or NotResource"),
        ({"Resource": "orders"}, "statement 1, Resource: 'orders' is not an ARN"),
        ({"Sid": "Read", "Resource": "orders"}, "statement 1 (Read), Resource"),
        ({"NotResource": "x", "Resource": None}, "statement 1, NotResource: 'x' is not an ARN"),
        ({"Principal": "*"}, "statement 1, Principal: belongs in a resource policy"),
        ({"Conditions": {}}, "statement 1: unknown element 'Conditions'"),
        ({"Condition": []}, "statement 1, Condition: must be an object"),
        ({"Condition": {"StringEquals": {}}}, "statement 1, Condition.StringEquals: must be an object of at least one"),
        ({"Condition": {"StringIs": {"a:b": "c"}}}, "Condition.StringIs.a:b: 'StringIs' is not a condition operator"),
        ({"Condition": {"StringEquals": {"a:b": []}}}, "must have at least one value"),
        ({"Condition": {"StringEquals": {"a:b": {}}}}, "is no condition value"),
        ({"Condition": {"StringEquals": {"LeadingKeys": "c"}}}, "'LeadingKeys' is not a condition key"),
        ({"Condition": {"StringEquals": {"a:b": "${"}}}, "Condition.StringEquals.a:b: '${' is not a policy variable"),
        ({"Condition": {"NullIfExists": {"a:b": "true"}}}, "'NullIfExists' is not a condition operator"),
        ({"Condition": {"ForAnyValue:Null": {"a:b": "true"}}}, "'ForAnyValue:Null' is not a condition operator"),
        ({"Condition": {"ForAll:StringEquals": {"a:b": "c"}}}, "is not a condition operator"),
        ({"Condition": {":StringEquals": {"a:b": "c"}}}, "is not a condition operator"),
        ({"Condition": {"Null": {"a:b": "maybe"}}}, "Null compares with true or false, not 'maybe'"),
    ],
)
def test_a_fault_is_named_with_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(document(**changes))
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{", "is not JSON"),
        (b"\xff\xff", "is not JSON"),
        ("[" * 60_000, "is not JSON"),
        ("[]", "must be a JSON object"),
        ('"' + "x" * 70_000 + '"', "at most 65536"),
        ('{"Statement": [], "Statement": []}', "'Statement' occurs twice"),
        ('{"Version": "2012-10-17"}', "Statement: must be"),
        ('{"Version": ["2012-10-17"], "Statement": []}', "is no version"),
        ('{"Version": "2012-10-17", "Statement": []}', "at least one"),
        ('{"Version": "2012-10-17", "Statement": ["x"]}', "statement 1: must be an object"),
        ('{"Version": "2012-10-17", "Id": 5, "Statement": []}', "Id: must be text"),
        ('{"version": "2012-10-17", "Statement": []}', "unknown element 'version'"),
    ],
)
def test_what_is_no_policy_is_refused(written: str | bytes, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(written)
    assert message in caught.value.message


def test_two_statements_with_one_sid_are_refused() -> None:
    with pytest.raises(PolicyError, match="Sid 'Read' names two statements"):
        parse_policy({"Statement": [statement(Sid="Read"), statement(Sid="Read")]})


def test_rendering_is_stable_text() -> None:
    policy = parse_policy(document(Sid="Read", Action=["dynamodb:GetItem", "dynamodb:Query"]))
    assert render_policy(policy) == (
        '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Sid": "Read",\n      "Effect": "Allow",\n'
        '      "Action": [\n        "dynamodb:GetItem",\n        "dynamodb:Query"\n      ],\n'
        f'      "Resource": "{TABLE}"\n    }}\n  ]\n}}\n'
    )


def test_the_size_leaves_out_white_space() -> None:
    policy = parse_policy(document())
    assert policy_size(policy) == len("".join(render_policy(policy).split()))


conditions = st.builds(
    Condition,
    operator=st.sampled_from(["StringEquals", "ForAllValues:StringLike", "StringEqualsIfExists", "DateLessThan"]),
    key=st.sampled_from(["dynamodb:LeadingKeys", "aws:PrincipalTag/tenant"]),
    values=st.lists(st.text("ab#*? ", max_size=4), min_size=1, max_size=3).map(tuple),
)
statements = st.builds(
    Statement,
    effect=st.sampled_from(["Allow", "Deny"]),
    actions=st.lists(st.sampled_from(["dynamodb:*", "dynamodb:GetItem", "*"]), min_size=1).map(tuple),
    resources=st.lists(st.sampled_from(["*", TABLE]), min_size=1).map(tuple),
    conditions=st.lists(conditions, max_size=1).map(tuple),
    every_action_but=st.booleans(),
    every_resource_but=st.booleans(),
)
policies = st.builds(
    Policy,
    statements=st.lists(statements, min_size=1, max_size=3).map(tuple),
    version=st.sampled_from(["2012-10-17", "2008-10-17"]),
    id=st.none() | st.text(max_size=5),
)


@given(policies)
def test_what_was_rendered_is_read_back(policy: Policy) -> None:
    assert parse_policy(render_policy(policy)) == policy
