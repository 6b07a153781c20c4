"""A queue in the hands of one identity: every call is asked for before it is made."""

from collections.abc import Callable, Sequence

from tenantable.cloud.authorization import Authorizer
from tenantable.cloud.queues.queue import Depth, Message, Queue, QueueSettings, ReceivedMessage
from tenantable.wire.arns import Home


def open_authorized(
    open_queue: Callable[[QueueSettings], Queue], settings: QueueSettings, *, authorizer: Authorizer, home: Home
) -> "AuthorizedQueue":
    """
    Open a queue by its name, which needs `sqs:GetQueueUrl` as it does on AWS.

    Raises:
        AccessDenied: The identity may not; nothing was opened.
    """
    resource = home.queue(settings.name)
    authorizer.authorize("sqs:GetQueueUrl", resource)
    return AuthorizedQueue(open_queue(settings), authorizer=authorizer, resource=resource)


class AuthorizedQueue:
    """
    Implements `Queue`; every operation raises AccessDenied where the identity's policies do not allow its action.

    Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SQS". A batch needs the
    action of its single calls.
    """

    def __init__(self, queue: Queue, *, authorizer: Authorizer, resource: str) -> None:
        self._queue = queue
        self._authorizer = authorizer
        self._resource = resource

    @property
    def name(self) -> str:
        return self._queue.name

    def send(self, messages: Sequence[Message]) -> None:
        self._authorizer.authorize("sqs:SendMessage", self._resource)
        self._queue.send(messages)

    def receive(
        self, *, limit: int = 1, wait_seconds: float = 0.0, visibility_seconds: float | None = None
    ) -> tuple[ReceivedMessage, ...]:
        self._authorizer.authorize("sqs:ReceiveMessage", self._resource)
        return self._queue.receive(limit=limit, wait_seconds=wait_seconds, visibility_seconds=visibility_seconds)

    def delete(self, receipts: Sequence[str]) -> None:
        self._authorizer.authorize("sqs:DeleteMessage", self._resource)
        self._queue.delete(receipts)

    def change_visibility(self, receipt: str, seconds: float) -> bool:
        self._authorizer.authorize("sqs:ChangeMessageVisibility", self._resource)
        return self._queue.change_visibility(receipt, seconds)

    def depth(self) -> Depth:
        self._authorizer.authorize("sqs:GetQueueAttributes", self._resource)
        return self._queue.depth()
