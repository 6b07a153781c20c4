"""Queues on Amazon SQS, or any endpoint that speaks its API."""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tenantable.cloud.queues.queue import (
    BATCH_MAX,
    BODY_BYTES_MAX,
    Depth,
    Message,
    QueueNotFound,
    QueueSettings,
    ReceivedMessage,
    check_count,
    check_receive,
    check_visibility,
)
from tenantable.cloud.refusals import code_of, refusal
from tenantable.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

HOP_SECONDS_MAX = 900.0  # the longest delay SQS takes
RETENTION_SECONDS = 14 * 24 * 3600  # the longest SQS keeps a message
DUE_ATTRIBUTE = "tenantable-due-at"  # Unix seconds; only on a message whose delay takes several hops

_STALE_RECEIPT = {"MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue"}


def create_queue(client: "SQSClient", settings: QueueSettings) -> None:
    """Create a queue, and first its dead-letter queue; for deployments, not for components that use the queue."""
    attributes: dict[QueueAttributeNameType, str] = {
        "VisibilityTimeout": str(math.ceil(settings.visibility_seconds)),
        "MessageRetentionPeriod": str(RETENTION_SECONDS),
    }
    with _cloud_errors(settings.name):
        if settings.dead_letters is not None:
            url = client.create_queue(
                QueueName=settings.dead_letters.queue, Attributes={"MessageRetentionPeriod": str(RETENTION_SECONDS)}
            )["QueueUrl"]
            arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            policy = {"deadLetterTargetArn": arn, "maxReceiveCount": settings.dead_letters.receives_max}
            attributes["RedrivePolicy"] = json.dumps(policy)
        client.create_queue(QueueName=settings.name, Attributes=attributes)


class SqsQueue:
    """
    One existing SQS queue; implements `Queue`.

    SQS counts in whole seconds, so fractions are rounded up. A delay beyond its 15 minutes goes in hops: the message
    carries its due time, and whoever receives it too early sends it on for the rest of the delay.
    See docs/decisions/0003-long-delays.md.

    Raises:
        QueueNotFound: There is no queue of this name.
    """

    def __init__(
        self,
        client: "SQSClient",
        settings: QueueSettings,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        hop_seconds: float = HOP_SECONDS_MAX,
    ) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._monotonic = monotonic
        self._hop_seconds = hop_seconds
        with _cloud_errors(settings.name):
            self._url = client.get_queue_url(QueueName=settings.name)["QueueUrl"]

    @property
    def name(self) -> str:
        return self._settings.name

    def send(self, messages: Sequence[Message]) -> None:
        check_count(len(messages))
        now = self._clock()
        self._send_due([(message.body, now + message.delay_seconds) for message in messages])

    def receive(
        self, *, limit: int = 1, wait_seconds: float = 0.0, visibility_seconds: float | None = None
    ) -> tuple[ReceivedMessage, ...]:
        hidden_seconds = self._settings.visibility_seconds if visibility_seconds is None else visibility_seconds
        check_receive(limit, wait_seconds, hidden_seconds)
        deadline = self._monotonic() + wait_seconds
        while True:
            remaining = max(deadline - self._monotonic(), 0.0)
            messages = self._receive_once(limit, math.ceil(remaining), math.ceil(hidden_seconds))
            early = [message for message in messages if _due_at(message) > self._clock()]
            self._send_on(early)
            due = [message for message in messages if message not in early]
            if due or deadline <= self._monotonic():
                return tuple(_received(message) for message in due)

    def delete(self, receipts: Sequence[str]) -> None:
        check_count(len(receipts))
        for start in range(0, len(receipts), BATCH_MAX):
            batch = receipts[start : start + BATCH_MAX]
            with _cloud_errors(self.name):
                answer = self._client.delete_message_batch(
                    QueueUrl=self._url,
                    Entries=[{"Id": str(index), "ReceiptHandle": receipt} for index, receipt in enumerate(batch)],
                )
            failed = [entry for entry in answer.get("Failed", []) if entry["Code"] not in _STALE_RECEIPT]
            if failed:
                raise CloudError(f"{len(failed)} messages could not be deleted from {self.name}: {failed[0]['Code']}")

    def change_visibility(self, receipt: str, seconds: float) -> bool:
        check_visibility(seconds)
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=math.ceil(seconds)
            )
        except ClientError as error:
            if code_of(error) in _STALE_RECEIPT:
                return False
            raise _cloud_error(self.name, error) from error
        except BotoCoreError as error:
            raise _cloud_error(self.name, error) from error
        return True

    def depth(self) -> Depth:
        with _cloud_errors(self.name):
            counts = self._client.get_queue_attributes(
                QueueUrl=self._url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )["Attributes"]
        return Depth(
            visible=int(counts["ApproximateNumberOfMessages"]),
            in_flight=int(counts["ApproximateNumberOfMessagesNotVisible"]),
            delayed=int(counts["ApproximateNumberOfMessagesDelayed"]),
        )

    def _receive_once(self, limit: int, wait_seconds: int, hidden_seconds: int) -> "list[MessageTypeDef]":
        with _cloud_errors(self.name):
            return self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=limit,
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=hidden_seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
                MessageAttributeNames=[DUE_ATTRIBUTE],
            ).get("Messages", [])

    def _send_on(self, early: "list[MessageTypeDef]") -> None:
        """Send first, then delete: a crash in between duplicates a message, the other order would lose it."""
        self._send_due([(message["Body"], _due_at(message)) for message in early])
        self.delete([message["ReceiptHandle"] for message in early])

    def _send_due(self, bodies: Sequence[tuple[str, float]]) -> None:
        now = self._clock()
        for batch in _batches(bodies):
            entries = [self._entry(str(position), body, due_at - now) for position, (body, due_at) in enumerate(batch)]
            with _cloud_errors(self.name):
                failed = self._client.send_message_batch(QueueUrl=self._url, Entries=entries).get("Failed", [])
            if failed:
                raise CloudError(
                    f"{self.name} did not keep {len(failed)} of {len(entries)} messages: {failed[0]['Code']}",
                    hint="send them again; receivers stand duplicates",
                )

    def _entry(self, entry_id: str, body: str, delay_seconds: float) -> "SendMessageBatchRequestEntryTypeDef":
        hop_seconds = min(max(delay_seconds, 0.0), self._hop_seconds)
        entry: SendMessageBatchRequestEntryTypeDef = {
            "Id": entry_id,
            "MessageBody": body,
            "DelaySeconds": math.ceil(hop_seconds),
        }
        if delay_seconds > self._hop_seconds:
            due_at = f"{self._clock() + delay_seconds:.3f}"
            entry["MessageAttributes"] = {DUE_ATTRIBUTE: {"DataType": "Number", "StringValue": due_at}}
        return entry


def _due_at(message: "MessageTypeDef") -> float:
    attribute = message.get("MessageAttributes", {}).get(DUE_ATTRIBUTE)
    return float(attribute.get("StringValue", "0")) if attribute else 0.0


def _received(message: "MessageTypeDef") -> ReceivedMessage:
    return ReceivedMessage(
        body=message["Body"],
        receipt=message["ReceiptHandle"],
        receive_count=int(message["Attributes"]["ApproximateReceiveCount"]),
    )


def _batches(bodies: Sequence[tuple[str, float]]) -> Iterator[list[tuple[str, float]]]:
    """SQS limits a batch to ten messages and, all bodies together, to the size of one message."""
    batch: list[tuple[str, float]] = []
    batch_bytes = 0
    for body, due_at in bodies:
        size_bytes = len(body.encode())
        if batch and (len(batch) == BATCH_MAX or batch_bytes + size_bytes > BODY_BYTES_MAX):
            yield batch
            batch, batch_bytes = [], 0
        batch.append((body, due_at))
        batch_bytes += size_bytes
    if batch:
        yield batch


@contextmanager
def _cloud_errors(queue_name: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise _cloud_error(queue_name, error) from error


def _cloud_error(queue_name: str, error: ClientError | BotoCoreError) -> CloudError:
    if isinstance(error, ClientError) and code_of(error).endswith(("NonExistentQueue", "QueueDoesNotExist")):
        return QueueNotFound(f"There is no SQS queue {queue_name}", hint="deploy the infrastructure first")
    return refusal("SQS", queue_name, error)
