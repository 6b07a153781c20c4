"""Serving: the DynamoDB endpoint as the installed system has it, and the signals that end it."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Any

from tenantable.engine import Engine
from tenantable.engine.accounts.homes import Homes
from tenantable.engine.http.endpoint import Endpoint, OtherServices
from tenantable.engine.signature import AccessKeyLookup, TemporaryKeyLookup
from tenantable.local.loops import kept_up

_REQUEST_ID_BITS = 208


@contextmanager
def dynamo_endpoint(
    engine: Engine,
    *,
    homes: Homes | None = None,
    access_keys: AccessKeyLookup | None,
    temporary_keys: TemporaryKeyLookup | None = None,
    commits_wait: bool,
    refused: Callable[[str], None] | None = None,
    others: OtherServices | None = None,
) -> Iterator[Endpoint]:
    """
    The endpoint of an engine, which is looked after, until the end of the block.

    Args:
        homes: Where the engine of each account and region is found; None: all have `engine`.
        access_keys: Whose signatures are believed; None checks none.
        temporary_keys: Whose session tokens are believed beside these; None: nobody's.
        commits_wait: Whether a commit waits for a disk, so that writers had better share one.
        refused: See `Endpoint`; so is `others`.
    """
    # An id is unique, not secret, and asking the system for each would cost 10 microseconds.
    draw = random.Random(os.urandom(32)).getrandbits  # noqa: S311
    with kept_up((lambda: [engine]) if homes is None else homes.engines):
        yield Endpoint(
            engine=engine,
            access_keys=access_keys,
            temporary_keys=temporary_keys,
            commits_wait=commits_wait,
            clock=time.time,
            request_ids=lambda: f"{draw(_REQUEST_ID_BITS):052X}",
            engine_for=None if homes is None else homes.engine_of_request,
            refused=refused,
            others=others,
        )


class StopSignal:
    """Set by Ctrl-C or SIGTERM while the block lasts; the handlers from before come back at its end."""

    def __init__(self) -> None:
        # An event's lock may be held by the wait that the handler interrupts; this queue's put never waits.
        self._stops: SimpleQueue[int] = SimpleQueue()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "StopSignal":
        self._before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wait(self) -> None:
        self._stops.get()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self._stops.put(number)
