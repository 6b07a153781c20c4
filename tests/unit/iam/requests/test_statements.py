"""What each PartiQL statement must be allowed to do, and that it is the key which the engine will use."""

from typing import Any

import pytest

from tenantable.iam.requests.context import UNKNOWN_LEADING_KEY
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

HOME = Home(account_id="123456789012", region="eu-west-1")
TABLE, INDEX = HOME.table("T"), HOME.index("T", "g")
KEYS = {
    "T": TableKeys(
        table=KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk")),
        indexes={"g": KeyNames(partition=KeyAttribute(name="gpk"))},
    ),
    "N": TableKeys(table=KeyNames(partition=KeyAttribute(name="n", type="N"))),
}
UNKNOWN = (UNKNOWN_LEADING_KEY,)
ALL, SPECIFIC = {"select": "ALL_ATTRIBUTES"}, {"select": "SPECIFIC_ATTRIBUTES"}
POINT, SCAN = {"fulltablescan": "false"}, {"fulltablescan": "true"}
NONE = {"returnvalues": "NONE"}

Expected = tuple[str, str, dict[str, Any]]


def needed(operation: str, request: dict[str, Any]) -> list[Expected]:
    """Action, resource and context without prefixes; attribute names in alphabetical order, joined."""
    found = access_requests(operation, request, KEYS.get, home=HOME)
    assert found is not None
    result = []
    for access in found:
        context = {key.removeprefix("dynamodb:"): value for key, value in access.context.items()}
        context["attributes"] = " ".join(sorted(context["attributes"]))
        result.append((access.action.removeprefix("dynamodb:"), access.resource, context))
    return result


def context(keys: tuple[str, ...], attributes: str, *others: dict[str, str]) -> dict[str, Any]:
    derived = {"leadingkeys": keys, "firstpartitionkeyvalues": keys, "attributes": attributes}
    return derived | {key: each[key] for each in others for key in each}


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ("SELECT * FROM T", None, ("PartiQLSelect", TABLE, context(UNKNOWN, "", ALL, SCAN))),
        ("SELECT a.b FROM T WHERE pk = 'P1' AND c > 1", None,
         ("PartiQLSelect", TABLE, context(("P1",), "a c pk", SPECIFIC, POINT))),
        ("SELECT * FROM T WHERE pk IN ['P1', ?]", [{"S": "P2"}],
         ("PartiQLSelect", TABLE, context(("P1", "P2"), "pk", ALL, POINT))),
        ("SELECT * FROM T WHERE pk = 'P1' OR pk = 'P2' ORDER BY sk", None,
         ("PartiQLSelect", TABLE, context(("P1", "P2"), "pk sk", ALL, POINT))),
        ("SELECT * FROM T WHERE pk = 'P1' OR a = 1", None,
         ("PartiQLSelect", TABLE, context(UNKNOWN, "a pk", ALL, SCAN))),
        ("SELECT * FROM T WHERE pk > 'P1'", None, ("PartiQLSelect", TABLE, context(UNKNOWN, "pk", ALL, SCAN))),
        ('SELECT * FROM "T"."g" WHERE gpk = \'G1\'', None,
         ("PartiQLSelect", INDEX, context(("G1",), "gpk", {"select": "ALL_PROJECTED_ATTRIBUTES"}, POINT))),
        ('SELECT * FROM "T"."g" WHERE pk = \'P1\'', None,
         ("PartiQLSelect", INDEX, context(UNKNOWN, "pk", {"select": "ALL_PROJECTED_ATTRIBUTES"}, SCAN))),
        ("SELECT * FROM N WHERE n = 1.50", None,
         ("PartiQLSelect", HOME.table("N"), context(("1.5",), "n", ALL, POINT))),
        ("SELECT * FROM N WHERE n = 'x'", None,
         ("PartiQLSelect", HOME.table("N"), context(UNKNOWN, "n", ALL, POINT))),
        ("SELECT * FROM absent WHERE pk = 'P1'", None,
         ("PartiQLSelect", HOME.table("absent"), context(UNKNOWN, "pk", ALL, SCAN))),
        ("INSERT INTO T VALUE {'pk': 'P1', 'sk': ?, 'a': 1}", [{"S": "S1"}],
         ("PartiQLInsert", TABLE, context(("P1",), "a pk sk"))),
        ("INSERT INTO T VALUE ?", [{"M": {"pk": {"S": "P1"}}}], ("PartiQLInsert", TABLE, context(("P1",), "pk"))),
        ("UPDATE T SET a.b = c REMOVE d[0] WHERE pk = 'P1' AND sk = 'S1' AND f = 1 RETURNING ALL NEW *", None,
         ("PartiQLUpdate", TABLE, context(("P1",), "a c d f pk sk", {"returnvalues": "ALL_NEW"}))),
        ("UPDATE T SET a = 1 WHERE sk = 'S1'", None, ("PartiQLUpdate", TABLE, context(UNKNOWN, "a sk", NONE))),
        ("DELETE FROM T WHERE pk = 'P1' AND sk = 'S1'", None,
         ("PartiQLDelete", TABLE, context(("P1",), "pk sk", NONE))),
    ],
)  # fmt: skip
def test_what_a_statement_needs(statement: str, parameters: list[Any] | None, expected: Expected) -> None:
    assert needed("ExecuteStatement", {"Statement": statement, "Parameters": parameters}) == [expected]


def test_a_write_that_may_show_an_item_counts_as_returning_it() -> None:
    request = {
        "Statement": "DELETE FROM T WHERE pk = 'P1' AND sk = 'S1'",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    ((_, _, found),) = needed("ExecuteStatement", request)
    assert found["returnvalues"] == "ALL_OLD"


def test_a_batch_needs_what_each_of_its_statements_needs() -> None:
    statements = [{"Statement": f"SELECT * FROM T WHERE pk = '{key}' AND sk = 'S1'"} for key in ("P1", "P2")]
    expected = [("PartiQLSelect", TABLE, context((key,), "pk sk", ALL, POINT)) for key in ("P1", "P2")]
    assert needed("BatchExecuteStatement", {"Statements": statements}) == expected


def test_a_transaction_says_so_to_each_of_its_statements() -> None:
    statements = [
        {"Statement": "INSERT INTO T VALUE {'pk': 'P1', 'sk': 'S1'}"},
        {"Statement": "EXISTS(SELECT * FROM T WHERE pk = 'P2' AND sk = 'S1' AND a = 1)"},
    ]
    enclosing = {"enclosingoperation": "ExecuteTransaction"}
    assert needed("ExecuteTransaction", {"TransactStatements": statements}) == [
        ("PartiQLInsert", TABLE, context(("P1",), "pk sk", enclosing)),
        ("PartiQLSelect", TABLE, context(("P2",), "a pk sk", SPECIFIC, POINT, enclosing)),
    ]


def test_a_check_that_may_show_its_item_selects_all_attributes() -> None:
    statement = {
        "Statement": "EXISTS(SELECT * FROM T WHERE pk = 'P1' AND sk = 'S1')",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    ((_, _, found),) = needed("ExecuteTransaction", {"TransactStatements": [statement]})
    assert found["select"] == "ALL_ATTRIBUTES"


@pytest.mark.parametrize(
    "statement", ["UPDATE T SET a = 1 WHERE pk IN ['mine'] AND pk = 'theirs' AND sk = 'S1'",
                  "DELETE FROM T WHERE pk IN ['mine'] AND pk = 'theirs' AND sk = 'S1'"]
)  # fmt: skip
def test_a_second_condition_on_the_key_does_not_hide_the_item_that_is_written(statement: str) -> None:
    ((_, _, found),) = needed("ExecuteStatement", {"Statement": statement})
    assert found["leadingkeys"] == ("theirs",)


@pytest.mark.parametrize("statement", ["", "SELECT", "SELECT * FROM T WHERE pk = ?", "DROP TABLE T"])
def test_what_cannot_be_read_is_dynamodbs_error(statement: str) -> None:
    with pytest.raises(DynamoError):
        needed("ExecuteStatement", {"Statement": statement})
