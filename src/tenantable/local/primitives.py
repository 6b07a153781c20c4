"""Queues and keys: embedded in the data folder, or Amazon's; and the same in the hands of one identity."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tenantable.cloud.authorization import Authorizer
from tenantable.cloud.keys.authorized import AuthorizedMasterKey
from tenantable.cloud.keys.embedded import FileMasterKey
from tenantable.cloud.keys.envelope import EnvelopeKeys, Keys, MasterKey
from tenantable.cloud.queues.authorized import open_authorized
from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import Queue, QueueSettings
from tenantable.wire.arns import Home

QUEUES_FILE = "queues.db"
KEYS_FOLDER = "keys"
FORMER_KEY_FILE = "master-key"
"""Where the one key of all aliases was; it opens whatever it sealed."""


@dataclass(frozen=True, kw_only=True)
class Primitives:
    """
    What components use beside tables, by physical names.

    `queue` opens a queue, and creates it where it may; `master_key` is the key of an alias.
    """

    queue: Callable[[QueueSettings], Queue]
    master_key: Callable[[str], MasterKey]

    def keys(self, alias: str) -> Keys:
        """Seals and opens small secrets under the key of this alias."""
        return EnvelopeKeys(self.master_key(alias))


@dataclass(frozen=True, kw_only=True)
class OwnedPrimitives(Primitives):
    """Primitives that nobody's policy limits, for whoever opened them; `close` ends their use."""

    close: Callable[[], None]


def embedded_primitives(folder: Path) -> OwnedPrimitives:
    """
    Queues in one SQLite file of the data folder, a file for each master key; this process has the folder alone.

    Raises:
        StorageError: A file cannot be opened or created, has a newer format, or others may read a key.
    """
    queues = EmbeddedQueues(folder / QUEUES_FILE)
    queues.release_held()  # by a process that was killed
    return OwnedPrimitives(
        queue=queues.queue, master_key=lambda alias: _file_master_key(folder, alias), close=queues.close
    )


def authorized_primitives(primitives: Primitives, authorizer: Authorizer, home: Home) -> Primitives:
    """The same primitives in the hands of the identity that the authorizer decides for."""
    return Primitives(
        queue=lambda settings: open_authorized(primitives.queue, settings, authorizer=authorizer, home=home),
        master_key=lambda alias: AuthorizedMasterKey(
            primitives.master_key(alias), authorizer=authorizer, home=home, alias=alias
        ),
    )


def _file_master_key(folder: Path, alias: str) -> FileMasterKey:
    path = folder / KEYS_FOLDER / quote(alias.removeprefix("alias/"), safe="")
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError, FileExistsError):
        os.link(folder / FORMER_KEY_FILE, path)
    return FileMasterKey(path)
