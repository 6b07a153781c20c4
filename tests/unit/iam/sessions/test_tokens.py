"""Session tokens: accepted by whoever has the key, altered by nobody, and for a while only."""

import pytest

from tenantable.errors import PolicyError
from tenantable.iam.documents import parse_policy
from tenantable.iam.sessions.session import Session
from tenantable.iam.sessions.tokens import SessionTokens
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials

POLICY = parse_policy({"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}})
SESSION = Session(
    role_arn="arn:aws:iam::000000000000:role/worker",
    name="t1",
    role_id="AROAX",
    issued_at=100.0,
    expires_at=1000.0,
    policies=(POLICY,),
    tags={"tenant": "t1"},
)


def tokens(key: bytes = b"k" * 32, now: float = 100.0, nonce: bytes = b"n") -> SessionTokens:
    return SessionTokens(key, clock=lambda: now, random_bytes=lambda size: nonce * size)


def refusal(read_by: SessionTokens, credentials: Credentials, *, token: str | None = None, key: str = "") -> str | None:
    try:
        read_by.read(key or credentials.access_key_id, credentials.session_token or "" if token is None else token)
    except DynamoError as error:
        return error.code
    return None


def test_another_process_with_the_key_reads_the_session_and_its_secret() -> None:
    credentials = tokens().issue(SESSION)
    found = tokens(nonce=b"x").read(credentials.access_key_id, credentials.session_token or "")
    assert found.secret_access_key == credentials.secret_access_key
    session = found.session
    assert (session.arn, session.policies, session.tags) == (SESSION.arn, (POLICY,), {"tenant": "t1"})
    assert (session.issued_at, session.expires_at, session.role_id) == (100.0, 1000.0, "AROAX")


def test_the_same_token_is_the_same_session() -> None:
    reader, credentials = tokens(), tokens().issue(SESSION)
    first, second = (reader.read(credentials.access_key_id, credentials.session_token or "") for _ in range(2))
    assert first.session is second.session


def test_two_calls_give_two_keys() -> None:
    first, second = tokens(nonce=b"1").issue(SESSION), tokens(nonce=b"2").issue(SESSION)
    assert first.access_key_id != second.access_key_id
    assert first.secret_access_key != second.secret_access_key


def test_a_token_ends_when_its_time_is_over() -> None:
    credentials = tokens().issue(SESSION)
    reader = tokens(now=999.9)
    assert refusal(reader, credentials) is None
    assert refusal(tokens(now=1000.0), credentials) == "ExpiredTokenException"


def test_an_altered_token_another_key_and_another_installation_are_refused() -> None:
    credentials = tokens().issue(SESSION)
    token = credentials.session_token or ""
    for position in range(0, len(token), 7):
        altered = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        assert refusal(tokens(), credentials, token=altered) == "UnrecognizedClientException"
    for other in ("", "=", "é", "A" * 9000, token[:-4]):
        assert refusal(tokens(), credentials, token=other) == "UnrecognizedClientException"
    assert refusal(tokens(), credentials, key="ASIAOTHER") == "UnrecognizedClientException"
    assert refusal(tokens(b"o" * 32), credentials) == "UnrecognizedClientException"


def test_the_token_does_not_hold_the_secret_and_a_short_key_is_refused() -> None:
    credentials = tokens().issue(SESSION)
    assert credentials.secret_access_key not in repr(credentials)
    with pytest.raises(PolicyError, match="32"):
        SessionTokens(b"short", clock=lambda: 0.0, random_bytes=bytes)
