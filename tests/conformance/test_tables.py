"""The control plane: tables and indexes made, described, changed, listed and deleted."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

    MakeTable = Callable[..., Table]

Members = dict[str, Any]

INDEX = {
    "IndexName": "by-x",
    "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


def attributes(**types: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def keys(**roles: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": role} for name, role in roles.items()]


def definition(**changed: Any) -> Members:
    """The members of a CreateTable that works, with some of them changed, or removed by None."""
    members = {
        "AttributeDefinitions": attributes(pk="S"),
        "KeySchema": keys(pk="HASH"),
        "BillingMode": "PAY_PER_REQUEST",
    }
    return {name: value for name, value in (members | changed).items() if value is not None}


def described(table: "Table") -> Members:
    description: Members = table.call("DescribeTable")["Table"]
    return description


def refused(client: "DynamoClient", operation: str, **members: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, members)
    return caught.value


def test_a_new_table_is_described(make_table: "MakeTable") -> None:
    table = make_table(
        definition(AttributeDefinitions=attributes(pk="S", sk="N"), KeySchema=keys(pk="HASH", sk="RANGE"))
    )
    description = described(table)
    assert description["TableStatus"] == "ACTIVE"
    assert description["TableName"] == table.name
    assert description["TableArn"].endswith(f":table/{table.name}")
    assert description["KeySchema"] == keys(pk="HASH", sk="RANGE")
    assert sorted(description["AttributeDefinitions"], key=str) == attributes(pk="S", sk="N")
    assert description["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert description["ProvisionedThroughput"] == {
        "NumberOfDecreasesToday": 0,
        "ReadCapacityUnits": 0,
        "WriteCapacityUnits": 0,
    }
    assert (description["ItemCount"], description["TableSizeBytes"]) == (0, 0)
    assert description["DeletionProtectionEnabled"] is False
    assert isinstance(description["CreationDateTime"], float | int)
    assert len(description["TableId"]) == 36


def test_a_provisioned_table_tells_its_throughput(make_table: "MakeTable") -> None:
    table = make_table(definition(BillingMode="PROVISIONED", ProvisionedThroughput=UNITS))
    description = described(table)
    assert description["ProvisionedThroughput"].items() >= UNITS.items()
    assert description.get("BillingModeSummary", {"BillingMode": "PROVISIONED"})["BillingMode"] == "PROVISIONED"


def test_provisioned_is_the_default(make_table: "MakeTable") -> None:
    table = make_table(definition(BillingMode="PROVISIONED", ProvisionedThroughput=UNITS))
    assert described(table)["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


def test_indexes_are_described(indexed: "Table") -> None:
    description = described(indexed)
    by_name = {index["IndexName"]: index for index in description["GlobalSecondaryIndexes"]}
    assert sorted(by_name) == ["by-kind", "kinds", "labels"]
    assert by_name["by-kind"]["KeySchema"] == keys(kind="HASH", rank="RANGE")
    assert by_name["by-kind"]["Projection"] == {"ProjectionType": "ALL"}
    assert by_name["labels"]["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["colour"]}
    assert by_name["kinds"]["IndexStatus"] == "ACTIVE"
    assert by_name["kinds"]["IndexArn"].endswith(f":table/{indexed.name}/index/kinds")
    local = {index["IndexName"]: index for index in description["LocalSecondaryIndexes"]}
    assert local["rank-only"]["KeySchema"] == keys(pk="HASH", rank="RANGE")
    assert "IndexStatus" not in local["rank-only"]


def test_a_table_is_made_once(client: "DynamoClient", make_table: "MakeTable") -> None:
    table = make_table("simple")
    error = refused(client, "CreateTable", TableName=table.name, **definition())
    assert (error.code, error.message) == ("ResourceInUseException", f"Table already exists: {table.name}")


def test_a_deleted_table_is_gone_with_its_items(client: "DynamoClient", make_table: "MakeTable") -> None:
    table = make_table("simple")
    table.put({"pk": {"S": "a"}})
    described = client.call("DeleteTable", {"TableName": table.name})["TableDescription"]
    assert (described["TableName"], described["TableStatus"]) == (table.name, "DELETING")
    assert not described.keys() & {"AttributeDefinitions", "KeySchema", "CreationDateTime", "GlobalSecondaryIndexes"}


@pytest.mark.parametrize("operation", ["DescribeTable", "DeleteTable", "UpdateTable", "DescribeTimeToLive"])
def test_a_table_that_does_not_exist_is_named(client: "DynamoClient", unused_name: str, operation: str) -> None:
    members = {"DeletionProtectionEnabled": True} if operation == "UpdateTable" else {}
    error = refused(client, operation, TableName=unused_name, **members)
    assert (error.code, error.message) == (
        "ResourceNotFoundException",
        f"Requested resource not found: Table: {unused_name} not found",
    )


def test_tables_are_listed_in_order_and_in_pages(client: "DynamoClient", make_table: "MakeTable") -> None:
    made = {make_table("simple").name for _ in range(3)}
    names: list[str] = []
    members: Members = {"Limit": 1}
    while True:
        page = client.call("ListTables", members)
        names += page["TableNames"]
        assert len(page["TableNames"]) <= 1
        if "LastEvaluatedTableName" not in page:
            break
        members["ExclusiveStartTableName"] = page["LastEvaluatedTableName"]
    assert names == sorted(names)
    assert made <= set(names)


def test_a_list_may_start_at_a_name_that_is_not_there(client: "DynamoClient", make_table: "MakeTable") -> None:
    name = make_table("simple").name
    page = client.call("ListTables", {"ExclusiveStartTableName": name[:-1]})
    assert page["TableNames"][0] <= name
    assert all(listed > name[:-1] for listed in page["TableNames"])


def test_a_protected_table_is_not_deleted(client: "DynamoClient", make_table: "MakeTable") -> None:
    table = make_table("simple", DeletionProtectionEnabled=True)
    assert described(table)["DeletionProtectionEnabled"] is True
    error = refused(client, "DeleteTable", TableName=table.name)
    assert (error.code, error.message) == (
        "ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    )
    table.call("UpdateTable", DeletionProtectionEnabled=False)
    assert described(table)["DeletionProtectionEnabled"] is False


def wait(table: "Table") -> Members:
    """The description once nothing is under way any more."""
    while True:
        description = described(table)
        indexes = description.get("GlobalSecondaryIndexes", [])
        if {description["TableStatus"], *(index["IndexStatus"] for index in indexes)} == {"ACTIVE"}:
            return description


def test_an_added_index_holds_the_items_that_were_there(make_table: "MakeTable") -> None:
    table = make_table("simple")
    table.put(*({"pk": {"S": str(n)}, "x": {"S": str(n % 2)}} for n in range(6)), {"pk": {"S": "none"}})
    table.put({"pk": {"S": "other type"}, "x": {"N": "1"}})
    table.call(
        "UpdateTable",
        AttributeDefinitions=attributes(pk="S", x="S"),
        GlobalSecondaryIndexUpdates=[{"Create": INDEX}],
    )
    assert [index["IndexName"] for index in wait(table)["GlobalSecondaryIndexes"]] == ["by-x"]
    members = {"KeyConditionExpression": "x = :x", "ExpressionAttributeValues": {":x": {"S": "1"}}}
    found = table.all_items("Query", IndexName="by-x", **members)
    assert sorted(item["pk"]["S"] for item in found) == ["1", "3", "5"]


def test_a_deleted_index_can_no_longer_be_queried(make_table: "MakeTable") -> None:
    table = make_table(definition(AttributeDefinitions=attributes(pk="S", x="S"), GlobalSecondaryIndexes=[INDEX]))
    table.call("UpdateTable", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-x"}}])
    description = wait(table)
    assert not description.get("GlobalSecondaryIndexes")
    assert table.refusal("Scan", IndexName="by-x").code == "ValidationException"


def test_billing_can_change_both_ways(make_table: "MakeTable") -> None:
    table = make_table("simple")
    table.call("UpdateTable", BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    described = wait(table)
    assert described["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    assert described["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert described["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"]
    table.call("UpdateTable", BillingMode="PAY_PER_REQUEST")
    assert wait(table)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


PREFIX = "One or more parameter values were invalid: "

WRONG_TABLES: list[tuple[str, Members, str]] = [
    ("no keys", {"KeySchema": None},
     "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null"),
    ("no attributes", {"AttributeDefinitions": None}, "1 validation error detected: Value null at "
     "'attributeDefinitions' failed to satisfy constraint: Member must not be null"),
    ("unused attribute", {"AttributeDefinitions": attributes(pk="S", x="S")},
     PREFIX + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
              "AttributeDefinitions"),
    ("an attribute defined twice", {"AttributeDefinitions": attributes(pk="S") * 2},
     "Attribute Name is duplicated: pk"),
    ("undefined key", {"KeySchema": keys(other="HASH")},
     PREFIX + "Some index key attributes are not defined in AttributeDefinitions. Keys: [other], "
              "AttributeDefinitions: [pk]"),
    ("undefined index key", {"GlobalSecondaryIndexes": [INDEX]},
     PREFIX + "Some index key attributes are not defined in AttributeDefinitions. Keys: [x], "
              "AttributeDefinitions: [pk]"),
    ("throughput on demand", {"ProvisionedThroughput": UNITS},
     PREFIX + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"),
    ("provisioned without throughput", {"BillingMode": "PROVISIONED"},
     PREFIX + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
    ("no billing mode, no throughput", {"BillingMode": None},
     PREFIX + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
    ("two equal index names",
     {"AttributeDefinitions": attributes(pk="S", x="S"), "GlobalSecondaryIndexes": [INDEX, INDEX]},
     PREFIX + "Duplicate index name: by-x"),
    ("local index without a sort key",
     {"AttributeDefinitions": attributes(pk="S", x="S"), "LocalSecondaryIndexes": [INDEX]}, PREFIX),
    ("no partition key", {"KeySchema": keys(pk="RANGE")}, ""),
    ("the same key twice", {"KeySchema": [*keys(pk="HASH"), *keys(pk="RANGE")]}, ""),
    ("included attributes of an index of keys only",
     {"AttributeDefinitions": attributes(pk="S", x="S"), "GlobalSecondaryIndexes": [
         INDEX | {"Projection": {"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": ["y"]}}]},
     PREFIX + "ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified"),
    ("an index that includes nothing",
     {"AttributeDefinitions": attributes(pk="S", x="S"), "GlobalSecondaryIndexes": [
         INDEX | {"Projection": {"ProjectionType": "INCLUDE"}}]},
     PREFIX + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
    ("an index without a projection type",
     {"AttributeDefinitions": attributes(pk="S", x="S"), "GlobalSecondaryIndexes": [INDEX | {"Projection": {}}]},
     PREFIX + "Unknown ProjectionType: null"),
    ("a key of three elements", {"KeySchema": [*keys(pk="HASH"), *keys(a="RANGE"), *keys(b="RANGE")]},
     "1 validation error detected: Value '[KeySchemaElement(attributeName=pk, keyType=HASH), "
     "KeySchemaElement(attributeName=a, keyType=RANGE), KeySchemaElement(attributeName=b, keyType=RANGE)]' at "
     "'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"),
    ("provisioned without throughput of an index",
     {"AttributeDefinitions": attributes(pk="S", x="S"), "BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS,
      "GlobalSecondaryIndexes": [INDEX]}, PREFIX + "ProvisionedThroughput is not specified for index: by-x"),
    ("a view of a stream that is not", {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}},
     PREFIX + "Table is being created with a stream disabled, UpdateViewType should not be specified"),
    ("an unknown projection",
     {"AttributeDefinitions": attributes(pk="S", x="S"),
      "GlobalSecondaryIndexes": [INDEX | {"Projection": {"ProjectionType": "SOME"}}]},
     "1 validation error detected: Value 'SOME' at 'globalSecondaryIndexes.1.member.projection.projectionType' failed "
     "to satisfy constraint: Member must satisfy enum value set: [ALL, INCLUDE, KEYS_ONLY]"),
    ("no index in a list", {"GlobalSecondaryIndexes": []}, PREFIX + "List of GlobalSecondaryIndexes is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "message"), [case[1:] for case in WRONG_TABLES], ids=[c[0] for c in WRONG_TABLES])
def test_a_wrong_table_is_refused(client: "DynamoClient", unused_name: str, changed: Members, message: str) -> None:
    error = refused(client, "CreateTable", TableName=unused_name, **definition(**changed))
    assert error.code == "ValidationException"
    assert error.message.startswith(message)
    assert refused(client, "DescribeTable", TableName=unused_name).code == "ResourceNotFoundException"


@pytest.mark.parametrize("count", [21])
def test_a_table_has_twenty_global_indexes(client: "DynamoClient", unused_name: str, count: int) -> None:
    indexes = [INDEX | {"IndexName": f"index-{n}"} for n in range(count)]
    error = refused(
        client,
        "CreateTable",
        TableName=unused_name,
        **definition(AttributeDefinitions=attributes(pk="S", x="S"), GlobalSecondaryIndexes=indexes),
    )
    assert error.code in {"LimitExceededException", "ValidationException"}


WRONG_CHANGES: list[tuple[str, Members]] = [
    ("nothing to change", {}),
    ("no change in a list", {"GlobalSecondaryIndexUpdates": []}),
    ("an empty change", {"GlobalSecondaryIndexUpdates": [{}]}),
    ("two changes of one index", {"AttributeDefinitions": attributes(pk="S", x="S"), "GlobalSecondaryIndexUpdates": [
        {"Create": INDEX}, {"Delete": {"IndexName": "by-x"}}]}),
    ("an index that takes a key for another type", {
        "AttributeDefinitions": attributes(pk="N"), "GlobalSecondaryIndexUpdates": [
            {"Create": INDEX | {"KeySchema": keys(pk="HASH")}}]}),
    ("deletion of an index that is not there", {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "none"}}]}),
    ("an index whose key is not defined", {"GlobalSecondaryIndexUpdates": [{"Create": INDEX}]}),
    ("throughput on demand", {"ProvisionedThroughput": UNITS}),
]  # fmt: skip


@pytest.mark.parametrize("members", [case[1] for case in WRONG_CHANGES], ids=[case[0] for case in WRONG_CHANGES])
def test_a_wrong_change_is_refused(simple: "Table", members: Members) -> None:
    before = described(simple)
    assert simple.refusal("UpdateTable", **members).code in {"ValidationException", "ResourceNotFoundException"}
    assert described(simple) == before


def test_limits_of_the_account_are_told(client: "DynamoClient") -> None:
    assert set(client.call("DescribeLimits", {})) == {
        "AccountMaxReadCapacityUnits",
        "AccountMaxWriteCapacityUnits",
        "TableMaxReadCapacityUnits",
        "TableMaxWriteCapacityUnits",
    }
