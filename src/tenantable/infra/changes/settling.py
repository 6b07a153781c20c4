"""Waiting until a table has finished what it is doing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tenantable.errors import InfrastructureError
from tenantable.infra.normal.running import busy_with, describe
from tenantable.wire.client import DynamoClient

POLL_SECONDS_MIN = 0.05
POLL_SECONDS_MAX = 5.0


@dataclass(frozen=True, kw_only=True)
class Patience:
    """
    How to wait.

    Args:
        seconds_max: For one table after one change. The index of a large table takes hours to fill.
        sleep: Waits so many seconds.
        stopwatch: Seconds that never run backwards.
    """

    seconds_max: float
    sleep: Callable[[float], None]
    stopwatch: Callable[[], float]

    def pauses(self) -> Iterator[float]:
        """The seconds since the start, again and again after longer pauses, until the time is over."""
        started = self.stopwatch()
        pause = POLL_SECONDS_MIN
        while (passed := self.stopwatch() - started) < self.seconds_max:
            yield passed
            self.sleep(pause)
            pause = min(pause * 1.5, POLL_SECONDS_MAX)


def settle(
    client: DynamoClient, name: str, patience: Patience, report: Callable[[tuple[str, ...], float], None]
) -> None:
    """
    Wait until the table can be changed, or is gone.

    Args:
        report: Told what the table is busy with and the seconds waited, as often as it is looked at.
    Raises:
        InfrastructureError: It is busy for longer than `patience` allows.
    """
    busy: tuple[str, ...] = ()
    for passed in patience.pauses():
        description = describe(client, name)
        busy = () if description is None else busy_with(description)
        if not busy:
            return
        report(busy, passed)
    hint = "look at the table in the AWS console; the next apply goes on where this one stopped"
    raise InfrastructureError(
        f"The table {name} is not ready after {patience.seconds_max:.0f} seconds: {', '.join(busy)}", hint=hint
    )
