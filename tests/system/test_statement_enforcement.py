"""PartiQL statements against policies as the developer guide writes them: the engine asks, `iam` answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import parse_policy
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

HOME = Home()
TABLE = HOME.table("orders")
TENANT, READER, WRITER = (f"arn:aws:iam::{HOME.account_id}:role/{name}" for name in ("tenant", "reader", "writer"))
POINTS, TOGETHER = {"Bool": {"dynamodb:FullTableScan": "false"}}, {"Null": {"dynamodb:EnclosingOperation": "false"}}
OWN = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}}
STATEMENTS = ("PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")
GRANTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    TENANT: (STATEMENTS, OWN),
    READER: (("PartiQLSelect",), POINTS),
    WRITER: (("PartiQLInsert",), TOGETHER),
}


def policy(actions: tuple[str, ...], condition: dict[str, Any]) -> dict[str, Any]:
    allowed = [f"dynamodb:{action}" for action in actions]
    statement = {"Effect": "Allow", "Action": allowed, "Resource": TABLE, "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    policies = {role: [parse_policy(policy(*grant))] for role, grant in GRANTS.items()}
    with Engine(":memory:", home=HOME, authorizer=PolicyAuthorizer(policies, HOME)) as opened:
        attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
        opened.call(
            "CreateTable",
            {
                "TableName": "orders",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": attributes,
                "KeySchema": keys,
            },
        )
        for name in ("mine", "theirs"):
            opened.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": name}, "n": {"N": "1"}}})
        yield opened


def outcome(engine: Engine, role: str, statement: str, *, within: str | None = None) -> str:
    """`allowed`, or the action that a role may not carry out."""
    request: dict[str, Any] = {"Statement": statement}
    if within is not None:
        request = {"TransactStatements": [request]}
    try:
        engine.as_principal(role).call(within or "ExecuteStatement", request)
    except DynamoError as error:
        if error.code != "AccessDeniedException":
            raise
        return error.message.partition("perform: dynamodb:")[2].partition(" ")[0]
    return "allowed"


@pytest.mark.parametrize(
    ("role", "statement", "expected"),
    [
        (TENANT, "SELECT * FROM orders WHERE pk = 'mine'", "allowed"),
        (TENANT, "UPDATE orders SET n = 2 WHERE pk = 'mine'", "allowed"),
        (TENANT, "SELECT * FROM orders WHERE pk = 'theirs'", "PartiQLSelect"),
        (TENANT, "SELECT * FROM orders WHERE pk IN ['mine', 'theirs']", "PartiQLSelect"),
        (TENANT, "SELECT * FROM orders WHERE pk = 'mine' OR n = 1", "PartiQLSelect"),
        (TENANT, "SELECT * FROM orders", "PartiQLSelect"),
        (TENANT, "INSERT INTO orders VALUE {'pk': 'new'}", "PartiQLInsert"),
        (TENANT, "UPDATE orders SET n = 2 WHERE pk IN ['mine'] AND pk = 'theirs'", "PartiQLUpdate"),
        (TENANT, "DELETE FROM orders WHERE pk = 'theirs'", "PartiQLDelete"),
        (READER, "SELECT * FROM orders WHERE pk IN ['mine', 'theirs']", "allowed"),
        (READER, "SELECT * FROM orders WHERE n = 1", "PartiQLSelect"),
        (READER, "DELETE FROM orders WHERE pk = 'mine'", "PartiQLDelete"),
        (WRITER, "INSERT INTO orders VALUE {'pk': 'alone'}", "PartiQLInsert"),
    ],
)
def test_a_statement_needs_its_action_on_its_keys(engine: Engine, role: str, statement: str, expected: str) -> None:
    assert outcome(engine, role, statement) == expected


def test_a_policy_can_want_a_transaction(engine: Engine) -> None:
    statement = "INSERT INTO orders VALUE {'pk': 'together'}"
    assert outcome(engine, WRITER, statement, within="ExecuteTransaction") == "allowed"


def test_a_batch_is_refused_statement_by_statement(engine: Engine) -> None:
    texts = [f"SELECT n FROM orders WHERE pk = '{name}'" for name in ("mine", "theirs")]
    request = {"Statements": [{"Statement": text} for text in texts]}
    allowed, refused = engine.as_principal(TENANT).call("BatchExecuteStatement", request)["Responses"]
    assert "Item" in allowed
    assert refused["Error"]["Code"] == "AccessDenied"
