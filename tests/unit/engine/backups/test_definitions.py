"""What a restored table is like: kept, overridden, left out, and what does not fit."""

from typing import Any

import pytest
from tests.unit.engine.backups.tables import TABLE, enable_recovery, restore

from tenantable.engine import Engine
from tenantable.wire.errors import DynamoError

UNITS = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
OTHER_UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
BY_N = {
    "IndexName": "by-n",
    "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


def provisioned() -> dict[str, Any]:
    index = {**BY_N, "ProvisionedThroughput": UNITS}
    request = {name: value for name, value in TABLE.items() if name != "BillingMode"}
    return {**request, "ProvisionedThroughput": UNITS, "GlobalSecondaryIndexes": [index]}


def restored(engine: Engine, request: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The description of a table that was restored from a new one."""
    engine.call("CreateTable", request)
    enable_recovery(engine)
    restore(engine, "copy", **members)
    description: dict[str, Any] = engine.call("DescribeTable", {"TableName": "copy"})["Table"]
    return description


def refusal(engine: Engine, request: dict[str, Any], **members: Any) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        restored(engine, request, **members)
    return caught.value


def units(description: dict[str, Any]) -> tuple[int, int]:
    throughput = description["ProvisionedThroughput"]
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def test_throughput_is_kept(engine: Engine) -> None:
    description = restored(engine, provisioned())
    assert units(description) == units(description["GlobalSecondaryIndexes"][0]) == (3, 4)
    assert "BillingModeSummary" not in description


def test_throughput_can_be_overridden(engine: Engine) -> None:
    override = [{**BY_N, "ProvisionedThroughput": UNITS}]
    description = restored(
        engine, provisioned(), ProvisionedThroughputOverride=OTHER_UNITS, GlobalSecondaryIndexOverride=override
    )
    assert units(description) == (5, 6)
    assert units(description["GlobalSecondaryIndexes"][0]) == (3, 4)


def test_an_override_of_an_index_keeps_its_throughput_unless_it_says_otherwise(engine: Engine) -> None:
    description = restored(engine, provisioned(), GlobalSecondaryIndexOverride=[BY_N])
    assert units(description["GlobalSecondaryIndexes"][0]) == (3, 4)


def test_the_billing_mode_can_be_overridden(engine: Engine) -> None:
    description = restored(engine, provisioned(), BillingModeOverride="PAY_PER_REQUEST")
    assert description["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert units(description) == (0, 0)


def test_what_is_paid_by_throughput_must_have_some(engine: Engine) -> None:
    error = refusal(engine, TABLE, BillingModeOverride="PROVISIONED")
    assert error.code == "ValidationException"


def test_what_is_paid_by_request_must_have_none(engine: Engine) -> None:
    error = refusal(engine, TABLE, ProvisionedThroughputOverride=UNITS)
    assert "when BillingMode is PAY_PER_REQUEST" in error.message


def test_all_indexes_can_be_left_out(engine: Engine) -> None:
    """And with them the definitions of attributes that no key uses any more."""
    description = restored(engine, TABLE, GlobalSecondaryIndexOverride=[])
    assert "GlobalSecondaryIndexes" not in description
    assert [each["AttributeName"] for each in description["AttributeDefinitions"]] == ["pk"]


@pytest.mark.parametrize(
    "change",
    [
        {"IndexName": "another"},
        {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]},
        {"Projection": {"ProjectionType": "KEYS_ONLY"}},
    ],
)
def test_an_override_must_match_an_index(engine: Engine, change: dict[str, Any]) -> None:
    error = refusal(engine, TABLE, GlobalSecondaryIndexOverride=[{**BY_N, **change}])
    assert "must match existing secondary indexes" in error.message


def test_encryption_is_kept_and_can_be_overridden(engine: Engine) -> None:
    encrypted = {**TABLE, "SSESpecification": {"Enabled": True, "KMSMasterKeyId": "alias/mine"}}
    assert restored(engine, encrypted)["SSEDescription"]["KMSMasterKeyArn"].endswith(":alias/mine")
    restore(engine, "plain", SSESpecificationOverride={"Enabled": False})
    assert "SSEDescription" not in engine.call("DescribeTable", {"TableName": "plain"})["Table"]


def test_limits_of_requests_are_kept_and_can_be_overridden(engine: Engine) -> None:
    limited = {**TABLE, "OnDemandThroughput": {"MaxReadRequestUnits": 10}}
    assert restored(engine, limited)["OnDemandThroughput"] == {"MaxReadRequestUnits": 10}
    restore(engine, "other", OnDemandThroughputOverride={"MaxReadRequestUnits": 20})
    assert engine.call("DescribeTable", {"TableName": "other"})["Table"]["OnDemandThroughput"] == {
        "MaxReadRequestUnits": 20
    }


def test_protection_is_not_restored(engine: Engine) -> None:
    assert restored(engine, {**TABLE, "DeletionProtectionEnabled": True})["DeletionProtectionEnabled"] is False
