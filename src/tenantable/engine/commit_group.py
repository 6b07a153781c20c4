"""Calls that share a commit, for a server whose event loop must not wait for the disk."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from tenantable.engine.metering.observation import Telling
from tenantable.engine.storage.writing import Writer
from tenantable.errors import StorageError
from tenantable.wire.errors import internal_error
from tenantable.wire.principals import Principal


class CommitGroup:
    """
    One group after the other: `begin`, any number of `call_json`, `commit`. Nobody else writes in between.

    A call is carried out at once and sees those before it; readers, and whoever is told the answers, must not before
    `commit` has returned.
    """

    def __init__(self, call_json: Callable[..., bytes], writer: Writer, telling: Telling | None = None) -> None:
        """
        Args:
            telling: Holds back what the observer of the calls is told until they are durable; None: nobody observes.
        """
        self._call_json = call_json
        self._writer = writer
        self._telling = telling

    def begin(self, *, wait: bool) -> bool:
        """
        Begin a group.

        Args:
            wait: Until nobody else writes. Otherwise the answer is False, and no group begun, if somebody does.
        """
        return self._writer.gather(wait=wait)

    def call_json(self, operation: str, body: bytes, *, principal: Principal | None, request_id: str = "") -> bytes:
        """As `Engine.call_json`, but what is written is not durable yet. For one thread, the one that gathers."""
        call = partial(self._call_json, operation, body, principal=principal, request_id=request_id)
        return self._writer.gathered(call)

    def commit(self) -> None:
        """
        Make everything durable. Any thread may call it.

        Raises:
            DynamoError: InternalServerError; nothing of the group was kept, whatever the calls returned.
        """
        try:
            with nullcontext() if self._telling is None else self._telling.until_durable():
                self._writer.commit_gathered()
        except StorageError as error:
            raise internal_error(str(error)) from error
