"""Keys and the requests they stand for."""

import pytest

from tenantable.web.idempotency import (
    IdempotencyKeyMalformed,
    IdempotencyKeyReused,
    check_same_request,
    idempotency_key,
    request_digest,
)


@pytest.mark.parametrize("header", [None, "a", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "#|~"])
def test_keys_that_are_taken(header: str | None) -> None:
    assert idempotency_key(header) == header


@pytest.mark.parametrize("header", ["", "x" * 256, "a b", "ä", "a\n", "\x7f"])
def test_keys_that_are_refused(header: str) -> None:
    with pytest.raises(IdempotencyKeyMalformed):
        idempotency_key(header)


def test_the_same_request_has_the_same_digest() -> None:
    check_same_request(request_digest("POST", "/v1/events", b"{}"), request_digest("POST", "/v1/events", b"{}"))


@pytest.mark.parametrize(
    "other", [("PUT", "/v1/events", b"{}"), ("POST", "/v1/event", b"{}"), ("POST", "/v1/events", b"{} ")]
)
def test_another_request_is_refused(other: tuple[str, str, bytes]) -> None:
    with pytest.raises(IdempotencyKeyReused):
        check_same_request(request_digest("POST", "/v1/events", b"{}"), request_digest(*other))
