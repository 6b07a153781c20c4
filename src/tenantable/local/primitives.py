"""
Queues, keys, parameters, buckets and event buses: embedded in the data folder, or Amazon's; and the same in the hands
of one identity.
"""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tenantable.cloud.authorization import Authorizer
from tenantable.cloud.events.authorized import AuthorizedBus
from tenantable.cloud.events.bus import EventBus
from tenantable.cloud.events.embedded import EmbeddedEvents
from tenantable.cloud.keys.authorized import AuthorizedMasterKey
from tenantable.cloud.keys.embedded import FileMasterKey
from tenantable.cloud.keys.envelope import EnvelopeKeys, Keys, MasterKey
from tenantable.cloud.objects.authorized import AuthorizedBucket
from tenantable.cloud.objects.bucket import Bucket
from tenantable.cloud.objects.embedded import EmbeddedObjects
from tenantable.cloud.parameters.authorized import AuthorizedParameters
from tenantable.cloud.parameters.embedded import EmbeddedParameters
from tenantable.cloud.parameters.parameter import Parameters
from tenantable.cloud.queues.authorized import open_authorized
from tenantable.cloud.queues.embedded import EmbeddedQueues
from tenantable.cloud.queues.queue import Queue, QueueSettings
from tenantable.local.loops import Step
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


@dataclass(frozen=True, kw_only=True)
class Primitives:
    """
    What components use beside tables, by physical names.

    `queue` opens a queue, and creates it where it may; `master_key` is the key of an alias; `bucket` and `bus` open
    what they say.
    """

    queue: Callable[[QueueSettings], Queue]
    master_key: Callable[[str], MasterKey]
    parameters: Parameters
    bucket: Callable[[str], Bucket]
    bus: Callable[[str], EventBus]

    def keys(self, alias: str) -> Keys:
        """Seals and opens small secrets under the key of this alias."""
        return EnvelopeKeys(self.master_key(alias))


@dataclass(frozen=True, kw_only=True)
class OwnedPrimitives(Primitives):
    """
    Primitives that nobody's policy limits, for whoever opened them; `close` ends their use.

    `delivery` is a loop's step that sends on what event buses could not at once; None where AWS does it.
    """

    close: Callable[[], None]
    delivery: Step | None = None


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


def authorized_primitives(primitives: Primitives, authorizer: Authorizer, home: Home) -> Primitives:
    """The same primitives in the hands of the identity that the authorizer decides for."""
    return Primitives(
        queue=lambda settings: open_authorized(primitives.queue, settings, authorizer=authorizer, home=home),
        master_key=lambda alias: AuthorizedMasterKey(
            primitives.master_key(alias), authorizer=authorizer, home=home, alias=alias
        ),
        parameters=AuthorizedParameters(primitives.parameters, authorizer=authorizer, home=home),
        bucket=lambda name: AuthorizedBucket(primitives.bucket(name), authorizer=authorizer, home=home),
        bus=lambda name: AuthorizedBus(primitives.bus(name), authorizer=authorizer, home=home),
    )


def _file_master_key(folder: Path, alias: str) -> FileMasterKey:
    path = folder / KEYS_FOLDER / quote(alias.removeprefix("alias/"), safe="")
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError, FileExistsError):
        os.link(folder / FORMER_KEY_FILE, path)
    return FileMasterKey(path)
