"""What statements do that only the engine itself can show: whom it asks, how pages end, that no text breaks it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine import Engine
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError, access_denied
from tenantable.wire.keys import TableKeysLookup
from tenantable.wire.principals import Principal

CREATE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
}
FRAGMENTS = (
    "SELECT * FROM tbl,SELECT a FROM tbl,UPDATE tbl,DELETE FROM tbl,INSERT INTO tbl VALUE {'pk': 'p'; 'sk': ?},WHERE,"
    "pk = 'p',sk = ?,pk IN ['p'; 'q'],begins_with(sk; ?),a < ?,a IN [?],NOT,AND,OR,size(a) > 1,contains(a; ?),"
    "SET a = ?,SET a = a + ?,SET a = list_append(a; ?),SET a = set_add(a; ?),SET a.b[0] = ?,REMOVE a,REMOVE pk,"
    "ORDER BY sk,a BETWEEN ? AND ?,attribute_type(a; ?),RETURNING ALL OLD *,RETURNING MODIFIED NEW *,"
    "a IS NULL,a IS MISSING,(,)"
).split(",")
VALUES: list[dict[str, Any]] = [
    {"S": ""}, {"S": "s"}, {"N": "1"}, {"B": "QQ=="}, {"BOOL": True}, {"NULL": True}, {"L": []}, {"M": {}},
    {"SS": ["a"]}, {"NS": ["1"]}, {"S": 1}, {}, {"X": "y"},
]  # fmt: skip


class OnlyReads:
    """An authorizer that allows SELECT alone, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def check_policy(self, document: str) -> None:
        pass

    def authorize(
        self, _principal: Principal, operation: str, request: Mapping[str, Any], _tables: TableKeysLookup
    ) -> None:
        entries = request.get("Statements", [request])
        self.asked.append((operation, len(entries)))
        if any("Secret" in entry["Statement"] for entry in entries):
            raise access_denied("no")


@pytest.fixture(scope="module")
def engine() -> Iterator[DynamoClient]:
    with Engine(":memory:") as opened:
        opened.call("CreateTable", {"TableName": "tbl", **CREATE})
        yield opened


def execute(engine: DynamoClient, statement: str, *parameters: dict[str, Any], **members: Any) -> dict[str, Any]:
    given_ = {"Parameters": list(parameters)} if parameters else {}
    return engine.call("ExecuteStatement", {"Statement": statement, **given_, **members})


def test_a_batch_asks_for_each_statement_and_refuses_it_alone() -> None:
    authorizer = OnlyReads()
    with Engine(":memory:", authorizer=authorizer) as engine:
        engine.call("CreateTable", {"TableName": "tbl", **CREATE})
        engine.call("CreateTable", {"TableName": "Secret", **CREATE})
        engine.call("PutItem", {"TableName": "tbl", "Item": {"pk": {"S": "p"}, "sk": {"S": "s"}}})
        texts = [f"SELECT * FROM {name} WHERE pk = 'p' AND sk = 's'" for name in ("Secret", "tbl")]
        request = {"Statements": [{"Statement": text} for text in texts]}
        refused, allowed = engine.as_principal("arn:somebody").call("BatchExecuteStatement", request)["Responses"]
    assert refused == {"TableName": "Secret", "Error": {"Code": "AccessDenied", "Message": "no"}}
    assert allowed["Item"]["sk"] == {"S": "s"}
    assert authorizer.asked == [("BatchExecuteStatement", 1)] * 2


def test_a_statement_alone_is_asked_for_before_any_work() -> None:
    with Engine(":memory:", authorizer=OnlyReads()) as engine, pytest.raises(DynamoError, match="AccessDenied"):
        engine.as_principal("arn:somebody").call("ExecuteStatement", {"Statement": "SELECT * FROM Secret"})


def test_several_partitions_share_the_limit_of_one_page(engine: DynamoClient) -> None:
    """Four partitions of 600 KB each: a page ends with the item that brings it above 1 MB."""
    for name in "abcd":
        for sk in "12":
            item = {"pk": {"S": f"big-{name}"}, "sk": {"S": sk}, "x": {"S": "x" * 300_000}}
            engine.call("PutItem", {"TableName": "tbl", "Item": item})
    text = "SELECT pk, sk FROM tbl WHERE pk IN ['big-a', 'big-b', 'big-c', 'big-d']"
    first = execute(engine, text)
    second = execute(engine, text, NextToken=first["NextToken"])
    seen = [item["pk"]["S"][-1] + item["sk"]["S"] for page in (first, second) for item in page["Items"]]
    assert len(first["Items"]) == 4
    assert seen == [name + sk for name in "abcd" for sk in "12"]


def test_a_literal_that_is_returned_is_nobody_elses(engine: DynamoClient) -> None:
    """Parsed statements are remembered: whoever changes an answer must not change what the next one gets."""
    execute(engine, "INSERT INTO tbl VALUE {'pk': 'own', 'sk': '1'}")
    text = "UPDATE tbl SET a = ['x'] WHERE pk = 'own' AND sk = '1' RETURNING MODIFIED NEW *"
    execute(engine, text)["Items"][0]["a"]["L"].clear()
    assert execute(engine, text)["Items"] == [{"a": {"L": [{"S": "x"}]}}]


def test_tokens_that_were_made_up_are_refused(engine: DynamoClient) -> None:
    for token in ("", "AAAA", "e30=", "\u00e9", "A" * 40):
        request = {"Statement": "SELECT * FROM tbl", "NextToken": token}
        with pytest.raises(DynamoError, match="ValidationException"):
            engine.call("ExecuteStatement", request)


@given(
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=8).map(lambda words: " ".join(words).replace(";", ",")),
    st.lists(st.sampled_from(VALUES), min_size=8, max_size=8),
)
def test_any_statement_succeeds_or_is_refused(engine: DynamoClient, text: str, values: list[dict[str, Any]]) -> None:
    """Whatever the statement, its parameters and the stored items are: nothing but DynamoDB's own errors."""
    parameters = values[: text.count("?")]
    codes = set()
    for operation, member in (("ExecuteTransaction", "TransactStatements"), ("BatchExecuteStatement", "Statements")):
        entry = {"Statement": text} | ({"Parameters": parameters} if parameters else {})
        for request in ((operation, {member: [entry]}), ("ExecuteStatement", entry)):
            try:
                engine.call(*request)
            except DynamoError as error:
                codes.add(error.code)
    assert codes <= {
        "ValidationException",
        "SerializationException",
        "ConditionalCheckFailedException",
        "DuplicateItemException",
        "TransactionCanceledException",
    }
