"""Two processes with an engine each on one data directory: what one has been told, the other knows."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.turn import MARK
from tenantable.engine.tables.contents import CatalogCache
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.unit.engine.conftest import TableRequest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there a data directory belongs to one process"),
]

PEER = Path(__file__).parent / "peer.py"
STREAM: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
ARN = Home().table("orders")
BUSY_WRITES = 600


class Peer:
    """The other process; see peer.py."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def begin(self, command: str, **arguments: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([command, arguments]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def do(self, command: str, **arguments: Any) -> Any:
        self.begin(command, **arguments)
        return self.answer()

    def call(self, operation: str, **request: Any) -> Any:
        """What an operation answers there, or the code of its error."""
        said = self.do("call", operation=operation, request=request)
        return said.get("answer", said.get("code"))


StartPeer = Callable[[], Peer]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path, durability="process") as engine:
        yield engine


@pytest.fixture
def start_peer(tmp_path: Path) -> Iterator[StartPeer]:
    with ExitStack() as stack:

        def start() -> Peer:
            command = [sys.executable, str(PEER), str(tmp_path)]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            return Peer(process)

        yield start


@pytest.fixture
def peer(engine: Engine, start_peer: StartPeer, table_request: "TableRequest") -> Peer:
    """It knows the table `orders`, as this process does."""
    engine.call("CreateTable", table_request("orders", keys=("pk",), **STREAM))
    peer = start_peer()
    assert peer.answer() == "ready"
    assert peer.call("ListTables") == {"TableNames": ["orders"]}
    return peer


def code_of(engine: Engine, operation: str, **request: Any) -> str | None:
    try:
        engine.call(operation, request)
    except DynamoError as error:
        return error.code
    return None


def described(engine: Engine) -> dict[str, Any]:
    table: dict[str, Any] = engine.call("DescribeTable", {"TableName": "orders"})["Table"]
    return table


def test_a_table_that_another_process_made_can_be_used_at_once(engine: Engine, peer: Peer) -> None:
    schema = {key: described(engine)[key] for key in ("KeySchema", "AttributeDefinitions")}
    peer.call("CreateTable", TableName="more", BillingMode="PAY_PER_REQUEST", **schema)
    assert code_of(engine, "Scan", TableName="more") is None
    assert engine.call("ListTables", {})["TableNames"] == ["more", "orders"]
    peer.call("DeleteTable", TableName="more")
    assert code_of(engine, "Scan", TableName="more") == "ResourceNotFoundException"


def test_what_another_process_changes_in_a_table_shows_at_once(engine: Engine, peer: Peer) -> None:
    peer.call("TagResource", ResourceArn=ARN, Tags=[{"Key": "team", "Value": "blue"}])
    assert engine.call("ListTagsOfResource", {"ResourceArn": ARN})["Tags"] == [{"Key": "team", "Value": "blue"}]
    peer.call("UntagResource", ResourceArn=ARN, TagKeys=["team"])
    assert engine.call("ListTagsOfResource", {"ResourceArn": ARN})["Tags"] == []
    peer.call(
        "UpdateTimeToLive", TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    expiry = engine.call("DescribeTimeToLive", {"TableName": "orders"})["TimeToLiveDescription"]
    assert expiry["AttributeName"] == "until"
    peer.call("UpdateTable", TableName="orders", DeletionProtectionEnabled=True)
    assert code_of(engine, "DeleteTable", TableName="orders") == "ValidationException"
    peer.call("UpdateTable", TableName="orders", StreamSpecification={"StreamEnabled": False})
    assert code_of(engine, "UpdateTable", TableName="orders", DeletionProtectionEnabled=False) is None
    [stream] = engine.call("ListStreams", {})["Streams"]
    shown = engine.call("DescribeStream", {"StreamArn": stream["StreamArn"]})["StreamDescription"]
    assert shown["StreamStatus"] == "DISABLED"


def test_a_write_is_checked_against_the_table_that_there_is_now(
    engine: Engine, peer: Peer, table_request: "TableRequest"
) -> None:
    peer.call("DeleteTable", TableName="orders")
    peer.call("CreateTable", **table_request("orders", keys=("number",)))
    assert code_of(engine, "PutItem", TableName="orders", Item={"pk": {"S": "a"}}) == "ValidationException"
    assert code_of(engine, "PutItem", TableName="orders", Item={"number": {"S": "a"}}) is None
    assert peer.call("Scan", TableName="orders")["Count"] == 1


def test_an_index_that_another_process_makes_holds_what_is_written_here(engine: Engine, peer: Peer) -> None:
    create = {
        "IndexName": "by_state",
        "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    peer.call(
        "UpdateTable",
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": "state", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": create}],
    )
    engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": "a"}, "state": {"S": "open"}}})
    assert peer.call("Scan", TableName="orders", IndexName="by_state")["Count"] == 1


def test_a_token_is_known_everywhere(engine: Engine, peer: Peer) -> None:
    update = {
        "TableName": "orders",
        "Key": {"pk": {"S": "counter"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    request = {"TransactItems": [{"Update": update}], "ClientRequestToken": "once"}
    peer.call("TransactWriteItems", **request)
    engine.call("TransactWriteItems", request)
    assert peer.call("GetItem", TableName="orders", Key=update["Key"])["Item"]["n"] == {"N": "1"}
    other = {**request, "TransactItems": [{"Delete": {"TableName": "orders", "Key": update["Key"]}}]}
    assert code_of(engine, "TransactWriteItems", **other) == "IdempotentParameterMismatchException"


def test_two_busy_writers_get_a_share_each_and_one_sequence(engine: Engine, peer: Peer) -> None:
    """Neither waits for the other more than its share; no record is lost, doubled or out of its item's order."""
    peer.begin("put_many", table="orders", name="theirs", count=BUSY_WRITES)
    for version in range(BUSY_WRITES):
        engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": "ours"}, "version": {"N": str(version)}}})
    assert peer.answer() == "done"
    records, after = [], None
    while page := engine.stream("orders").read(after):
        records += page
        after = page[-1]["dynamodb"]["SequenceNumber"]
    sequences = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert sequences == sorted(set(sequences))
    writers = [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]
    for writer in ("ours", "theirs"):
        images = [
            record["dynamodb"]["NewImage"] for record in records if record["dynamodb"]["Keys"]["pk"]["S"] == writer
        ]
        assert [int(image["version"]["N"]) for image in images] == list(range(BUSY_WRITES))
    begin = max(writers.index(writer) for writer in ("ours", "theirs"))
    end = len(writers) - max(writers[::-1].index(writer) for writer in ("ours", "theirs"))
    both_busy = writers[begin:end]
    assert len(both_busy) > BUSY_WRITES / 4
    assert min(both_busy.count("ours"), both_busy.count("theirs")) >= len(both_busy) / 5


def test_a_stream_ends_behind_what_another_process_wrote(engine: Engine, peer: Peer) -> None:
    engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": "ours"}}})
    peer.do("put_many", table="orders", name="theirs", count=5)
    arn = described(engine)["LatestStreamArn"]
    engine.call("UpdateTable", {"TableName": "orders", "StreamSpecification": {"StreamEnabled": False}})
    shown = engine.call("DescribeStream", {"StreamArn": arn})["StreamDescription"]
    ends = {int(shard["SequenceNumberRange"]["EndingSequenceNumber"]) % 10**6 for shard in shown["Shards"]}
    assert ends == {6}


def test_a_consumer_finds_its_place_in_every_process(engine: Engine, peer: Peer) -> None:
    peer.do("put_many", table="orders", name="theirs", count=3)
    seen = [record["dynamodb"]["SequenceNumber"] for record in engine.stream("orders").consume("mail", 2)]
    assert peer.do("checkpoint", table="orders", consumer="mail") == seen[-1]


def test_an_item_that_two_processes_sweep_expires_once(engine: Engine, peer: Peer) -> None:
    specification = {"Enabled": True, "AttributeName": "until"}
    engine.call("UpdateTimeToLive", {"TableName": "orders", "TimeToLiveSpecification": specification})
    for number in range(300):
        item = {"pk": {"S": f"item {number}"}, "until": {"N": "1700000000"}}
        engine.call("PutItem", {"TableName": "orders", "Item": item})
    peer.begin("expire", now=1_700_000_001.0, limit=1000)
    ours = engine.expire(1_700_000_001.0, 1000)
    assert ours + peer.answer() == 300
    removed = [record["eventName"] for record in engine.stream("orders").read()].count("REMOVE")
    assert removed == 300
    assert peer.call("DescribeTable", TableName="orders")["Table"]["ItemCount"] == 0


def test_the_turn_of_a_process_that_is_killed_is_free(engine: Engine, peer: Peer) -> None:
    assert peer.do("hold_the_turn") == "holding"
    write = threading.Thread(
        target=engine.call, args=["PutItem", {"TableName": "orders", "Item": {"pk": {"S": "waited"}}}]
    )
    write.start()
    write.join(0.2)
    assert write.is_alive()
    assert engine.call("Scan", {"TableName": "orders"})["Count"] == 0  # readers do not wait
    peer.process.kill()
    write.join(20)
    assert engine.call("Scan", {"TableName": "orders"})["Count"] == 1


def test_a_fork_cannot_use_what_its_parent_opened(engine: Engine, peer: Peer) -> None:
    """It would share every lock with it, and both would write at once."""
    item = {"pk": {"S": "a"}}
    calls = [("PutItem", {"TableName": "orders", "Item": item}), ("GetItem", {"TableName": "orders", "Key": item})]
    said = peer.do("fork_and_call", calls=calls)
    assert {answer["message"] for answer in said} == {
        "The engine belongs to the process that this one is a fork of: open one after the fork"
    }
    assert engine.call("Scan", {"TableName": "orders"})["Count"] == 0
    assert peer.call("PutItem", TableName="orders", Item=item) == {}


def test_a_change_whose_maker_died_before_telling_is_seen(engine: Engine, peer: Peer, tmp_path: Path) -> None:
    """Until somebody writes, every lookup asks the database; from then on none does."""
    with Storage(tmp_path) as watching:
        CatalogCache(watching, Home(), lambda: 0.0)
        peer.begin("tag_and_die", table="orders")
        peer.process.wait(20)
        assert watching.turn.cells[MARK] % 2 == 1
        assert engine.call("ListTagsOfResource", {"ResourceArn": ARN})["Tags"] == [{"Key": "died", "Value": "yes"}]
        engine.call("PutItem", {"TableName": "orders", "Item": {"pk": {"S": "a"}}})
        assert watching.turn.cells[MARK] % 2 == 0
        engine.call("UntagResource", {"ResourceArn": ARN, "TagKeys": ["died"]})
        assert engine.call("ListTagsOfResource", {"ResourceArn": ARN})["Tags"] == []


def test_a_new_directory_may_be_opened_by_many_at_once(start_peer: StartPeer) -> None:
    peers = [start_peer() for _ in range(4)]
    assert [peer.answer() for peer in peers] == ["ready"] * 4
    assert [peer.call("ListTables") for peer in peers] == [{"TableNames": []}] * 4


def test_late_reads_find_what_another_process_made(tmp_path: Path, peer: Peer) -> None:
    """A state from before a table holds no such table; other writes stay unseen."""
    with Engine(tmp_path, durability="process", eventual_seconds=600) as late:
        assert late.call("Scan", {"TableName": "orders"})["Count"] == 0
        schema = {key: described(late)[key] for key in ("KeySchema", "AttributeDefinitions")}
        peer.call("CreateTable", TableName="more", BillingMode="PAY_PER_REQUEST", **schema)
        assert code_of(late, "Scan", TableName="more") is None
        peer.call("PutItem", TableName="orders", Item={"pk": {"S": "a"}})
        assert late.call("Scan", {"TableName": "orders"})["Items"] == []
        assert late.call("Scan", {"TableName": "orders", "ConsistentRead": True})["Count"] == 1
