"""Following the table of access management, so that changes of other processes count sooner."""

import time
from collections.abc import Callable
from typing import Any

from tenantable.engine.streams.subscription import Subscription
from tenantable.wire.errors import DynamoError

POLL_SECONDS = 0.1
_HEAD = "HEAD#"


class HeadFollower:
    """
    Tells of every organisation whose head has moved: each change moves it.

    Args:
        subscription: The stream of the table, from its oldest record on: what is told twice does no harm.
        forget: Is told the organisation's id.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        subscription: Subscription,
        forget: Callable[[str], None],
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._subscription = subscription
        self._forget = forget
        self._sleep = sleep
        self._after: str | None = None

    def step(self, wait_seconds: float) -> int:
        """Tell of what has come; how many records there were."""
        records = self._records()
        for record in records:
            key = record["dynamodb"]["Keys"]["PK"]["S"]
            if key.startswith(_HEAD):
                self._forget(key.removeprefix(_HEAD))
            self._after = record["dynamodb"]["SequenceNumber"]
        if not records:
            self._sleep(min(wait_seconds, POLL_SECONDS))
        return len(records)

    def _records(self) -> list[dict[str, Any]]:
        try:
            return self._subscription.read(self._after)
        except DynamoError as error:
            if error.code != "TrimmedDataAccessException":
                raise
            self._after = None
            return self._subscription.read(None)
