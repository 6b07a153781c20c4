"""
What happens behind the API: the worker delivers events, the dead-letter processor takes up what could not be.

A message in a queue only says where an event is; the event alone knows what is due. So a message may come twice, late
or too early: an attempt is claimed by a conditional write, and whatever a crash leaves undone is repeated.
"""

import random
import threading
from collections import Counter as Multiset
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from tenantable.cloud.keys.envelope import Keys
from tenantable.cloud.queues.queue import BATCH_MAX, Message, Queue, ReceivedMessage
from tenantable.data.database import TenantId
from tenantable.errors import ConditionFailed, ItemNotFound, StaleItem, TenancyError, TenantableError
from tenantable.services.webhooks.declaration import Attempt, Event, TenantWebhookConfig, delivery_queue
from tenantable.services.webhooks.model import (
    RETENTION,
    Answer,
    Outcome,
    is_disabled,
    next_delay_seconds,
    outcome_of,
    retry_after_seconds,
)
from tenantable.services.webhooks.repository import REDRIVE_MAX, WebhookRepository
from tenantable.services.webhooks.service import delivery_message, open_secrets
from tenantable.services.webhooks.signatures import sign

# A claim outlives the sender's deadline, and a message stays hidden longer than a claim lasts: so nobody else tries
# while an attempt is under way, and a message that comes back finds the claim over.
LEASE_SECONDS = 60.0
VISIBILITY_SECONDS = float(delivery_queue.visibility_seconds)
EARLY_SECONDS = 0.5  # a message may come so much before its time, because clocks differ
CAPACITY = 256
TENANT_CAPACITY = 64
CROWDED_DELAY_SECONDS = (10.0, 30.0)
THREADS = 8

_log = structlog.get_logger("tenantable.webhooks")


class Sender(Protocol):
    """Carries one attempt out: see `sender.HttpSender`."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> "Future[Answer]":
        """POST exactly these bytes. The future never fails; it is cancelled when the sender is closed."""
        ...


class DeliveryMetrics:
    """Attempts by outcome and their duration; one per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter("webhook_attempts_total", "Attempts by outcome.", ["outcome"], registry=registry)
        self.durations = Histogram("webhook_attempt_duration_seconds", "Time an endpoint took.", registry=registry)
        self.failures = Counter("webhook_worker_failures_total", "Messages left for later.", registry=registry)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One message in the worker's hands, and the event it names."""

    message: ReceivedMessage
    tenant: TenantId
    event_id: str


class Worker:
    """
    Delivers events. Many may run, in one process or in many.

    Args:
        repository: As the worker component sees the tables.
        sender: Carries attempts out; its deadline must be shorter than `LEASE_SECONDS`.
        clock: Unix seconds.
        random: For the jitter of retries.
        capacity: Attempts under way at a time; of one tenant a quarter, so that one slow endpoint stops nobody else.
    """

    def __init__(
        self,
        *,
        repository: WebhookRepository,
        keys: Keys,
        deliveries: Queue,
        dead_letters: Queue,
        sender: Sender,
        clock: Callable[[], float],
        random: random.Random,
        metrics: DeliveryMetrics,
        capacity: int = CAPACITY,
    ) -> None:
        self._repository = repository
        self._keys = keys
        self._deliveries = deliveries
        self._dead_letters = dead_letters
        self._sender = sender
        self._clock = clock
        self._random = random
        self._metrics = metrics
        self._slots = _Slots(capacity, max(capacity // 4, 1))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="webhook-worker")

    def step(self, *, wait_seconds: float = 0.0) -> int:
        """
        Begin the attempts of up to ten messages; waits up to `wait_seconds` (0..20) for the first message.

        Returns:
            How many messages were taken. Their attempts may still be under way: see `drain`.
        """
        free = self._slots.free(wait_seconds)
        if free == 0:
            return 0
        messages = self._deliveries.receive(
            limit=min(free, BATCH_MAX), wait_seconds=wait_seconds, visibility_seconds=VISIBILITY_SECONDS
        )
        for message in messages:
            self._take_up(message)
        return len(messages)

    def drain(self, timeout_seconds: float | None = None) -> bool:
        """Wait until nothing is under way; False when the time ran out first."""
        return self._slots.wait_until_empty(timeout_seconds)

    def close(self) -> None:
        """Let what is under way come to its end, then stop the threads; close the sender first to give it up."""
        self.drain()
        self._threads.shutdown()

    def _take_up(self, message: ReceivedMessage) -> None:
        delivery = _parsed(message)
        if delivery is None:
            _log.error("a message that is none of ours was removed", queue=self._deliveries.name)
            self._deliveries.delete([message.receipt])
        elif self._slots.take(delivery.tenant):
            self._run(delivery, lambda: self._begin(delivery))
        else:
            self._send_on(delivery, self._random.uniform(*CROWDED_DELAY_SECONDS))

    def _run(self, delivery: Delivery, work: Callable[[], bool]) -> None:
        """Do a part of the delivery in a thread. `work` tells whether more is to follow; if not, the slot is free."""

        def guarded() -> None:
            more = False
            try:
                more = work()
            except TenantableError as error:
                # The message is left alone: it comes back, and after several times it becomes a dead letter.
                self._metrics.failures.inc()
                _log.warning("left for later", event_id=delivery.event_id, tenant_id=delivery.tenant, cause=str(error))
            finally:
                if not more:
                    self._slots.release(delivery.tenant)

        self._threads.submit(guarded).add_done_callback(_report_fault)

    def _begin(self, delivery: Delivery) -> bool:
        event = self._repository.event(delivery.tenant, delivery.event_id)
        if event is None or event.status != "pending" or event.next_attempt_at is None:
            self._delete(delivery)
            return False
        now = self._now()
        early_seconds = (event.next_attempt_at - now).total_seconds()
        if early_seconds > EARLY_SECONDS:
            # Somebody is at it, or died after recording an attempt and before sending the message of the next one.
            self._send_on(delivery, early_seconds)
            return False
        try:
            claimed = self._repository.claim(delivery.tenant, event, until=now + timedelta(seconds=LEASE_SECONDS))
        except StaleItem:
            self._delete(delivery)  # whoever was faster has a message of its own
            return False
        return self._attempt(delivery, claimed, now)

    def _attempt(self, delivery: Delivery, event: Event, now: datetime) -> bool:
        config = self._repository.config(delivery.tenant)
        state = self._repository.endpoint_state(delivery.tenant)
        if config is None or (state is not None and is_disabled(state.disabled_at, config.last_updated)):
            answer = Answer(status=None, failure="disabled", headers={}, duration_seconds=0.0)
            target_url = event.target_url if config is None else config.target_url
            self._finish(delivery, event, answer, target_url=target_url, started_at=now)
            return False
        headers = self._signed(delivery, event, config)

        def answered(future: "Future[Answer]") -> None:
            if future.cancelled():
                self._slots.release(delivery.tenant)
                return
            answer, url = future.result(), config.target_url
            self._run(delivery, lambda: self._finish(delivery, event, answer, target_url=url, started_at=now))

        self._sender.send(config.target_url, headers, event.payload).add_done_callback(answered)
        return True

    def _signed(self, delivery: Delivery, event: Event, config: TenantWebhookConfig) -> dict[str, str]:
        now = self._clock()
        secrets = open_secrets(self._keys, delivery.tenant, config, now)
        return sign(event.event_id, int(now), event.payload, secrets)

    def _finish(
        self, delivery: Delivery, event: Event, answer: Answer, *, target_url: str, started_at: datetime
    ) -> bool:
        outcome, now = outcome_of(answer), self._now()
        number = event.attempts + 1
        delay_seconds = next_delay_seconds(
            number - event.earlier_attempts,
            outcome,
            random=self._random,
            retry_after_seconds=retry_after_seconds(answer.headers.get("retry-after"), now.timestamp()),
        )
        next_attempt_at = None if delay_seconds is None else now + timedelta(seconds=delay_seconds)
        attempt = _attempt_of(event, answer, outcome, target_url=target_url, started_at=started_at)
        attempt = attempt.model_copy(update={"next_attempt_at": next_attempt_at})
        if outcome == "gone":
            self._repository.disable_endpoint(delivery.tenant, now)
        try:
            self._repository.record(delivery.tenant, event, attempt, next_attempt_at=next_attempt_at, now=now)
        except (StaleItem, ItemNotFound):
            _log.warning("claim lost", event_id=event.event_id, tenant_id=delivery.tenant, number=number)
            return False
        self._follow_up(delivery, outcome, delay_seconds)
        self._metrics.attempts.labels(outcome).inc()
        self._metrics.durations.observe(answer.duration_seconds)
        _log.info(
            "attempt",
            event_id=event.event_id,
            tenant_id=delivery.tenant,
            number=number,
            outcome=outcome,
            status=answer.status,
            duration_ms=round(answer.duration_seconds * 1000, 2),
            next_in_seconds=delay_seconds,
        )
        return False

    def _follow_up(self, delivery: Delivery, outcome: Outcome, delay_seconds: float | None) -> None:
        if delay_seconds is not None:
            self._send_on(delivery, delay_seconds)
            return
        if outcome != "delivered":
            self._dead_letters.send([delivery_message(delivery.tenant, delivery.event_id)])
        self._delete(delivery)

    def _send_on(self, delivery: Delivery, delay_seconds: float) -> None:
        """First a new message, then the old one goes: a crash in between leaves two, never none."""
        self._deliveries.send([delivery_message(delivery.tenant, delivery.event_id, delay_seconds=delay_seconds)])
        self._delete(delivery)

    def _delete(self, delivery: Delivery) -> None:
        self._deliveries.delete([delivery.message.receipt])

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


@dataclass(frozen=True, kw_only=True)
class DlqProcessor:
    """Takes up dead letters, and sends dead events off again. Touches events and queues, nothing else."""

    repository: WebhookRepository
    dead_letters: Queue
    deliveries: Queue
    clock: Callable[[], float]

    def step(self, *, wait_seconds: float = 0.0) -> int:
        """
        Deal with up to ten dead letters: whose event still waits, although no worker could deal with its message, is
        marked dead. Then the event itself is the record, and the letter goes.

        Returns:
            How many letters were dealt with.
        """
        messages = self.dead_letters.receive(limit=BATCH_MAX, wait_seconds=wait_seconds)
        for message in messages:
            try:
                self._settle(_parsed(message))
            except TenancyError as error:
                _log.error("a dead letter of no tenant was removed", cause=str(error))
            self.dead_letters.delete([message.receipt])
        return len(messages)

    def redrive(self, tenant: TenantId, *, limit: int) -> int:
        """
        Send up to `limit` (1..100) dead events of a tenant off again, those that died first before the others.

        Returns:
            How many were sent off.
        """
        restarted: list[Message] = []
        now = datetime.fromtimestamp(self.clock(), UTC)
        for event in self.repository.dead_events(tenant, min(limit, REDRIVE_MAX)):
            try:
                self.repository.restart(tenant, event, trigger="redrive", now=now)
            except (ConditionFailed, ItemNotFound):
                continue  # somebody else was faster
            restarted.append(delivery_message(tenant, event.event_id))
        self.deliveries.send(restarted)
        return len(restarted)

    def _settle(self, delivery: Delivery | None) -> None:
        if delivery is None:
            _log.error("a dead letter that is none of ours was removed", queue=self.dead_letters.name)
            return
        event = self.repository.summary(delivery.tenant, delivery.event_id)
        if event is None or event.status != "pending" or event.next_attempt_at is None:
            return
        now = datetime.fromtimestamp(self.clock(), UTC)
        wait_seconds = (event.next_attempt_at - now).total_seconds()
        if wait_seconds > 0:
            # Its next attempt is still to come, so it is not lost yet.
            message = delivery_message(delivery.tenant, delivery.event_id, delay_seconds=wait_seconds)
            self.deliveries.send([message])
            return
        try:
            self.repository.bury(delivery.tenant, event, now=now)
        except (ConditionFailed, ItemNotFound):
            return  # a worker made it after all
        _log.warning("event buried", event_id=delivery.event_id, tenant_id=delivery.tenant)


class _Slots:
    """Bounds what is under way, in all and for each tenant."""

    def __init__(self, capacity: int, tenant_capacity: int) -> None:
        self._capacity = capacity
        self._tenant_capacity = tenant_capacity
        self._taken: Multiset[str] = Multiset()
        self._changed = threading.Condition()

    def free(self, wait_seconds: float) -> int:
        """How many slots are free; waits up to `wait_seconds` for the first."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken.total() < self._capacity, wait_seconds)
            return self._capacity - self._taken.total()

    def take(self, tenant: str) -> bool:
        """False: the tenant has as many as it may."""
        with self._changed:
            if self._taken[tenant] >= self._tenant_capacity:
                return False
            self._taken[tenant] += 1
            return True

    def release(self, tenant: str) -> None:
        with self._changed:
            self._taken[tenant] -= 1
            if self._taken[tenant] == 0:
                del self._taken[tenant]
            self._changed.notify_all()

    def wait_until_empty(self, timeout_seconds: float | None) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._taken, timeout_seconds)


def _parsed(message: ReceivedMessage) -> Delivery | None:
    try:
        content = orjson.loads(message.body)
        return Delivery(message=message, tenant=TenantId(str(content["tenantId"])), event_id=str(content["eventId"]))
    except (ValueError, KeyError, TypeError):
        return None


def _attempt_of(event: Event, answer: Answer, outcome: Outcome, *, target_url: str, started_at: datetime) -> Attempt:
    return Attempt(
        event_id=event.event_id,
        number=event.attempts + 1,
        trigger=event.trigger,
        target_url=target_url,
        started_at=started_at,
        duration_milliseconds=round(answer.duration_seconds * 1000),
        outcome=outcome,
        status_code=answer.status,
        detail=answer.detail or None,
        response_excerpt=answer.body or None,
        expires_at=started_at + RETENTION,
    )


def _report_fault(future: "Future[None]") -> None:
    """A fault in our own code must not vanish in a thread; the message comes back, so nothing is lost."""
    error = future.exception()
    if error is not None:
        _log.error("fault in the worker", exc_info=error)
