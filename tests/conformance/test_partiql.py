"""PartiQL: statements alone, in batches and in transactions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import MakeTable, Table

    from tenantable.wire.client import DynamoClient

Item = dict[str, Any]

MISSING_KEY = "Where clause does not contain a mandatory equality on all key attributes"


def execute(table: "Table", statement: str, *parameters: Item, **members: Any) -> Item:
    """Execute a statement, in which `TABLE` stands for the table's name."""
    if parameters:
        members["Parameters"] = list(parameters)
    return table.client.call(
        "ExecuteStatement", {"Statement": statement.replace("TABLE", f'"{table.name}"'), **members}
    )


def select(table: "Table", statement: str, *parameters: Item) -> list[Item]:
    items: list[Item] = execute(table, statement, *parameters)["Items"]
    return items


def pages(table: "Table", statement: str, *parameters: Item, **members: Any) -> Iterator[Item]:
    token: Item = {}
    while True:
        page = execute(table, statement, *parameters, **members, **token)
        yield page
        if "NextToken" not in page:
            return
        token = {"NextToken": page["NextToken"]}


def refused(table: "Table", statement: str, *parameters: Item, **members: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        execute(table, statement, *parameters, **members)
    return caught.value


def statements(table: "Table", *texts: str, **members: Any) -> list[Item]:
    return [{"Statement": text.replace("TABLE", f'"{table.name}"'), **members} for text in texts]


def batch(table: "Table", *texts: str, **members: Any) -> list[Item]:
    responses: list[Item] = table.client.call(
        "BatchExecuteStatement", {"Statements": statements(table, *texts, **members)}
    )["Responses"]
    return responses


def transact(table: "Table", *texts: str, **members: Any) -> Item:
    return table.client.call("ExecuteTransaction", {"TransactStatements": statements(table, *texts), **members})


def cancelled(table: "Table", *texts: str) -> list[str]:
    """The codes of the reasons of a transaction that must fail."""
    with pytest.raises(DynamoError) as caught:
        transact(table, *texts)
    assert caught.value.code == "TransactionCanceledException"
    return [reason["Code"] for reason in caught.value.extra["CancellationReasons"]]


def sort_keys(items: list[Item]) -> list[str]:
    return [item["sk"]["S"] for item in items]


@pytest.fixture
def key(pk: dict[str, str]) -> str:
    """What binds the first item of this test."""
    return f"pk = '{pk['S']}' AND sk = '1'"


@pytest.fixture
def filled(composite: "Table", pk: dict[str, str]) -> "Table":
    """Five items, numbered from 1."""
    for n in range(1, 6):
        composite.put({"pk": pk, "sk": {"S": str(n)}, "n": {"N": str(n)}, "m": {"M": {"l": {"L": [{"S": f"x{n}"}]}}}})
    return composite


def test_an_insert_stores_an_item_once(composite: "Table", pk: dict[str, str]) -> None:
    text = "INSERT INTO TABLE VALUE {'pk': ?, 'sk': '1', 'a': [1, {'b': <<'x'>>}], 'c': null, 'd': -1.50, 'e': 'it''s'}"
    assert execute(composite, text, pk) == {"Items": []}
    stored = {
        "pk": pk, "sk": {"S": "1"}, "a": {"L": [{"N": "1"}, {"M": {"b": {"SS": ["x"]}}}]}, "c": {"NULL": True},
        "d": {"N": "-1.5"}, "e": {"S": "it's"},
    }  # fmt: skip
    assert composite.get({"pk": pk, "sk": {"S": "1"}}) == stored
    error = refused(composite, text, pk)
    assert (error.code, error.message) == ("DuplicateItemException", "Duplicate primary key exists in table")


def test_an_insert_needs_the_whole_key(composite: "Table", pk: dict[str, str]) -> None:
    error = refused(composite, "INSERT INTO TABLE VALUE {'pk': ?}", pk)
    assert error.message == "One or more parameter values were invalid: Missing the key sk in the item"


def test_a_select_by_key_gives_the_item(filled: "Table", key: str) -> None:
    (item,) = select(filled, f"SELECT * FROM TABLE WHERE {key}")
    assert item["n"] == {"N": "1"}
    assert select(filled, f"SELECT * FROM TABLE WHERE {key} AND n > 1") == []


def test_columns_are_named_for_the_end_of_their_path(filled: "Table", key: str) -> None:
    columns = select(filled, f'SELECT n, m.l[0], m."l", absent FROM TABLE WHERE {key}')
    assert columns == [{"n": {"N": "1"}, "l[0]": {"S": "x1"}, "l": {"L": [{"S": "x1"}]}}]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("sk = '2'", "2"),
        ("sk > '3'", "45"),
        ("'3' >= sk", "123"),
        ("sk BETWEEN '2' AND '4'", "234"),
        ("begins_with(sk, '4')", "4"),
        ("sk IN ['5', '1', '9']", "15"),
        ("n < 3", "12"),
        ("n <> 3", "1245"),
        ("n IN (1, 5) OR sk = '3'", "135"),
        ("NOT (n = 1 OR n = 2)", "345"),
        ("m.l[0] = 'x4'", "4"),
        ("contains(m.l, 'x4')", "4"),
        ("size(m.l) = 1 AND attribute_type(n, 'N') AND n >= 5", "5"),
        ("absent IS MISSING AND n IS NOT MISSING AND n IS NOT NULL AND sk > '4'", "5"),
        ("n IS NULL", ""),
    ],
)
def test_conditions_select_within_a_partition(filled: "Table", pk: dict[str, str], condition: str, found: str) -> None:
    assert sort_keys(select(filled, f"SELECT sk FROM TABLE WHERE pk = ? AND ({condition})", pk)) == list(found)


def test_a_condition_on_another_attribute_scans_the_table(make_table: "MakeTable") -> None:
    table = make_table("composite")
    for name in "abcde":
        table.put({"pk": {"S": name}, "sk": {"S": "1"}, "mark": {"S": "even" if name in "bd" else "odd"}})
    found: list[str] = []
    for page in pages(table, "SELECT pk FROM TABLE WHERE mark = 'even' OR pk = 'a'", Limit=2):
        found += [item["pk"]["S"] for item in page["Items"]]
    assert sorted(found) == ["a", "b", "d"]


def test_order_by_the_sort_key_turns_the_partition_around(filled: "Table", pk: dict[str, str]) -> None:
    assert sort_keys(select(filled, "SELECT * FROM TABLE WHERE pk = ? ORDER BY sk DESC", pk)) == list("54321")
    assert sort_keys(select(filled, "SELECT * FROM TABLE WHERE pk = ? ORDER BY sk", pk)) == list("12345")


def test_several_partitions_are_read_in_the_order_that_is_asked_for(composite: "Table", pk: dict[str, str]) -> None:
    names = [f"{pk['S']}-{letter}" for letter in "bac"]
    for number, name in enumerate(names):
        composite.put(*({"pk": {"S": name}, "sk": {"S": f"{number + extra}"}} for extra in (1, 5)))
    where = f"WHERE pk IN ['{names[0]}', '{names[1]}', '{names[2]}']"
    ascending = [item["pk"]["S"] for item in select(composite, f"SELECT pk FROM TABLE {where} ORDER BY pk")]
    assert ascending == [name for name in sorted(names) for _ in range(2)]
    assert sort_keys(select(composite, f"SELECT sk FROM TABLE {where} ORDER BY sk DESC")) == list("765321")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT * FROM TABLE WHERE pk = 'a' ORDER BY n",
         "Variable reference n in ORDER BY clause must be part of the primary key"),
        ("SELECT * FROM TABLE WHERE n = 1 ORDER BY sk",
         "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."),
        ("SELECT * FROM TABLE ORDER BY sk",
         "Must have WHERE clause in the statement when using ORDER BY clause."),
        ("SELECT * FROM TABLE WHERE pk = 1",
         "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        ("SELECT * FROM TABLE.nothing", "The table does not have the specified index: nothing"),
        ("SELECT * FROM TABLE WHERE pk = ?", "Number of parameters in request and statement don't match."),
        ("FROM TABLE", "Statement wasn't well formed, can't be processed: Expected data manipulation"),
        ("UPDATE TABLE SET n = 1 WHERE pk = 'a'", MISSING_KEY),
        ("UPDATE TABLE SET n = 1 WHERE pk = 'a' AND sk > 'b'", MISSING_KEY),
        ("DELETE FROM TABLE WHERE sk = 'a'", MISSING_KEY),
        ("UPDATE TABLE SET sk = 'x' WHERE pk = 'a' AND sk = 'b'",
         "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key"),
    ],
)  # fmt: skip
def test_what_each_wrong_statement_is_told(composite: "Table", text: str, message: str) -> None:
    error = refused(composite, text)
    assert (error.code, error.message) == ("ValidationException", message)


def test_at_most_fifty_partitions(composite: "Table") -> None:
    keys = ", ".join(f"'{number}'" for number in range(51))
    assert "number of operands: 51" in refused(composite, f"SELECT * FROM TABLE WHERE pk IN [{keys}]").message


def test_a_table_that_does_not_exist_is_not_found(client: "DynamoClient", unused_name: str) -> None:
    with pytest.raises(DynamoError) as caught:
        client.call("ExecuteStatement", {"Statement": f'SELECT * FROM "{unused_name}"'})
    assert caught.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize("where", ["pk = ?", "pk = ? AND n > 0", "pk IN [?, 'nothing'] ORDER BY sk DESC"])
def test_pages_follow_each_other_by_token(filled: "Table", pk: dict[str, str], where: str) -> None:
    found: list[str] = []
    for page in pages(filled, f"SELECT sk FROM TABLE WHERE {where}", pk, Limit=2):
        found += sort_keys(page["Items"])
        assert len(page["Items"]) <= 2
        assert ("NextToken" in page) == ("LastEvaluatedKey" in page)
    assert found == sorted("12345", reverse="DESC" in where)


def test_a_token_belongs_to_its_statement_and_parameters(filled: "Table", pk: dict[str, str]) -> None:
    text = "SELECT * FROM TABLE WHERE pk = ?"
    token = execute(filled, text, pk, Limit=1)["NextToken"]
    message = "NextToken does not match request"
    assert refused(filled, f"{text} AND n > 0", pk, NextToken=token).message == message
    assert refused(filled, text, {"S": "another"}, NextToken=token).message == message
    assert refused(filled, text, pk, NextToken="nonsense").message == message


def test_a_select_of_one_key_has_no_further_page(filled: "Table", key: str) -> None:
    assert execute(filled, f"SELECT n FROM TABLE WHERE {key}", Limit=1) == {"Items": [{"n": {"N": "1"}}]}


def test_an_index_is_read_by_its_own_keys(indexed: "Table", pk: dict[str, str]) -> None:
    kind = {"S": f"kind-{pk['S']}"}
    for n in (3, 1, 2):
        indexed.put({"pk": pk, "sk": {"S": str(n)}, "kind": kind, "rank": {"N": str(n)}, "label": {"S": f"l{n}"}})
    text = 'SELECT sk FROM TABLE."by-kind" WHERE kind = ? AND rank >= 2 ORDER BY rank DESC'
    assert sort_keys(select(indexed, text, kind)) == ["3", "2"]
    assert [sorted(item) for item in select(indexed, 'SELECT * FROM TABLE."kinds" WHERE kind = ?', kind)] == [
        ["kind", "pk", "sk"]
    ] * 3
    pages = [execute(indexed, 'SELECT sk FROM TABLE."by-kind" WHERE kind = ?', kind, Limit=2)]
    pages.append(
        execute(indexed, 'SELECT sk FROM TABLE."by-kind" WHERE kind = ?', kind, NextToken=pages[0]["NextToken"])
    )
    assert [sort_keys(page["Items"]) for page in pages] == [["1", "2"], ["3"]]
    error = refused(indexed, 'SELECT * FROM TABLE."by-kind" WHERE kind = ?', kind, ConsistentRead=True)
    assert error.message == "Consistent reads are not supported on global secondary indexes"


def test_an_update_changes_an_item_that_exists(filled: "Table", pk: dict[str, str], key: str) -> None:
    text = (
        "UPDATE TABLE SET n = n + 10 SET s = <<'a', 'b'>> SET m.l = list_append(m.l, ['y']) REMOVE m.absent "
        f"WHERE {key} AND n = 1 RETURNING MODIFIED NEW *"
    )
    assert execute(filled, text)["Items"] == [
        {"n": {"N": "11"}, "s": {"SS": ["a", "b"]}, "m": {"M": {"l": {"L": [{"S": "x1"}, {"S": "y"}]}}}}
    ]
    execute(filled, f"UPDATE TABLE SET s = set_add(s, <<'c'>>), n = 0 WHERE {key}")
    old = execute(filled, f"UPDATE TABLE SET s = set_delete(s, <<'a'>>) WHERE {key} RETURNING ALL OLD *")["Items"]
    assert sorted(old[0]["s"]["SS"]) == ["a", "b", "c"]
    (item,) = select(filled, f"SELECT s, n FROM TABLE WHERE {key}")
    assert (sorted(item["s"]["SS"]), item["n"]) == (["b", "c"], {"N": "0"})


@pytest.mark.parametrize("condition", ["n = 99", "absent IS NOT MISSING"])
@pytest.mark.parametrize("change", ["UPDATE TABLE SET n = 5 WHERE", "DELETE FROM TABLE WHERE"])
def test_a_write_whose_condition_fails_changes_nothing(
    filled: "Table", pk: dict[str, str], key: str, change: str, condition: str
) -> None:
    error = refused(filled, f"{change} {key} AND {condition}", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert (error.code, error.message) == ("ConditionalCheckFailedException", "The conditional request failed")
    assert error.extra["Item"] == filled.get({"pk": pk, "sk": {"S": "1"}})
    assert error.extra["Item"]["n"] == {"N": "1"}


def test_an_update_creates_nothing(composite: "Table", pk: dict[str, str], key: str) -> None:
    assert refused(composite, f"UPDATE TABLE SET n = 1 WHERE {key}").code == "ConditionalCheckFailedException"
    assert composite.get({"pk": pk, "sk": {"S": "1"}}) is None


def test_a_delete_removes_an_item_or_finds_none(filled: "Table", pk: dict[str, str], key: str) -> None:
    (old,) = execute(filled, f"DELETE FROM TABLE WHERE {key} AND n = 1 RETURNING ALL OLD *")["Items"]
    assert old["n"] == {"N": "1"}
    assert filled.get({"pk": pk, "sk": {"S": "1"}}) is None
    assert execute(filled, f"DELETE FROM TABLE WHERE {key} AND n = 1") == {"Items": []}


def test_capacity_is_that_of_the_operations_behind(filled: "Table", pk: dict[str, str], key: str) -> None:
    def units(text: str, **members: Any) -> float:
        answer = execute(filled, text, ReturnConsumedCapacity="TOTAL", **members)["ConsumedCapacity"]
        assert answer["TableName"] == filled.name
        return float(answer["CapacityUnits"])

    assert units(f"SELECT * FROM TABLE WHERE {key}") == 0.5
    assert units(f"SELECT * FROM TABLE WHERE {key}", ConsistentRead=True) == 1.0
    assert units(f"SELECT * FROM TABLE WHERE pk IN ['{pk['S']}', 'nothing']") == 1.0
    assert units(f"UPDATE TABLE SET n = 2 WHERE {key}") == 1.0


def test_a_batch_reads_by_key_and_answers_each_statement(filled: "Table", key: str) -> None:
    found, nothing, partly, malformed = batch(
        filled,
        f"SELECT n FROM TABLE WHERE {key}",
        f"SELECT n FROM TABLE WHERE {key} AND n = 99",
        "SELECT n FROM TABLE WHERE pk = 'a'",
        "SELECT",
    )
    assert found == {"TableName": filled.name, "Item": {"n": {"N": "1"}}}
    assert nothing == {"TableName": filled.name}
    assert partly["Error"] == {
        "Code": "ValidationError",
        "Message": "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
    }
    assert malformed["Error"]["Code"] == "ValidationError"


def test_a_batch_writes_what_it_can(filled: "Table", pk: dict[str, str], key: str) -> None:
    inserted, duplicate, failed, updated = batch(
        filled,
        f"INSERT INTO TABLE VALUE {{'pk': '{pk['S']}', 'sk': '9'}}",
        f"INSERT INTO TABLE VALUE {{'pk': '{pk['S']}', 'sk': '1'}}",
        f"UPDATE TABLE SET n = 2 WHERE {key} AND n = 99",
        f"UPDATE TABLE SET n = 2 WHERE {key} RETURNING MODIFIED NEW *",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert inserted == {"TableName": filled.name}
    assert duplicate["Error"] == {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}
    assert failed["Error"]["Code"] == "ConditionalCheckFailed"
    assert failed["Error"]["Item"]["n"] == {"N": "1"}
    assert updated == {"TableName": filled.name, "Item": {"n": {"N": "2"}}}
    assert filled.get({"pk": pk, "sk": {"S": "9"}}) is not None


@pytest.mark.parametrize("operation", ["BatchExecuteStatement", "ExecuteTransaction"])
def test_reads_and_writes_do_not_mix(filled: "Table", key: str, operation: str) -> None:
    member = "Statements" if operation == "BatchExecuteStatement" else "TransactStatements"
    mixed = statements(filled, f"SELECT * FROM TABLE WHERE {key}", f"DELETE FROM TABLE WHERE {key}")
    with pytest.raises(DynamoError) as caught:
        filled.client.call(operation, {member: mixed})
    assert caught.value.code == "ValidationException"


@pytest.mark.parametrize(
    ("operation", "member", "most"),
    [("BatchExecuteStatement", "Statements", 25), ("ExecuteTransaction", "TransactStatements", 100)],
)
def test_how_many_statements_there_may_be(client: "DynamoClient", operation: str, member: str, most: int) -> None:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, {member: [{"Statement": "SELECT"}] * (most + 1)})
    assert f"Member must have length less than or equal to {most}" in caught.value.message


def test_a_transaction_writes_all_or_nothing(filled: "Table", pk: dict[str, str], key: str) -> None:
    insert = f"INSERT INTO TABLE VALUE {{'pk': '{pk['S']}', 'sk': '9'}}"
    duplicate = f"INSERT INTO TABLE VALUE {{'pk': '{pk['S']}', 'sk': '2'}}"
    check = f"EXISTS(SELECT * FROM TABLE WHERE {key} AND n = 1)"
    assert cancelled(filled, insert, duplicate, check) == ["None", "DuplicateItem", "None"]
    assert cancelled(filled, insert, f"EXISTS(SELECT * FROM TABLE WHERE {key} AND n = 2)") == [
        "None", "ConditionalCheckFailed",
    ]  # fmt: skip
    assert filled.get({"pk": pk, "sk": {"S": "9"}}) is None
    transact(filled, insert, check, f"DELETE FROM TABLE WHERE pk = '{pk['S']}' AND sk = '3'")
    found = sort_keys(select(filled, "SELECT sk FROM TABLE WHERE pk = ?", pk))
    assert found == list("12459")


def test_a_transaction_is_not_repeated_under_its_token(filled: "Table", key: str, pk: dict[str, str]) -> None:
    text = f"UPDATE TABLE SET n = n + 1 WHERE {key}"
    for _ in range(2):
        transact(filled, text, ClientRequestToken=pk["S"])
    assert select(filled, f"SELECT n FROM TABLE WHERE {key}") == [{"n": {"N": "2"}}]
    with pytest.raises(DynamoError, match="IdempotentParameterMismatchException"):
        transact(filled, f"UPDATE TABLE SET n = n + 2 WHERE {key}", ClientRequestToken=pk["S"])


def test_a_transaction_reads_one_moment(filled: "Table", key: str) -> None:
    answer = transact(
        filled, f"SELECT n FROM TABLE WHERE {key}", "SELECT * FROM TABLE WHERE pk = 'none' AND sk = 'none'"
    )
    assert answer == {"Responses": [{"Item": {"n": {"N": "1"}}}, {}]}
    assert cancelled(filled, "SELECT * FROM TABLE WHERE pk = 'a'") == ["ValidationError"]


def test_exists_is_for_transactions_alone(filled: "Table", key: str) -> None:
    text = f"EXISTS(SELECT * FROM TABLE WHERE {key})"
    assert refused(filled, text).code == "ValidationException"
    assert batch(filled, text)[0]["Error"]["Code"] == "ValidationError"
