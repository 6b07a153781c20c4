from typing import TYPE_CHECKING, Any

import pytest

from tenantable.testing import ManualClock

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

INVALID = "One or more parameter values were invalid: "
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 3}
BY_STATE: dict[str, Any] = {
    "IndexName": "by_state",
    "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
STATE = {"AttributeDefinitions": [{"AttributeName": "state", "AttributeType": "S"}]}


def creation(**change: Any) -> dict[str, Any]:
    """The members of a request that creates an index."""
    return {"TableName": "orders", **STATE, "GlobalSecondaryIndexUpdates": [{"Create": BY_STATE | change}]}


def deletion(name: str) -> dict[str, Any]:
    return {"TableName": "orders", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}


def described(call: "Call") -> dict[str, Any]:
    table: dict[str, Any] = call("DescribeTable", TableName="orders")["Table"]
    return table


def test_an_index_is_created_now_and_filled_at_once(call: "Call", create: "Create") -> None:
    create("orders")
    answer = call("UpdateTable", **creation())["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    assert [index["IndexStatus"] for index in answer["GlobalSecondaryIndexes"]] == ["CREATING"]
    table = described(call)
    assert table["TableStatus"] == "ACTIVE"
    assert [index["IndexStatus"] for index in table["GlobalSecondaryIndexes"]] == ["ACTIVE"]
    assert STATE["AttributeDefinitions"][0] in table["AttributeDefinitions"]


@pytest.mark.parametrize("projection", ["ALL", "KEYS_ONLY"])
def test_a_new_index_skips_items_that_cannot_be_in_it(
    call: "Call", create: "Create", refusal: "Refusal", projection: str
) -> None:
    """They may stay as they are, come in when they fit, and go again, but not change and stay unfit."""
    create("orders")
    for sort, state in enumerate([{"S": "open"}, {"N": "1"}, {"S": ""}, {"S": "x" * 2049}]):
        call("PutItem", TableName="orders", Item={"pk": {"S": "a"}, "sk": {"S": str(sort)}, "state": state})
    call("UpdateTable", **creation(Projection={"ProjectionType": projection}))

    def entries() -> list[str]:
        items = call("Scan", TableName="orders", IndexName="by_state")["Items"]
        return sorted(item["sk"]["S"] for item in items)

    assert entries() == ["0"]
    call("PutItem", TableName="orders", Item={"pk": {"S": "a"}, "sk": {"S": "1"}, "state": {"S": "open"}})
    assert entries() == ["0", "1"]
    error = refusal(
        "UpdateItem",
        TableName="orders",
        Key={"pk": {"S": "a"}, "sk": {"S": "3"}},
        UpdateExpression="SET note = :note",
        ExpressionAttributeValues={":note": {"S": "the index key stays as it is"}},
    )
    assert error.code == "ValidationException"
    assert entries() == ["0", "1"]
    call("DeleteItem", TableName="orders", Key={"pk": {"S": "a"}, "sk": {"S": "2"}})
    call("DeleteItem", TableName="orders", Key={"pk": {"S": "a"}, "sk": {"S": "0"}})
    assert entries() == ["1"]
    assert described(call)["GlobalSecondaryIndexes"][0]["ItemCount"] == 1


def test_a_deleted_index_takes_its_attributes_along(call: "Call", create: "Create", refusal: "Refusal") -> None:
    create("orders", global_={"by_state": ("state", "date"), "by_date": ("date",)})
    call("UpdateTable", **deletion("by_state"))
    table = described(call)
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by_date"]
    assert [definition["AttributeName"] for definition in table["AttributeDefinitions"]] == ["pk", "sk", "date"]
    error = refusal("Scan", TableName="orders", IndexName="by_state")
    assert error.message == "The table does not have the specified index: by_state"


def test_an_index_can_come_back(call: "Call", create: "Create") -> None:
    create("orders")
    call("PutItem", TableName="orders", Item={"pk": {"S": "a"}, "sk": {"S": "b"}, "state": {"S": "open"}})
    for _ in range(2):
        call("UpdateTable", **creation())
        assert call("Scan", TableName="orders", IndexName="by_state")["Count"] == 1
        call("UpdateTable", **deletion("by_state"))


def test_one_index_is_created_or_deleted_at_a_time(create: "Create", refusal: "Refusal") -> None:
    create("orders", global_={"by_date": ("date",)})
    both = [*creation()["GlobalSecondaryIndexUpdates"], *deletion("by_date")["GlobalSecondaryIndexUpdates"]]
    error = refusal("UpdateTable", **(creation() | {"GlobalSecondaryIndexUpdates": both}))
    assert (error.code, error.message) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    )


def test_throughput_changes_and_says_when(call: "Call", create: "Create", clock: ManualClock) -> None:
    create("orders", BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    clock.now += 10
    mixed = {"ReadCapacityUnits": 6, "WriteCapacityUnits": 2}
    call("UpdateTable", TableName="orders", ProvisionedThroughput=mixed)
    assert described(call)["ProvisionedThroughput"] == {
        **mixed,
        "NumberOfDecreasesToday": 0,
        "LastIncreaseDateTime": clock.now,
        "LastDecreaseDateTime": clock.now,
    }


def test_throughput_that_does_not_change_is_refused(create: "Create", refusal: "Refusal") -> None:
    create("orders", BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    error = refusal("UpdateTable", TableName="orders", ProvisionedThroughput=UNITS)
    assert error.message == (
        "The provisioned throughput for the table will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. "
        "Current WriteCapacityUnits provisioned for the table: 3. Requested WriteCapacityUnits: 3. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
    )


def test_billing_changes_with_all_indexes(call: "Call", create: "Create", clock: ManualClock) -> None:
    create("orders", global_={"by_state": ("state",)}, local={"by_date": ("date", "ALL")})
    index_units = {"IndexName": "by_state", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    call(
        "UpdateTable",
        TableName="orders",
        BillingMode="PROVISIONED",
        ProvisionedThroughput=UNITS,
        GlobalSecondaryIndexUpdates=[{"Update": index_units}],
    )
    table = described(call)
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 1
    clock.now += 10
    call("UpdateTable", TableName="orders", BillingMode="PAY_PER_REQUEST")
    table = described(call)
    assert table["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] == clock.now
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


def test_settings_can_change(call: "Call", create: "Create", clock: ManualClock) -> None:
    create("orders")
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    encryption = {"Enabled": True, "SSEType": "KMS"}
    settings = {"DeletionProtectionEnabled": True}
    call("UpdateTable", TableName="orders", StreamSpecification=stream, SSESpecification=encryption, **settings)
    call("UpdateTable", TableName="orders", TableClass="STANDARD")
    table = described(call)
    assert (table["StreamSpecification"], table["SSEDescription"]["SSEType"]) == (stream, "KMS")
    assert table["TableClassSummary"] == {"TableClass": "STANDARD", "LastUpdateDateTime": clock.now}
    assert table["DeletionProtectionEnabled"] is True
    call(
        "UpdateTable",
        TableName="orders",
        StreamSpecification={"StreamEnabled": False},
        SSESpecification={"Enabled": False},
    )
    table = described(call)
    assert "StreamSpecification" not in table
    assert "SSEDescription" not in table


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {},
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
            "SSESpecification or ReplicaUpdates is required",
        ),
        (
            {"GlobalSecondaryIndexUpdates": [{"Create": BY_STATE}]},
            f"{INVALID}Some index key attributes are not "
            "defined in AttributeDefinitions. Keys: [state], AttributeDefinitions: [pk, sk, date]",
        ),
        (creation(IndexName="by_date"), "Attempting to create an index which already exists"),
        (deletion("missing"), "Requested resource not found"),
        (
            {"BillingMode": "PROVISIONED"},
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS},
            f"{INVALID}ProvisionedThroughput is not specified for index: by_date",
        ),
        (
            {"ProvisionedThroughput": UNITS},
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
            "when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"BillingMode": "PAY_PER_REQUEST", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]},
            f"{INVALID}Table needs a stream with StreamViewType NEW_AND_OLD_IMAGES to have replicas; "
            "disable the one that it has first",
        ),
        (
            creation(WarmThroughput={"ReadUnitsPerSecond": 1}),
            f"{INVALID}Requested ReadUnitsPerSecond for WarmThroughput for index by_state is lower than the current "
            "value of 12000",
        ),
        (
            {"BillingMode": "PAY_PER_REQUEST", "VectorIndexUpdates": [{"Delete": {"IndexName": "vectors"}}]},
            "VectorIndexUpdates is not supported here: there are no vector indexes",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
            "Table already has an enabled stream: TableName: orders",
        ),
    ],
)
def test_a_wrong_change_changes_nothing(
    call: "Call", create: "Create", refusal: "Refusal", members: dict[str, Any], message: str
) -> None:
    stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    create("orders", global_={"by_date": ("date",)}, StreamSpecification=stream)
    before = described(call)
    assert refusal("UpdateTable", **({"TableName": "orders"} | members)).message == message
    assert described(call) == before
