"""Temporary credentials at the endpoint: whose sessions are believed, and for how long."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tenantable.data.http_client import HttpClient
from tenantable.engine import Engine
from tenantable.engine.server import Server, http_address, listen
from tenantable.engine.signature import AccessKey
from tenantable.errors import StorageError
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import parse_policy
from tenantable.iam.sessions.issuing import SessionIssuer
from tenantable.iam.sessions.roles import FixedRoles, Role
from tenantable.iam.sessions.tokens import SessionTokens
from tenantable.local.principals.session_keys import SESSION_KEY_FILE, session_key, temporary_keys
from tenantable.local.serving import dynamo_endpoint
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials

ROLE = "arn:aws:iam::000000000000:role/worker"
LISTS = parse_policy({"Statement": {"Effect": "Allow", "Action": "dynamodb:ListTables", "Resource": "*"}})
ROLES = FixedRoles([Role(arn=ROLE, policies=[LISTS])])


@dataclass
class Place:
    """An endpoint with a key of its own for sessions, whose clock for sessions can be moved on."""

    address: str
    key: bytes
    clock: ManualClock

    def credentials(self, key: bytes | None = None) -> Credentials:
        tokens = SessionTokens(key or self.key, clock=self.clock, random_bytes=os.urandom)
        return SessionIssuer(ROLES, tokens, clock=self.clock).assume_role(ROLE, "s1", caller=None).credentials

    def refusal(self, credentials: Credentials) -> str | None:
        client = HttpClient(self.address, region="us-east-1", credentials=lambda: credentials)
        try:
            client.call("ListTables", {})
        except DynamoError as error:
            return error.code
        finally:
            client.close()
        return None


@pytest.fixture
def place() -> Iterator[Place]:
    clock, key = ManualClock(), os.urandom(32)
    temporary = temporary_keys(SessionTokens(key, clock=clock, random_bytes=os.urandom))
    none: dict[str, AccessKey] = {}
    with (
        Engine(":memory:", authorizer=PolicyAuthorizer(ROLES, clock=clock)) as engine,
        listen("127.0.0.1", 0) as listener,
        dynamo_endpoint(engine, access_keys=none.get, temporary_keys=temporary, commits_wait=False) as endpoint,
    ):
        server = Server(endpoint, listener)
        server.start()
        yield Place(http_address("127.0.0.1", listener.getsockname()[1]), key, clock)
        server.stop()


def test_credentials_hold_for_as_long_as_their_session(place: Place) -> None:
    credentials = place.credentials()
    assert place.refusal(credentials) is None
    place.clock.now += 3599
    assert place.refusal(credentials) is None
    place.clock.now += 1
    assert place.refusal(credentials) == "ExpiredTokenException"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda one, _: replace(one, session_token=None), "UnrecognizedClientException"),
        (lambda one, _: replace(one, session_token="x"), "UnrecognizedClientException"),
        (lambda one, other: replace(one, session_token=other.session_token), "UnrecognizedClientException"),
        (lambda one, other: replace(one, access_key_id=other.access_key_id), "UnrecognizedClientException"),
        (lambda one, other: replace(one, secret_access_key=other.secret_access_key), "InvalidSignatureException"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    place: Place, spoil: Callable[[Credentials, Credentials], Credentials], code: str
) -> None:
    assert place.refusal(spoil(place.credentials(), place.credentials())) == code


def test_sessions_of_another_installation_are_unknown(place: Place) -> None:
    assert place.refusal(place.credentials(os.urandom(32))) == "UnrecognizedClientException"


def test_an_installation_keeps_its_key_from_others(tmp_path: Path) -> None:
    key = session_key(tmp_path)
    assert (len(key), session_key(tmp_path)) == (32, key)
    assert [path.name for path in tmp_path.iterdir()] == [SESSION_KEY_FILE]
    assert stat.S_IMODE((tmp_path / SESSION_KEY_FILE).stat().st_mode) == 0o600


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    (tmp_path / SESSION_KEY_FILE).write_bytes(b"short")
    with pytest.raises(StorageError, match=SESSION_KEY_FILE):
        session_key(tmp_path)
