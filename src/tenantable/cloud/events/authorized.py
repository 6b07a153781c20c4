"""A bus in the hands of one identity: every put is asked for before it is made."""

from collections.abc import Sequence

from tenantable.cloud.authorization import Authorizer
from tenantable.cloud.events.bus import Event, EventBus
from tenantable.wire.arns import Home


class AuthorizedBus:
    """
    Implements `EventBus`; a put raises AccessDenied where the identity's policies do not allow each of its events.

    Policies may look at `events:source` and `events:detail-type` of each.
    Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EventBridge".
    """

    def __init__(self, bus: EventBus, *, authorizer: Authorizer, home: Home) -> None:
        self._bus = bus
        self._authorizer = authorizer
        self._resource = home.event_bus(bus.name)

    @property
    def name(self) -> str:
        return self._bus.name

    def put(self, events: Sequence[Event]) -> None:
        for source, detail_type in dict.fromkeys((event.source, event.detail_type) for event in events):
            context = {"events:source": source, "events:detail-type": detail_type}
            self._authorizer.authorize("events:PutEvents", self._resource, context)
        self._bus.put(events)
