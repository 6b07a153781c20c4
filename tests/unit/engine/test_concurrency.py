"""Many threads on one engine: nothing is lost, nothing happens twice, nobody sees half a transaction."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create

THREADS = 8
ROUNDS = 25


@pytest.fixture(params=["file", "memory"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path if request.param == "file" else ":memory:", durability="process") as engine:
        yield engine


@pytest.fixture(autouse=True)
def orders(create: "Create") -> None:
    create("orders", keys=("pk",), global_={"by_owner": ("owner",)})


def code_of(call: "Call", operation: str, **request: Any) -> str | None:
    """What an operation is refused with; None when it is carried out."""
    try:
        call(operation, **request)
    except DynamoError as error:
        return error.code
    return None


def together(work: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, range(threads)))


def test_additions_of_many_threads_all_count(call: "Call") -> None:
    def add(_thread: int) -> None:
        for _ in range(ROUNDS):
            call(
                "UpdateItem",
                TableName="orders",
                Key={"pk": {"S": "counter"}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    together(add)
    item = call("GetItem", TableName="orders", Key={"pk": {"S": "counter"}})["Item"]
    assert item["n"] == {"N": str(THREADS * ROUNDS)}


def test_a_race_for_one_key_has_one_winner(call: "Call") -> None:
    def claim(thread: int) -> int:
        won = 0
        for round_ in range(ROUNDS):
            item = {"pk": {"S": f"prize {round_}"}, "owner": {"S": f"thread {thread}"}}
            absent = {"ConditionExpression": "attribute_not_exists(pk)"}
            code = code_of(call, "PutItem", TableName="orders", Item=item, **absent)
            assert code in {None, "ConditionalCheckFailedException"}
            won += code is None
        return won

    assert sum(together(claim)) == ROUNDS
    assert call("Scan", TableName="orders", IndexName="by_owner")["Count"] == ROUNDS


def test_transfers_never_change_the_sum(call: "Call") -> None:
    """Readers look all the time, and always see both sides of a transfer."""
    accounts = [{"pk": {"S": name}} for name in ("left", "right")]
    for account in accounts:
        call("PutItem", TableName="orders", Item={**account, "n": {"N": "1000"}})

    def transfer(thread: int) -> None:
        for round_ in range(ROUNDS):
            amount = thread * round_ % 7
            changes = zip(accounts, (amount, -amount), strict=True)
            updates = [
                {
                    "TableName": "orders",
                    "Key": account,
                    "UpdateExpression": "ADD n :change",
                    "ExpressionAttributeValues": {":change": {"N": str(change)}},
                }
                for account, change in changes
            ]
            call("TransactWriteItems", TransactItems=[{"Update": update} for update in updates])

    def watch(_thread: int) -> None:
        for _ in range(ROUNDS * 2):
            gets = [{"Get": {"TableName": "orders", "Key": account}} for account in accounts]
            answers = call("TransactGetItems", TransactItems=gets)["Responses"]
            assert sum(int(answer["Item"]["n"]["N"]) for answer in answers) == 2000

    together(lambda thread: watch(thread) if thread % 4 == 3 else transfer(thread))


def test_an_index_made_among_writes_holds_them_all(call: "Call") -> None:
    def write(thread: int) -> None:
        for round_ in range(ROUNDS):
            item = {"pk": {"S": f"{thread}/{round_}"}, "state": {"S": "open"}}
            call("PutItem", TableName="orders", Item=item)

    def index(thread: int) -> None:
        if thread != THREADS // 2:
            return write(thread)
        create = {
            "IndexName": "by_state",
            "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        call(
            "UpdateTable",
            TableName="orders",
            AttributeDefinitions=[{"AttributeName": "state", "AttributeType": "S"}],
            GlobalSecondaryIndexUpdates=[{"Create": create}],
        )
        return None

    together(index)
    written = (THREADS - 1) * ROUNDS
    assert call("Scan", TableName="orders", IndexName="by_state", Select="COUNT")["Count"] == written


def test_a_table_that_is_deleted_while_it_is_read_is_not_found(call: "Call", create: "Create") -> None:
    """Never an error of the storage, whichever moment the reader is at."""

    def churn(thread: int) -> None:
        for round_ in range(ROUNDS):
            if thread == 0:
                call("DeleteTable", TableName="orders")
                create("orders", keys=("pk",))
                continue
            item = {"pk": {"S": f"{thread}/{round_}"}}
            codes = {code_of(call, "Scan", TableName="orders"), code_of(call, "PutItem", TableName="orders", Item=item)}
            assert codes <= {None, "ResourceNotFoundException"}

    together(churn, threads=4)
