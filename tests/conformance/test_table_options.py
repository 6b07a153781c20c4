"""What CreateTable and UpdateTable keep and describe: encryption, capacities, classes, replicas, index changes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.conftest import attributes, index, wait_until_active

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    MakeTable = Callable[..., Table]

Members = dict[str, Any]
INVALID = "One or more parameter values were invalid: "
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
PROVISIONED: Members = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}
INDEXED: Members = {
    "AttributeDefinitions": attributes(pk="S", x="S"),
    "GlobalSecondaryIndexes": [index("by-x", "x")],
}


def described(table: "Table") -> Members:
    """The description once nothing is under way any more."""
    wait_until_active(table.client, table.name)
    description: Members = table.call("DescribeTable")["Table"]
    return description


def index_of(table: "Table") -> Members:
    found: Members = described(table)["GlobalSecondaryIndexes"][0]
    return found


def update(table: "Table", **members: Any) -> Members:
    answer: Members = table.call("UpdateTable", **members)["TableDescription"]
    assert answer["TableStatus"] in {"UPDATING", "ACTIVE"}
    return described(table)


def refused(table: "Table", **members: Any) -> str:
    before = described(table)
    error = table.refusal("UpdateTable", **members)
    assert error.code == "ValidationException"
    assert described(table) == before
    return error.message


@pytest.mark.needs("warm throughput")
def test_on_demand_tables_and_indexes_are_warm_by_default(make_table: "MakeTable") -> None:
    table = make_table("simple", **INDEXED)
    default = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"}
    assert described(table)["WarmThroughput"] == default
    assert index_of(table)["WarmThroughput"] == default


@pytest.mark.needs("warm throughput")
def test_warmth_is_raised_and_never_lowered(make_table: "MakeTable") -> None:
    table = make_table("simple", **INDEXED, WarmThroughput={"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4_000})
    warm = update(table, WarmThroughput={"WriteUnitsPerSecond": 5_000})["WarmThroughput"]
    assert (warm["ReadUnitsPerSecond"], warm["WriteUnitsPerSecond"]) == (13_000, 5_000)
    assert "WarmThroughput" in refused(table, WarmThroughput={"ReadUnitsPerSecond": 12_500})
    raised = {"IndexName": "by-x", "WarmThroughput": {"ReadUnitsPerSecond": 20_000}}
    update(table, GlobalSecondaryIndexUpdates=[{"Update": raised}])
    assert index_of(table)["WarmThroughput"]["ReadUnitsPerSecond"] == 20_000


@pytest.mark.needs("warm throughput")
def test_provisioned_tables_are_as_warm_as_what_is_provisioned(make_table: "MakeTable") -> None:
    warm = described(make_table("simple", **PROVISIONED))["WarmThroughput"]
    assert (warm["ReadUnitsPerSecond"], warm["WriteUnitsPerSecond"]) == (5, 6)


def test_ceilings_of_tables_are_kept_merged_and_removed(make_table: "MakeTable") -> None:
    table = make_table("simple", OnDemandThroughput={"MaxReadRequestUnits": 10})
    assert described(table)["OnDemandThroughput"]["MaxReadRequestUnits"] == 10
    both = update(table, OnDemandThroughput={"MaxWriteRequestUnits": 20})["OnDemandThroughput"]
    assert both == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    kept = update(table, OnDemandThroughput={"MaxReadRequestUnits": -1})["OnDemandThroughput"]
    assert kept["MaxWriteRequestUnits"] == 20
    assert kept.get("MaxReadRequestUnits", -1) == -1


def test_ceilings_of_indexes_are_kept_and_changed(make_table: "MakeTable") -> None:
    limited = index("by-x", "x") | {"OnDemandThroughput": {"MaxReadRequestUnits": 10}}
    table = make_table("simple", **INDEXED | {"GlobalSecondaryIndexes": [limited]})
    assert index_of(table)["OnDemandThroughput"]["MaxReadRequestUnits"] == 10
    changed = {"IndexName": "by-x", "OnDemandThroughput": {"MaxReadRequestUnits": 30}}
    update(table, GlobalSecondaryIndexUpdates=[{"Update": changed}])
    assert index_of(table)["OnDemandThroughput"]["MaxReadRequestUnits"] == 30


def test_ceilings_go_with_on_demand_billing(make_table: "MakeTable") -> None:
    table = make_table("simple", OnDemandThroughput={"MaxReadRequestUnits": 10})
    assert "OnDemandThroughput" not in update(table, **PROVISIONED)
    assert refused(table, OnDemandThroughput={"MaxReadRequestUnits": 10}).startswith(INVALID)


@pytest.mark.parametrize("units", [0, -2])
def test_a_ceiling_out_of_range_is_refused(make_table: "MakeTable", units: int) -> None:
    message = refused(make_table("simple"), OnDemandThroughput={"MaxWriteRequestUnits": units})
    assert message == (
        f"{INVALID}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range"
    )


def test_encryption_by_a_key_is_described(make_table: "MakeTable") -> None:
    table = make_table("simple")
    assert "SSEDescription" not in described(table)
    description = update(table, SSESpecification={"Enabled": True})["SSEDescription"]
    assert (description["Status"], description["SSEType"]) == ("ENABLED", "KMS")
    assert description["KMSMasterKeyArn"].startswith("arn:aws:kms:")
    assert "SSEDescription" not in update(table, SSESpecification={"Enabled": False})


@pytest.mark.parametrize(
    ("before", "specification", "message"),
    [
        ({}, {"Enabled": False}, "by default"),
        ({"SSESpecification": {"Enabled": True}}, {"Enabled": True}, "by given KMSMasterKeyId"),
    ],
)  # fmt: skip
def test_encryption_that_would_not_change_is_refused(
    make_table: "MakeTable", before: Members, specification: Members, message: str
) -> None:
    message = f"{INVALID}Table is already encrypted {message}"
    assert refused(make_table("simple", **before), SSESpecification=specification) == message


@pytest.mark.parametrize(
    "specification", [{"Enabled": True, "SSEType": "AES256"}, {"Enabled": False, "SSEType": "KMS"}]
)
def test_encryption_that_there_is_not_is_refused(make_table: "MakeTable", specification: Members) -> None:
    assert refused(make_table("simple"), SSESpecification=specification).startswith(INVALID)


def test_the_class_of_a_table_changes(make_table: "MakeTable") -> None:
    table = make_table("simple", TableClass="STANDARD_INFREQUENT_ACCESS")
    assert described(table)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    summary = update(table, TableClass="STANDARD")["TableClassSummary"]
    assert summary["TableClass"] == "STANDARD"
    assert isinstance(summary["LastUpdateDateTime"], float | int)


def test_the_class_of_a_table_changes_alone(make_table: "MakeTable") -> None:
    message = refused(make_table("simple"), TableClass="STANDARD_INFREQUENT_ACCESS", DeletionProtectionEnabled=True)
    assert message == f"{INVALID}TableClass modification must be the only operation in the request"


def replica(action: str, region: str = "eu-west-1", **members: Any) -> Members:
    return {"ReplicaUpdates": [{action: {"RegionName": region, **members}}]}


@pytest.mark.needs("replicas")
def test_a_replica_is_created_changed_and_deleted(make_table: "MakeTable") -> None:
    table = make_table("simple")
    answer = table.call("UpdateTable", **replica("Create"))["TableDescription"]
    assert [each["ReplicaStatus"] for each in answer["Replicas"]] == ["CREATING"]
    description = described(table)
    assert description["GlobalTableVersion"] == "2019.11.21"
    assert [(each["RegionName"], each["ReplicaStatus"]) for each in description["Replicas"]] == [
        ("eu-west-1", "ACTIVE")
    ]
    changed = update(table, **replica("Update", TableClassOverride="STANDARD_INFREQUENT_ACCESS"))
    assert changed["Replicas"][0]["ReplicaTableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    description = update(table, **replica("Delete"))
    assert not description.get("Replicas")
    assert "GlobalTableVersion" not in description


@pytest.mark.needs("replicas")
def test_replicas_need_a_stream_of_both_images(make_table: "MakeTable") -> None:
    """One is enabled with the first replica, and cannot be disabled while there are some."""
    table = make_table("simple")
    assert update(table, **replica("Create"))["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    message = refused(table, StreamSpecification={"StreamEnabled": False})
    assert message == f"{INVALID}Disabling Stream is not allowed for a Global Table replica."
    update(table, **replica("Delete"))
    assert "StreamSpecification" not in update(table, StreamSpecification={"StreamEnabled": False})


@pytest.mark.needs("replicas")
@pytest.mark.parametrize(
    ("members", "message"),
    [
        (replica("Delete"), "Replica specified in the Replica Update or Replica Delete action of the request was not "
                            "found."),
        (replica("Update"), "Replica specified in the Replica Update or Replica Delete action of the request was not "
                            "found."),
        (replica("Create", "us-east-1"), "Cannot add, delete, or update the local region through ReplicaUpdates. Use "
                                         "CreateTable, DeleteTable, or UpdateTable as required."),
        ({"ReplicaUpdates": [{}]}, INVALID),
        ({"MultiRegionConsistency": "STRONG"}, INVALID),
        (replica("Create") | {"MultiRegionConsistency": "STRONG"}, INVALID),
        ({"GlobalTableWitnessUpdates": [{"Delete": {"RegionName": "eu-west-1"}}]}, ""),
        (replica("Create") | {"GlobalTableWitnessUpdates": [{"Create": {"RegionName": "us-west-2"}}]}, INVALID),
    ],
)  # fmt: skip
def test_a_change_of_replicas_that_does_not_fit_is_refused(
    make_table: "MakeTable", members: Members, message: str
) -> None:
    assert refused(make_table("simple"), **members).startswith(message)


@pytest.mark.needs("replicas")
def test_replicas_of_an_encrypted_table_name_their_keys(make_table: "MakeTable") -> None:
    own_key = {"Enabled": True, "KMSMasterKeyId": "3f4b1c52-8f0e-4e53-9f0e-8a1c8a5d1f00"}
    table = make_table("simple", SSESpecification=own_key)
    assert refused(table, **replica("Create")) == f"{INVALID}KMSMasterKeyId must be specified for each replica."
    assert update(table, **replica("Create", KMSMasterKeyId="alias/there"))["Replicas"]


@pytest.mark.needs("replicas")
def test_strong_consistency_needs_three_regions(make_table: "MakeTable") -> None:
    witness = {"GlobalTableWitnessUpdates": [{"Create": {"RegionName": "us-west-2"}}]}
    description = update(make_table("simple"), **replica("Create"), MultiRegionConsistency="STRONG", **witness)
    assert description["MultiRegionConsistency"] == "STRONG"
    assert description["GlobalTableWitnesses"] == [{"RegionName": "us-west-2", "WitnessStatus": "ACTIVE"}]
    assert "StreamSpecification" not in description


@pytest.mark.parametrize(
    "members",
    [
        {"DisassociationProtectionEnabled": True},
        {"GlobalTableSettingsReplicationMode": "ENABLED"},
        {"VectorIndexUpdates": [{"Delete": {"IndexName": "vectors"}}]},
    ],
)
def test_what_is_not_there_is_refused_by_name(make_table: "MakeTable", members: Members) -> None:
    assert next(iter(members)) in refused(make_table("simple"), **members)


DEFINED = {"AttributeDefinitions": attributes(pk="S", x="S", y="S")}
CREATE = {"Create": index("by-y", "y")}
WRONG_INDEX_CHANGES: list[tuple[str, list[Members], str]] = [
    ("no action", [{}], INVALID),
    ("two actions", [{"Delete": {"IndexName": "by-x"}, **CREATE}], INVALID),
    ("one index twice", [{"Update": {"IndexName": "by-x", "OnDemandThroughput": {"MaxReadRequestUnits": units}}}
                         for units in (1, 2)],
     f"{INVALID}Only one global secondary index update per index is allowed simultaneously. Index: by-x"),
    ("an index that exists", [{"Create": index("by-x", "x")}], "Attempting to create an index which already exists"),
    ("throughput on demand", [{"Update": {"IndexName": "by-x", "ProvisionedThroughput": UNITS}}],
     f"{INVALID}ProvisionedThroughput should not be specified for index: by-x when BillingMode is PAY_PER_REQUEST"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("updates", "message"), [case[1:] for case in WRONG_INDEX_CHANGES], ids=[case[0] for case in WRONG_INDEX_CHANGES]
)
def test_a_wrong_change_of_indexes_is_refused(make_table: "MakeTable", updates: list[Members], message: str) -> None:
    table = make_table("simple", **INDEXED)
    assert refused(table, **DEFINED, GlobalSecondaryIndexUpdates=updates).startswith(message)


@pytest.mark.parametrize("members", [{}, {"OnDemandThroughput": {}}, {"GlobalSecondaryIndexUpdates": []}])
def test_an_update_of_nothing_is_refused(make_table: "MakeTable", members: Members) -> None:
    assert refused(make_table("simple"), **members).startswith("At least one of ProvisionedThroughput, BillingMode")
