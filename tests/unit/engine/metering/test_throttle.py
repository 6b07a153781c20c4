"""Throughput that is enforced: which requests are throttled, and in which words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.engine.keys import partition_bytes
from tenantable.engine.metering.throttle import ThrottledError
from tenantable.errors import SettingsError
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

TABLE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the "
    "UpdateTable API"
)
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
KEY = {"pk": {"S": "a"}, "sk": {"S": "a"}}


@pytest.fixture
def engine(clock: ManualClock) -> Iterator[Engine]:
    with Engine(":memory:", clock=clock, throttle=True) as engine:
        yield engine


def units(read: int, write: int) -> dict[str, Any]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def provisioned(read: int, write: int) -> dict[str, Any]:
    return {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units(read, write)}


def item(number: int = 0, size: int = 100, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": f"p{number}"}, "sk": {"S": f"{number:05}"}, "x": {"S": "x" * size}, **more}


def test_what_was_saved_can_be_spent_and_no_more(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(1, 2))
    for number in range(600):
        call("PutItem", TableName="orders", Item=item(number))
    error = refusal("PutItem", TableName="orders", Item=item())
    assert (error.code, error.message) == ("ProvisionedThroughputExceededException", TABLE)
    assert error.extra == {
        "ThrottlingReasons": [{"reason": "TableWriteProvisionedThroughputExceeded", "resource": ARN}]
    }


def test_units_come_back_with_time(create: "Create", call: "Call", refusal: "Refusal", clock: ManualClock) -> None:
    create("orders", **provisioned(2, 1))
    call("PutItem", TableName="orders", Item=item(size=307_000))
    assert refusal("PutItem", TableName="orders", Item=item()).code == "ProvisionedThroughputExceededException"
    clock.now += 1
    call("PutItem", TableName="orders", Item=item(1))
    assert refusal("PutItem", TableName="orders", Item=item()).code == "ProvisionedThroughputExceededException"


def test_a_throttled_write_changes_nothing(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(100, 1))
    call("PutItem", TableName="orders", Item=item(size=307_000))
    assert isinstance(refusal("PutItem", TableName="orders", Item=item(1)), ThrottledError)
    assert call("Scan", TableName="orders", Select="COUNT")["Count"] == 1


def test_a_failed_condition_is_paid_for(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(1, 1))
    call("PutItem", TableName="orders", Item=item(size=200_000))
    condition = {"Item": item(size=1), "ConditionExpression": "attribute_not_exists(pk)"}
    assert refusal("PutItem", TableName="orders", **condition).code == "ConditionalCheckFailedException"
    assert isinstance(refusal("PutItem", TableName="orders", **condition), ThrottledError)


READS: list[tuple[str, dict[str, Any]]] = [
    ("GetItem", {"Key": KEY}),
    ("Query", {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}),
    ("Scan", {}),
]


@pytest.mark.parametrize(("operation", "members"), READS)
def test_reads_are_throttled(
    create: "Create", call: "Call", refusal: "Refusal", operation: str, members: dict[str, Any]
) -> None:
    create("orders", **provisioned(1, 1))
    for _ in range(300):
        call(operation, TableName="orders", ConsistentRead=True, **members)
    error = refusal(operation, TableName="orders", ConsistentRead=True, **members)
    assert (error.code, error.message) == ("ProvisionedThroughputExceededException", TABLE)
    assert error.extra["ThrottlingReasons"][0]["reason"] == "TableReadProvisionedThroughputExceeded"


def test_a_statement_is_throttled_like_its_operation(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(1, 1))
    statement = "SELECT * FROM orders WHERE pk = 'a'"
    for _ in range(300):
        call("ExecuteStatement", Statement=statement, ConsistentRead=True)
    assert refusal("ExecuteStatement", Statement=statement).message == TABLE
    answer = call("BatchExecuteStatement", Statements=[{"Statement": f"{statement} AND sk = 'a'"}])
    assert answer["Responses"][0]["Error"] == {"Code": "ProvisionedThroughputExceeded", "Message": TABLE}


def test_a_scan_stops_between_pages_and_goes_on_where_it_was(
    create: "Create", call: "Call", refusal: "Refusal", clock: ManualClock
) -> None:
    create("orders", **provisioned(1, 1000))
    for number in range(10):
        call("PutItem", TableName="orders", Item=item(number, size=350_000))
        clock.now += 1
    seen: list[str] = []
    request: dict[str, Any] = {"TableName": "orders", "ConsistentRead": True}
    throttled = 0
    while True:
        try:
            page = call("Scan", **request)
        except ThrottledError:
            throttled += 1
            clock.now += 600
            continue
        seen += [each["pk"]["S"] for each in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert throttled > 0
    assert sorted(seen) == sorted(f"p{number}" for number in range(10))


def with_index(read: int, write: int) -> dict[str, Any]:
    keys = [{"AttributeName": "gk", "KeyType": "HASH"}]
    index = {"IndexName": "by_gk", "KeySchema": keys, "Projection": {"ProjectionType": "KEYS_ONLY"}}
    names = ("pk", "sk", "gk")
    return {
        "GlobalSecondaryIndexes": [{**index, "ProvisionedThroughput": units(read, write)}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
        **provisioned(1000, 1000),
    }


def test_an_index_without_units_stops_writes_of_its_table(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **with_index(1, 1))
    for number in range(300):
        call("PutItem", TableName="orders", Item=item(number, gk={"S": f"g{number}"}))
    error = refusal("PutItem", TableName="orders", Item=item(gk={"S": "other"}))
    assert (error.code, error.message) == ("ProvisionedThroughputExceededException", INDEX)
    assert error.extra["ThrottlingReasons"] == [
        {"reason": "IndexWriteProvisionedThroughputExceeded", "resource": f"{ARN}/index/by_gk"}
    ]
    call("PutItem", TableName="orders", Item=item(1000))  # has no entry there


def test_an_index_is_read_with_its_own_units(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **with_index(1, 1))
    for _ in range(600):
        call("Scan", TableName="orders", IndexName="by_gk")
    assert refusal("Scan", TableName="orders", IndexName="by_gk").message == INDEX
    call("Scan", TableName="orders")


def test_a_local_index_is_paid_by_its_table(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", local={"by_x": ("x", "ALL")}, **provisioned(1, 1))
    for number in range(150):
        call("PutItem", TableName="orders", Item=item(number))
    assert refusal("PutItem", TableName="orders", Item=item()).message == TABLE


def test_what_is_throttled_of_a_batch_comes_back(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(1, 1))
    call("PutItem", TableName="orders", Item=item(size=296_000))
    puts = [{"PutRequest": {"Item": item(number)}} for number in range(1, 26)]
    answer = call("BatchWriteItem", RequestItems={"orders": puts}, ReturnConsumedCapacity="TOTAL")
    unprocessed = answer["UnprocessedItems"]["orders"]
    assert 0 < len(unprocessed) < 25
    assert unprocessed == puts[25 - len(unprocessed) :]
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 25 - len(unprocessed)
    error = refusal("BatchWriteItem", RequestItems={"orders": unprocessed})
    assert (error.code, error.message) == ("ProvisionedThroughputExceededException", TABLE)


def test_deletions_of_a_batch_come_back_too(create: "Create", call: "Call") -> None:
    create("orders", **provisioned(1, 1))
    create("other")
    call("PutItem", TableName="orders", Item=item(size=307_000))
    deletes = [{"DeleteRequest": {"Key": KEY}}]
    answer = call("BatchWriteItem", RequestItems={"orders": deletes, "other": deletes})
    assert answer["UnprocessedItems"] == {"orders": deletes}


def test_keys_that_are_throttled_come_back(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(1, 1))
    for _ in range(295):
        call("GetItem", TableName="orders", Key=KEY, ConsistentRead=True)
    keys = [{"pk": {"S": "a"}, "sk": {"S": str(number)}} for number in range(20)]
    wanted = {"Keys": keys, "ConsistentRead": True}
    answer = call("BatchGetItem", RequestItems={"orders": wanted})
    assert answer["UnprocessedKeys"] == {"orders": {**wanted, "Keys": keys[5:]}}
    error = refusal("BatchGetItem", RequestItems=answer["UnprocessedKeys"])
    assert (error.code, error.message) == ("ProvisionedThroughputExceededException", TABLE)


def test_a_transaction_is_cancelled_with_the_reason(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(1, 1))
    create("other")
    call("PutItem", TableName="orders", Item=item(size=307_000))
    actions = [{"Put": {"TableName": name, "Item": item(1)}} for name in ("other", "orders")]
    error = refusal("TransactWriteItems", TransactItems=actions)
    assert error.code == "TransactionCanceledException"
    assert error.extra["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ProvisionedThroughputExceeded", "Message": TABLE},
    ]
    assert call("Scan", TableName="other")["Items"] == []


def test_a_transaction_of_reads_is_cancelled_too(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(1, 1))
    gets = [{"Get": {"TableName": "orders", "Key": KEY}}]
    for _ in range(150):  # two units each
        call("TransactGetItems", TransactItems=gets)
    error = refusal("TransactGetItems", TransactItems=gets)
    assert error.extra["CancellationReasons"][0]["Code"] == "ProvisionedThroughputExceeded"


def test_a_table_on_demand_has_the_maximum_that_is_set(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", OnDemandThroughput={"MaxReadRequestUnits": 3})
    for _ in range(3):
        call("GetItem", TableName="orders", Key=KEY, ConsistentRead=True)
    error = refusal("GetItem", TableName="orders", Key=KEY)
    assert error.code == "ThrottlingException"
    assert error.message == "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
    reason = {"reason": "TableReadMaxOnDemandThroughputExceeded", "resource": ARN}
    assert error.extra == {"throttlingReasons": [reason]}
    call("PutItem", TableName="orders", Item=item())


def test_an_index_on_demand_has_a_maximum_of_its_own(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", global_={"by_kind": ("kind",)})
    maximum = {"IndexName": "by_kind", "OnDemandThroughput": {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": 2}}
    call("UpdateTable", TableName="orders", GlobalSecondaryIndexUpdates=[{"Update": maximum}])
    for number in range(2):
        call("PutItem", TableName="orders", Item=item(number, kind={"S": "k"}))
    error = refusal("PutItem", TableName="orders", Item=item(2, kind={"S": "k"}))
    reason = {"reason": "IndexWriteMaxOnDemandThroughputExceeded", "resource": f"{ARN}/index/by_kind"}
    assert (error.code, error.extra) == ("ThrottlingException", {"throttlingReasons": [reason]})
    call("PutItem", TableName="orders", Item=item(3))


def test_a_hot_key_meets_the_limit_of_its_partition(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders")
    for number in range(3):
        call("PutItem", TableName="orders", Item={**item(size=400_000), "sk": {"S": str(number)}})
    error = refusal("PutItem", TableName="orders", Item=item())
    assert error.code == "ThrottlingException"
    assert "check if you have a hot key" in error.message
    assert error.extra["throttlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"
    hot = partition_bytes(b"p0")[0] >> 6
    cold = next(number for number in range(1, 99) if partition_bytes(f"p{number}".encode())[0] >> 6 != hot)
    call("PutItem", TableName="orders", Item=item(cold))


def test_a_hot_key_of_a_provisioned_table_is_its_own_reason(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(3000, 5000))
    for number in range(3):
        call("PutItem", TableName="orders", Item={**item(size=400_000), "sk": {"S": str(number)}})
    error = refusal("PutItem", TableName="orders", Item=item())
    assert (error.code, error.message) == ("ProvisionedThroughputExceededException", TABLE)
    assert error.extra["ThrottlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"


def test_a_transaction_on_demand_says_throttling(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", OnDemandThroughput={"MaxWriteRequestUnits": 2})
    call("PutItem", TableName="orders", Item=item(size=10_000))
    error = refusal("TransactWriteItems", TransactItems=[{"Put": {"TableName": "orders", "Item": item(1)}}])
    assert error.extra["CancellationReasons"][0]["Code"] == "ThrottlingError"


def test_more_throughput_helps_at_once(create: "Create", call: "Call", refusal: "Refusal", clock: ManualClock) -> None:
    create("orders", **provisioned(1, 1))
    call("PutItem", TableName="orders", Item=item(size=307_000))
    assert isinstance(refusal("PutItem", TableName="orders", Item=item()), ThrottledError)
    call("UpdateTable", TableName="orders", ProvisionedThroughput=units(1, 100))
    clock.now += 1
    for number in range(1, 11):
        call("PutItem", TableName="orders", Item=item(number))


def test_a_share_is_a_part_of_the_throughput(clock: ManualClock, create: "Create", call: "Call") -> None:
    with Engine(":memory:", clock=clock, throttle=0.5) as half:
        half.call("CreateTable", {"TableName": "orders", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                                  "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                  **provisioned(1, 1)})  # fmt: skip
        put = {"TableName": "orders", "Item": {"pk": {"S": "a"}}}
        for _ in range(150):
            half.call("PutItem", put)
        with pytest.raises(ThrottledError):
            half.call("PutItem", put)


def test_expired_items_are_deleted_for_nothing(
    engine: Engine, create: "Create", call: "Call", refusal: "Refusal", clock: ManualClock
) -> None:
    create("orders", **provisioned(1, 1))
    specification = {"Enabled": True, "AttributeName": "ends"}
    call("UpdateTimeToLive", TableName="orders", TimeToLiveSpecification=specification)
    for number in range(2):
        call("PutItem", TableName="orders", Item=item(number, size=153_600, ends={"N": str(int(clock()) - 1)}))
    assert isinstance(refusal("PutItem", TableName="orders", Item=item()), ThrottledError)
    assert engine.expire(clock()) == 2


def test_what_a_table_keeps_to_be_recovered_costs_nothing(create: "Create", call: "Call", refusal: "Refusal") -> None:
    create("orders", **provisioned(1, 1))
    enabled = {"PointInTimeRecoveryEnabled": True}
    call("UpdateContinuousBackups", TableName="orders", PointInTimeRecoverySpecification=enabled)
    for number in range(300):
        call("PutItem", TableName="orders", Item=item(number))
    assert refusal("PutItem", TableName="orders", Item=item()).code == "ProvisionedThroughputExceededException"


def test_without_the_option_nothing_is_throttled(clock: ManualClock) -> None:
    with Engine(":memory:", clock=clock) as engine:
        engine.call("CreateTable", {"TableName": "orders", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                    **provisioned(1, 1)})  # fmt: skip
        for _ in range(400):
            engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": "a"}}})


def test_a_throttled_error_is_dynamodbs() -> None:
    assert issubclass(ThrottledError, DynamoError)


@pytest.mark.parametrize("share", [-1, 1.5, 100])
def test_what_is_no_part_of_the_throughput_is_refused(share: float) -> None:
    with pytest.raises(SettingsError, match="is no part of the throughput"):
        Engine(":memory:", throttle=share)
