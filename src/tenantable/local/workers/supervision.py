"""Worker processes: started, replaced when they die, told to stop, and never left behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from socket import socket

from tenantable.engine.storage.turn import CAN_BE_SHARED
from tenantable.errors import SettingsError, TenantableError

WORKERS_MAX = 64
_RESTART_SECONDS_MIN = 1.0  # between two starts of one worker, so that one that cannot live costs little
_WATCHED = frozenset({signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}) if sys.platform != "win32" else frozenset()

Work = Callable[[int, socket], None]
"""What a worker does, by its number from 0, with its listener until SIGTERM or SIGINT."""


def check_workers(count: int, *, memory: bool) -> None:
    """Raise SettingsError when so many workers cannot have the same tables."""
    if count > 1 and memory:
        raise SettingsError(
            f"{count} workers cannot share tables in memory", hint="leave out --memory, or have one worker"
        )
    if count > 1 and not CAN_BE_SHARED:
        raise SettingsError("On this platform a data folder belongs to one process", hint="have one worker")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Worker:
    number: int
    started_at: float


def run_workers(listeners: Sequence[socket], work: Work, *, say: Callable[[str], None]) -> None:
    """
    Do the work with each listener in a process of its own until SIGTERM or SIGINT; then stop them and wait for them.

    Call it from the main thread of a process that has no other thread and nothing open that must not be copied: the
    workers are forks of it. They stop when it is gone, however it ends.

    Args:
        say: Is told, in a sentence, of a worker that died. Another one takes its place, once a second at most.
    """
    with _lifeline() as (held, watched), _signals_kept() as before:

        def start(number: int, started_before: float) -> None:
            listener = listeners[number]
            pause = max(0.0, started_before + _RESTART_SECONDS_MIN - time.monotonic())
            pid = os.fork()
            if pid == 0:
                os.close(held)
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                _close_others(listeners, listener)
                _work_and_exit(lambda: work(number, listener), watched=watched, pause_seconds=pause)
            workers[pid] = _Worker(number=number, started_at=time.monotonic() + pause)

        workers: dict[int, _Worker] = {}
        for number in range(len(listeners)):
            start(number, -_RESTART_SECONDS_MIN)
        while signal.sigwait(_WATCHED) == signal.SIGCHLD:
            for pid, status in _ended(workers):
                worker = workers.pop(pid)
                say(f"Worker {pid} {_described(status)}; another one takes its place")
                start(worker.number, worker.started_at)
        for listener in listeners:
            listener.close()
        _stop(workers)


@contextmanager
def _lifeline() -> Iterator[tuple[int, int]]:
    """A pipe that nobody writes to: who watches its other end learns when all who held this one are gone."""
    watched, held = os.pipe()
    try:
        yield held, watched
    finally:
        os.close(held)
        os.close(watched)


@contextmanager
def _signals_kept() -> Iterator[set[signal.Signals | int]]:
    """Keep what is watched for `sigwait` until the end of the block; gives the mask from before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _close_others(listeners: Sequence[socket], own: socket) -> None:
    """A port is free as soon as its own worker has closed it."""
    for listener in listeners:
        if listener is not own:
            listener.close()


def _work_and_exit(work: Callable[[], None], *, watched: int, pause_seconds: float) -> None:
    """A worker's life. It never returns, so that nothing of the parent's is done twice."""
    status = 1
    try:
        threading.Thread(target=_stop_when_parent_is_gone, args=[watched], daemon=True).start()
        time.sleep(pause_seconds)
        work()
        status = 0
    except KeyboardInterrupt:
        status = 0
    except TenantableError as error:
        print(f"tenantable: {error}", file=sys.stderr, flush=True)  # noqa: T201 - a worker's last words
    except BaseException:  # noqa: BLE001 - shown as Python would, had this process not to end here
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _stop_when_parent_is_gone(watched: int) -> None:
    os.read(watched, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _ended(workers: dict[int, _Worker]) -> list[tuple[int, int]]:
    """Who has ended, and how: one signal may stand for several."""
    ended = [os.waitpid(pid, os.WNOHANG) for pid in workers]
    return [(pid, status) for pid, status in ended if pid]


def _described(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


def _stop(workers: dict[int, _Worker]) -> None:
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
    for pid in workers:
        os.waitpid(pid, 0)
