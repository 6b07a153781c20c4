"""
Global indexes whose partition key and sort key have several attributes each.

Source: Developer Guide, "Multi-attribute keys pattern".
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.conftest import attributes, create_table, delete_table, keys

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

    MakeTable = Callable[..., Table]

pytestmark = pytest.mark.needs("multi-attribute keys")
Members = dict[str, Any]

ROUNDS = ("FINAL", "QUARTER", "SEMI")
PREFIX = "One or more parameter values were invalid: "


def schema(partitions: str, sorts: str = "") -> list[dict[str, str]]:
    return [
        *({"AttributeName": name, "KeyType": "HASH"} for name in partitions.split()),
        *({"AttributeName": name, "KeyType": "RANGE"} for name in sorts.split()),
    ]


def index(partitions: str, sorts: str = "", *, name: str = "matches", projects: str = "ALL") -> Members:
    return {"IndexName": name, "KeySchema": schema(partitions, sorts), "Projection": {"ProjectionType": projects}}


DEFINITION: Members = {
    "AttributeDefinitions": attributes(pk="S", cup="S", region="S", round="S", day="N", code="B"),
    "KeySchema": keys("pk"),
    "GlobalSecondaryIndexes": [
        index("cup region", "round day code"),
        index("cup region", "round day", name="keys-only", projects="KEYS_ONLY"),
        index("cup", "region round", name="one-partition"),
        index("day code", name="no-sort"),
    ],
}


def match(pk: str, **values: Any) -> Members:
    types = {"day": "N", "code": "B"}
    return {"pk": {"S": pk}, **{name: {types.get(name, "S"): value} for name, value in values.items()}}


MATCHES = [
    match(f"{region}{number}", cup="W", region=region, round=round_, day=str(day), code="AAE=", note="x")
    for region in ("EU", "NA")
    for number, (round_, day) in enumerate((round_, day) for round_ in ROUNDS for day in (-1, 2, 10))
]


@pytest.fixture(scope="module")
def table(client: "DynamoClient") -> Iterator["Table"]:
    """Every match of two regions, and three items that lack a key attribute each."""
    made = create_table(client, "conformance-multi-attribute", DEFINITION)
    made.put(*MATCHES)
    made.put(match("no cup", region="EU", round="SEMI", day="1", code="AA=="))
    made.put(match("no day", cup="W", region="EU", round="SEMI", code="AA=="))
    made.put(match("nothing"))
    yield made
    delete_table(client, made.name)


def query(condition: str, /, *, index_name: str = "matches", **values: str) -> Members:
    names = {f"#{name}": name for name in ("cup", "region", "round", "day", "code") if f"#{name}" in condition}
    given: Members = {"IndexName": index_name, "KeyConditionExpression": condition, "ExpressionAttributeNames": names}
    types = {"d": "N", "c": "B"}
    given["ExpressionAttributeValues"] = {f":{name}": {types.get(name[0], "S"): text} for name, text in values.items()}
    return given


PARTITION = "#cup = :k AND #region = :r"
EU = {"k": "W", "r": "EU"}


def found(table: "Table", condition: str, **values: str) -> list[str]:
    """The matches of Europe that fulfil the conditions, as round and day."""
    items = table.all_items("Query", **query(condition, **EU, **values))
    return [f"{item['round']['S']}{item['day']['N']}" for item in items]


ALL = [f"{round_}{day}" for round_ in ROUNDS for day in (-1, 2, 10)]


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("", {}, ALL),
        (" AND #round = :x", {"x": "QUARTER"}, ALL[3:6]),
        (" AND #round > :x", {"x": "FINAL"}, ALL[3:]),
        (" AND #round < :x", {"x": "QUARTER"}, ALL[:3]),
        (" AND begins_with(#round, :x)", {"x": "S"}, ALL[6:]),
        (" AND #round BETWEEN :x AND :y", {"x": "G", "y": "QUARTER"}, ALL[3:6]),
        (" AND #round = :x AND #day >= :d", {"x": "SEMI", "d": "2"}, ALL[7:]),
        (" AND #round = :x AND #day <= :d", {"x": "SEMI", "d": "2"}, ALL[6:8]),
        (" AND #round = :x AND #day BETWEEN :d AND :e", {"x": "SEMI", "d": "-1", "e": "3"}, ALL[6:8]),
        (" AND #day = :d AND #round = :x", {"x": "FINAL", "d": "10.0"}, ALL[2:3]),
        (" AND #round = :x AND #day = :d AND begins_with(#code, :c)", {"x": "FINAL", "d": "2", "c": "AA=="}, ALL[1:2]),
        (" AND #round = :x AND #day = :d AND #code = :c", {"x": "FINAL", "d": "2", "c": "AA=="}, []),
    ],
)
def test_sort_attributes_are_conditioned_from_left_to_right(
    table: "Table", condition: str, values: dict[str, str], expected: list[str]
) -> None:
    values = {{"e": "d2"}.get(name, name): text for name, text in values.items()}
    assert found(table, PARTITION + condition.replace(":e", ":d2"), **values) == expected


@pytest.mark.parametrize(
    ("condition", "values", "message"),
    [
        ("#cup = :k", {"k": "W"}, "Query condition missed key schema element: region"),
        ("#region = :r", {"r": "EU"}, "Query condition missed key schema element: cup"),
        ("#cup = :k AND #region > :r", EU, "Query key condition not supported"),
        (f"{PARTITION} AND #day = :d", {**EU, "d": "1"}, "Query condition missed key schema element: round"),
        (f"{PARTITION} AND #round > :x AND #day = :d", {**EU, "x": "A", "d": "1"}, "Query key condition not supported"),
        (f"{PARTITION} AND #round = :d", {**EU, "d": "1"},
         PREFIX + "Condition parameter type does not match schema type"),
        (f"{PARTITION} AND #round = :x AND #round = :x", {**EU, "x": "A"},
         "KeyConditionExpressions must only contain one condition per key"),
    ],
)  # fmt: skip
def test_other_conditions_are_refused(table: "Table", condition: str, values: dict[str, str], message: str) -> None:
    error = table.refusal("Query", **query(condition, **values))
    assert (error.code, error.message) == ("ValidationException", message)


def test_a_query_reads_backwards_too(table: "Table") -> None:
    items = table.all_items("Query", **query(PARTITION, **EU), ScanIndexForward=False)
    assert [f"{item['round']['S']}{item['day']['N']}" for item in items] == ALL[::-1]


@pytest.mark.parametrize("forward", [True, False])
def test_pages_continue_behind_a_key_of_all_attributes(table: "Table", forward: bool) -> None:
    pages = list(table.pages("Query", **query(PARTITION, **EU), Limit=2, ScanIndexForward=forward))
    assert set(pages[0]["LastEvaluatedKey"]) == {"pk", "cup", "region", "round", "day", "code"}
    shown = [f"{item['round']['S']}{item['day']['N']}" for page in pages for item in page["Items"]]
    assert shown == (ALL if forward else ALL[::-1])


@pytest.mark.parametrize("lost", ["pk", "cup", "region", "round", "day", "code"])
def test_a_start_key_without_one_of_the_attributes_is_refused(table: "Table", lost: str) -> None:
    start = {name: value for name, value in MATCHES[1].items() if name not in {lost, "note"}}
    error = table.refusal("Query", **query(PARTITION, **EU), ExclusiveStartKey=start)
    assert error.message == "The provided starting key is invalid"


def test_a_start_key_of_another_partition_is_refused(table: "Table") -> None:
    start = {name: value for name, value in MATCHES[-1].items() if name != "note"}
    error = table.refusal("Query", **query(PARTITION, **EU), ExclusiveStartKey=start)
    assert error.message.startswith("The provided starting key is outside query boundaries")


def test_a_scan_shows_the_items_that_have_every_attribute(table: "Table") -> None:
    pages = list(table.pages("Scan", IndexName="matches", Limit=5))
    shown = sorted(item["pk"]["S"] for page in pages for item in page["Items"])
    assert shown == sorted(item["pk"]["S"] for item in MATCHES)
    segments = [table.all_items("Scan", IndexName="matches", Segment=n, TotalSegments=3) for n in range(3)]
    assert sorted(item["pk"]["S"] for items in segments for item in items) == shown


def test_keys_only_projects_every_key_attribute(table: "Table") -> None:
    item = table.call("Query", **query(PARTITION, index_name="keys-only", **EU), Limit=1)["Items"][0]
    assert set(item) == {"pk", "cup", "region", "round", "day"}


def test_one_kind_may_have_several_attributes_and_the_other_one_or_none(table: "Table") -> None:
    condition = "#cup = :k AND #region = :r AND begins_with(#round, :x)"
    found = table.all_items("Query", **query(condition, index_name="one-partition", **EU, x="SE"))
    assert len(found) == 4  # the match without a day is in this index
    assert len(table.all_items("Query", **query("#day = :d AND #code = :c", index_name="no-sort", d="2", c="AAE="))) > 5


def test_key_conditions_of_old_clients_work_alike(table: "Table") -> None:
    def equal(**value: str) -> Members:
        return {"ComparisonOperator": "EQ", "AttributeValueList": [value]}

    conditions = {"cup": equal(S="W"), "region": equal(S="EU"), "round": equal(S="SEMI")}
    above = {"day": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "0"}]}}
    assert table.call("Query", IndexName="matches", KeyConditions=conditions | above)["Count"] == 2
    error = table.refusal("Query", IndexName="matches", KeyConditions={"cup": conditions["cup"]})
    assert error.message == "Query condition missed key schema element: region"


def select(table: "Table", where: str, *, index_name: str = "matches", **members: Any) -> list[str]:
    statement = f'SELECT * FROM "{table.name}"."{index_name}" WHERE {where}'
    items = table.client.call("ExecuteStatement", {"Statement": statement, **members})["Items"]
    return [f"{item['round']['S']}{item['day']['N']}" for item in items]


EUROPE = "cup = 'W' AND \"region\" = 'EU'"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (EUROPE, ALL),
        (f'{EUROPE} AND "round" = \'SEMI\' AND "day" > 0', ALL[7:]),
        (f'{EUROPE} AND "day" > 0 AND "day" < 5', [ALL[1], ALL[4], ALL[7]]),
        (f'{EUROPE} AND "round" > \'G\' AND "day" = 2', [ALL[4], ALL[7]]),
        (f'{EUROPE} ORDER BY "round" DESC', ALL[::-1]),
        (f'{EUROPE} AND "round" = \'SEMI\' ORDER BY "day" DESC', ALL[:5:-1]),
    ],
)
def test_statements_read_ranges_of_such_an_index(table: "Table", where: str, expected: list[str]) -> None:
    assert select(table, where) == expected


def test_a_statement_that_does_not_bind_the_partition_reads_everything(table: "Table") -> None:
    assert sorted(select(table, "cup = 'W' AND \"round\" = 'SEMI'")) == sorted(ALL[6:] * 2)
    assert sorted(select(table, "cup = 'W' AND \"region\" IN ['EU', 'NA']")) == sorted(ALL * 2)


def test_an_order_that_the_index_does_not_have_is_refused(table: "Table") -> None:
    statement = f'SELECT * FROM "{table.name}"."matches" WHERE {EUROPE} ORDER BY "day"'
    assert table.refusal("ExecuteStatement", Statement=statement).code == "ValidationException"


def entries(table: "Table", cup: str) -> list[Members]:
    return [item for item in table.all_items("Scan", IndexName="matches") if item["cup"] == {"S": cup}]


def test_an_update_of_a_key_attribute_moves_the_entry(table: "Table", pk: dict[str, str]) -> None:
    key = {"pk": pk}
    cup = pk["S"]
    table.put({**match("", cup=cup, region="EU", round="SEMI", day="1", code="AA=="), **key})
    values = {":new": {"N": "7"}}
    update = {"UpdateExpression": "SET #day = :new", "ExpressionAttributeNames": {"#day": "day"}}
    table.call("UpdateItem", Key=key, **update, ExpressionAttributeValues=values)
    assert [item["day"] for item in entries(table, cup)] == [{"N": "7"}]
    remove = {"UpdateExpression": "REMOVE #r", "ExpressionAttributeNames": {"#r": "region"}}
    table.call("UpdateItem", Key=key, **remove)
    assert entries(table, cup) == []
    table.call("DeleteItem", Key=key)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"day": {"S": "1"}}, PREFIX + "Type mismatch for Index Key day Expected: N Actual: S IndexName: "),
        ({"region": {"S": ""}}, "One or more parameter values are not valid. A value specified for a secondary index"),
        ({"cup": {"S": "x" * 2047}}, PREFIX + "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
        ({"round": {"S": "x" * 1023}},
         PREFIX + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_a_key_is_refused(
    table: "Table", pk: dict[str, str], changed: Members, message: str
) -> None:
    item = match("", cup="x", region="EU", round="SEMI", day="1", code="AA==") | {"pk": pk} | changed
    error = table.refusal("PutItem", Item=item)
    assert error.code == "ValidationException"
    assert error.message.startswith(message)
    assert table.get({"pk": pk}) is None


def test_the_schema_is_described_as_it_was_given(table: "Table") -> None:
    described = {each["IndexName"]: each for each in table.call("DescribeTable")["Table"]["GlobalSecondaryIndexes"]}
    assert described["matches"]["KeySchema"] == schema("cup region", "round day code")
    assert described["matches"]["ItemCount"] >= 0


def test_such_an_index_can_be_added_and_holds_what_is_there(make_table: "MakeTable") -> None:
    table = make_table("simple")
    table.put(*MATCHES[:3], match("half", cup="W"))
    table.call(
        "UpdateTable",
        AttributeDefinitions=attributes(pk="S", cup="S", region="S", round="S"),
        GlobalSecondaryIndexUpdates=[{"Create": index("cup region", "round")}],
    )
    found = table.call("Query", **query(PARTITION, **EU))["Items"]
    assert sorted(item["pk"]["S"] for item in found) == ["EU0", "EU1", "EU2"]


FIVE = attributes(pk="S", a="S", b="S", c="S", d="S", e="S")
WRONG: list[tuple[str, Members, str]] = [
    ("five partition attributes", {"AttributeDefinitions": FIVE, "GlobalSecondaryIndexes": [index("a b c d e")]},
     "Invalid KeySchema: The KeySchema exceeds the maximum allowed number of HASH key attributes"),
    ("five sort attributes", {"AttributeDefinitions": FIVE, "GlobalSecondaryIndexes": [index("pk", "a b c d e")]},
     "Invalid KeySchema: The KeySchema exceeds the maximum allowed number of RANGE key attributes"),
    ("a sort attribute first", {"AttributeDefinitions": FIVE[:4], "GlobalSecondaryIndexes": [
        index("") | {"KeySchema": [*schema("", "a b"), *schema("c")]}]},
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    ("a partition attribute behind", {"AttributeDefinitions": FIVE[:4], "GlobalSecondaryIndexes": [
        index("") | {"KeySchema": [*schema("a", "b"), *schema("c")]}]},
     "Invalid KeySchema: All HASH key attributes must precede RANGE key attributes in the KeySchema"),
    ("an undefined attribute", {"AttributeDefinitions": FIVE[:2], "GlobalSecondaryIndexes": [index("a", "pk b")]},
     PREFIX + "Some index key attributes are not defined in AttributeDefinitions. Keys: [a, pk, b], "
              "AttributeDefinitions: [pk, a]"),
    ("an attribute twice", {"AttributeDefinitions": FIVE[:3], "GlobalSecondaryIndexes": [index("a b", "a")]},
     "Invalid KeySchema: "),
    ("several in the table", {"AttributeDefinitions": FIVE[:2], "KeySchema": schema("pk a")}, "Invalid KeySchema: "),
    ("several in a local index", {"AttributeDefinitions": FIVE[:4], "KeySchema": schema("pk", "a"),
                                  "LocalSecondaryIndexes": [index("pk", "b c")]}, "Invalid KeySchema: "),
]  # fmt: skip


@pytest.mark.parametrize(("members", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_schema_is_refused(simple: "Table", unused_name: str, members: Members, message: str) -> None:
    given = {"KeySchema": keys("pk"), "BillingMode": "PAY_PER_REQUEST", **members}
    error = simple.refusal("CreateTable", **given | {"TableName": unused_name})
    assert error.code == "ValidationException"
    assert error.message.startswith(message)


def test_four_attributes_of_each_kind_are_the_limit(make_table: "MakeTable") -> None:
    names = "a b c d", "e f g h"
    definition = {
        "AttributeDefinitions": attributes(pk="S", **dict.fromkeys("abcdefgh", "S")),
        "KeySchema": keys("pk"),
        "GlobalSecondaryIndexes": [index(*names)],
    }
    table = make_table(definition)
    table.put({"pk": {"S": "x"}, **{name: {"S": name} for name in "abcdefgh"}})
    condition = " AND ".join(f"{name} = :{name}" for name in "abcdefgh")
    values = {f":{name}": {"S": name} for name in "abcdefgh"}
    members = {"IndexName": "matches", "KeyConditionExpression": condition, "ExpressionAttributeValues": values}
    assert table.call("Query", **members)["Count"] == 1
