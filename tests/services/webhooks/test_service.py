"""The use cases, where HTTP does not show it: what is stored, what is queued, what races do."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tenantable.cloud.keys.envelope import CannotDecrypt
from tenantable.data.database import TenantId
from tenantable.services.webhooks.declaration import Event, api
from tenantable.services.webhooks.errors import ConfigContended, EventInProgress, TenantNotFound
from tenantable.services.webhooks.service import IdempotentRequest, NewTenant, WebhookApi, open_secrets
from tenantable.web.etags import PreconditionFailed, etag
from tenantable.web.idempotency import KEPT_SECONDS
from tenantable.web.requests.json_text import JsonText
from tenantable.wire.client import DynamoClient

World = Any
NOBODY = TenantId("nobody")


@pytest.fixture
def tenant(world: World) -> NewTenant:
    created: NewTenant = world.tenant()
    return created


def accept(world: World, tenant: NewTenant, key: str) -> Event:
    request = IdempotentRequest(key=key, digest="d")
    event: Event = world.api.accept_event(tenant.tenant_id, event_type="a", data=JsonText("1"), request=request)
    return event


def at_once(count: int, work: Any) -> list[Any]:
    """The results, errors among them, of so many threads that start together."""
    barrier = threading.Barrier(count)
    results: list[Any] = []

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        except (EventInProgress, PreconditionFailed) as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_message_holds_neither_payload_nor_secret(world: World, tenant: NewTenant) -> None:
    event_id = world.event(tenant.tenant_id, "payload")
    (message,) = world.deliveries.receive()
    assert message.body == f'{{"tenantId":"{tenant.tenant_id}","eventId":"{event_id}"}}'


def test_simultaneous_requests_with_one_key_make_one_event(world: World, tenant: NewTenant) -> None:
    events = at_once(8, lambda: accept(world, tenant, "k"))
    assert len({event.event_id for event in events}) == 1
    world.work()
    assert len(world.sender.sent) == 1


def test_a_key_is_remembered_for_a_day_and_longer(world: World, tenant: NewTenant) -> None:
    first = accept(world, tenant, "k")
    world.clock.now += 24 * 3600
    assert accept(world, tenant, "k").event_id == first.event_id
    world.clock.now += KEPT_SECONDS
    assert accept(world, tenant, "k").event_id != first.event_id


def test_simultaneous_retries_restart_an_event_once(world: World, tenant: NewTenant) -> None:
    event_id = world.event(tenant.tenant_id)
    world.work()
    results = at_once(8, lambda: world.api.retry_event(tenant.tenant_id, event_id))
    assert sum(isinstance(result, Event) for result in results) == 1
    world.work()
    assert len(world.sender.sent) == 2


def test_an_event_that_stands_still_can_be_retried(world: World, tenant: NewTenant) -> None:
    """Its message is gone, because somebody died between writing and sending."""
    event_id = world.event(tenant.tenant_id)
    (message,) = world.deliveries.receive()
    world.deliveries.delete([message.receipt])
    with pytest.raises(EventInProgress):
        world.api.retry_event(tenant.tenant_id, event_id)
    world.clock.now += 16 * 60
    world.api.retry_event(tenant.tenant_id, event_id)
    world.work()
    assert len(world.sender.sent) == 1


def test_simultaneous_rotations_do_not_lose_a_secret(world: World, tenant: NewTenant) -> None:
    """Each is made, and every secret that was shown is one that signs."""
    results = at_once(4, lambda: world.api.rotate_secret(tenant.tenant_id, overlap_seconds=3600, if_match=None))
    shown = {secret for secret, _ in results}
    assert len(shown) == 4
    config = world.api.endpoint(tenant.tenant_id).config
    signing = open_secrets(world.keys, tenant.tenant_id, config, world.clock.now)
    assert shown | {tenant.webhook_secret} == set(signing)


def test_of_simultaneous_changes_with_one_tag_one_is_made(world: World, tenant: NewTenant) -> None:
    tag = etag(world.api.endpoint(tenant.tenant_id).config.revision)
    results = at_once(4, lambda: world.api.rotate_secret(tenant.tenant_id, overlap_seconds=3600, if_match=tag))
    assert sum(isinstance(result, PreconditionFailed) for result in results) == 3


@dataclass(frozen=True)
class Overtaken:
    """A client whose updates all come second: `first` has them before."""

    client: DynamoClient
    first: Callable[[Mapping[str, Any]], Any]

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "UpdateItem":
            self.first(request)
        return self.client.call(operation, request)


def overtaken(world: World, first: Callable[[Mapping[str, Any]], Any]) -> WebhookApi:
    client = world.dependencies.client
    dependencies = replace(world.dependencies, client=lambda component: Overtaken(client(component), first))
    rival: WebhookApi = replace(world.api, repository=dependencies.repository(api))
    return rival


def test_who_is_overtaken_for_ever_is_told_so(world: World, tenant: NewTenant) -> None:
    def change(request: Mapping[str, Any]) -> None:
        values = {":one": {"N": "1"}}
        addition = {"UpdateExpression": "ADD revision :one", "ExpressionAttributeValues": values}
        world.engine.call("UpdateItem", {"TableName": request["TableName"], "Key": request["Key"]} | addition)

    with pytest.raises(ConfigContended, match="repeat the request"):
        overtaken(world, change).rotate_secret(tenant.tenant_id, overlap_seconds=0, if_match=None)
    config = world.api.endpoint(tenant.tenant_id).config
    assert open_secrets(world.keys, tenant.tenant_id, config, 0) == [tenant.webhook_secret]


def test_a_rotation_whose_answer_was_lost_is_made_once(world: World, tenant: NewTenant) -> None:
    rival = overtaken(world, lambda request: world.engine.call("UpdateItem", request))
    _, endpoint = rival.rotate_secret(tenant.tenant_id, overlap_seconds=3600, if_match=None)
    assert len(endpoint.config.rotation_history or []) == 1


def test_secrets_leave_the_history_when_their_time_is_over(world: World, tenant: NewTenant) -> None:
    world.api.rotate_secret(tenant.tenant_id, overlap_seconds=60, if_match=None)
    world.clock.now += 61
    _, endpoint = world.api.rotate_secret(tenant.tenant_id, overlap_seconds=60, if_match=None)
    former, latest = endpoint.config.rotation_history
    assert (former.secret, latest.secret is None) == (None, False)


def test_after_a_compromise_no_former_secret_is_kept(world: World, tenant: NewTenant) -> None:
    world.api.rotate_secret(tenant.tenant_id, overlap_seconds=3600, if_match=None)
    secret, endpoint = world.api.rotate_secret(tenant.tenant_id, overlap_seconds=0, if_match=None)
    assert all(each.secret is None for each in endpoint.config.rotation_history)
    keys = world.keys
    assert open_secrets(keys, tenant.tenant_id, endpoint.config, world.clock.now) == [secret]


def test_the_history_has_an_end(world: World, tenant: NewTenant) -> None:
    for _ in range(12):
        _, endpoint = world.api.rotate_secret(tenant.tenant_id, overlap_seconds=3600, if_match=None)
    assert len(endpoint.config.rotation_history) == 10


def test_a_sealed_secret_opens_for_its_tenant_alone(world: World, tenant: NewTenant) -> None:
    """A configuration that was copied to another tenant is useless there."""
    config = world.api.endpoint(tenant.tenant_id).config
    with pytest.raises(CannotDecrypt):
        open_secrets(world.keys, world.tenant().tenant_id, config, world.clock.now)


def test_without_a_tenant_there_is_nothing(world: World) -> None:
    with pytest.raises(TenantNotFound):
        world.api.endpoint(NOBODY)
    with pytest.raises(TenantNotFound):
        world.api.rotate_secret(NOBODY, overlap_seconds=0, if_match=None)
    with pytest.raises(TenantNotFound):
        world.api.accept_event(NOBODY, event_type="a", data=JsonText("1"), request=None)
