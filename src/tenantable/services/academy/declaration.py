"""
The academy as one system: which service may touch whose tables, and how.

Every table has one owner. Beyond its own tables a service reads and writes only what stands here: coaches' profiles are
read directly by the admin service; the coach service fulfils invitations that the admin service made. Everything else
between the services goes through their APIs and events.
"""

from tenantable.declare.grants import Component, allow, writes
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
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
    analytics_events,
    analytics_totals,
    audit_logs,
    coach_invitations,
    organizations,
)
from tenantable.services.academy.coach.declaration import (
    OnboardingSession,
    OnboardingSessions,
    ParentInvitation,
    ParentInvitations,
    Profile,
    Profiles,
    onboarding_sessions,
    parent_invitations,
    profiles,
)
from tenantable.services.academy.parent.declaration import (
    Appointment,
    Appointments,
    Document,
    Documents,
    Enrollment,
    Enrollments,
    Student,
    Students,
    documents,
    enrollments,
    scheduling,
    students,
)

# Whoever acts on education records is recorded, not administrators alone. Nobody changes or removes a record.
_RECORDS = allow(writes(AuditLog, "create"))

coach_service = Component(
    "coach-service",
    description="Keeps coaches' profiles, takes them through onboarding, and invites parents.",
    grants=[
        _RECORDS,
        allow(Profiles.get, Profiles.of_school, Profiles.by_status, writes(Profile, "create", "update")),
        allow(
            OnboardingSessions.get,
            OnboardingSessions.of_coach,
            writes(OnboardingSession, "create", "update", "delete"),
        ),
        allow(
            ParentInvitations.get,
            ParentInvitations.of_coach,
            ParentInvitations.of_parent,
            ParentInvitations.by_token,
            writes(ParentInvitation, "create", "update"),
        ),
        allow(CoachInvitations.get, CoachInvitations.by_token),
        allow(
            writes(CoachInvitation, "update"),
            attributes=[
                CoachInvitation.invitation_status,
                CoachInvitation.accepted_at,
                CoachInvitation.magic_link_token,
                CoachInvitation.revision,
            ],
        ),
        allow(writes(AnalyticsEvent, "create")),
    ],
)

parent_service = Component(
    "parent-service",
    description="Keeps enrollments, documents and appointments. Asks the coach service's API for coaches.",
    grants=[
        _RECORDS,
        allow(Enrollments.get, Enrollments.of_parent, Enrollments.of_coach, writes(Enrollment, "create", "update")),
        allow(
            Documents.get,
            Documents.of_enrollment,
            Documents.of_parent,
            Documents.awaiting_verification,
            Documents.expiring,
            writes(Document, "create", "update", "delete"),
        ),
        allow(
            Appointments.get,
            Appointments.of_coach,
            Appointments.of_parent,
            Appointments.of_day,
            writes(Appointment, "create", "update"),
        ),
        allow(Students.get, Students.of_school, writes(Student, "create", "update")),
        allow(writes(AnalyticsEvent, "create")),
    ],
)

admin_service = Component(
    "admin-service",
    description="Invites coaches, shows the audit trail and analytics. Reads coaches directly, changes them by API.",
    grants=[
        _RECORDS,
        allow(AuditLogs.get, AuditLogs.of_admin, AuditLogs.of_day, AuditLogs.of_resource),
        allow(CoachInvitations.get, CoachInvitations.of_coach, writes(CoachInvitation, "create", "update", "delete")),
        allow(AnalyticsEvents.get, AnalyticsEvents.of_day, writes(AnalyticsEvent, "create", "update", "delete")),
        allow(AnalyticsTotals.get, AnalyticsTotals.of_type, writes(AnalyticsTotal, "put", "update")),
        allow(
            Organizations.get,
            Organizations.of_type,
            Organizations.of_parent,
            writes(Organization, "create", "update", "delete"),
        ),
        allow(Profiles.get, Profiles.of_school, Profiles.by_status),
    ],
)


def naming(stage: str) -> Naming:
    """`profilesdev` in the stage `dev`; the tables that were planned last are written `organizations-dev`."""
    return Naming(
        table="{table}{stage}",
        exceptions={"organizations": "{table}-{stage}", "students": "{table}-{stage}"},
        values={"stage": stage},
    )


SYSTEM = System(
    name="academy",
    description="Texas Sports Academy: coaches, parents and administrators.",
    tables=(
        profiles,
        onboarding_sessions,
        parent_invitations,
        enrollments,
        documents,
        scheduling,
        coach_invitations,
        audit_logs,
        analytics_events,
        analytics_totals,
        organizations,
        students,
    ),
    components=(coach_service, parent_service, admin_service),
    environment={
        "PROFILES_TABLE": profiles,
        "ONBOARDING_TABLE": onboarding_sessions,
        "PARENT_INVITATIONS_TABLE": parent_invitations,
        "ENROLLMENTS_TABLE": enrollments,
        "DOCUMENTS_TABLE": documents,
        "SCHEDULING_TABLE": scheduling,
        "INVITATIONS_TABLE": coach_invitations,
        "AUDIT_LOGS_TABLE": audit_logs,
        "ANALYTICS_EVENTS_TABLE": analytics_events,
        "ANALYTICS_TOTALS_TABLE": analytics_totals,
        "ORGANIZATIONS_TABLE": organizations,
        "STUDENTS_TABLE": students,
    },
    naming=naming,
    accepted={
        "TD005": {"AnalyticsTotal": "some ten types of events, whose totals are counted in batches from the stream"},
        "TD009": {
            "OnboardingSession.form_data": "one form of one person, gone after a day",
            "AnalyticsEvent.props": "events are small when they are made, and corrected by hand alone",
        },
        "TD011": {"Document": "what runs out is the document's validity; the record of it is kept"},
    },
)
