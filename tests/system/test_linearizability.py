"""
Clients of two workers, all at once, see one order of everything that happened, and it agrees with their clocks.

Every answer says what its caller found or changed, and when it was under way. The checker looks for an order of these
operations that explains all answers, in which nothing that was answered before something else was sent comes after it
(Wing and Gong 1993, extended one answer at a time as by Lowe 2017). Items that are written in one transaction are one
object, every other item is one of its own.
"""

import random
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.retries import RetryPolicy
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

TABLE = "ledger"
CLIENTS = 8
OPERATIONS_EACH = 1300
OPERATIONS_PER_CONNECTION = 100
REGISTERS, COUNTERS, TRIPLES = 12, 4, 4
SEED = 20261128

Value = str | None
"""What an item holds; None when there is no item."""
State = tuple[Value, ...]
"""The values of an object's items."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """
    What an answer says of an object, whose items are numbered from 0: if the items had the values `found` (or, with
    `holds` false, had them not), they have become `written`. It was under way from `sent` to `answered`.
    """

    sent: float
    answered: float
    found: Mapping[int, Value] = field(default_factory=dict)
    holds: bool = True
    written: Mapping[int, Value] = field(default_factory=dict)

    def follow(self, state: State) -> State | None:
        """The state after it; None when it cannot have happened in this state."""
        if all(state[item] == value for item, value in self.found.items()) != self.holds:
            return None
        return tuple(self.written.get(item, value) for item, value in enumerate(state))


def is_linearizable(history: Sequence[Operation], *, items: int) -> bool:
    """Whether an object of so many items, none of which exists at first, can have answered like that."""
    # A configuration: the state, and which of the operations under way have happened already.
    configurations: set[tuple[State, frozenset[int]]] = {((None,) * items, frozenset())}
    under_way: set[int] = set()
    sent = [(operation.sent, 0, number) for number, operation in enumerate(history)]
    answered = [(operation.answered, 1, number) for number, operation in enumerate(history)]
    for _, is_answer, number in sorted(sent + answered):
        if not is_answer:
            under_way.add(number)
            continue
        configurations = set(_answering(configurations, number, under_way, history))
        under_way.remove(number)
        if not configurations:
            return False
    return True


def _answering(
    configurations: set[tuple[State, frozenset[int]]], number: int, under_way: set[int], history: Sequence[Operation]
) -> Iterator[tuple[State, frozenset[int]]]:
    """What the configurations can have become by the time that this operation was answered."""
    reached, unexplored = set(configurations), list(configurations)
    while unexplored:
        state, happened = unexplored.pop()
        if number in happened:
            yield state, happened - {number}
            continue
        for other in under_way - happened:
            after = history[other].follow(state)
            configuration = (after, happened | {other})
            if after is not None and configuration not in reached:
                reached.add((after, happened | {other}))
                unexplored.append((after, happened | {other}))


def during(sent: float, answered: float, **what: Any) -> Operation:
    return Operation(sent=sent, answered=answered, **what)


@pytest.mark.parametrize(
    ("items", "history", "expected"),
    [
        (1, [during(0, 1, written={0: "a"}), during(2, 3, found={0: "a"})], True),
        (1, [during(0, 1, written={0: "a"}), during(2, 3, found={0: None})], False),  # a stale read
        (1, [during(0, 3, written={0: "a"}), during(1, 2, found={0: None})], True),  # both were under way
        (1, [during(0, 9, written={0: "a"}), during(1, 2, found={0: "a"}), during(3, 4, found={0: None})], False),
        (1, [during(0, 2, found={0: None}, written={0: "1"}), during(1, 3, found={0: None}, written={0: "1"})], False),
        (1, [during(0, 2, found={0: None}, written={0: "1"}), during(1, 3, found={0: "1"}, written={0: "2"})], True),
        (1, [during(0, 1, written={0: "a"}), during(2, 3, found={0: "a"}, holds=False)], False),  # a refusal in vain
        (2, [during(0, 3, written={0: "a", 1: "a"}), during(1, 2, found={0: "a", 1: None})], False),  # half of it
        (2, [during(0, 3, written={0: "a", 1: "a"}), during(1, 2, found={0: "a", 1: "a"})], True),
        (1, [during(0, 9, written={0: "a"}), during(0, 9, written={0: "b"}), during(1, 2, found={0: "b"}),
             during(3, 4, found={0: "a"}), during(5, 6, found={0: "b"})], False),  # it cannot change twice
    ],
)  # fmt: skip
def test_the_checker_tells_what_is_possible(items: int, history: list[Operation], expected: bool) -> None:
    assert is_linearizable(history, items=items) is expected


@dataclass(kw_only=True)
class Client:
    """Sends operations one after the other, and writes down what each answer says of which object."""

    number: int
    draw: random.Random
    http: HttpClient
    history: dict[str, list[Operation]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[str, Value] = field(default_factory=dict)
    values: int = 0

    def work(self) -> None:
        kinds = [self.get, self.put, self.swap, self.delete, self.add, self.get_all, self.transact, self.transact]
        for _ in range(OPERATIONS_PER_CONNECTION):
            self.draw.choice(kinds)()

    def get(self) -> None:
        key, item = self.draw.choice([self.register(), (self.triple(), self.draw.randrange(3))])
        name = f"{key}/{item}"
        sent = time.monotonic()
        answer = self.call("GetItem", Key=key_of(name), ConsistentRead=True)
        self.note(key, sent, found={item: self.saw(name, value_of(answer.get("Item")))})

    def put(self) -> None:
        key, item = self.register()
        name, value = f"{key}/{item}", self.new_value()
        sent = time.monotonic()
        self.call("PutItem", Item=item_of(name, value))
        self.note(key, sent, written={item: self.saw(name, value)})

    def swap(self) -> None:
        name, value = "{}/{}".format(*self.register()), self.new_value()
        self.change(name, value, "PutItem", Item=item_of(name, value))

    def delete(self) -> None:
        name = "{}/{}".format(*self.register())
        self.change(name, None, "DeleteItem", Key=key_of(name))

    def change(self, name: str, value: Value, operation: str, **request: Any) -> None:
        """A write on condition that the item is as it was seen last; a refusal says how it is."""
        key, expected, sent = name.partition("/")[0], self.seen.get(name), time.monotonic()
        request = {**request, **condition(expected), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            self.call(operation, **request)
        except DynamoError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            found = value_of(error.extra.get("Item"))
            assert found != expected, "a refusal in vain"
            self.note(key, sent, found={0: self.saw(name, found)})
        else:
            self.note(key, sent, found={0: expected}, written={0: self.saw(name, value)})

    def add(self) -> None:
        key = f"counter-{self.draw.randrange(COUNTERS)}"
        values = {":one": {"N": "1"}}
        update = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": values, "ReturnValues": "UPDATED_NEW"}
        sent = time.monotonic()
        count = int(self.call("UpdateItem", Key=key_of(f"{key}/0"), **update)["Attributes"]["n"]["N"])
        self.note(key, sent, found={0: str(count - 1) if count > 1 else None}, written={0: str(count)})

    def get_all(self) -> None:
        key = self.triple()
        names = [f"{key}/{item}" for item in range(3)]
        gets = [{"Get": {"TableName": TABLE, "Key": key_of(name)}} for name in names]
        sent = time.monotonic()
        answers = self.http.call("TransactGetItems", {"TransactItems": gets})["Responses"]
        values = [self.saw(name, value_of(answer.get("Item"))) for name, answer in zip(names, answers, strict=True)]
        self.note(key, sent, found=dict(enumerate(values)))

    def transact(self) -> None:
        """Two items of three become new if the third is as it was seen last."""
        key, checked = self.triple(), self.draw.randrange(3)
        expected, written = (
            self.seen.get(f"{key}/{checked}"),
            {(checked + step) % 3: self.new_value() for step in (1, 2)},
        )
        check = {"TableName": TABLE, "Key": key_of(f"{key}/{checked}"), **condition(expected)}
        puts = [{"TableName": TABLE, "Item": item_of(f"{key}/{item}", value)} for item, value in written.items()]
        sent = time.monotonic()
        try:
            actions = [{"ConditionCheck": check}, *({"Put": put} for put in puts)]
            self.http.call("TransactWriteItems", {"TransactItems": actions})
        except DynamoError as error:
            if error.code != "TransactionCanceledException":
                raise
            self.note(key, sent, found={checked: expected}, holds=False)
            self.seen.pop(f"{key}/{checked}", None)
        else:
            self.note(key, sent, found={checked: expected}, written=written)
            self.seen |= {f"{key}/{item}": value for item, value in written.items()}

    def register(self) -> tuple[str, int]:
        return f"register-{self.draw.randrange(REGISTERS)}", 0

    def triple(self) -> str:
        return f"triple-{self.draw.randrange(TRIPLES)}"

    def new_value(self) -> str:
        self.values += 1
        return f"{self.number}.{self.values}"

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.http.call(operation, {"TableName": TABLE, **request})

    def saw(self, name: str, value: Value) -> Value:
        self.seen[name] = value
        return value

    def note(self, key: str, sent: float, **what: Any) -> None:
        self.history[key].append(Operation(sent=sent, answered=time.monotonic(), **what))


def key_of(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}}


def item_of(name: str, value: str) -> dict[str, Any]:
    return {**key_of(name), "value": {"S": value}}


def value_of(item: Mapping[str, Any] | None) -> Value:
    return None if item is None else item["value"]["S"]


def condition(expected: Value) -> dict[str, Any]:
    names = {"#value": "value"}
    if expected is None:
        return {"ConditionExpression": "attribute_not_exists(#value)", "ExpressionAttributeNames": names}
    values = {":expected": {"S": expected}}
    return {
        "ConditionExpression": "#value = :expected",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def connect(server: "DynamoProcess") -> HttpClient:
    credentials = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
    no_retries = RetryPolicy(attempts_max=1)  # what is sent happens once
    return HttpClient(server.address, region="us-east-1", credentials=lambda: credentials, retries=no_retries)


def histories(server: "DynamoProcess") -> dict[str, list[Operation]]:
    """What all clients wrote down, by object."""
    everything: dict[str, list[Operation]] = defaultdict(list)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        draw = random.Random(SEED + number)  # noqa: S311 - which operation comes next
        client = None
        try:
            for _ in range(OPERATIONS_EACH // OPERATIONS_PER_CONNECTION):
                with connect(server) as http:  # a new connection may be to the other worker
                    client = client or Client(number=number, draw=draw, http=http)
                    client.http = http
                    client.work()
        except BaseException as error:  # noqa: BLE001 - raised below, where the test sees it
            failures.append(error)
        for key, operations in client.history.items() if client else ():
            everything[key] += operations

    threads = [threading.Thread(target=work, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return everything


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there a data directory belongs to one process")
def test_two_workers_are_one_database(
    start_dynamo: "StartDynamo", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_dynamo(tmp_path, "--workers", "2", "--durability", "process") as server:
        with connect(server) as client:
            attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
            schema = {"AttributeDefinitions": attributes, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
            client.call("CreateTable", {"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST", **schema})
        found = histories(server)
    wrong = [key for key, history in found.items() if not is_linearizable(history, items=3 if "triple" in key else 1)]
    operations = list(chain.from_iterable(found.values()))
    changes = sum(bool(operation.written) for operation in operations)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(operations)} operations checked, {changes} of them changes, on {len(found)} objects\n"
        )
    assert wrong == []
    assert len(operations) == CLIENTS * OPERATIONS_EACH
    assert changes > len(operations) / 3


def test_a_planted_mistake_is_found_among_thousands() -> None:
    """A register that each of 2,000 operations reads and changes, two at a time; then one of them misses a change."""
    history = [
        Operation(sent=n, answered=n + 1.5, found={0: str(n - 1) if n else None}, written={0: str(n)})
        for n in range(2000)
    ]
    assert is_linearizable(history, items=1)
    stale = Operation(sent=1000.2, answered=1000.4, found={0: "997"})
    assert not is_linearizable([*history, stale], items=1)
