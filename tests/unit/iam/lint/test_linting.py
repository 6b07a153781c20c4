"""Lint beyond the golden files: what silences a finding, and what a document may look like."""

from typing import Any

import pytest

from tenantable.errors import PolicyError
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.linting import lint
from tenantable.iam.lint.reading import PolicySource
from tenantable.iam.lint.sources.documents import policies_in, single_policy

TABLES = "arn:aws:dynamodb:eu-west-1:123456789012:table/"


def document(*statements: Any, **elements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **elements}


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def found(*documents: Any, owner: str | None = None) -> list[Finding]:
    return lint([PolicySource(place=str(number), document=each, owner=owner) for number, each in enumerate(documents)])


def ids(*documents: Any, owner: str | None = None) -> list[str]:
    return [finding.rule.id for finding in found(*documents, owner=owner)]


WILDCARD = allow("dynamodb:*", TABLES + "orders")
ONLY_GET = {"Effect": "Deny", "NotAction": "dynamodb:GetItem", "Resource": "*"}


def test_a_deny_in_the_same_policy_makes_a_wildcard_harmless() -> None:
    assert ids(document(WILDCARD)) == ["TP101"]
    assert ids(document(WILDCARD, ONLY_GET)) == []


def test_a_deny_in_another_policy_counts_only_for_its_owner() -> None:
    assert ids(document(WILDCARD), document(ONLY_GET), owner="role worker") == []
    assert ids(document(WILDCARD), document(ONLY_GET)) == ["TP101"]


def test_a_deny_under_a_condition_does_not_silence_a_finding() -> None:
    deny = {**ONLY_GET, "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}
    (finding,) = found(document(WILDCARD, deny))
    assert finding.rule.id == "TP101"
    assert finding.example.request.context["aws:multifactorauthpresent"] == "true"


def test_a_condition_is_fulfilled_by_the_counter_example() -> None:
    limited = {**WILDCARD, "Condition": {"IpAddress": {"aws:SourceIp": "10.1.0.0/16"}}}
    (finding,) = found(document(limited))
    assert finding.example.request.context["aws:sourceip"] == "10.1.0.0"
    assert "aws:SourceIp = 10.1.0.0" in finding.example.words


def test_limits_on_both_sides_of_a_key_are_met() -> None:
    times = {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}
    times["DateLessThan"] = {"aws:CurrentTime": "2027-01-01T00:00:00Z"}
    assert ids(document(allow("dynamodb:GetItem", "*", Condition=times))) == ["TP102"]
    ages = {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}, "Null": {"aws:MultiFactorAuthAge": "false"}}
    assert ids(document(allow("dynamodb:GetItem", "*", Condition=ages))) == ["TP102"]


def test_a_condition_on_the_owner_of_a_resource_limits_a_wildcard() -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/app": "shop"}}
    assert ids(document(allow("dynamodb:GetItem", "*", Condition=tagged))) == []


@pytest.mark.parametrize("action", ["DynamoDB:Scan", ["dynamodb:scan"], "DYNAMODB:SCAN"])
def test_case_and_scalars_do_not_hide_a_fault(action: Any) -> None:
    condition = {"forallvalues:stringequals": {"DYNAMODB:LEADINGKEYS": "a"}}
    assert "TP302" in ids(document(allow(action, TABLES + "orders", Condition=condition)))


def test_other_partitions_are_read_alike() -> None:
    arn = "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/"
    assert ids(document(allow("dynamodb:GetItem", arn + "*"))) == ["TP102"]
    assert ids(document(allow("dynamodb:GetItem", arn + "orders"))) == []


def test_a_single_statement_needs_no_list() -> None:
    assert ids({"Version": "2012-10-17", "Statement": WILDCARD}) == ["TP101"]


def test_an_open_resource_of_a_template_stands_for_one_table() -> None:
    assert ids(document(allow("dynamodb:GetItem", "${aws_dynamodb_table.orders.arn}"))) == []
    assert ids(document(allow("dynamodb:GetItem", "arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/o"))) == []


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "holds no policy"),
        ({"Version": "2012-10-17"}, "holds no policy"),
        (document(), "at least one"),
        (document("text"), "must be an object"),
        (document({"Effect": "allow", "Action": "*", "Resource": "*"}), "Effect"),
        (document({"Effect": "Allow", "Resource": "*"}), "Action"),
        (document({"Effect": "Allow", "Action": "*"}), "Resource"),
        (document(WILDCARD) | {"Version": "2013-01-01"}, "Version"),
        (document(allow("*", "*", Condition=["x"])), "Condition"),
        ('{"Statement": [], "Statement": []}', "twice"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_place(broken: Any, problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        lint([PolicySource(place="policy.json", document=broken)])


def test_what_a_file_holds_is_told_by_its_form() -> None:
    policy = document(WILDCARD)
    assert [source.place for source in policies_in([policy, policy], "two.json")] == [
        "two.json, policy 1",
        "two.json, policy 2",
    ]
    assert len(policies_in({"PolicyVersion": {"Document": policy, "VersionId": "v1"}}, "answer.json")) == 1
    assert single_policy(document({**WILDCARD, "Principal": "*"}), "").kind == "resource"
    with pytest.raises(PolicyError, match="no policy, plan or template"):
        policies_in({"name": "package"}, "package.json")


def test_a_pattern_for_some_regions_or_accounts_covers_tables_elsewhere() -> None:
    for home in ("eu-*:123456789012", "eu-west-?:123456789012", "eu-west-1:1234*"):
        (finding,) = found(document(allow("dynamodb:GetItem", f"arn:aws:dynamodb:{home}:table/orders")))
        assert finding.rule.id == "TP104"


def test_a_variable_with_a_default_lacks_its_delimiter_as_well() -> None:
    keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "T#${aws:PrincipalTag/tenant, 'none'}*"}}
    assert ids(document(allow("dynamodb:GetItem", TABLES + "orders", Condition=keys))) == ["TP308"]


def test_a_tenant_without_a_delimiter_is_found_in_other_services_too() -> None:
    objects = "arn:aws:s3:::files/${aws:PrincipalTag/tenant}"
    assert ids(document(allow("s3:GetObject", objects + "*"))) == ["TP308"]
    assert ids(document(allow("s3:GetObject", objects + "/*"))) == []
