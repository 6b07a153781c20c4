"""Calls that share a commit, for a server whose event loop must not wait for the disk."""

from collections.abc import Callable
from functools import partial

from tenantable.engine.storage.writing import Writer
from tenantable.errors import StorageError
from tenantable.wire.errors import DynamoError


class CommitGroup:
    """
    One group after the other: `begin`, any number of `call_json`, `commit`. Nobody else writes in between.

    A call is carried out at once and sees those before it; readers, and whoever is told the answers, must not before
    `commit` has returned.
    """

    def __init__(self, call_json: Callable[..., bytes], writer: Writer) -> None:
        self._call_json = call_json
        self._writer = writer

    def begin(self, *, wait: bool) -> bool:
        """
        Begin a group.

        Args:
            wait: Until nobody else writes. Otherwise the answer is False, and no group begun, if somebody does.
        """
        return self._writer.gather(wait=wait)

    def call_json(self, operation: str, body: bytes, *, principal: str | None) -> bytes:
        """As `Engine.call_json`, but what is written is not durable yet. For one thread, the one that gathers."""
        return self._writer.gathered(partial(self._call_json, operation, body, principal=principal))

    def commit(self) -> None:
        """
        Make everything durable. Any thread may call it.

        Raises:
            DynamoError: InternalServerError; nothing of the group was kept, whatever the calls returned.
        """
        try:
            self._writer.commit_gathered()
        except StorageError as error:
            raise DynamoError("InternalServerError", str(error), status=500) from error
