"""Writes that wait for a disk: carried out on the event loop, and committed together by one thread."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from tenantable.engine.http.answers import Answer, encoded, refusal
from tenantable.engine.http.endpoint import Endpoint
from tenantable.engine.http.requests import Request
from tenantable.wire.errors import DynamoError

Reply = Callable[[Answer], None]

GROUP_SIZE_MAX = 64  # so that carrying out a group keeps readers waiting for a few milliseconds at most
_CLOSING_SECONDS = 0.01

_Answered = Sequence[tuple[Reply, Answer]]


class SharedCommits:
    """
    One group of writes after the other. While one is committed, those that come form the next.

    Only the waiting is done in the thread (for whoever else writes, then for the disk), because a thread that did the
    work would quarrel with the loop over the interpreter's lock.
    """

    def __init__(self, endpoint: Endpoint, loop: asyncio.AbstractEventLoop) -> None:
        self._endpoint = endpoint
        self._loop = loop
        self._group = endpoint.engine.commit_group()
        self._waiting: deque[tuple[Request, bytes, Reply]] = deque()
        self._is_due = False  # a group is formed or committed
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="dynamodb commits", daemon=True)
        self._thread.start()

    def add(self, request: Request, content: bytes, reply: Reply) -> None:
        """Carry out an admitted request, and reply when it is durable."""
        self._waiting.append((request, content, reply))
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._begin)  # not at once: others may have come in the same turn of the loop

    async def close(self) -> None:
        """Return when everything that was added is answered, and nobody adds any more."""
        while self._is_due:
            await asyncio.sleep(_CLOSING_SECONDS)
        self._tasks.put(None)
        self._thread.join()

    def _begin(self) -> None:
        if self._group.begin(wait=False):
            self._carry_out()
        else:
            self._tasks.put(self._wait_for_turn)

    def _wait_for_turn(self) -> None:
        self._group.begin(wait=True)
        self._loop.call_soon_threadsafe(self._carry_out)

    def _carry_out(self) -> None:
        members = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_SIZE_MAX))]
        answered = [
            (reply, encoded(self._endpoint.carry_out(request, content, self._group), request))
            for request, content, reply in members
        ]
        self._tasks.put(lambda: self._commit(answered))

    def _commit(self, answered: _Answered) -> None:
        try:
            self._group.commit()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may take their write for durable
            failure = refusal(error) if isinstance(error, DynamoError) else self._endpoint.failed("a shared commit")
            answered = [(reply, failure) for reply, _ in answered]
        self._loop.call_soon_threadsafe(self._deliver, answered)

    def _deliver(self, answered: _Answered) -> None:
        self._is_due = bool(self._waiting)
        if self._is_due:
            self._loop.call_soon(self._begin)
        for reply, answer in answered:
            reply(answer)

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
