"""Delivery: signed, retried, once at a time, isolated by tenant, and nothing lost on the way."""

import time
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from tests.waiting import wait_until

from tenantable.cloud.queues.queue import Message
from tenantable.services.webhooks.declaration import Attempt, Event
from tenantable.services.webhooks.model import ATTEMPTS_MAX, RETRY_DELAYS_SECONDS, Answer
from tenantable.services.webhooks.service import IdempotentRequest, NewTenant, delivery_message
from tenantable.services.webhooks.worker import LEASE_SECONDS, TENANT_CAPACITY, VISIBILITY_SECONDS
from tenantable.web.requests.json_text import JsonText

World = Any
EIGHTY_HOURS = 80 * 3600
NO_ANSWER = Answer(status=None, failure="timeout", detail="no answer within 15 s", headers={}, duration_seconds=15.0)


@pytest.fixture
def tenant(world: World) -> NewTenant:
    created: NewTenant = world.tenant()
    return created


def answered(status: int, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, body=body, duration_seconds=0.02)


def course(world: World, tenant: NewTenant, event_id: str) -> tuple[Event, list[Attempt]]:
    event, attempts = world.api.event(tenant.tenant_id, event_id)
    return event, attempts


def queues_are_empty(world: World) -> bool:
    depths = (world.deliveries.depth(), world.dead_letters.depth())
    return all(depth.visible == depth.in_flight == depth.delayed == 0 for depth in depths)


def test_delivers_an_accepted_event_once(world: World, tenant: NewTenant) -> None:
    event_id = world.event(tenant.tenant_id, {"orderId": "o-1"})
    world.work_until(EIGHTY_HOURS)
    event, (attempt,) = course(world, tenant, event_id)
    assert (event.status, event.attempts, event.next_attempt_at) == ("delivered", 1, None)
    assert (attempt.number, attempt.outcome, attempt.status_code, attempt.trigger) == (1, "delivered", 200, "schedule")
    assert len(world.sender.sent) == 1
    assert queues_are_empty(world)


def test_the_reference_library_verifies_what_is_sent(world: World, tenant: NewTenant) -> None:
    """Requirement: W-05. The signed bytes are the stored ones, to the configured target."""
    world.clock.now = time.time()
    event_id = world.event(tenant.tenant_id, {"orderId": "o-1"})
    world.work()
    ((url, headers, body),) = world.sender.sent
    assert Webhook(tenant.webhook_secret).verify(body, headers)["data"] == {"orderId": "o-1"}
    assert (url, headers["webhook-id"]) == (tenant.target_url, event_id)
    assert body == course(world, tenant, event_id)[0].payload


def test_failed_attempts_follow_the_schedule_and_end_dead(world: World, tenant: NewTenant) -> None:
    """Requirement: W-09."""
    world.sender.answer = lambda: answered(500, b"out of order")
    event_id = world.event(tenant.tenant_id)
    world.work_until(EIGHTY_HOURS * 1.25)
    event, attempts = course(world, tenant, event_id)
    assert (event.status, event.attempts) == ("dead", ATTEMPTS_MAX)
    assert [attempt.number for attempt in attempts] == list(range(1, ATTEMPTS_MAX + 1))
    assert attempts[0].response_excerpt == b"out of order"
    for scheduled, before, after in zip(RETRY_DELAYS_SECONDS[1:], attempts, attempts[1:], strict=False):
        assert before.next_attempt_at is not None
        planned = (before.next_attempt_at - before.started_at).total_seconds()
        assert 0.79 * scheduled <= planned <= 1.21 * scheduled
        assert after.started_at >= before.next_attempt_at
    assert attempts[-1].next_attempt_at is None
    assert world.dead_letters.depth().visible == 1


def test_every_attempt_has_its_own_time_and_the_same_id(world: World, tenant: NewTenant) -> None:
    world.sender.answer = lambda: answered(503)
    world.event(tenant.tenant_id)
    world.work_until(30)
    (_, first, _), (_, second, _) = world.sender.sent
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) > int(first["webhook-timestamp"])


def test_recovers_on_a_later_attempt(world: World, tenant: NewTenant) -> None:
    answers = iter([NO_ANSWER, answered(204)])
    world.sender.answer = lambda: next(answers)
    event_id = world.event(tenant.tenant_id)
    world.work_until(60)
    event, attempts = course(world, tenant, event_id)
    assert event.status == "delivered"
    assert [(attempt.outcome, attempt.detail) for attempt in attempts] == [
        ("timeout", "no answer within 15 s"),
        ("delivered", None),
    ]


def test_honours_retry_after(world: World, tenant: NewTenant) -> None:
    world.sender.answer = lambda: answered(429, retry_after="600")
    event_id = world.event(tenant.tenant_id)
    world.work()
    _, (attempt,) = course(world, tenant, event_id)
    assert attempt.next_attempt_at is not None
    assert (attempt.next_attempt_at - attempt.started_at).total_seconds() == 600


def test_gone_disables_the_endpoint(world: World, tenant: NewTenant) -> None:
    """410: this event and the next ones die unsent; writing the configuration enables the endpoint again."""
    world.sender.answer = lambda: answered(410)
    first = world.event(tenant.tenant_id)
    world.work()
    second = world.event(tenant.tenant_id)
    world.work()
    assert len(world.sender.sent) == 1
    assert [course(world, tenant, each)[0].status for each in (first, second)] == ["dead", "dead"]
    assert course(world, tenant, second)[1][0].outcome == "disabled"
    assert world.api.endpoint(tenant.tenant_id).disabled_at is not None


def test_a_new_configuration_enables_the_endpoint(world: World, tenant: NewTenant) -> None:
    world.sender.answer = lambda: answered(410)
    event_id = world.event(tenant.tenant_id)
    world.work()
    world.clock.now += 1
    endpoint = world.api.change_target(tenant.tenant_id, target_url="https://new.example.com/", if_match=None)
    world.sender.answer = lambda: answered(200)
    assert endpoint.disabled_at is None
    assert world.dlq_processor.redrive(tenant.tenant_id, limit=10) == 1
    world.work()
    event, attempts = course(world, tenant, event_id)
    assert event.status == "delivered"
    assert event.target_url == tenant.target_url  # as it was on acceptance
    assert (attempts[1].target_url, attempts[1].trigger) == ("https://new.example.com/", "redrive")


def test_signs_with_both_secrets_during_a_rotation(world: World, tenant: NewTenant) -> None:
    world.clock.now = time.time()
    secret, _ = world.api.rotate_secret(tenant.tenant_id, overlap_seconds=3600, if_match=None)
    world.event(tenant.tenant_id)
    world.work()
    _, headers, body = world.sender.sent[0]
    for each in (tenant.webhook_secret, secret):
        Webhook(each).verify(body, headers)
    assert len(headers["webhook-signature"].split()) == 2


@pytest.mark.parametrize(("overlap_seconds", "passed_seconds"), [(3600, 3601), (0, 0)])
def test_signs_with_the_new_secret_alone_afterwards(
    world: World, tenant: NewTenant, overlap_seconds: int, passed_seconds: int
) -> None:
    world.api.rotate_secret(tenant.tenant_id, overlap_seconds=overlap_seconds, if_match=None)
    world.clock.now += passed_seconds
    world.event(tenant.tenant_id)
    world.work()
    assert len(world.sender.sent[0][1]["webhook-signature"].split()) == 1


def test_a_doubled_message_does_not_double_the_delivery(world: World, tenant: NewTenant) -> None:
    world.sender.held = True
    event_id = world.event(tenant.tenant_id)
    world.deliveries.send([delivery_message(tenant.tenant_id, event_id)] * 3)
    world.worker.step()
    wait_for_sent(world, 1)
    world.sender.open[0].set_result(answered(200))
    world.sender.held = False
    world.work_until(LEASE_SECONDS * 3)
    assert len(world.sender.sent) == 1
    assert queues_are_empty(world)


def test_a_worker_that_dies_in_an_attempt_loses_nothing(world: World, tenant: NewTenant) -> None:
    """The message comes back, the claim has ended, and the attempt is made again under the same id."""
    world.sender.held = True
    event_id = world.event(tenant.tenant_id)
    world.worker.step()
    wait_for_sent(world, 1)
    world.sender.open[0].cancel()  # as closing the sender does
    assert world.worker.drain(10)
    world.sender.held = False
    world.clock.now += VISIBILITY_SECONDS + 1
    world.work()
    event, attempts = course(world, tenant, event_id)
    assert (event.status, len(attempts), len(world.sender.sent)) == ("delivered", 1, 2)
    assert queues_are_empty(world)


def test_a_late_answer_does_not_undo_what_somebody_else_did(world: World, tenant: NewTenant) -> None:
    """A worker that lost its claim records nothing, and the other one's result stands."""
    world.sender.held = True
    event_id = world.event(tenant.tenant_id)
    world.worker.step()
    wait_for_sent(world, 1)
    world.clock.now += VISIBILITY_SECONDS + 1
    world.worker.step()
    wait_for_sent(world, 2)
    world.sender.open[1].set_result(answered(200))
    world.sender.open[0].set_result(answered(500))
    assert world.worker.drain(10)
    event, attempts = course(world, tenant, event_id)
    assert (event.status, [attempt.outcome for attempt in attempts]) == ("delivered", ["delivered"])


def test_an_attempt_that_was_recorded_but_not_followed_up_goes_on(world: World, tenant: NewTenant) -> None:
    """The worker died after recording a failure and before sending the next message: the old message carries on."""
    world.sender.answer = lambda: answered(500)
    event_id = world.event(tenant.tenant_id)
    world.work()
    world.clock.now += 10
    (following,) = world.deliveries.receive()
    world.deliveries.delete([following.receipt])
    world.clock.now -= 10
    world.deliveries.send([delivery_message(tenant.tenant_id, event_id)])
    world.sender.answer = lambda: answered(200)
    world.work_until(60)
    assert course(world, tenant, event_id)[0].status == "delivered"


def test_one_tenant_cannot_take_every_slot(world: World, tenant: NewTenant) -> None:
    """Endpoints that hang hold a quarter of the slots; another tenant's event goes out at once."""
    world.sender.held = True
    for _ in range(TENANT_CAPACITY + 20):
        world.event(tenant.tenant_id)
    other = world.tenant()
    world.event(other.tenant_id, "other")
    while world.worker.step():
        pass
    wait_for_sent(world, TENANT_CAPACITY + 1)
    assert sum(b'"other"' in body for _, _, body in world.sender.sent) == 1
    for future in world.sender.open:
        future.set_result(answered(200))
    world.sender.held = False
    assert world.worker.drain(20)
    world.work_until(60)
    assert len(world.sender.sent) == TENANT_CAPACITY + 21


def test_a_message_that_is_none_of_ours_is_removed(world: World) -> None:
    world.deliveries.send([Message(body="{}"), Message(body="nonsense"), Message(body='{"tenantId": 1}')])
    world.work()
    assert queues_are_empty(world)


def test_a_message_of_a_vanished_event_is_removed(world: World, tenant: NewTenant) -> None:
    world.deliveries.send([delivery_message(tenant.tenant_id, "evt_none")])
    world.work()
    assert queues_are_empty(world)


def test_a_failing_store_leaves_the_message_for_later(world: World, tenant: NewTenant) -> None:
    event_id = world.event(tenant.tenant_id)
    world.deliveries.receive(visibility_seconds=1)
    world.clock.now += 2
    world.engine.call("DeleteTable", {"TableName": "Events"})
    world.work()
    assert world.deliveries.depth().in_flight == 1
    assert world.sender.sent == []
    assert event_id


def test_dead_letters_of_finished_events_go(world: World, tenant: NewTenant) -> None:
    world.sender.answer = lambda: answered(410)
    world.event(tenant.tenant_id)
    world.work()
    assert world.dlq_processor.step() == 1
    assert queues_are_empty(world)


@pytest.mark.parametrize(
    "body", ["{}", "nonsense", '{"tenantId": "#", "eventId": "e"}', '{"tenantId": "t", "eventId": "e"}']
)
def test_dead_letters_that_name_no_event_go(world: World, body: str) -> None:
    world.dead_letters.send([Message(body=body)])
    assert world.dlq_processor.step() == 1
    assert queues_are_empty(world)


def test_an_event_whose_message_was_buried_is_marked_dead(world: World, tenant: NewTenant) -> None:
    event_id = world.event(tenant.tenant_id)
    for _ in range(6):
        world.deliveries.receive(visibility_seconds=1)
        world.clock.now += 2
    assert world.dlq_processor.step() == 1
    event, attempts = course(world, tenant, event_id)
    assert (event.status, attempts) == ("dead", [])
    assert queues_are_empty(world)


def test_a_buried_message_of_an_event_with_a_future_goes_back(world: World, tenant: NewTenant) -> None:
    world.sender.answer = lambda: answered(500)
    event_id = world.event(tenant.tenant_id)
    world.work()
    world.dead_letters.send([delivery_message(tenant.tenant_id, event_id)])
    world.dlq_processor.step()
    assert course(world, tenant, event_id)[0].status == "pending"
    assert world.deliveries.depth().delayed == 2


def test_redrive_keeps_to_its_tenant_and_limit(world: World, tenant: NewTenant) -> None:
    other = world.tenant()
    world.sender.answer = lambda: answered(410)
    for each in (tenant, tenant, tenant, other):
        world.event(each.tenant_id)
    world.work()
    assert world.dlq_processor.redrive(tenant.tenant_id, limit=2) == 2
    assert world.deliveries.depth().visible == 2
    assert world.dlq_processor.redrive(tenant.tenant_id, limit=10) == 1
    assert world.dlq_processor.redrive(tenant.tenant_id, limit=10) == 0


def test_a_retried_event_gets_the_whole_schedule_again(world: World, tenant: NewTenant) -> None:
    world.sender.answer = lambda: answered(400, webhook_delivery="abort-message")
    event_id = world.event(tenant.tenant_id)
    world.work()
    assert course(world, tenant, event_id)[0].status == "dead"
    world.sender.answer = lambda: answered(500)
    world.api.retry_event(tenant.tenant_id, event_id)
    world.work()
    _, (_, second) = course(world, tenant, event_id)
    assert (second.number, second.trigger) == (2, "retry")
    assert second.next_attempt_at is not None
    assert (second.next_attempt_at - second.started_at).total_seconds() <= 6


def test_a_replayed_request_puts_a_lost_message_back(world: World, tenant: NewTenant) -> None:
    """The API died between storing an event and queueing it: the caller's repetition repairs that."""
    request = IdempotentRequest(key="k1", digest="d1")
    first = world.api.accept_event(tenant.tenant_id, event_type="a", data=JsonText("1"), request=request)
    (message,) = world.deliveries.receive()
    world.deliveries.delete([message.receipt])
    again = world.api.accept_event(tenant.tenant_id, event_type="a", data=JsonText("1"), request=request)
    world.work()
    assert again.event_id == first.event_id
    assert course(world, tenant, first.event_id)[0].status == "delivered"


def wait_for_sent(world: World, count: int) -> None:
    """Attempts begin in the worker's threads."""
    wait_until(lambda: len(world.sender.sent) >= count)
