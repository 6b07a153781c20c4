"""Queues, keys, parameters, buckets and event buses together; and the same in the hands of one identity."""

from collections.abc import Callable
from dataclasses import dataclass

from tenantable.cloud.authorization import Authorizer
from tenantable.cloud.events.authorized import AuthorizedBus
from tenantable.cloud.events.bus import EventBus
from tenantable.cloud.keys.authorized import AuthorizedMasterKey
from tenantable.cloud.keys.envelope import EnvelopeKeys, Keys, MasterKey
from tenantable.cloud.objects.authorized import AuthorizedBucket
from tenantable.cloud.objects.bucket import Bucket
from tenantable.cloud.parameters.authorized import AuthorizedParameters
from tenantable.cloud.parameters.parameter import Parameters
from tenantable.cloud.queues.authorized import open_authorized
from tenantable.cloud.queues.queue import Queue, QueueSettings
from tenantable.local.loops import Step
from tenantable.wire.arns import Home


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
