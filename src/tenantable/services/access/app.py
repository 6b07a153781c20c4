"""Access management put together: five services and the decisions behind one HTTP application."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tenantable import __version__
from tenantable.cloud.objects.bucket import Bucket
from tenantable.data.database import Database
from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.services.access import declaration
from tenantable.services.access.audit.api import install_damage
from tenantable.services.access.audit.api import router as audit_router
from tenantable.services.access.audit.archiving.archiver import Retention
from tenantable.services.access.audit.assembly import audit_of
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.configuration.api import router as configuration_router
from tenantable.services.access.configuration.applying import Configuration, Services
from tenantable.services.access.credentials.key_api import router as service_keys_router
from tenantable.services.access.credentials.keys import ServiceKeyDirectory
from tenantable.services.access.credentials.token_api import router as token_router
from tenantable.services.access.credentials.tokens import Tokens
from tenantable.services.access.decisions.snapshots import Snapshots
from tenantable.services.access.directory.api import router as directory_router
from tenantable.services.access.directory.member_api import router as members_router
from tenantable.services.access.directory.members import MemberDirectory
from tenantable.services.access.directory.platform import found_platform
from tenantable.services.access.directory.removal import Removal
from tenantable.services.access.directory.resource_api import router as resources_router
from tenantable.services.access.directory.resources import ResourceDirectory
from tenantable.services.access.directory.service import Directory
from tenantable.services.access.erasure.api import router as erasure_router
from tenantable.services.access.erasure.assembly import erasure_of
from tenantable.services.access.evaluation.api import router as decisions_router
from tenantable.services.access.evaluation.authzen import router as authzen_router
from tenantable.services.access.evaluation.decision_point import DecisionPoint
from tenantable.services.access.evaluation.holders import Holders
from tenantable.services.access.evaluation.inquiries import Doorkeeper
from tenantable.services.access.evaluation.metrics import DecisionMetrics
from tenantable.services.access.evaluation.searches import Searches
from tenantable.services.access.http.answers import install_replays
from tenantable.services.access.http.challenges import install_challenges
from tenantable.services.access.http.limits import install_limits
from tenantable.services.access.http.requests import Doors
from tenantable.services.access.http.versions import HEADER
from tenantable.services.access.identity.callers import Authenticator, PlatformSecret
from tenantable.services.access.identity.recent import RecentCallers
from tenantable.services.access.identity.service_keys import ServiceKeyAuthenticator
from tenantable.services.access.identity.tokens import EmbeddedIssuer, Issuer, TokenAuthenticator
from tenantable.services.access.invitations.acceptance import Acceptance
from tenantable.services.access.invitations.answers_api import answer_buckets
from tenantable.services.access.invitations.answers_api import router as invitation_answers_router
from tenantable.services.access.invitations.api import router as invitations_router
from tenantable.services.access.invitations.decoy import found_decoy
from tenantable.services.access.invitations.service import InvitationService
from tenantable.services.access.invitations.tokens import new_token
from tenantable.services.access.permissions.api import router as permissions_router
from tenantable.services.access.permissions.catalogue import PermissionCatalogue
from tenantable.services.access.permissions.platform_api import router as platform_permissions_router
from tenantable.services.access.permissions.service import PermissionSetService
from tenantable.services.access.roles.api import router as roles_router
from tenantable.services.access.roles.assignments import Assignments
from tenantable.services.access.roles.definitions import PlatformRoleDefinitions, RoleDefinitions
from tenantable.services.access.roles.remapping import Remapping
from tenantable.services.access.teams.api import router as teams_router
from tenantable.services.access.teams.definitions import TeamRoles
from tenantable.services.access.teams.members import Memberships
from tenantable.services.access.teams.members_api import router as team_members_router
from tenantable.services.access.teams.service import TeamService
from tenantable.web.application import new_application, refuse_unknown_queries
from tenantable.wire.client import DynamoClient

BODY_BYTES_MAX = 1024 * 1024
_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing is mistaken for another
_RANDOM_CHARACTERS = 16


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """
    What the application is made from.

    `client` gives each component a client that carries its identity. `platform_secret` is the administrator's, of at
    least 16 characters; `chain_key` keys the audit trail; `issuers` are those whose tokens are believed, and
    `embedded_issuer` is the one of them that signs with a key of this installation; None: there is none.
    `public_url` is where callers reach the application; `default_organisation` is that of decisions which name none.

    `bucket` gives the archive of audit events as a component may use it; None: there is no archive. `former_chain_keys`
    keyed earlier events, the oldest first; `head_seed` (32 bytes) is of the key that signs heads, by default made of
    the chain's first key, and `former_head_keys` are public keys that signed earlier ones.
    """

    client: Callable[[Component], DynamoClient]
    naming: Naming
    cursor_key: bytes
    chain_key: bytes
    platform_secret: str
    issuers: Sequence[Issuer]
    embedded_issuer: EmbeddedIssuer | None = None
    public_url: str = "http://127.0.0.1:8080"
    default_organisation: str | None = None
    bucket: Callable[[Component], Bucket] | None = None
    former_chain_keys: Sequence[bytes] = ()
    head_seed: bytes | None = None
    former_head_keys: Sequence[bytes] = ()
    retention: Retention = field(default_factory=Retention)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.perf_counter
    entropy: Callable[[int], bytes] = os.urandom
    random: Random = field(default_factory=SystemRandom)

    def database(self, component: Component, *, clock: Callable[[], float] | None = None) -> Database:
        """The table as this component may see it; `clock` tells what has expired."""
        return Database(
            self.client(component),
            naming=self.naming,
            cursor_key=self.cursor_key,
            clock=clock or self.clock,
            random=self.random,
        )

    def changes(self, component: Component, database: Database | None = None) -> Changes:
        return Changes(
            database or self.database(component),
            chain_key=self.chain_key,
            clock=self.clock,
            new_id=self.new_id,
            random=self.random,
            hot_days=self.retention.hot_days,
        )

    def new_id(self) -> str:
        """An id that sorts by time: eight characters of milliseconds' time, then sixteen random ones."""
        milliseconds = int(self.clock() * 1000)
        time_part = "".join(_ID_ALPHABET[milliseconds >> 5 * place & 31] for place in range(8, -1, -1))
        drawn = "".join(_ID_ALPHABET[byte & 31] for byte in self.entropy(_RANDOM_CHARACTERS))
        return time_part + drawn


def create_app(dependencies: Dependencies) -> FastAPI:
    """The HTTP application, to be served alone or mounted under a prefix. The platform is founded if it is not yet."""
    app = new_application(
        title="Access management",
        version=__version__,
        description="Who may do what, in which organisation, and what they did.",
        body_bytes_max=BODY_BYTES_MAX,
        registry=dependencies.registry,
        entropy=dependencies.entropy,
        monotonic=dependencies.monotonic,
        parameter_problems={HEADER: (412, 422)},
    )
    install_replays(app)
    install_damage(app)
    app.include_router(authzen_router)  # first: routes are tried in order, and these are asked most
    refuse_unknown_queries(app)
    install_challenges(app)
    install_limits(app)
    decision_database = dependencies.database(declaration.decision_service)
    app.state.doors = Doors(
        authenticators=_authenticators(dependencies, decision_database),
        snapshots=Snapshots(decision_database, clock=dependencies.clock),
        clock=dependencies.clock,
    )
    changes = dependencies.changes(declaration.directory_service)
    found_platform(changes, now=dependencies.clock())
    app.state.doors.snapshots.prepare()
    app.state.directory = Directory(changes)
    app.state.members = MemberDirectory(changes)
    app.state.removal = Removal(changes)
    app.state.service_keys = ServiceKeyDirectory(changes, entropy=dependencies.entropy)
    app.state.resources = ResourceDirectory(changes)
    app.state.tokens = Tokens(changes, dependencies.embedded_issuer)
    for router in (directory_router, token_router, members_router, service_keys_router, resources_router):
        app.include_router(router)
    permission_changes = dependencies.changes(declaration.permission_service)
    app.state.permission_catalogue = PermissionCatalogue(permission_changes)
    app.state.permission_sets = PermissionSetService(permission_changes)
    app.include_router(permissions_router)
    app.include_router(platform_permissions_router)
    role_changes = dependencies.changes(declaration.role_service)
    app.state.roles = RoleDefinitions(role_changes)
    app.state.platform_roles = PlatformRoleDefinitions(role_changes)
    app.state.assignments = Assignments(role_changes)
    app.state.remapping = Remapping(role_changes)
    app.include_router(roles_router)
    team_changes = dependencies.changes(declaration.team_service)
    app.state.teams = TeamService(team_changes)
    app.state.team_roles = TeamRoles(team_changes)
    app.state.memberships = Memberships(team_changes)
    app.include_router(teams_router)
    app.include_router(team_members_router)
    _add_invitations(app, dependencies)
    _add_decisions(app, dependencies, decision_database)
    app.state.audit = audit_of(dependencies)
    app.include_router(audit_router)
    app.state.user_erasure = erasure_of(dependencies, removal=app.state.removal, audit=app.state.audit)
    app.include_router(erasure_router)
    _add_configuration(app, dependencies, decision_database, answers=role_changes)
    return app


def _add_configuration(app: FastAPI, dependencies: Dependencies, database: Database, *, answers: Changes) -> None:
    state = app.state
    services = Services(
        directory=state.directory,
        permission_sets=state.permission_sets,
        roles=state.roles,
        assignments=state.assignments,
        teams=state.teams,
        team_roles=state.team_roles,
        memberships=state.memberships,
    )
    state.configuration = Configuration(
        database, services, answers=answers, clock=dependencies.clock, monotonic=dependencies.monotonic
    )
    app.include_router(configuration_router)


def _add_decisions(app: FastAPI, dependencies: Dependencies, database: Database) -> None:
    doors: Doors = app.state.doors
    doorkeeper = Doorkeeper(
        callers=RecentCallers(doors.authenticators, clock=doors.clock),
        snapshots=doors.snapshots,
        clock=doors.clock,
        default_organisation=dependencies.default_organisation,
    )
    app.state.decision_point = DecisionPoint(
        doorkeeper=doorkeeper,
        searches=Searches(database, cursor_key=dependencies.cursor_key),
        metrics=DecisionMetrics(dependencies.registry, monotonic=dependencies.monotonic),
        clock=doors.clock,
    )
    app.state.holders = Holders(database, cursor_key=dependencies.cursor_key, clock=doors.clock)
    app.state.public_url = dependencies.public_url
    app.include_router(decisions_router)


def _add_invitations(app: FastAPI, dependencies: Dependencies) -> None:
    changes, clock = dependencies.changes(declaration.invitation_service), dependencies.clock
    invitations = InvitationService(changes, new_token=lambda: new_token(dependencies.entropy), clock=clock)
    found_decoy(changes)
    app.state.invitations = invitations
    app.state.acceptance = Acceptance(changes, expiry=invitations.expiry, clock=clock)
    app.state.answer_buckets = answer_buckets(dependencies.monotonic)
    app.include_router(invitations_router)
    app.include_router(invitation_answers_router)


def _authenticators(dependencies: Dependencies, database: Database) -> list[Authenticator]:
    return [
        PlatformSecret(dependencies.platform_secret),
        ServiceKeyAuthenticator(database, clock=dependencies.clock),
        TokenAuthenticator(dependencies.issuers, clock=dependencies.clock),
    ]
