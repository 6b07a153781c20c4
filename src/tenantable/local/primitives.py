"""Queues and keys: embedded in the data folder, or Amazon's."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tenantable.cloud.keys.embedded import FileMasterKey
from tenantable.cloud.keys.envelope import EnvelopeKeys, Keys
from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import Queue, QueueSettings

QUEUES_FILE = "queues.db"
MASTER_KEY_FILE = "master-key"


@dataclass(frozen=True, kw_only=True)
class Primitives:
    """What components use beside tables. `queue` opens a queue by its physical name, and creates it where it may."""

    queue: Callable[[QueueSettings], Queue]
    keys: Keys
    close: Callable[[], None]


def embedded_primitives(folder: Path) -> Primitives:
    """
    Queues in one SQLite file and a master key in another, both in the data folder; this process has the folder alone.

    Raises:
        StorageError: A file cannot be opened or created, has a newer format, or others may read the key.
    """
    queues = EmbeddedQueues(folder / QUEUES_FILE)
    try:
        keys = EnvelopeKeys(FileMasterKey(folder / MASTER_KEY_FILE))
    except BaseException:
        queues.close()
        raise
    queues.release_held()  # by a process that was killed
    return Primitives(queue=queues.queue, keys=keys, close=queues.close)
