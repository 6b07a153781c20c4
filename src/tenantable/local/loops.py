"""Background loops: a bounded step, again and again, until told to stop."""

import threading
from collections.abc import Callable, Sequence

import structlog

from tenantable.errors import TenantableError

WAIT_SECONDS = 0.5  # how long a step may wait for work, and so how long stopping may take
PAUSE_SECONDS_MIN = 0.5
PAUSE_SECONDS_MAX = 30.0

_log = structlog.get_logger("tenantable.local")

Step = Callable[[float], int]
"""Does up to a bounded amount of work, waiting up to so many seconds for it to come; returns how much was done."""


class Loop:
    """Runs one step in a thread of its own. A step that fails is logged and tried again, with growing pauses."""

    def __init__(self, name: str, step: Step) -> None:
        self.name = name
        self._step = step
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the present step come to its end; nothing happens after this returns."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_seconds = PAUSE_SECONDS_MIN
        while not self._stopping.is_set():
            try:
                self._step(WAIT_SECONDS)
                pause_seconds = PAUSE_SECONDS_MIN
            except TenantableError as error:
                _log.error("step failed", loop=self.name, cause=str(error), pause_seconds=pause_seconds)
                self._stopping.wait(pause_seconds)
                pause_seconds = min(2 * pause_seconds, PAUSE_SECONDS_MAX)


def stop_all(loops: Sequence[Loop]) -> None:
    """Stop every loop, the last started first."""
    for loop in reversed(loops):
        loop.stop()
