"""Every primitive in files of the data folder."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote

from tenantable.cloud.events.embedded import EmbeddedEvents
from tenantable.cloud.keys.embedded import FileMasterKey
from tenantable.cloud.keys.envelope import EnvelopeKeys
from tenantable.cloud.objects.embedded import EmbeddedObjects
from tenantable.cloud.parameters.embedded import EmbeddedParameters
from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import QueueSettings
from tenantable.local.primitives.held import OwnedPrimitives
from tenantable.wire.arns import Home

QUEUES_FILE = "queues.db"
PARAMETERS_FILE = "parameters.db"
EVENTS_FILE = "events.db"
KEYS_FOLDER = "keys"
OBJECTS_FOLDER = "objects"
"""Where the engine too has its buckets, so that an export can be read as objects."""
FORMER_KEY_FILE = "master-key"
"""Where the one key of all aliases was; it opens whatever it sealed."""
PARAMETERS_KEY = "aws/ssm"
"""The alias of the key that AWS seals parameters with, unless told otherwise."""


def embedded_primitives(folder: Path, home: Home, *, clock: Callable[[], float] = time.time) -> OwnedPrimitives:
    """
    Everything in files of the data folder; this process has the folder alone.

    Args:
        clock: Seconds since 1970, for what becomes due and for what is dated.
    Raises:
        StorageError: A file cannot be opened or created, has a newer format, or others may read a key.
    """

    def master_key(alias: str) -> FileMasterKey:
        return _file_master_key(folder, alias)

    with ExitStack() as opened:
        queues = EmbeddedQueues(folder / QUEUES_FILE, clock=clock)
        opened.callback(queues.close)
        parameters = EmbeddedParameters(folder / PARAMETERS_FILE, EnvelopeKeys(master_key(PARAMETERS_KEY)), clock=clock)
        opened.callback(parameters.close)
        events = EmbeddedEvents(
            folder / EVENTS_FILE,
            lambda name, messages: queues.queue(QueueSettings(name=name)).send(messages),
            home=home,
            clock=clock,
        )
        opened.callback(events.close)
        objects = EmbeddedObjects(folder / OBJECTS_FOLDER)
        queues.release_held()  # by a process that was killed
        objects.remove_drafts()
        return OwnedPrimitives(
            queue=queues.queue,
            master_key=master_key,
            parameters=parameters,
            bucket=objects.bucket,
            bus=events.bus,
            close=opened.pop_all().close,
            delivery=lambda wait_seconds: events.step(wait_seconds=wait_seconds),
        )


def _file_master_key(folder: Path, alias: str) -> FileMasterKey:
    path = folder / KEYS_FOLDER / quote(alias.removeprefix("alias/"), safe="")
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError, FileExistsError):
        os.link(folder / FORMER_KEY_FILE, path)
    return FileMasterKey(path)
