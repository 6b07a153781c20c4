"""A damaged file: every answer is right or a clear error, never a wrong answer, and other tables go on."""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.directories import no_report

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.retries import RetryPolicy
from tenantable.engine import Engine
from tenantable.engine.integrity.checking import check
from tenantable.engine.integrity.repair import repair
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import StorageError, TenantableError, Unavailable
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

pytestmark = pytest.mark.slow

PLACES = 50
PAGE_BYTES = 8192
TABLES = ("orders", "calm")
PARTITIONS = 12
SEED = 20261123


Question = tuple[str, dict[str, Any]]
Answers = dict[str, Any]


def create_table(engine: Engine, name: str) -> None:
    names = ("pk", "sk", "kind", "place")

    def keys(*attributes: str) -> list[dict[str, str]]:
        return [{"AttributeName": each, "KeyType": kind} for each, kind in zip(attributes, ("HASH", "RANGE"))]  # noqa: B905

    indexes = [("by-kind", "kind", "ALL"), ("by-place", "place", "KEYS_ONLY")]
    engine.call(
        "CreateTable",
        {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in names],
            "KeySchema": keys("pk", "sk"),
            "GlobalSecondaryIndexes": [
                {"IndexName": index, "KeySchema": keys(key), "Projection": {"ProjectionType": projection}}
                for index, key, projection in indexes
            ],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        },
    )


def item(partition: int, number: int) -> dict[str, Any]:
    names = {"pk": f"p{partition}", "sk": f"s{number:02}", "kind": f"k{number % 5}", "place": f"l{partition % 4}"}
    fill = chr(97 + (partition + number) % 26) * (200 + 37 * number % 700)
    return {name: {"S": value} for name, value in (names | {"fill": fill}).items()}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "data"
    with Engine(folder) as engine:
        for name in TABLES:
            create_table(engine, name)
        for name in TABLES:
            for partition in range(PARTITIONS):
                puts = [{"PutRequest": {"Item": item(partition, number)}} for number in range(20)]
                engine.call("BatchWriteItem", {"RequestItems": {name: puts}})
    return folder


def questions(table: str) -> Iterator[Question]:
    """Reads of every kind; together they read every row of the table and of its indexes."""

    def query(attribute: str, value: str, **more: Any) -> Question:
        values = {":value": {"S": value}}
        condition = {"KeyConditionExpression": f"{attribute} = :value", "ExpressionAttributeValues": values}
        return "Query", {"TableName": table, **condition, **more}

    yield "Scan", {"TableName": table}
    for partition in range(PARTITIONS):
        yield query("pk", f"p{partition}")
        yield query("pk", f"p{partition}", ScanIndexForward=False, Limit=7)
        for number in range(0, 20, 4):
            key = {name: value for name, value in item(partition, number).items() if name in {"pk", "sk"}}
            yield "GetItem", {"TableName": table, "Key": key}
    for number in range(5):
        yield query("kind", f"k{number}", IndexName="by-kind")
    for number in range(4):
        yield query("place", f"l{number}", IndexName="by-place")


def answers(client: DynamoClient, table: str) -> Answers:
    """By question; None where the answer was that the storage is damaged, and any other error as itself."""
    given: Answers = {}
    for operation, request in questions(table):
        try:
            given[f"{operation} {request}"] = client.call(operation, request)
        except (DynamoError, Unavailable) as error:
            given[f"{operation} {request}"] = None if "InternalServerError: " in shown(error) else error
    return given


@pytest.fixture(scope="module")
def truth(sound: Path) -> dict[str, Answers]:
    with Engine(sound) as engine:
        return {table: answers(engine, table) for table in TABLES}


def shown(error: TenantableError) -> str:
    """What is said, when it speaks of damage."""
    text = f"{error.code}: {error.message}" if isinstance(error, DynamoError) else str(error)
    return text if "damaged" in text else ""


def flip_a_bit(content: bytearray, draw: random.Random) -> None:
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)


def write_noise(content: bytearray, draw: random.Random) -> None:
    start, length = draw.randrange(len(content)), draw.choice([1, 8, 64, 512])
    noise = draw.randbytes(len(content[start : start + length]))
    content[start : start + length] = noise


def overwrite_a_page(content: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(content) // PAGE_BYTES) * PAGE_BYTES
    content[start : start + PAGE_BYTES] = draw.choice([bytes(PAGE_BYTES), draw.randbytes(PAGE_BYTES)])


def flip_a_bit_of_a_header(content: bytearray, draw: random.Random) -> None:
    """Where a page says what lies where in it."""
    start = draw.randrange(len(content) // PAGE_BYTES) * PAGE_BYTES
    content[start + draw.randrange(60)] ^= 1 << draw.randrange(8)


def cut_off(content: bytearray, draw: random.Random) -> None:
    del content[draw.randrange(len(content)) :]


Damage = Callable[[bytearray, random.Random], None]
KINDS = [flip_a_bit, write_noise, overwrite_a_page, flip_a_bit_of_a_header, cut_off]


def damaged_copy(sound: Path, folder: Path, change: Callable[[bytearray], None], name: str = DATABASE_NAME) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sound, folder)
    content = bytearray((folder / name).read_bytes())
    change(content)
    (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("damage", KINDS)
def test_every_answer_is_right_or_a_clear_error(
    sound: Path, truth: dict[str, Answers], tmp_path: Path, damage: Damage, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(SEED)  # noqa: S311 - only the place of the damage
    counts: Counter[str] = Counter()
    for _ in range(PLACES):
        folder = damaged_copy(sound, tmp_path / "data", lambda content: damage(content, draw))
        try:
            with Engine(folder, durability="none") as engine:
                for table in TABLES:
                    given = answers(engine, table)
                    wrong = [question for question in given if given[question] not in (None, truth[table][question])]
                    assert wrong == []
                    counts["errors"] += sum(answer is None for answer in given.values())
                    counts["right"] += sum(answer is not None for answer in given.values())
        except StorageError as error:
            if error.hint is None:
                raise
            counts["refused at the start"] += 1
    with capsys.disabled():
        print(f"\n{damage.__name__} at {PLACES} places: {dict(counts)}")  # noqa: T201


def connect(server: "DynamoProcess") -> HttpClient:
    credentials = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
    return HttpClient(
        server.address, region="us-east-1", credentials=lambda: credentials, retries=RetryPolicy(attempts_max=1)
    )


def test_a_server_goes_on_serving_other_tables(
    sound: Path, truth: dict[str, Answers], tmp_path: Path, start_dynamo: "StartDynamo"
) -> None:
    """The damaged table is listed, and every request for it is refused; the other one takes writes, too."""

    def damage(content: bytearray) -> None:
        start = content.index(b'{"pk":{"S":"p3"}') // PAGE_BYTES * PAGE_BYTES
        content[start : start + PAGE_BYTES] = bytes(PAGE_BYTES)

    folder = damaged_copy(sound, tmp_path / "data", damage)
    with start_dynamo(folder) as server, connect(server) as client:
        assert client.call("ListTables", {})["TableNames"] == sorted(TABLES)
        given = {table: answers(client, table) for table in TABLES}
        served = next(table for table in TABLES if given[table] == truth[table])
        other = next(table for table in TABLES if table != served)
        assert set(map(str, given[other].values())) == {"None"}
        client.call("PutItem", {"TableName": served, "Item": item(99, 1)})
        for operation, request in (("PutItem", {"Item": item(99, 1)}), ("DescribeTable", {})):
            with pytest.raises(Unavailable, match="damaged"):
                client.call(operation, {"TableName": other, **request})


@pytest.fixture(scope="module")
def killed(sound: Path, tmp_path_factory: pytest.TempPathFactory, start_dynamo: "StartDynamo") -> Path:
    """A folder whose engine was killed with its last writes, pairs of items, in the write-ahead log."""
    folder = tmp_path_factory.mktemp("killed") / "data"
    shutil.copytree(sound, folder)
    with start_dynamo(folder) as server, connect(server) as client:
        for number in range(40):
            pair = [{"Put": {"TableName": "orders", "Item": item(100 + part, number)}} for part in range(2)]
            client.call("TransactWriteItems", {"TransactItems": pair})
        server.kill()
    return folder


def assert_whole(folder: Path) -> int:
    """Nothing is torn and the first pairs are there without a gap; how many."""
    assert list(map(str, check(folder, no_report))) == []
    with Engine(folder, durability="none") as engine:
        found = {(one["pk"]["S"], one["sk"]["S"]) for one in engine.call("Scan", {"TableName": "orders"})["Items"]}
    pairs = [{(part, f"s{number:02}") for part in ("p100", "p101")} for number in range(40)]
    count = sum(pair <= found for pair in pairs)
    assert found & set().union(*pairs) == set().union(*pairs[:count])
    return count


@pytest.mark.parametrize("damage", [flip_a_bit, write_noise, cut_off])
def test_a_damaged_log_gives_an_earlier_state_as_a_whole(killed: Path, tmp_path: Path, damage: Damage) -> None:
    draw = random.Random(SEED)  # noqa: S311 - only the place of the damage
    assert assert_whole(damaged_copy(killed, tmp_path / "data", lambda _content: None)) == 40
    for _ in range(PLACES):
        folder = damaged_copy(killed, tmp_path / "data", lambda content: damage(content, draw), f"{DATABASE_NAME}-wal")
        (folder / f"{DATABASE_NAME}-shm").unlink(missing_ok=True)
        assert_whole(folder)


def test_a_missing_log_gives_an_earlier_state_as_a_whole(killed: Path, tmp_path: Path) -> None:
    folder = damaged_copy(killed, tmp_path / "data", lambda _content: None)
    for suffix in ("-wal", "-shm"):
        (folder / f"{DATABASE_NAME}{suffix}").unlink(missing_ok=True)
    assert assert_whole(folder) == 0


@pytest.mark.parametrize("damage", [write_noise, overwrite_a_page, flip_a_bit_of_a_header])
def test_a_repair_saves_what_can_be_read_and_invents_nothing(
    sound: Path, tmp_path: Path, damage: Damage, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(SEED)  # noqa: S311 - only the place of the damage
    counts: Counter[str] = Counter()
    for _ in range(PLACES):
        folder = damaged_copy(sound, tmp_path / "data", lambda content: damage(content, draw))
        try:
            if not len(check(folder, no_report)):
                counts["files unharmed"] += 1
                continue
            repair(folder, no_report, set_aside=True)
        except StorageError:
            counts["files beyond repair"] += 1
            continue
        assert list(map(str, check(folder, no_report))) == []
        with Engine(folder, durability="none") as engine:
            for table in engine.call("ListTables", {})["TableNames"]:
                for found in engine.call("Scan", {"TableName": table})["Items"]:
                    partition, number = int(found["pk"]["S"][1:]), int(found["sk"]["S"][1:])
                    assert found == item(partition, number)
                    counts["items saved"] += 1
        counts["files repaired"] += 1
    with capsys.disabled():
        print(f"\n{damage.__name__}: {dict(counts)} of {len(TABLES) * PARTITIONS * 20} each")  # noqa: T201
    assert counts["files repaired"] + counts["files unharmed"] > PLACES * 3 // 4
    assert counts["files repaired"] > PLACES // 4
