"""Waiting for what another thread or another process does."""

import time
from collections.abc import Callable

_SECONDS_MAX = 60.0


def wait_until(holds: Callable[[], bool]) -> None:
    """
    Raises:
        TimeoutError: It does not hold within a minute.
    """
    deadline = time.monotonic() + _SECONDS_MAX
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)
