"""Access management on an engine that asks each component's policy, with a clock and callers under control."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey
from tests.conftest import PATIENCE_SECONDS

from tenantable.cloud.objects.authorized import AuthorizedBucket
from tenantable.cloud.objects.embedded import EmbeddedObjects
from tenantable.declare.grants import Component
from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import Policy
from tenantable.iam.synthesis.statements import component_policies
from tenantable.local.primitives.identities import PrimitiveAuthorizer
from tenantable.services.access.app import Dependencies, create_app
from tenantable.services.access.declaration import SYSTEM, audit_archive, naming
from tenantable.services.access.identity.tokens import EmbeddedIssuer, new_key
from tenantable.testing import ManualClock
from tenantable.wire.arns import Home
from tenantable.wire.client import DynamoClient

HOME = Home()
PLATFORM_SECRET = "platform-secret-of-the-tests"
ISSUER = "https://access.test"
_TLS = ssl.create_default_context()  # not used, but each client would load the authorities anew


@lru_cache
def signing_key() -> ECKey:
    return new_key()


@lru_cache
def policies() -> dict[str, tuple[Policy, ...]]:
    """What each component may do, by its principal. Made once: it takes longer than all else of a world."""
    return {principal(each): component_policies(each, naming("dev"), HOME) for each in SYSTEM.components}


@dataclass(frozen=True, kw_only=True)
class World:
    """The running service, and those who call it. The clock stands unless a test moves it."""

    engine: Engine
    clock: ManualClock
    dependencies: Dependencies
    app: FastAPI
    issuer: EmbeddedIssuer
    address: str
    clients: ExitStack
    objects: EmbeddedObjects

    def as_platform(self) -> httpx.Client:
        """The platform's administrator."""
        return self._client(PLATFORM_SECRET)

    def as_user(self, user_id: str, *, email: str | None = None) -> httpx.Client:
        """A user with a token; the e-mail address counts as verified, by default `USER@example.com`."""
        return self._client(self.issuer.token(user_id, email=email or f"{user_id}@example.com", lifetime_seconds=43200))

    def as_nobody(self) -> httpx.Client:
        return self._open({})

    def as_bearer(self, credential: str) -> httpx.Client:
        return self._client(credential)

    def found(self, organisation_id: str = "acme", *, owner: str = "ann", seat_limit: int | None = None) -> None:
        """Create an organisation with its first owner."""
        body = {
            "organisationId": organisation_id,
            "name": organisation_id.title(),
            "owner": {"userId": owner, "email": f"{owner}@example.com"},
            "seatLimit": seat_limit,
        }
        assert self.as_platform().post("/v1/organisations", json=body).status_code == 201

    def _client(self, credential: str) -> httpx.Client:
        headers = {b"authorization": f"Bearer {credential}".encode()}
        return self._open(headers)

    def _open(self, headers: dict[bytes, bytes]) -> httpx.Client:
        client = httpx.Client(base_url=self.address, headers=headers, verify=_TLS, timeout=PATIENCE_SECONDS)
        return self.clients.enter_context(client)


def principal(component: Component) -> str:
    return f"arn:aws:iam::{HOME.account_id}:role/access-{component.name}"


@pytest.fixture
def world(serving: Callable[[FastAPI], httpx.Client], tmp_path: Path) -> Iterator[World]:
    """A world of one test."""
    with _world(serving, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(serving: Callable[[FastAPI], httpx.Client], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of all tests of a module, each of which has organisations of its own."""
    with _world(serving, tmp_path_factory.mktemp("shared")) as made:
        yield made


@contextmanager
def _world(serving: Callable[[FastAPI], httpx.Client], folder: Path) -> Iterator[World]:
    names, clock = naming("dev"), ManualClock()
    authorizer = PolicyAuthorizer(policies(), HOME, clock=clock)
    with Engine(":memory:", home=HOME, authorizer=authorizer, clock=clock) as engine:
        for table in SYSTEM.physical_tables(names):
            engine.call("CreateTable", table.create_request())
            time_to_live = table.time_to_live_request()
            assert time_to_live is not None
            engine.call("UpdateTimeToLive", time_to_live)

        def client(component: Component) -> DynamoClient:
            return engine.as_principal(principal(component))

        objects = EmbeddedObjects(folder / "objects")

        def bucket(component: Component) -> AuthorizedBucket:
            arn = principal(component)
            allows = PrimitiveAuthorizer(arn, policies()[arn], HOME, clock=clock)
            held = objects.bucket(names.resource_name(audit_archive.name))
            return AuthorizedBucket(held, authorizer=allows, home=HOME)

        issuer = EmbeddedIssuer(signing_key(), issuer=ISSUER, clock=clock)
        dependencies = Dependencies(
            client=client,
            naming=names,
            cursor_key=bytes(32),
            chain_key=b"chain-key-of-the-tests",
            platform_secret=PLATFORM_SECRET,
            issuers=[issuer.trusted],
            embedded_issuer=issuer,
            public_url=ISSUER,
            bucket=bucket,
            clock=clock,
            random=Random(1),  # noqa: S311 - waiting times
        )
        app = create_app(dependencies)
        with ExitStack() as clients:
            yield World(
                engine=engine,
                clock=clock,
                dependencies=dependencies,
                app=app,
                issuer=issuer,
                address=str(serving(app).base_url),
                clients=clients,
                objects=objects,
            )
