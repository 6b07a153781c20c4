"""Event buses of Amazon EventBridge, or any endpoint that speaks its API."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tenantable.cloud.events.bus import BusNotFound, Event, Rule, check_bus, check_put
from tenantable.cloud.refusals import code_of, refusal
from tenantable.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef


def create_rule(client: "EventBridgeClient", bus: str, rule: Rule, *, queue_arn: str) -> None:
    """
    Send what a rule selects on to a queue; for deployments, not for components that use the bus.

    The queue's own policy must let `events.amazonaws.com` send to it.
    """
    with _cloud_errors(bus):
        client.put_rule(Name=rule.name, EventBusName=bus, EventPattern=json.dumps(rule.pattern))
        client.put_targets(Rule=rule.name, EventBusName=bus, Targets=[{"Id": rule.queue, "Arn": queue_arn}])


class EventBridgeBus:
    """One existing bus; implements `EventBus`."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        check_bus(name)
        self._client = client
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def put(self, events: Sequence[Event]) -> None:
        check_put(events)
        with _cloud_errors(self._name):
            answer = self._client.put_events(Entries=[self._entry(event) for event in events])
        if answer["FailedEntryCount"]:
            codes = sorted({entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry})
            raise CloudError(
                f"{self._name} did not keep {answer['FailedEntryCount']} of {len(events)} events: {', '.join(codes)}",
                hint="put them again; receivers stand duplicates",
            )

    def _entry(self, event: Event) -> "PutEventsRequestEntryTypeDef":
        entry: PutEventsRequestEntryTypeDef = {
            "EventBusName": self._name,
            "Source": event.source,
            "DetailType": event.detail_type,
            "Detail": event.detail_json,
        }
        if event.time is not None:
            entry["Time"] = datetime.fromtimestamp(event.time, UTC)
        return entry


@contextmanager
def _cloud_errors(bus: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            raise BusNotFound(f"There is no event bus {bus}", hint="deploy the infrastructure first") from error
        raise refusal("EventBridge", bus, error) from error
    except BotoCoreError as error:
        raise refusal("EventBridge", bus, error) from error
