"""Resource policies of tables and streams: kept, revised, given out and taken away."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.conftest import attributes, keys

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    MakeTable = Callable[..., Table]

pytestmark = pytest.mark.needs("resource policies")
Members = dict[str, Any]
NOT_FOUND = ("PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn")
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}


def document(arn: str, action: str = "dynamodb:GetItem") -> str:
    principal = {"AWS": arn.split(":")[4]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def arn_of(table: "Table") -> str:
    return str(table.call("DescribeTable")["Table"]["TableArn"])


def put(table: "Table", arn: str, policy: str, **members: Any) -> str:
    answer = table.client.call("PutResourcePolicy", {"ResourceArn": arn, "Policy": policy, **members})
    return str(answer["RevisionId"])


def refused(table: "Table", operation: str, **members: Any) -> tuple[str, str]:
    with pytest.raises(DynamoError) as caught:
        table.client.call(operation, members)
    return caught.value.code, caught.value.message


def test_a_policy_comes_back_as_it_was_given(make_table: "MakeTable") -> None:
    table = make_table("simple")
    arn = arn_of(table)
    revision = put(table, arn, document(arn))
    answer = table.client.call("GetResourcePolicy", {"ResourceArn": arn})
    assert answer == {"Policy": document(arn), "RevisionId": revision}


def test_a_table_is_made_with_a_policy(make_table: "MakeTable") -> None:
    policy = document("arn:aws:dynamodb:us-east-1:000000000000:table/any")
    table = make_table("simple", ResourcePolicy=policy)
    answer = table.client.call("GetResourcePolicy", {"ResourceArn": arn_of(table)})
    assert answer["Policy"] == policy


def test_only_another_document_is_another_revision(make_table: "MakeTable") -> None:
    table = make_table("simple")
    arn = arn_of(table)
    first = put(table, arn, document(arn))
    assert put(table, arn, document(arn)) == first
    assert put(table, arn, document(arn, "dynamodb:Query")) != first


def test_a_change_may_expect_a_revision(make_table: "MakeTable") -> None:
    table = make_table("simple")
    arn = arn_of(table)
    changed = {"ResourceArn": arn, "Policy": document(arn)}
    assert refused(table, "PutResourcePolicy", **changed, ExpectedRevisionId="1") == NOT_FOUND
    revision = put(table, arn, document(arn), ExpectedRevisionId="NO_POLICY")
    assert refused(table, "PutResourcePolicy", **changed, ExpectedRevisionId="NO_POLICY") == NOT_FOUND
    assert put(table, arn, document(arn, "dynamodb:Query"), ExpectedRevisionId=revision) != revision
    assert refused(table, "DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId=revision) == NOT_FOUND


def test_a_policy_is_taken_away_once(make_table: "MakeTable") -> None:
    """Taking it away again does nothing, unless a revision is expected."""
    table = make_table("simple")
    arn = arn_of(table)
    revision = put(table, arn, document(arn), ConfirmRemoveSelfResourceAccess=True)
    assert table.client.call("DeleteResourcePolicy", {"ResourceArn": arn}) == {"RevisionId": revision}
    assert refused(table, "GetResourcePolicy", ResourceArn=arn) == NOT_FOUND
    assert table.client.call("DeleteResourcePolicy", {"ResourceArn": arn}).get("RevisionId", "") == ""
    assert refused(table, "DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId=revision) == NOT_FOUND


@pytest.mark.needs("streams")
def test_a_stream_has_a_policy_of_its_own(make_table: "MakeTable") -> None:
    table = make_table("simple", **STREAM)
    arn, stream = arn_of(table), table.stream_arn()
    put(table, stream, document(stream, "dynamodb:GetRecords"))
    assert refused(table, "GetResourcePolicy", ResourceArn=arn) == NOT_FOUND
    put(table, arn, document(arn))
    table.put({"pk": {"S": "a"}})
    table.call("UpdateTable", StreamSpecification={"StreamEnabled": False})
    answer = table.client.call("GetResourcePolicy", {"ResourceArn": stream})
    assert "dynamodb:GetRecords" in answer["Policy"]


@pytest.mark.parametrize("operation", ["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"])
def test_what_is_no_table_and_no_stream_has_no_policy(simple: "Table", operation: str) -> None:
    arn = arn_of(simple)
    members = {"Policy": document(arn)} if operation == "PutResourcePolicy" else {}
    assert refused(simple, operation, ResourceArn=f"{arn}/index/any", **members)[0] == "ValidationException"
    assert refused(simple, operation, ResourceArn="any", **members)[0] == "ValidationException"
    assert refused(simple, operation, ResourceArn=f"{arn}-none", **members)[0] == "ResourceNotFoundException"
    stream = f"{arn}/stream/2020-01-01T00:00:00.000"
    assert refused(simple, operation, ResourceArn=stream, **members)[0] == "ResourceNotFoundException"


STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}
WRONG_DOCUMENTS = {
    "effect is a list": json.dumps({"Statement": {**STATEMENT, "Effect": ["Allow"]}}),
    "no JSON": "{",
    "no object": "[]",
    "no statement": json.dumps({"Version": "2012-10-17", "Statement": []}),
    "no effect": json.dumps({"Statement": {**STATEMENT, "Effect": "Maybe"}}),
    "no principal": json.dumps({"Statement": {**STATEMENT, "Principal": None}}),
    "no action": json.dumps({"Statement": {**STATEMENT, "Action": []}}),
    "a statement that is no object": json.dumps({"Statement": ["Allow"]}),
    "more than 20 KB with its white space": json.dumps({"Statement": STATEMENT}) + " " * 20 * 1024,
}


@pytest.mark.parametrize("policy", WRONG_DOCUMENTS.values(), ids=list(WRONG_DOCUMENTS))
def test_what_is_no_policy_is_refused(simple: "Table", unused_name: str, policy: str) -> None:
    code, message = refused(simple, "PutResourcePolicy", ResourceArn=arn_of(simple), Policy=policy)
    assert code == "ValidationException"
    assert message.startswith("One or more parameter values were invalid: Invalid policy document: ")
    definition = {"AttributeDefinitions": attributes(pk="S"), "BillingMode": "PAY_PER_REQUEST"}
    schema = {"KeySchema": keys("pk")}
    members = {"TableName": unused_name, "ResourcePolicy": policy, **definition, **schema}
    assert refused(simple, "CreateTable", **members)[0] == "ValidationException"
