"""The engine as a whole: what survives, who may do what, and JSON straight through."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tenantable.engine import Engine
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError, access_denied
from tenantable.wire.keys import TableKeysLookup
from tenantable.wire.principals import Principal

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal, TableRequest

ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}, "state": {"S": "open"}, "date": {"S": "2026-01-01"}}
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
SEVERAL: dict[str, Any] = {
    "IndexName": "by_several",
    "KeySchema": [
        *({"AttributeName": name, "KeyType": "HASH"} for name in ("state", "pk")),
        *({"AttributeName": name, "KeyType": "RANGE"} for name in ("sk", "date")),
    ],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
    "OnDemandThroughput": {"MaxReadRequestUnits": 7},
    "WarmThroughput": {"ReadUnitsPerSecond": 13_000},
}
CHANGES = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "state", "date")],
    "GlobalSecondaryIndexUpdates": [{"Create": SEVERAL}],
    "OnDemandThroughput": {"MaxWriteRequestUnits": 9},
    "WarmThroughput": {"WriteUnitsPerSecond": 5_000},
}


def test_everything_is_found_again(tmp_path: Path, table_request: "TableRequest") -> None:
    """Items, index entries, tags and settings, after the engine was closed."""
    with Engine(tmp_path) as engine:
        engine.call(
            "CreateTable",
            table_request(
                "orders",
                local={"by_date": ("date", ["note"])},
                global_={"by_state": ("state",)},
                Tags=[{"Key": "team", "Value": "red"}],
                DeletionProtectionEnabled=True,
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
            ),
        )
        engine.call("PutItem", {"TableName": "orders", "Item": ITEM})
        ttl = {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}}
        engine.call("UpdateTimeToLive", {"TableName": "orders", **ttl})
        engine.call("UpdateTable", {"TableName": "orders", **CHANGES})
        before = everything(engine)
    with Engine(tmp_path) as engine:
        assert everything(engine) == before
        assert before[0]["Table"]["ItemCount"] == 1


def everything(engine: Engine) -> list[dict[str, Any]]:
    table = {"TableName": "orders"}
    description = engine.call("DescribeTable", table)
    return [
        description,
        engine.call("Scan", table),
        engine.call("Scan", {**table, "IndexName": "by_state"}),
        engine.call("Scan", {**table, "IndexName": "by_several"}),
        engine.call("DescribeTimeToLive", table),
        engine.call("ListTagsOfResource", {"ResourceArn": description["Table"]["TableArn"]}),
    ]


def test_a_transaction_token_survives(tmp_path: Path, table_request: "TableRequest") -> None:
    add = {
        "TableName": "orders",
        "Key": KEY,
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    request = {"ClientRequestToken": "once", "TransactItems": [{"Update": add}]}
    with Engine(tmp_path) as engine:
        engine.call("CreateTable", table_request("orders"))
        engine.call("TransactWriteItems", request)
    with Engine(tmp_path) as engine:
        engine.call("TransactWriteItems", request)
        assert engine.call("GetItem", {"TableName": "orders", "Key": KEY})["Item"]["n"] == {"N": "1"}


@pytest.mark.parametrize("request_", [("GetItem", {"Key": KEY}), ("PutItem", {"Item": ITEM})])
@pytest.mark.parametrize("in_memory", [True, False])
def test_a_closed_engine_does_nothing_more(
    tmp_path: Path, table_request: "TableRequest", in_memory: bool, request_: tuple[str, dict[str, Any]]
) -> None:
    with Engine(":memory:" if in_memory else tmp_path) as engine:
        engine.call("CreateTable", table_request("orders"))
    engine.close()
    with pytest.raises(DynamoError, match="closed") as caught:
        engine.call(request_[0], {"TableName": "orders", **request_[1]})
    assert (caught.value.code, caught.value.status) == ("InternalServerError", 500)


def test_engines_in_memory_share_nothing(engine: Engine, create: "Create") -> None:
    create("orders")
    with Engine(":memory:") as other:
        assert other.call("ListTables", {}) == {"TableNames": []}


def test_json_in_and_out_says_the_same(engine: Engine, call: "Call", create: "Create") -> None:
    create("orders", global_={"by_state": ("state",)})
    call("PutItem", TableName="orders", Item=ITEM)
    requests: list[tuple[str, dict[str, Any]]] = [
        ("GetItem", {"Key": KEY}),
        ("GetItem", {"Key": KEY, "ProjectionExpression": "pk"}),
        ("Scan", {}),
        ("Scan", {"IndexName": "by_state"}),
        ("Scan", {"FilterExpression": "attribute_exists(pk)"}),
        ("PutItem", {"Item": ITEM, "ReturnValues": "ALL_OLD"}),
    ]
    for operation, request in requests:
        named = {"TableName": "orders", **request}
        answer = engine.call_json(operation, orjson.dumps(named), principal=None)
        assert orjson.loads(answer) == engine.call(operation, named)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b'"x"', b"\xff", b'{"a": "\\ud800"}', b"[" * 5000])
def test_json_that_is_no_request_is_a_serialization_error(engine: Engine, body: bytes) -> None:
    with pytest.raises(DynamoError) as caught:
        engine.call_json("ListTables", body, principal=None)
    assert caught.value.code == "SerializationException"


def test_an_unknown_operation_is_refused(refusal: "Refusal") -> None:
    assert refusal("DoWhatIMean").code == "UnknownOperationException"


def test_the_shape_is_checked_first(refusal: "Refusal") -> None:
    assert refusal("GetItem").message.startswith("2 validation errors detected: ")


class Recorder:
    """An authorizer that writes down what it is asked, and refuses one operation."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bool]] = []

    def check_policy(self, document: str) -> None:
        pass

    def authorize(
        self, principal: Principal, operation: str, request: Mapping[str, Any], tables: TableKeysLookup
    ) -> None:
        self.asked.append((str(principal), operation, tables(request["TableName"]) is not None))
        if operation == "DeleteTable":
            raise access_denied("not you")


def test_every_request_of_a_principal_is_authorized(table_request: "TableRequest") -> None:
    authorizer = Recorder()
    with Engine(":memory:", authorizer=authorizer) as engine:
        engine.call("CreateTable", table_request("orders"))
        client = engine.as_principal("arn:worker")
        client.call("DescribeTable", {"TableName": "orders"})
        engine.call_json("DescribeTable", b'{"TableName":"orders"}', principal="arn:reader")
        with pytest.raises(DynamoError, match="not you"):
            client.call("DeleteTable", {"TableName": "orders"})
        with pytest.raises(DynamoError, match="not you"):
            client.call("DeleteTable", {"TableName": "missing"})
        assert engine.call("ListTables", {}) == {"TableNames": ["orders"]}
    assert authorizer.asked == [
        ("arn:worker", "DescribeTable", True),
        ("arn:reader", "DescribeTable", True),
        ("arn:worker", "DeleteTable", True),
        ("arn:worker", "DeleteTable", False),
    ]


def test_the_shape_is_checked_before_the_authorizer_is_asked() -> None:
    authorizer = Recorder()
    with Engine(":memory:", authorizer=authorizer) as engine:
        with pytest.raises(DynamoError, match="validation error"):
            engine.as_principal("arn:worker").call("DescribeTable", {})
        assert authorizer.asked == []


def test_a_table_is_named_by_its_arn_too(call: "Call", refusal: "Refusal", create: "Create") -> None:
    arn = create("orders")["TableArn"]
    call("PutItem", TableName=arn, Item=ITEM)
    assert call("GetItem", TableName="orders", Key=KEY)["Item"] == ITEM
    elsewhere = Home(region="eu-west-1").table("orders")
    assert refusal("GetItem", TableName=elsewhere, Key=KEY).code == "ResourceNotFoundException"


def test_an_answer_belongs_to_the_caller(call: "Call", create: "Create") -> None:
    create("orders")
    call("PutItem", TableName="orders", Item=ITEM)
    call("GetItem", TableName="orders", Key=KEY)["Item"]["state"]["S"] = "mine"
    assert call("GetItem", TableName="orders", Key=KEY)["Item"] == ITEM


def test_an_answer_shares_nothing_with_the_request(call: "Call", create: "Create") -> None:
    create("orders")
    values = {":list": {"L": [{"S": "ours"}]}}
    update = {"UpdateExpression": "SET x = :list", "ExpressionAttributeValues": values}
    answer = call("UpdateItem", TableName="orders", Key=KEY, **update, ReturnValues="UPDATED_NEW")
    answer["Attributes"]["x"]["L"][0]["S"] = "mine"
    assert values == {":list": {"L": [{"S": "ours"}]}}


def test_an_answer_shares_nothing_with_the_engine(call: "Call", create: "Create") -> None:
    stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    create("orders", StreamSpecification=stream)["StreamSpecification"]["StreamViewType"] = "mine"
    call("DescribeTable", TableName="orders")["Table"]["StreamSpecification"]["StreamViewType"] = "mine"
    assert call("DescribeTable", TableName="orders")["Table"]["StreamSpecification"] == stream


def test_a_request_is_never_changed(call: "Call", create: "Create") -> None:
    create("orders")
    request = {"Item": {**ITEM, "n": {"N": "1.0"}, "set": {"NS": ["2.0"]}}}
    before = orjson.dumps(request)
    call("PutItem", TableName="orders", **request)
    assert orjson.dumps(request) == before
