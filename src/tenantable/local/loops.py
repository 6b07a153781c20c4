"""Background loops: a bounded step, again and again, until told to stop; and the one that looks after an engine."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from tenantable.engine import Engine
from tenantable.errors import TenantableError

WAIT_SECONDS = 0.5  # how long a step may wait for work, and so how long stopping may take
PAUSE_SECONDS_MIN = 0.5
PAUSE_SECONDS_MAX = 30.0
UPKEEP_SECONDS = 2.0
_ITEMS_EXPIRED_AT_ONCE_MAX = 1000

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
                self._log_failure(error, pause_seconds)
                self._stopping.wait(pause_seconds)
                pause_seconds = min(2 * pause_seconds, PAUSE_SECONDS_MAX)

    def _log_failure(self, error: TenantableError, pause_seconds: float) -> None:
        import structlog  # noqa: PLC0415 - a twentieth of the start of an endpoint, for what hardly ever happens

        log = structlog.get_logger("tenantable.local")
        log.error("step failed", loop=self.name, cause=str(error), pause_seconds=pause_seconds)


def every(
    seconds: float,
    work: Callable[[], int],
    *,
    monotonic: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] = time.sleep,
) -> Step:
    """A step that works at once and then every so many seconds; in between it waits."""
    due = monotonic()

    def step(wait_seconds: float) -> int:
        nonlocal due
        left = due - monotonic()
        if left > 0:
            wait(min(left, wait_seconds))
            return 0
        due = monotonic() + seconds
        return work()

    return step


def stop_all(loops: Sequence[Loop]) -> None:
    """Stop every loop, the last started first."""
    for loop in reversed(loops):
        loop.stop()


class Upkeep:
    """Bounded steps of upkeep, one after the other while there is something to do, then again after a while."""

    def __init__(
        self,
        engines: Callable[[], Iterable[Engine]],
        *,
        clock: Callable[[], float],
        wait: Callable[[float], object],
        every_seconds: float = UPKEEP_SECONDS,
    ) -> None:
        """
        Args:
            engines: Those that are to be looked after at present.
            clock: Seconds since 1970.
            wait: Returns after so many seconds, or sooner when it is to stop.
            every_seconds: How long to rest when nothing is left to do.
        """
        self._engines = engines
        self._clock = clock
        self._wait = wait
        self._every_seconds = every_seconds
        self._rest_seconds = 0.0

    def step(self, wait_seconds: float) -> int:
        """Rest for a part of the time, up to `wait_seconds`, or do one step; returns how much was done."""
        if self._rest_seconds > 0:
            part = min(wait_seconds, self._rest_seconds)
            self._wait(part)
            self._rest_seconds -= part
            return 0
        done = sum(self._look_after(engine) for engine in self._engines())
        if not done:
            self._rest_seconds = self._every_seconds
        return done

    def _look_after(self, engine: Engine) -> int:
        expired = engine.expire(self._clock(), _ITEMS_EXPIRED_AT_ONCE_MAX)
        return expired + engine.trim_streams() + engine.trim_backups()


@contextmanager
def kept_up(engines: Callable[[], Iterable[Engine]], *, every_seconds: float = UPKEEP_SECONDS) -> Iterator[None]:
    """
    Look after engines in a thread of its own, until the end of the block.

    Other processes with the same data may do so too: each step is whole, and what one has done the next does not find.
    """
    stopping = threading.Event()
    upkeep = Upkeep(engines, clock=time.time, wait=stopping.wait, every_seconds=every_seconds)
    loop = Loop("upkeep of the engine", upkeep.step)
    loop.start()
    try:
        yield
    finally:
        stopping.set()
        loop.stop()
