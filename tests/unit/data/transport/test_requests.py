"""Signed requests: the same signature as the general signer makes, and credentials that are renewed once."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.data.transport.requests import HeldCredentials, RequestSigner
from tenantable.wire.signatures import Credentials, sign_headers

NOW = 1_795_253_400.75


@given(body=st.binary(max_size=200), token=st.none() | st.text("abc+/=", min_size=1), at=st.floats(0, 4e9))
def test_the_signature_is_the_general_signers(body: bytes, token: str | None, at: float) -> None:
    credentials = Credentials(access_key_id="AKID", secret_access_key="secret", session_token=token)
    signer = RequestSigner("here.test:8000", region="eu-west-1", compressed=False, clock=lambda: at)
    head, _, sent = signer.sign("GetItem", body, credentials).decode("latin-1").partition("\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    signed = {name: headers[name] for name in ("Content-Type", "X-Amz-Target")}
    expected = sign_headers(
        "POST",
        "here.test:8000",
        "/",
        signed,
        body=body,
        credentials=credentials,
        region="eu-west-1",
        service="dynamodb",
        timestamp=at,
    )
    assert {name: headers[name] for name in expected} == expected
    assert headers["Host"] == "here.test:8000"
    assert (headers["Content-Length"], sent) == (str(len(body)), body.decode("latin-1"))


def test_the_date_moves_with_the_clock() -> None:
    times = iter([NOW, NOW + 0.1, NOW + 1, NOW + 86_400])
    signer = RequestSigner("here", region="eu-west-1", compressed=False, clock=lambda: next(times))
    credentials = Credentials(access_key_id="AKID", secret_access_key="secret")
    requests = [signer.sign("GetItem", b"{}", credentials).decode() for _ in range(4)]
    dates = [request.split("X-Amz-Date: ")[1][:16] for request in requests]
    assert dates == ["20261121T093000Z", "20261121T093000Z", "20261121T093001Z", "20261122T093000Z"]
    assert "Credential=AKID/20261122/eu-west-1/dynamodb/aws4_request" in requests[3]


def test_only_one_thread_asks_for_credentials() -> None:
    asked = []

    def source() -> Credentials:
        asked.append(1)
        time.sleep(0.02)
        return Credentials(access_key_id="AKID", secret_access_key="secret", expires_at=NOW + 3600)

    held = HeldCredentials(source, clock=lambda: NOW)
    threads = [threading.Thread(target=held.current) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


@pytest.mark.parametrize(("left_seconds", "asked"), [(299, 2), (301, 1)])
def test_credentials_are_renewed_five_minutes_before_their_end(left_seconds: float, asked: int) -> None:
    given_out = []

    def source() -> Credentials:
        given_out.append(1)
        ends = NOW + (left_seconds if len(given_out) == 1 else 3600)
        return Credentials(access_key_id="AKID", secret_access_key="secret", expires_at=ends)

    held = HeldCredentials(source, clock=lambda: NOW)
    for _ in range(3):
        held.current()
    assert len(given_out) == asked


def test_what_another_thread_renewed_meanwhile_is_kept() -> None:
    given_out = iter(["first", "second", "third"])
    held = HeldCredentials(
        lambda: Credentials(access_key_id=next(given_out), secret_access_key="secret"), clock=lambda: NOW
    )
    refused = held.current()
    held.forget(refused)
    assert held.current().access_key_id == "second"
    held.forget(refused)
    assert held.current().access_key_id == "second"
