"""A component that is held to one tenant: what it reaches, in process and over HTTP, and what it does not."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tenantable.data import TenantId, TenantRepository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, Tenancy, allow, writes
from tenantable.engine.server import Server, http_address, listen
from tenantable.engine.signature import AccessKey
from tenantable.errors import PolicyError, TenancyError
from tenantable.iam.documents import policy_size
from tenantable.iam.sessions.tenants import tenant_policy
from tenantable.local.principals.session_keys import temporary_keys
from tenantable.local.serving import dynamo_endpoint
from tenantable.local.systems import RunningSystem, run_embedded
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError

by_state = Index("by-state")
overall = Index("overall", across_tenants=True)
orders = Table("orders", by_state, overall, tenancy=Tenancy())
settings = Table("settings", partition="name")


class Order(Entity, table=orders):
    number: Attr[str]
    state: Attr[str]


class Setting(Entity, table=settings):
    name: Attr[str]


class Orders(TenantRepository[Order]):
    @Order.key(pk="TENANT#{tenant}#ORDER#{number}", sk="ORDER")
    def get(self, *, number: str) -> None:
        """One order."""

    @Order.query(by_state, pk="TENANT#{tenant}#STATE#{state}", sk="{number}")
    def in_state(self, *, state: str) -> None:
        """The orders in a state."""

    @Order.query(overall, pk="STATE#{state}", sk="{number}")
    def everywhere(self, *, state: str) -> None:
        """The orders of all tenants in a state."""


GRANTS = [allow(Orders.get, Orders.in_state), allow(writes(Order, "create", "update"))]
shop = Component("shop", grants=[*GRANTS, allow(Orders.everywhere)])
bound = Component("bound", grants=GRANTS, tenant_bound=True)
clerk = Component("clerk", grants=[allow(Orders.everywhere)])
system = System(name="market", tables=[orders, settings], components=[shop, bound, clerk])


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSystem]:
    with run_embedded(system) as running:
        for tenant in ("t1", "t2", "t10"):
            own = running.database(shop).tenant(TenantId(tenant)).repository(Orders)
            own.create(Order(number="1", state="open"))
        yield running


@pytest.fixture(params=[shop, bound], ids=["plain", "tenant_bound"])
def component(request: pytest.FixtureRequest) -> Component:
    component: Component = request.param
    return component


def get(tenant: str) -> dict[str, Any]:
    return {"TableName": "orders", "Key": {"PK": {"S": f"TENANT#{tenant}#ORDER#1"}, "SK": {"S": "ORDER"}}}


def query(index: str, partition: str) -> dict[str, Any]:
    values = {":pk": {"S": partition}}
    condition = {"KeyConditionExpression": "#pk = :pk", "ExpressionAttributeNames": {"#pk": f"{index.upper()}PK"}}
    return {"TableName": "orders", "IndexName": index, "ExpressionAttributeValues": values, **condition}


def is_refused(client: DynamoClient, operation: str, request: dict[str, Any]) -> bool:
    try:
        client.call(operation, request)
    except DynamoError as error:
        if error.code != "AccessDeniedException":
            raise
        return True
    return False


def test_typed_access_for_one_tenant(running: RunningSystem, component: Component) -> None:
    own = running.tenant(component, TenantId("t1")).repository(Orders)
    assert own.get(number="1") == Order(number="1", state="open")
    assert [order.number for order in own.in_state(state="open").all()] == ["1"]
    own.update(Orders.get.key(number="1"), Order.state.set("open"))


@pytest.mark.parametrize("other", ["t2", "t10", "t", "T1", "*", "?1"])
def test_other_tenants_are_out_of_reach(running: RunningSystem, component: Component, other: str) -> None:
    """Requirement: A-11. What begins alike is another tenant too, and no character of an id is a wildcard."""
    client = running.principal(component).for_tenant("t1").client
    assert not is_refused(client, "GetItem", get("t1"))
    item = {**get(other)["Key"], "state": {"S": "x"}}
    assert is_refused(client, "GetItem", get(other))
    assert is_refused(client, "PutItem", {"TableName": "orders", "Item": item})
    assert is_refused(client, "Query", query("by-state", f"TENANT#{other}#STATE#open"))


def test_nothing_is_read_across_tenants(running: RunningSystem) -> None:
    assert not is_refused(running.principal(shop).client, "Query", query("overall", "STATE#open"))
    client = running.principal(shop).for_tenant("t1").client
    assert not is_refused(client, "Query", query("by-state", "TENANT#t1#STATE#open"))
    assert is_refused(client, "Query", query("overall", "STATE#open"))
    assert is_refused(client, "Scan", {"TableName": "orders"})
    assert is_refused(client, "Scan", {"TableName": "orders", "IndexName": "by-state"})
    assert is_refused(client, "ExecuteStatement", {"Statement": 'SELECT * FROM "orders"'})
    assert is_refused(client, "DescribeTable", {"TableName": "orders"})
    both = {"RequestItems": {"orders": {"Keys": [get("t1")["Key"], get("t2")["Key"]]}}}
    assert is_refused(client, "BatchGetItem", both)


def test_a_tenant_bound_component_without_a_tenant_reaches_nothing(running: RunningSystem) -> None:
    assert is_refused(running.principal(bound).client, "GetItem", get("t1"))


def test_a_session_never_does_more_than_its_component(running: RunningSystem) -> None:
    with pytest.raises(PolicyError, match="clerk"):
        running.principal(clerk).for_tenant("t1")
    client = running.principal(bound).for_tenant("t1").client
    assert is_refused(client, "DeleteItem", get("t1"))


@pytest.mark.parametrize("tenant", ["*", "t?", "${aws:username}", "a#b", "", "t" * 129])
def test_what_is_no_tenant_id_gets_no_session(running: RunningSystem, tenant: str) -> None:
    with pytest.raises(TenancyError):
        running.principal(shop).for_tenant(tenant)


def test_the_longest_and_the_shortest_tenant_id_have_sessions(running: RunningSystem) -> None:
    for tenant in ("t", "t" * 128):
        principal = running.principal(bound).for_tenant(tenant)
        assert not is_refused(principal.client, "GetItem", get(tenant))


def test_the_session_policy_fits_what_sts_takes(running: RunningSystem) -> None:
    installation = running.installation
    policy = tenant_policy(shop, installation.naming, installation.home, "t" * 128)
    assert policy_size(policy) <= 2048


@pytest.fixture
def address(running: RunningSystem) -> Iterator[str]:
    keys = temporary_keys(running.tokens)
    none: dict[str, AccessKey] = {}
    served = dynamo_endpoint(running.engine, access_keys=none.get, temporary_keys=keys, commits_wait=False)
    with listen("127.0.0.1", 0) as listener, served as endpoint:
        server = Server(endpoint, listener)
        server.start()
        yield http_address("127.0.0.1", listener.getsockname()[1])
        server.stop()


def test_an_sdk_with_the_credentials_is_held_to_the_tenant(
    running: RunningSystem, component: Component, address: str
) -> None:
    """Requirement: A-11. boto3 signs with the temporary key and sends the session token."""
    credentials = running.principal(component).for_tenant("t1").credentials
    client = boto3.client(
        "dynamodb",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=Config(retries={"total_max_attempts": 1}),
    )
    assert client.get_item(**get("t1"))["Item"]["state"] == {"S": "open"}
    for refused in (lambda: client.get_item(**get("t2")), lambda: client.scan(TableName="orders")):
        with pytest.raises(ClientError, match=r"AccessDeniedException.*assumed-role/market-.*/tenant-t1"):
            refused()
    client.close()
