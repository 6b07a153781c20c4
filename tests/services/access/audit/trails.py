"""What the tests of the audit trail share: trails of some length, an archiver, and somebody who tampers with items."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prometheus_client import CollectorRegistry
from tests.services.access.conftest import World

from tenantable.cloud.objects.embedded import EmbeddedBucket
from tenantable.engine import Engine
from tenantable.services.access.audit.archiving.archiver import Archiver
from tenantable.services.access.audit.archiving.removals import SubscriptionRemovals
from tenantable.services.access.audit.assembly import archiver_of, verifier_of
from tenantable.services.access.audit.findings import Verification
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.declaration import audit_archive, directory_service, naming

NAMES = naming("dev")
TABLE = NAMES.table_name("access-management")
DAY_SECONDS = 24 * 3600
Item = dict[str, Any]


def bucket_of(world: World) -> EmbeddedBucket:
    return world.objects.bucket(NAMES.resource_name(audit_archive.name))


def write_events(world: World, number: int, *, organisation_id: str = "acme", apart_seconds: float = 1.0) -> None:
    """So many events, each a change of its own."""
    changes = world.dependencies.changes(directory_service)

    def build(change: Change) -> None:
        change.record("USER_MANAGEMENT", "member.add", target="bob", details={"email": "bob@example.com", "by": "ann"})

    for _ in range(number):
        world.clock.now += apart_seconds
        changes.run(organisation_id, Actor(id="ann"), build)


def archiver_in(world: World, registry: CollectorRegistry | None = None) -> Archiver:
    """An archiver that begins where the last one ended."""
    removals = SubscriptionRemovals(world.engine.stream(TABLE))
    parts = replace(world.dependencies, registry=registry or CollectorRegistry())
    return archiver_of(parts, removals, wait=lambda _seconds: None)


def archive_all(archiver: Archiver) -> None:
    while archiver.step():
        pass


def verify(world: World, organisation_id: str = "acme") -> Verification:
    return verifier_of(world.dependencies).verify(organisation_id)


def kinds(found: Verification) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.sequence) for finding in found.findings]


class Tamperer:
    """Somebody who may do everything with the table, and has no key."""

    def __init__(self, engine: Engine, organisation_id: str = "acme") -> None:
        self._engine = engine
        self._organisation_id = organisation_id

    def item(self, sequence: int) -> Item:
        (found,) = (each for each in self.items() if each["sequence"] == {"N": str(sequence)})
        return found

    def items(self) -> list[Item]:
        prefix = f"ORG#{self._organisation_id}#DATE#"
        return [each for each in self._all() if each["PK"]["S"].startswith(prefix)]

    def head(self) -> Item:
        (found,) = (each for each in self._all() if each["PK"]["S"] == f"HEAD#{self._organisation_id}")
        return found

    def put(self, item: Item) -> None:
        self._engine.call("PutItem", {"TableName": TABLE, "Item": item})

    def change(self, sequence: int, **attributes: Any) -> None:
        self.put({**self.item(sequence), **attributes})

    def delete(self, *sequences: int) -> None:
        for sequence in sequences:
            self.remove(self.item(sequence))

    def remove(self, item: Item) -> None:
        self._engine.call("DeleteItem", {"TableName": TABLE, "Key": {"PK": item["PK"], "SK": item["SK"]}})

    def swap(self, first: int, second: int) -> None:
        one, other = self.item(first), self.item(second)
        self.put({**one, "sequence": other["sequence"]})
        self.put({**other, "sequence": one["sequence"]})

    def move_head_back(self, sequence: int) -> None:
        digest = self.item(sequence)["digest"]
        self.put({**self.head(), "sequence": {"N": str(sequence)}, "digest": digest})

    def _all(self) -> list[Item]:
        items: list[Item] = []
        request: Item = {"TableName": TABLE}
        while True:
            answer = self._engine.call("Scan", request)
            items += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return items
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


Tamper = Callable[[Tamperer], None]
