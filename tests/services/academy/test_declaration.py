"""The academy's tables: names, keys, indexes and times of expiry as its documents give them, and every listing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tenantable.data.database import Database
from tenantable.data.repositories import Repository
from tenantable.declare.attributes import declaration_of
from tenantable.declare.entities import Entity
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine import Engine
from tenantable.errors import DuplicateValue
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.academy.admin.declaration import (
    AnalyticsEvent,
    AnalyticsEvents,
    AnalyticsTotal,
    AnalyticsTotals,
    AuditLog,
    AuditLogs,
    CoachInvitation,
    CoachInvitations,
    Organization,
    Organizations,
)
from tenantable.services.academy.coach.declaration import (
    OnboardingSession,
    OnboardingSessions,
    ParentInvitation,
    ParentInvitations,
    Profile,
    Profiles,
)
from tenantable.services.academy.declaration import SYSTEM, naming
from tenantable.services.academy.parent.declaration import (
    Appointment,
    Appointments,
    Document,
    Documents,
    Enrollment,
    Enrollments,
    Student,
    Students,
)
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TIME = "2026-11-21T09:30:00.000000Z"
FAR = datetime(2100, 1, 1, tzinfo=UTC)

PROFILE = Profile(
    coach_id="c1",
    first_name="Ann",
    last_name="Lee",
    email="ann@example.com",
    school_id="255901",
    profile_status="active",
    created_at=NOW,
    updated_at=NOW,
)
SESSION = OnboardingSession(
    session_id="s1",
    coach_id="c1",
    onboarding_step="school",
    form_data={"step": 2, "sports": ["track"]},
    expiration_time=FAR,
    created_at=NOW,
)
PARENT_INVITATION = ParentInvitation(
    invitation_id="i1",
    coach_id="c1",
    parent_email="pat@example.com",
    student_name="Sam",
    sport="track",
    magic_link_token="d1",
    expires_at=FAR,
    sent_at=NOW,
)
ENROLLMENT = Enrollment(
    enrollment_id="e1",
    parent_email="pat@example.com",
    student_name="Sam",
    sport="track",
    coach_id="c1",
    created_at=NOW,
)
DOCUMENT = Document(
    document_id="d1",
    enrollment_id="e1",
    parent_email="pat@example.com",
    document_type="medical",
    file_name="form.pdf",
    s3_key="e1/d1",
    file_size=1000,
    uploaded_at=NOW,
    pending_since=NOW,
    expires_on=date(2027, 8, 1),
)
APPOINTMENT = Appointment(
    appointment_id="a1",
    coach_id="c1",
    parent_email="pat@example.com",
    student_name="Sam",
    appointment_type="shadow_day",
    scheduled_date=date(2026, 11, 21),
    start_time=NOW,
    end_time=NOW + timedelta(hours=1),
    time_zone="America/Chicago",
    slot=f"c1#{TIME}",
    created_at=NOW,
)
STUDENT = Student(
    student_unique_id="604822",
    first_name="Sam",
    last_name="Lee",
    school_id="255901",
    created_at=NOW,
    updated_at=NOW,
)
COACH_INVITATION = CoachInvitation(
    invitation_id="i1",
    admin_email="root@example.com",
    coach_email="ann@example.com",
    first_name="Ann",
    last_name="Lee",
    school_name="Grand Bend",
    sport="track",
    magic_link_token="d1",
    expires_at=FAR,
    sent_at=NOW,
)
AUDIT_LOG = AuditLog(
    log_id="l1",
    admin_email="root@example.com",
    action_type="view",
    resource_type="enrollment",
    resource_id="e1",
    action_description="looked at an enrollment",
    timestamp=NOW,
)
ANALYTICS_EVENT = AnalyticsEvent(event_id="v1", event_type="page", at=NOW, ttl_epoch=FAR)
ANALYTICS_TOTAL = AnalyticsTotal(event_type="page", day=date(2026, 11, 21), total=3)
ORGANIZATION = Organization(
    organization_id="o1",
    name="Grand Bend",
    organization_type="school",
    parent_id="o0",
    created_at=NOW,
    updated_at=NOW,
)

DESIGN: list[tuple[type[Repository[Any]], Entity, dict[str, str]]] = [
    (Profiles, PROFILE, {"coach_id": "c1", "school_id": "255901", "profile_status": "active", "updated_at": TIME}),
    (OnboardingSessions, SESSION, {"session_id": "s1", "coach_id": "c1", "created_at": TIME}),
    (
        ParentInvitations,
        PARENT_INVITATION,
        {"invitation_id": "i1", "coach_id": "c1", "parent_email": "pat@example.com", "magic_link_token": "d1"},
    ),
    (Enrollments, ENROLLMENT, {"enrollment_id": "e1", "parent_email": "pat@example.com", "coach_id": "c1"}),
    (
        Documents,
        DOCUMENT,
        {
            "document_id": "d1",
            "enrollment_id": "e1",
            "parent_email": "pat@example.com",
            "verification_queue": "PENDING",
            "verification_order": f"{TIME}#d1",
            "expiry_queue": "EXPIRING",
            "expiry_order": "2027-08-01#d1",
        },
    ),
    (
        Appointments,
        APPOINTMENT,
        {
            "appointment_id": "a1",
            "coach_id": "c1",
            "scheduled_date": "2026-11-21",
            "parent_email": "pat@example.com",
            "day_status": "2026-11-21#scheduled",
            "start_time": TIME,
        },
    ),
    (Students, STUDENT, {"student_unique_id": "604822", "school_id": "255901", "last_name": "Lee"}),
    (
        CoachInvitations,
        COACH_INVITATION,
        {"invitation_id": "i1", "coach_email": "ann@example.com", "magic_link_token": "d1"},
    ),
    (
        AuditLogs,
        AUDIT_LOG,
        {
            "log_id": "l1",
            "admin_email": "root@example.com",
            "timestamp": TIME,
            "action_day": "view#2026-11-21",
            "resource": "enrollment#e1",
        },
    ),
    (AnalyticsEvents, ANALYTICS_EVENT, {"event_id": "v1", "type_day": "page#2026-11-21", "at": TIME}),
    (AnalyticsTotals, ANALYTICS_TOTAL, {"event_type": "page", "day": "2026-11-21"}),
    (
        Organizations,
        ORGANIZATION,
        {"organization_id": "o1", "type": "school", "name": "Grand Bend", "parent_id": "o0"},
    ),
]


@pytest.fixture
def database(database_of: Callable[[System, Naming], Database]) -> Database:
    return database_of(SYSTEM, naming("dev"))


def other(entity: Entity, **values: Any) -> Any:
    """The entity with some values changed."""
    return type(entity)(**{**vars(entity), **values})


def stored_items(engine: Engine, entity: Entity) -> list[dict[str, Any]]:
    table = declaration_of(type(entity)).table
    items: list[dict[str, Any]] = engine.call("Scan", {"TableName": naming("dev").table_name(table.name)})["Items"]
    return [item for item in items if not any("UNIQUE#" in value.get("S", "") for value in item.values())]


@pytest.mark.parametrize(("repository", "entity", "keys"), DESIGN)
def test_an_item_has_exactly_the_keys_of_its_design(
    repository: type[Repository[Any]], entity: Entity, keys: dict[str, str], database: Database, engine: Engine
) -> None:
    """Requirement: T-01."""
    database.repository(repository).create(entity)
    (item,) = stored_items(engine, entity)
    table = declaration_of(type(entity)).table
    assert {name: item[name]["S"] for name in table.key_attributes if name in item} == keys


@pytest.mark.parametrize(("repository", "entity", "keys"), DESIGN)
def test_an_item_comes_back_as_it_was(
    repository: type[Repository[Any]], entity: Entity, keys: dict[str, str], database: Database
) -> None:
    stored = database.repository(repository).create(entity)
    typed: Any = database.repository(repository)
    assert typed.get(**{name: getattr(entity, name) for name in repository.patterns["get"].parameters}) == stored


def test_the_time_of_expiry_is_epoch_seconds(database: Database, engine: Engine) -> None:
    """Requirement: T-01; an ISO text would never expire."""
    database.repository(OnboardingSessions).create(SESSION)
    (item,) = stored_items(engine, SESSION)
    assert item["expiration_time"] == {"N": str(int(FAR.timestamp()))}


def test_the_physical_names_are_those_of_the_documents() -> None:
    """Requirement: T-02."""
    rule = naming("dev")
    assert {variable: rule.table_name(table.name) for variable, table in SYSTEM.environment.items()} == {
        "PROFILES_TABLE": "profilesdev",
        "ONBOARDING_TABLE": "coach-onboarding-sessionsdev",
        "PARENT_INVITATIONS_TABLE": "parent-invitationsdev",
        "ENROLLMENTS_TABLE": "tsa-parent-enrollmentsdev",
        "DOCUMENTS_TABLE": "tsa-parent-documentsdev",
        "SCHEDULING_TABLE": "tsa-parent-schedulingdev",
        "INVITATIONS_TABLE": "coach-invitationsdev",
        "AUDIT_LOGS_TABLE": "admin-audit-logsdev",
        "ANALYTICS_EVENTS_TABLE": "analytics-eventsdev",
        "ANALYTICS_TOTALS_TABLE": "analytics-totalsdev",
        "ORGANIZATIONS_TABLE": "organizations-dev",
        "STUDENTS_TABLE": "students-dev",
    }


def test_coaches_are_listed_by_school_and_by_status(database: Database) -> None:
    """Requirement: P-04."""
    profiles = database.repository(Profiles)
    profiles.create(PROFILE)
    profiles.create(other(PROFILE, coach_id="c2", school_id=None, profile_status="pending"))
    assert [profile.coach_id for profile in profiles.of_school(school_id="255901")] == ["c1"]
    assert [profile.coach_id for profile in profiles.by_status(profile_status="active")] == ["c1"]


def test_an_onboarding_can_be_resumed_where_it_was_left(database: Database) -> None:
    sessions = database.repository(OnboardingSessions)
    for hours in (1, 2):
        sessions.create(other(SESSION, session_id=f"s{hours}", created_at=NOW + timedelta(hours=hours)))
    newest = sessions.of_coach(coach_id="c1").newest_first().first()
    assert newest is not None
    assert (newest.session_id, newest.form_data) == ("s2", {"step": 2, "sports": ["track"]})


def test_a_used_magic_link_finds_nothing(database: Database) -> None:
    """Requirement: T-12."""
    invitations = database.repository(ParentInvitations)
    invitations.create(PARENT_INVITATION)
    assert [found.invitation_id for found in invitations.by_token(magic_link_token="d1")] == ["i1"]
    invitations.update(ParentInvitations.get.key(invitation_id="i1"), ParentInvitation.magic_link_token.set(None))
    assert invitations.by_token(magic_link_token="d1").all() == []
    assert [found.invitation_id for found in invitations.of_parent(parent_email="pat@example.com")] == ["i1"]


def test_a_verified_document_leaves_the_queue(database: Database) -> None:
    """Requirement: T-12."""
    documents = database.repository(Documents)
    documents.create(DOCUMENT)
    documents.create(other(DOCUMENT, document_id="d0", pending_since=NOW - timedelta(days=1), expires_on=None))
    assert [found.document_id for found in documents.awaiting_verification()] == ["d0", "d1"]
    documents.update(
        Documents.get.key(document_id="d0"),
        Document.verification_status.set("approved"),
        Document.pending_since.set(None),
    )
    assert [found.document_id for found in documents.awaiting_verification()] == ["d1"]
    soon = documents.expiring().range(Document.expires_on < date(2027, 9, 1))
    assert [found.document_id for found in soon] == ["d1"]


def test_a_slot_is_booked_once_until_it_is_free_again(database: Database) -> None:
    """Requirement: T-12."""
    appointments = database.repository(Appointments)
    first = appointments.create(APPOINTMENT)
    with pytest.raises(DuplicateValue):
        appointments.create(other(APPOINTMENT, appointment_id="a2"))
    appointments.update(first, Appointment.status.set("cancelled"), Appointment.slot.set(None))
    appointments.create(other(APPOINTMENT, appointment_id="a2"))
    day = {"scheduled_date": date(2026, 11, 21)}
    assert [found.appointment_id for found in appointments.of_day(**day, status="scheduled")] == ["a2"]
    assert {found.appointment_id for found in appointments.of_coach(coach_id="c1", **day)} == {"a1", "a2"}


def test_the_parent_service_books_under_its_own_policy() -> None:
    """An appointment and the marker of its slot are written together, and the policy lets them."""
    home, name = Home(), "arn:aws:iam::000000000000:role/parent-service"
    policies = component_policies(SYSTEM.component("parent-service"), naming("dev"), home)
    with Engine(":memory:", authorizer=PolicyAuthorizer({name: policies}, home)) as engine:
        for request in SYSTEM.create_table_requests(naming("dev")):
            engine.call("CreateTable", request)
        database = Database(engine.as_principal(name), naming=naming("dev"), cursor_key=bytes(32))
        appointments = database.repository(Appointments)
        appointments.create(other(APPOINTMENT, slot=None))
        booked = appointments.create(other(APPOINTMENT, appointment_id="a2"))
        appointments.update(booked, Appointment.slot.set(None))
        with pytest.raises(DynamoError, match="AccessDeniedException"):
            database.repository(Profiles).get(coach_id="c1")


def test_the_audit_trail_is_read_by_person_kind_and_resource(database: Database) -> None:
    """Requirement: T-05."""
    logs = database.repository(AuditLogs)
    for hours in (0, 5, 30):
        logs.create(other(AUDIT_LOG, log_id=f"l{hours}", timestamp=NOW + timedelta(hours=hours)))
    early = AuditLog.timestamp.between(NOW, NOW + timedelta(hours=6))
    assert [log.log_id for log in logs.of_admin(admin_email="root@example.com").range(early)] == ["l0", "l5"]
    assert [log.log_id for log in logs.of_day(action_type="view", timestamp=date(2026, 11, 22))] == ["l30"]
    of_resource = logs.of_resource(resource_type="enrollment", resource_id="e1")
    assert [log.log_id for log in of_resource.newest_first()] == ["l30", "l5", "l0"]


def test_analytics_are_counted_by_day(database: Database) -> None:
    """Requirement: P-08."""
    events, totals = database.repository(AnalyticsEvents), database.repository(AnalyticsTotals)
    events.create(ANALYTICS_EVENT)
    totals.create(ANALYTICS_TOTAL)
    totals.update(AnalyticsTotals.get.key(event_type="page", day=date(2026, 11, 21)), AnalyticsTotal.total.add(2))
    assert [event.event_id for event in events.of_day(event_type="page", at=date(2026, 11, 21))] == ["v1"]
    assert [(total.day, total.total) for total in totals.of_type(event_type="page")] == [(date(2026, 11, 21), 5)]
