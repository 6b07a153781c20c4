from typing import Any

import pytest

from tenantable.declare.naming import Naming
from tenantable.declare.tables import Index, LocalIndex, Provisioned, Table, Tenancy, physical_table
from tenantable.errors import DeclarationError
from tenantable.wire.keys import KeyAttribute

NAMING = Naming(table="{table}-dev", index="{table}-{index}")


def create_request(table: Table) -> dict[str, Any]:
    return physical_table(table, NAMING).create_request()


def test_generic_keys_are_the_default() -> None:
    table = Table("app", Index("gsi1"))
    assert table.keys.names == ("PK", "SK")
    assert table.keys_of(table.indexes[0]).names == ("GSI1PK", "GSI1SK")


def test_keys_of_its_own_need_no_sort_key() -> None:
    table = Table("profiles", Index("school-index", partition="school_id"), partition="coach_id")
    assert table.keys.names == ("coach_id",)
    assert table.keys_of(table.indexes[0]).names == ("school_id",)


def test_a_local_index_has_the_tables_partition_key() -> None:
    local = LocalIndex("by-date", sort="date")
    table = Table("log", local, partition="user", sort="id")
    assert table.keys_of(local).names == ("user", "date")


def test_a_create_request_says_everything_that_was_declared() -> None:
    table = Table(
        "orders",
        Index("by-time", partition="day", sort=KeyAttribute(name="second", type="N"), projection=("total",)),
        LocalIndex("by-name", sort="name", projection="keys"),
        partition="id",
        sort="line",
        stream=True,
        deletion_protection=True,
        encryption_key="alias/orders",
        tags={"Team": "shop"},
    )
    assert create_request(table) == {
        "TableName": "orders-dev",
        "AttributeDefinitions": [
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "line", "AttributeType": "S"},
            {"AttributeName": "day", "AttributeType": "S"},
            {"AttributeName": "second", "AttributeType": "N"},
            {"AttributeName": "name", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "line", "KeyType": "RANGE"}],
        "DeletionProtectionEnabled": True,
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "orders-dev-by-time",
                "KeySchema": [
                    {"AttributeName": "day", "KeyType": "HASH"},
                    {"AttributeName": "second", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
            }
        ],
        "LocalSecondaryIndexes": [
            {
                "IndexName": "orders-dev-by-name",
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "name", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/orders"},
        "Tags": [{"Key": "Team", "Value": "shop"}],
    }


def test_provisioned_capacity_holds_for_global_indexes_too() -> None:
    table = Table("app", Index("gsi1"), billing=Provisioned(read_units=5, write_units=2))
    request = create_request(table)
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
    assert request["ProvisionedThroughput"] == units
    assert request["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] == units


def test_expiry_has_a_request_of_its_own() -> None:
    physical = physical_table(Table("app", ttl="expires"), NAMING)
    specification = {"Enabled": True, "AttributeName": "expires"}
    assert physical.time_to_live_request() == {"TableName": "app-dev", "TimeToLiveSpecification": specification}
    assert physical_table(Table("app"), NAMING).time_to_live_request() is None


def test_keys_are_known_by_physical_names() -> None:
    physical = physical_table(Table("app", Index("gsi1")), NAMING)
    assert physical.keys.table.names == ("PK", "SK")
    assert physical.keys.indexes["app-dev-gsi1"].names == ("GSI1PK", "GSI1SK")


def test_a_dedicated_table_has_the_tenants_name() -> None:
    naming = Naming(table="app-{table}", index="{table}-{index}", dedicated="app-account-{tenant}")
    physical = physical_table(Table("main", Index("gsi1")), naming, tenant="42")
    assert (physical.name, physical.index_names) == ("app-account-42", {"gsi1": "app-account-42-gsi1"})


def test_every_fault_of_a_table_is_reported_at_once() -> None:
    with pytest.raises(DeclarationError) as raised:
        Table("app", Index("a"), Index("a"), LocalIndex("l", sort="x"), partition="id", ttl="id")
    problems = " ".join(fault.problem for fault in raised.value.faults)
    assert all(word in problems for word in ("two indexes", "local index needs", "is a key"))


@pytest.mark.parametrize(
    ("indexes", "problem"),
    [
        ([Index(f"gsi{number}") for number in range(21)], "too many"),
        ([LocalIndex(f"lsi{number}", sort=f"s{number}") for number in range(6)], "too many"),
        ([Index("gsi1", partition=KeyAttribute(name="PK", type="N"))], "two types"),
        ([Index("gsi1", partition=KeyAttribute(name="x", type="BOOL"))], "'BOOL'"),
        ([Index("gsi1", projection=tuple(map(str, range(101))))], "projected"),
    ],
)
def test_dynamodbs_limits_are_kept(indexes: list[Index], problem: str) -> None:
    with pytest.raises(DeclarationError, match=problem):
        Table("app", *indexes)


@pytest.mark.parametrize("prefix", ["TENANT#", "{tenant}#x", "{a}#{tenant}", ""])
def test_a_tenants_prefix_ends_with_the_tenant(prefix: str) -> None:
    with pytest.raises(DeclarationError, match="does not end with its only placeholder"):
        Tenancy(prefix=prefix)
