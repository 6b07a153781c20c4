"""Who reaches the archive and the trail: each identity is refused what it was not granted."""

import pytest
from tests.services.access.audit.trails import bucket_of, write_events
from tests.services.access.conftest import World

from tenantable.cloud.objects.bucket import Bucket, Content
from tenantable.declare.grants import Component
from tenantable.errors import AccessDenied
from tenantable.services.access.declaration import (
    SYSTEM,
    AuditEvent,
    AuditEvents,
    audit_archiver,
    audit_eraser,
    audit_service,
)
from tenantable.wire.errors import DynamoError

AUDIT = (audit_service, audit_archiver, audit_eraser)
OTHERS = [each for each in SYSTEM.components if each not in AUDIT]


def bucket(world: World, component: Component) -> Bucket:
    assert world.dependencies.bucket is not None
    return world.dependencies.bucket(component)


@pytest.mark.parametrize("component", OTHERS, ids=lambda component: component.name)
def test_no_other_component_reaches_the_archive(world: World, component: Component) -> None:
    bucket_of(world).put("audit/x", Content(body=b"x"))
    with pytest.raises(AccessDenied):
        bucket(world, component).get("audit/x")
    with pytest.raises(AccessDenied):
        bucket(world, component).page("audit/")
    with pytest.raises(AccessDenied):
        bucket(world, component).put("audit/y", Content(body=b"y"))


def test_who_shows_the_trail_cannot_write_to_the_archive(world: World) -> None:
    with pytest.raises(AccessDenied):
        bucket(world, audit_service).put("audit/y", Content(body=b"y"))


@pytest.mark.parametrize("component", SYSTEM.components, ids=lambda component: component.name)
def test_nobody_deletes_in_the_archive(world: World, component: Component) -> None:
    with pytest.raises(AccessDenied):
        bucket(world, component).delete("audit/x")


@pytest.mark.parametrize("component", SYSTEM.components, ids=lambda component: component.name)
def test_who_erases_alone_deletes_former_versions(world: World, component: Component) -> None:
    if component is audit_eraser:
        bucket(world, component).delete_former_versions("audit/x")
        return
    with pytest.raises(AccessDenied):
        bucket(world, component).delete_former_versions("audit/x")


@pytest.mark.parametrize("component", AUDIT, ids=lambda component: component.name)
def test_those_who_show_and_archive_the_trail_can_neither_delete_nor_alter_an_event(
    world: World, component: Component
) -> None:
    world.found("acme")
    write_events(world, 1)
    database, event = world.dependencies.database(component), _event(world)
    events = database.repository(AuditEvents)
    with pytest.raises(DynamoError, match="AccessDenied"):
        events.delete(event)
    with pytest.raises(DynamoError, match="AccessDenied"), database.transaction() as transaction:
        transaction.update(events, event, AuditEvent.action.set("other"))
    with pytest.raises(DynamoError, match="AccessDenied"):  # alone, without the event that says so
        events.change(event, AuditEvent.details.set({}))


def _event(world: World) -> AuditEvent:
    found = world.dependencies.database(audit_service).repository(AuditEvents)
    (event,) = found.of_type(organisation_id="acme", event_type="USER_MANAGEMENT")
    return event
