"""
The targets of the suite and the tables that its tests share.

Without an option the suite runs against the engine in process, against `tenantable dynamodb` over HTTP, and against two
workers of it that share a data folder, each request on a connection of its own and so at either of them. With
`--endpoint URL` it runs against that endpoint alone, with the credentials that the SDK finds, else with invented ones.
`--lacks "feature: reason"` leaves out the tests that need a feature.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from botocore.session import get_session

from tenantable.engine import Engine
from tenantable.local.loops import kept_up
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conftest import DynamoProcess, StartDynamo

REGION = "us-east-1"
CONTENT_TYPE = "application/x-amz-json-1.0"
STREAMS_OPERATIONS = frozenset({"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"})
"""Those of DynamoDB's second service. An endpoint may answer it elsewhere: then it lacks `streams`."""


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """An answer as it came over the wire; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The members of the answer; none when it has no body, as for tagging."""
        return orjson.loads(self.body or b"{}")


class SdkClient:
    """
    A DynamoClient that signs and sends with the SDK's own machinery, but checks nothing before it sends.

    With `keeps_connections` off, the next request is sent on a new connection.
    """

    def __init__(self, endpoint: str, credentials: Credentials, *, keeps_connections: bool = True) -> None:
        self._endpoint = endpoint
        self._keeps_connections = keeps_connections
        self._signer = SigV4Auth(credentials, "dynamodb", REGION)
        self._session = URLLib3Session(
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]  # type: ignore[list-item] # the stubs err
        )

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.exchange(operation, orjson.dumps(request))
        content: dict[str, Any] = answer.json
        if answer.status == 200:
            return content
        code = content.pop("__type").rpartition("#")[2]
        message = content.pop("message", None) or content.pop("Message", "")
        raise DynamoError(code, message, extra=content, status=answer.status)

    def exchange(
        self, operation: str | None, body: bytes, *, method: str = "POST", signed: bool = True, **headers: str | None
    ) -> HttpAnswer:
        """Send a request; `headers` change or, with None, remove one of the usual headers."""
        named: dict[str, str | None] = {"Content-Type": CONTENT_TYPE}
        service = "DynamoDBStreams" if operation in STREAMS_OPERATIONS else "DynamoDB"
        named["X-Amz-Target"] = None if operation is None else f"{service}_20120810.{operation}"
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in named.items() if value is not None}
        request = AWSRequest(method, f"{self._endpoint}/", headers=sent, data=body)
        if signed:
            self._signer.add_auth(request)
        response = self._session.send(request.prepare())
        if not self._keeps_connections:
            self._session.close()
        received = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(status=response.status_code, headers=received, body=response.content)

    def close(self) -> None:
        self._session.close()


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is tested; `lacks` names features that it does not have, each with the reason."""

    client: DynamoClient
    lacks: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def in_process() -> Iterator[Target]:
    with (
        TemporaryDirectory() as objects,
        Engine(":memory:", objects=objects) as engine,
        kept_up(lambda: [engine], every_seconds=0.1),
    ):
        yield Target(client=engine, lacks={"http": "there is no network in between"})


@contextmanager
def over_http(server: "DynamoProcess", *, keeps_connections: bool = True) -> Iterator[Target]:
    credentials = Credentials(server.access_key_id, server.secret_access_key)
    client = SdkClient(server.address, credentials, keeps_connections=keeps_connections)
    yield Target(client=client)
    client.close()


@contextmanager
def at_endpoint(config: pytest.Config) -> Iterator[Target]:
    found = get_session().get_credentials()
    credentials = Credentials("conformance", "conformance") if found is None else found
    client = SdkClient(config.getoption("endpoint").rstrip("/"), credentials)
    lacks = dict(text.split(": ", 1) for text in config.getoption("lacks"))
    if client.exchange("ListTables", b"{}", signed=False).status == 200:
        lacks.setdefault("signatures", "the endpoint answers unsigned requests")
    yield Target(client=client, lacks=lacks)
    client.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--endpoint", help="run the conformance suite against this URL")
    parser.addoption("--lacks", action="append", default=[], help='"feature: reason" that the endpoint lacks')


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        given = metafunc.config.getoption("endpoint", default=None)
        names = ["endpoint"] if given else ["in process", "over HTTP", "two workers"]
        metafunc.parametrize("target", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, start_dynamo: "StartDynamo"
) -> Iterator[Target]:
    with ExitStack() as stack:
        if request.param == "in process":
            yield stack.enter_context(in_process())
        elif request.param == "over HTTP":
            server = stack.enter_context(start_dynamo(tmp_path_factory.mktemp("data"), "--memory"))
            yield stack.enter_context(over_http(server))
        elif request.param == "two workers":
            options = ("--workers", "2", "--durability", "none")
            server = stack.enter_context(start_dynamo(tmp_path_factory.mktemp("data"), *options))
            yield stack.enter_context(over_http(server, keeps_connections=False))
        else:
            yield stack.enter_context(at_endpoint(request.config))


@pytest.fixture(autouse=True)
def _features(request: pytest.FixtureRequest, target: Target) -> None:
    """Leave out a test that needs what the target lacks."""
    for mark in request.node.iter_markers("needs"):
        if reason := target.lacks.get(mark.args[0]):
            pytest.skip(f"needs {mark.args[0]}: {reason}")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the target, and short ways to ask it."""

    client: DynamoClient
    name: str

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """Carry out an operation on this table."""
        return self.client.call(operation, {"TableName": self.name, **members})

    def refusal(self, operation: str, **members: Any) -> DynamoError:
        """The error of an operation that must fail."""
        with pytest.raises(DynamoError) as caught:
            self.call(operation, **members)
        return caught.value

    def put(self, *items: Mapping[str, Any]) -> None:
        for item in items:
            self.call("PutItem", Item=item)

    def get(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The stored item, read consistently; None when there is none."""
        found: dict[str, Any] | None = self.call("GetItem", Key=key, ConsistentRead=True).get("Item")
        return found

    def pages(self, operation: str, **members: Any) -> Iterator[dict[str, Any]]:
        """All pages of a query or scan."""
        start: dict[str, Any] = {}
        while True:
            page = self.call(operation, **members, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def all_items(self, operation: str, **members: Any) -> list[dict[str, Any]]:
        return [item for page in self.pages(operation, **members) for item in page["Items"]]

    def stream_arn(self) -> str:
        return str(self.call("DescribeTable")["Table"]["LatestStreamArn"])

    def shards(self) -> list[dict[str, Any]]:
        """The first page of the shards of its stream."""
        answer = self.client.call("DescribeStream", {"StreamArn": self.stream_arn()})
        shards: list[dict[str, Any]] = answer["StreamDescription"]["Shards"]
        return shards

    def shard_iterator(self, shard: Mapping[str, Any], kind: str = "TRIM_HORIZON", **members: str) -> str:
        place = {"StreamArn": self.stream_arn(), "ShardId": shard["ShardId"], "ShardIteratorType": kind}
        return str(self.client.call("GetShardIterator", {**place, **members})["ShardIterator"])

    def shard_records(self, shard: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What a shard holds at present."""
        records: list[dict[str, Any]] = []
        iterator: str | None = self.shard_iterator(shard)
        while iterator is not None:
            page = self.client.call("GetRecords", {"ShardIterator": iterator})
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
        return records

    def records(self) -> list[dict[str, Any]]:
        """What the shards of its stream hold, one after the other; the changes of an item are in their order."""
        return [record for shard in self.shards() for record in self.shard_records(shard)]


def attributes(**types: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def keys(partition: str, sort: str | None = None) -> list[dict[str, str]]:
    schema = [{"AttributeName": partition, "KeyType": "HASH"}]
    return schema if sort is None else [*schema, {"AttributeName": sort, "KeyType": "RANGE"}]


def index(name: str, partition: str, sort: str | None = None, *, projects: str | list[str] = "ALL") -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": projects}
    if isinstance(projects, list):
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": projects}
    return {"IndexName": name, "KeySchema": keys(partition, sort), "Projection": projection}


SCHEMAS: dict[str, dict[str, Any]] = {
    "simple": {"AttributeDefinitions": attributes(pk="S"), "KeySchema": keys("pk")},
    "composite": {"AttributeDefinitions": attributes(pk="S", sk="S"), "KeySchema": keys("pk", "sk")},
    "numbered": {"AttributeDefinitions": attributes(pk="S", sk="N"), "KeySchema": keys("pk", "sk")},
    "binary": {"AttributeDefinitions": attributes(pk="S", sk="B"), "KeySchema": keys("pk", "sk")},
    "indexed": {
        "AttributeDefinitions": attributes(pk="S", sk="S", kind="S", rank="N", label="S"),
        "KeySchema": keys("pk", "sk"),
        "GlobalSecondaryIndexes": [
            index("by-kind", "kind", "rank"),
            index("kinds", "kind", projects="KEYS_ONLY"),
            index("labels", "label", projects=["colour"]),
        ],
        "LocalSecondaryIndexes": [
            index("by-rank", "pk", "rank"),
            index("rank-only", "pk", "rank", projects="KEYS_ONLY"),
            index("by-label", "pk", "label", projects=["colour"]),
        ],
    },
}
"""The tables that tests share. Each test keeps to partition keys of its own."""


def create_table(client: DynamoClient, name: str, schema: Mapping[str, Any]) -> Table:
    client.call("CreateTable", {"TableName": name, "BillingMode": "PAY_PER_REQUEST", **schema})
    wait_until_active(client, name)
    return Table(client=client, name=name)


def wait_until_active(client: DynamoClient, name: str) -> None:
    """Until the table and all its indexes can be used, two minutes at most."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        table = client.call("DescribeTable", {"TableName": name})["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        if {table["TableStatus"], *(index["IndexStatus"] for index in indexes)} == {"ACTIVE"}:
            return
        time.sleep(0.2)
    raise TimeoutError(f"{name} did not become active")


def delete_table(client: DynamoClient, name: str) -> None:
    try:
        client.call("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
        wait_until_active(client, name)
        client.call("DeleteTable", {"TableName": name})
    except DynamoError as error:
        if error.code != "ResourceNotFoundException":
            raise


@pytest.fixture(scope="session")
def client(target: Target) -> DynamoClient:
    return target.client


@pytest.fixture(scope="session")
def shared_table(client: DynamoClient) -> Iterator[Callable[[str], Table]]:
    """The table of a schema, made when the first test asks for it."""
    made: dict[str, Table] = {}

    def table(schema: str) -> Table:
        if schema not in made:
            made[schema] = create_table(client, f"conformance-{schema}-{token_hex(4)}", SCHEMAS[schema])
        return made[schema]

    yield table
    for shared in made.values():
        delete_table(client, shared.name)


@pytest.fixture
def simple(shared_table: Callable[[str], Table]) -> Table:
    return shared_table("simple")


@pytest.fixture
def composite(shared_table: Callable[[str], Table]) -> Table:
    return shared_table("composite")


@pytest.fixture
def numbered(shared_table: Callable[[str], Table]) -> Table:
    return shared_table("numbered")


@pytest.fixture
def binary(shared_table: Callable[[str], Table]) -> Table:
    return shared_table("binary")


@pytest.fixture
def indexed(shared_table: Callable[[str], Table]) -> Table:
    return shared_table("indexed")


MakeTable = Callable[..., Table]
"""Creates a table of a test's own: the name of a schema or members of CreateTable, and further members by keyword."""


@pytest.fixture
def make_table(client: DynamoClient) -> Iterator[MakeTable]:
    made: list[str] = []

    def make(schema: str | Mapping[str, Any] = "simple", **members: Any) -> Table:
        made.append(f"conformance-own-{token_hex(6)}")
        return create_table(client, made[-1], {**(SCHEMAS[schema] if isinstance(schema, str) else schema), **members})

    yield make
    for name in made:
        delete_table(client, name)


@pytest.fixture
def adopt(client: DynamoClient) -> Iterator[Callable[[str], Table]]:
    """Waits for a table that was made by a restore or an import, and deletes it after the test."""
    adopted: list[str] = []

    def adopt(name: str) -> Table:
        adopted.append(name)
        wait_until_active(client, name)
        return Table(client=client, name=name)

    yield adopt
    for name in adopted:
        delete_table(client, name)


@pytest.fixture
def unused_name() -> str:
    """A table name that nobody uses."""
    return f"conformance-none-{token_hex(6)}"


_partitions = count(1)


@pytest.fixture
def pk() -> dict[str, str]:
    """A partition key value of this test's own."""
    return {"S": f"p{next(_partitions)}-{token_hex(3)}"}


@pytest.fixture
def http(client: DynamoClient) -> SdkClient:
    """The client of a target that is reached over HTTP; only for tests that need `http`."""
    assert isinstance(client, SdkClient)
    return client
