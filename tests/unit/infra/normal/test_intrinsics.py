"""The intrinsic functions of CloudFormation, as far as they are understood here."""

from typing import Any

import pytest

from tenantable.errors import InfrastructureError
from tenantable.infra.normal.intrinsics import Resolver
from tenantable.infra.normal.templates import parse_template
from tenantable.wire.arns import Home

TEMPLATE = parse_template("""
Parameters:
  Stage: {Type: String, Default: dev}
  Empty: {Type: String, Default: ''}
Mappings:
  Units:
    dev: {read: 1}
    prod: {read: 9}
Conditions:
  Production: !Equals [!Ref Stage, prod]
  Keyed: !Not [!Equals [!Ref Empty, '']]
  Both: !And [!Condition Production, Condition: Keyed]
  Either: !Or [!Condition Production, !Not [!Condition Keyed]]
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Sub 'orders-${Stage}'}
  Key:
    Type: AWS::KMS::Key
""")
HOME = Home(account_id="123456789012", region="eu-west-1")
CASES: list[tuple[str, Any]] = [
    ("!Ref Stage", "dev"),
    ("!Ref Orders", "orders-dev"),
    ("!Ref Key", "Key"),
    ("!Ref AWS::Region", "eu-west-1"),
    ("!GetAtt Orders.Arn", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-dev"),
    ("!GetAtt [Key, Arn]", "arn:aws:kms:eu-west-1:123456789012:key/Key"),
    ("!GetAtt Orders.StreamArn", "Orders.StreamArn"),
    ("!Sub '${Orders}/${Orders.Arn}/${!aws:name}'", None),
    ("!Sub ['${a}-${Stage}', {a: !Ref Stage}]", "dev-dev"),
    ("!Join ['-', [a, !Ref Stage, !Ref AWS::NoValue]]", "a-dev"),
    ("!If [Production, 1, 2]", 2),
    ("!If [Either, {a: !If [Both, 1, !Ref AWS::NoValue], b: 2}, 3]", {"b": 2}),
    ("[1, !If [Production, 2, !Ref AWS::NoValue], 3]", [1, 3]),
    ("!FindInMap [Units, !Ref Stage, read]", 1),
    ("!Select [1, !Split [',', 'a,b']]", "b"),
    ("{Ref: Stage}", "dev"),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_a_function_is_carried_out(text: str, expected: Any) -> None:
    value = parse_template(f"{{Metadata: [{text}], Resources: {{}}}}")["Metadata"][0]
    found = Resolver(TEMPLATE, {}, HOME).resolve(value)
    if expected is None:
        expected = "orders-dev/arn:aws:dynamodb:eu-west-1:123456789012:table/orders-dev/${aws:name}"
    assert found == expected


def test_parameters_decide_conditions() -> None:
    resolver = Resolver(TEMPLATE, {"Stage": "prod", "Empty": "x"}, HOME)
    assert resolver.holds("Both")
    assert resolver.resolve({"Fn::FindInMap": ["Units", {"Ref": "Stage"}, "read"]}) == 9


REFUSED = {
    "!ImportValue other": "Fn::ImportValue is not understood",
    "!Ref Nothing": "Nothing",
    "!If [Nothing, 1, 2]": "no condition Nothing",
    "!FindInMap [Units, sit, read]": "maps no Units, sit, read",
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_what_cannot_be_resolved_is_named(text: str, words: str) -> None:
    value = parse_template(f"{{Metadata: [{text}], Resources: {{}}}}")["Metadata"][0]
    with pytest.raises(InfrastructureError, match=words):
        Resolver(TEMPLATE, {}, HOME).resolve(value)


def test_a_parameter_without_value_is_named() -> None:
    template = parse_template("{Parameters: {Name: {Type: String}}, Resources: {}}")
    with pytest.raises(InfrastructureError, match="needs a value for Name"):
        Resolver(template, {}, HOME)
    with pytest.raises(InfrastructureError, match="no parameter Nane"):
        Resolver(template, {"Nane": "x"}, HOME)


def test_a_template_that_refers_to_itself_ends() -> None:
    template = parse_template("{Conditions: {A: !Condition A}, Resources: {}}")
    with pytest.raises(InfrastructureError, match="refers to itself"):
        Resolver(template, {}, HOME).holds("A")


@pytest.mark.parametrize(
    "text", ["", "[]", "Resources: 1", "{", "a: b", "Resources: {A: 1}", "Resources: {A: {Type: 1}}"]
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(InfrastructureError, match="template"):
        parse_template(text)


def test_a_date_stays_text() -> None:
    assert parse_template("{Version: 2012-10-17, Resources: {}}")["Version"] == "2012-10-17"
