"""
Every "no" between components and tables in the documents of the webhook system and of the academy.

Each is tried in every way that DynamoDB offers. Each also has a grant that would break it, and is shown to notice: a
refusal that no grant can break proves nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from tests.system.requests_on_tables import READS, WRITES, principal_of, reached

from tenantable.declare.grants import Component, Grant, allow, writes
from tenantable.declare.systems import System
from tenantable.declare.tables import PhysicalTable, Table
from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.academy import declaration as academy
from tenantable.services.academy.admin import declaration as admin
from tenantable.services.academy.coach import declaration as coach
from tenantable.services.academy.parent import declaration as parent
from tenantable.services.webhooks import declaration as webhooks
from tenantable.wire.arns import Home

HOME = Home()
EVERYTHING = READS | WRITES


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What a component may not do with a table, and a grant that would let it."""

    system: System
    component: Component
    table: Table
    ways: frozenset[str]
    widening: Grant

    def __str__(self) -> str:
        kind = {EVERYTHING: "at all", WRITES: "by writing", READS: "by reading"}.get(self.ways, "but by appending")
        return f"{self.component.name} may not touch {self.table.name} {kind}"


def refusal(component: Component, table: Table, widening: Grant, ways: frozenset[str] = EVERYTHING) -> Refusal:
    system = webhooks.SYSTEM if component in webhooks.SYSTEM.components else academy.SYSTEM
    return Refusal(system=system, component=component, table=table, ways=ways, widening=widening)


BUT_APPENDING = EVERYTHING - {"PutItem"}
BUT_UPDATING = EVERYTHING - {"UpdateItem", "GetItem", "Query"}

REFUSALS = [
    # Seed 003, IAM permissions. Requirements: W-03, W-05, W-06, W-07.
    refusal(webhooks.authorizer, webhooks.configs, allow(webhooks.TenantWebhookConfigs.target)),
    refusal(webhooks.authorizer, webhooks.identities, allow(writes(webhooks.TenantIdentity, "update")), WRITES),
    refusal(webhooks.authorizer, webhooks.events, allow(webhooks.Events.summary)),
    refusal(webhooks.authorizer, webhooks.deliveries, allow(webhooks.Attempts.of_event)),
    refusal(webhooks.worker, webhooks.identities, allow(webhooks.TenantIdentities.authorized)),
    refusal(webhooks.worker, webhooks.configs, allow(writes(webhooks.TenantWebhookConfig, "update")), WRITES),
    refusal(webhooks.receiver, webhooks.identities, allow(webhooks.TenantIdentities.authorized)),
    refusal(webhooks.receiver, webhooks.configs, allow(writes(webhooks.TenantWebhookConfig, "put")), WRITES),
    refusal(webhooks.receiver, webhooks.events, allow(webhooks.Events.get)),
    refusal(webhooks.receiver, webhooks.deliveries, allow(writes(webhooks.EndpointState, "put"))),
    refusal(webhooks.dlq_processor, webhooks.identities, allow(webhooks.TenantIdentities.get)),
    refusal(webhooks.dlq_processor, webhooks.configs, allow(webhooks.TenantWebhookConfigs.get)),
    refusal(webhooks.dlq_processor, webhooks.deliveries, allow(webhooks.EndpointStates.get)),
    # Seed 000, the wildcard policy replaced: the admin service. Requirements: P-01, P-02, P-08.
    refusal(academy.admin_service, coach.profiles, allow(writes(coach.Profile, "update")), WRITES),
    refusal(academy.admin_service, coach.onboarding_sessions, allow(coach.OnboardingSessions.get)),
    refusal(academy.admin_service, coach.parent_invitations, allow(coach.ParentInvitations.of_coach)),
    refusal(academy.admin_service, parent.enrollments, allow(parent.Enrollments.get)),
    refusal(academy.admin_service, parent.documents, allow(parent.Documents.awaiting_verification)),
    refusal(academy.admin_service, parent.scheduling, allow(parent.Appointments.of_day)),
    refusal(academy.admin_service, parent.students, allow(parent.Students.of_school)),
    refusal(academy.admin_service, admin.audit_logs, allow(writes(admin.AuditLog, "delete")), WRITES - {"PutItem"}),
    # Seed 000, API first: the parent service knows coaches by the coach service's API. Requirements: P-03, P-08.
    refusal(academy.parent_service, coach.profiles, allow(coach.Profiles.get)),
    refusal(academy.parent_service, coach.onboarding_sessions, allow(coach.OnboardingSessions.of_coach)),
    refusal(academy.parent_service, coach.parent_invitations, allow(coach.ParentInvitations.by_token)),
    refusal(academy.parent_service, admin.coach_invitations, allow(admin.CoachInvitations.get)),
    refusal(academy.parent_service, admin.organizations, allow(admin.Organizations.get)),
    refusal(academy.parent_service, admin.analytics_totals, allow(admin.AnalyticsTotals.get)),
    refusal(academy.parent_service, admin.audit_logs, allow(admin.AuditLogs.of_resource), BUT_APPENDING),
    refusal(academy.parent_service, admin.analytics_events, allow(admin.AnalyticsEvents.of_day), BUT_APPENDING),
    # Seed 000, student information by API: the coach service. Requirements: P-08.
    refusal(academy.coach_service, parent.enrollments, allow(parent.Enrollments.of_coach)),
    refusal(academy.coach_service, parent.documents, allow(writes(parent.Document, "update"))),
    refusal(academy.coach_service, parent.scheduling, allow(parent.Appointments.of_coach)),
    refusal(academy.coach_service, parent.students, allow(parent.Students.get)),
    refusal(academy.coach_service, admin.organizations, allow(admin.Organizations.of_type)),
    refusal(academy.coach_service, admin.analytics_totals, allow(writes(admin.AnalyticsTotal, "put"))),
    refusal(academy.coach_service, admin.audit_logs, allow(admin.AuditLogs.get), BUT_APPENDING),
    refusal(academy.coach_service, admin.analytics_events, allow(admin.AnalyticsEvents.get), BUT_APPENDING),
    refusal(
        academy.coach_service, admin.coach_invitations, allow(writes(admin.CoachInvitation, "create")), BUT_UPDATING
    ),
]


@contextmanager
def guarded(refused: Refusal, component: Component) -> Iterator[tuple[Engine, PhysicalTable]]:
    """An engine with the system's tables, which holds the component to its policy."""
    naming = refused.system.naming("dev")
    policies = {principal_of(component): component_policies(component, naming, HOME)}
    with Engine(":memory:", authorizer=PolicyAuthorizer(policies, HOME)) as engine:
        table = next(each for each in refused.system.physical_tables(naming) if each.table is refused.table)
        engine.call("CreateTable", table.create_request() | {"DeletionProtectionEnabled": True})
        yield engine, table


@pytest.mark.parametrize("refused", REFUSALS, ids=str)
def test_a_component_reaches_no_table_that_it_must_not(refused: Refusal) -> None:
    with guarded(refused, refused.component) as (engine, table):
        assert not reached(engine, refused.component, table) & refused.ways


@pytest.mark.parametrize("refused", REFUSALS, ids=str)
def test_a_grant_that_widens_is_noticed(refused: Refusal) -> None:
    widened = replace(refused.component, grants=[*refused.component.grants, refused.widening])
    with guarded(refused, widened) as (engine, table):
        assert reached(engine, widened, table) & refused.ways
