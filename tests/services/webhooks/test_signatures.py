"""Signatures agree with the reference library, and no hostile header is more than a refusal."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from tenantable.services.webhooks.errors import SignatureMalformed, SignatureMismatch
from tenantable.services.webhooks.signatures import new_secret, parse_headers, secret_key, sign, verify

# The known answer that the specification's own libraries test with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {"webhook-id": MESSAGE_ID, "webhook-timestamp": str(TIMESTAMP), "webhook-signature": SIGNATURE}

OTHER_SECRET = new_secret(lambda size: bytes(range(size)))


def check(
    headers: dict[str, str], *, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,), now: float = TIMESTAMP
) -> None:
    verify(parse_headers(headers), body, secrets=secrets, now=now)


def test_signs_as_the_official_vector() -> None:
    assert sign(MESSAGE_ID, TIMESTAMP, BODY, [SECRET]) == HEADERS


def test_verifies_the_official_vector() -> None:
    check(HEADERS)


@given(data=st.dictionaries(st.text(), st.text()), now=st.integers(1_600_000_000, 4_000_000_000))
def test_signs_as_the_reference_library(data: dict[str, str], now: int) -> None:
    body = json.dumps(data)
    headers = sign("evt_1", now, body.encode(), [OTHER_SECRET])
    reference = Webhook(OTHER_SECRET).sign("evt_1", datetime.fromtimestamp(now, UTC), body)
    assert headers["webhook-signature"] == reference


def test_the_reference_library_verifies_ours() -> None:
    now = int(datetime.now(UTC).timestamp())
    headers = sign("evt_1", now, BODY, [SECRET])
    assert Webhook(SECRET).verify(BODY, headers) == {"test": 2432232314}


@pytest.mark.parametrize("verifying", [SECRET, OTHER_SECRET])
def test_during_rotation_both_secrets_verify(verifying: str) -> None:
    headers = sign(MESSAGE_ID, TIMESTAMP, BODY, [OTHER_SECRET, SECRET])
    check(headers, secrets=(verifying,))


def test_during_rotation_a_sender_may_use_either_secret() -> None:
    check(HEADERS, secrets=(OTHER_SECRET, SECRET))


@given(body=st.binary())
def test_any_bytes_can_be_signed(body: bytes) -> None:
    check(sign(MESSAGE_ID, TIMESTAMP, body, [SECRET]), body=body)


@pytest.mark.parametrize("offset", [-300, 0, 300])
def test_five_minutes_are_tolerated_both_ways(offset: int) -> None:
    check(HEADERS, now=TIMESTAMP + offset)


@pytest.mark.parametrize("offset", [-301, 301])
def test_more_than_five_minutes_are_not(offset: int) -> None:
    with pytest.raises(SignatureMismatch):
        check(HEADERS, now=TIMESTAMP + offset)


@pytest.mark.parametrize("missing", list(HEADERS))
def test_every_header_is_needed(missing: str) -> None:
    with pytest.raises(SignatureMalformed, match=missing):
        check({name: value for name, value in HEADERS.items() if name != missing})


@pytest.mark.parametrize(
    "timestamp",
    ["hello", "-1", "1614265330.5", " 1614265330", "1_614_265_330", "١٦١٤٢٦٥٣٣٠", "1e9", "+1", "9" * 13, "nan", "\x00"],
)
def test_only_plain_digits_are_a_timestamp(timestamp: str) -> None:
    with pytest.raises(SignatureMalformed, match="webhook-timestamp"):
        check(HEADERS | {"webhook-timestamp": timestamp})


def test_another_spelling_of_the_time_does_not_verify() -> None:
    """What was signed is the header's text and not its value."""
    with pytest.raises(SignatureMismatch):
        check(HEADERS | {"webhook-timestamp": f"0{TIMESTAMP}"})


@pytest.mark.parametrize("message_id", ["a.b", "a b", "a\n", "ä", "a" * 129])
def test_ids_that_could_shift_the_body_are_refused(message_id: str) -> None:
    with pytest.raises(SignatureMalformed, match="webhook-id"):
        check(HEADERS | {"webhook-id": message_id})


@pytest.mark.parametrize(
    "signature",
    [
        "v1,",
        "v1",
        ",",
        "v1,,",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= ".strip() + "=",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,ä",
        "v1,\ud800",
        "v1,%%%",
        "  ",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ],
)
def test_wrong_signatures_are_refused(signature: str) -> None:
    with pytest.raises(SignatureMismatch):
        check(HEADERS | {"webhook-signature": signature})


def test_one_right_signature_among_others_is_enough() -> None:
    check(HEADERS | {"webhook-signature": f"v1,wrong= v2,other= junk  {SIGNATURE}"})


@pytest.mark.parametrize("signature", ["v1,a " * 17, "v1," + "a" * 2048])
def test_endless_signature_lists_are_refused(signature: str) -> None:
    with pytest.raises(SignatureMalformed, match="webhook-signature"):
        check(HEADERS | {"webhook-signature": signature})


@given(headers=st.fixed_dictionaries({name: st.text() for name in HEADERS}), body=st.binary())
def test_random_headers_are_refused_and_never_a_fault(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises((SignatureMalformed, SignatureMismatch)):
        check(headers, body=body)


def test_another_body_does_not_verify() -> None:
    with pytest.raises(SignatureMismatch):
        check(HEADERS, body=BODY + b" ")


def test_another_secret_does_not_verify() -> None:
    with pytest.raises(SignatureMismatch):
        check(HEADERS, secrets=(OTHER_SECRET,))


def test_without_a_secret_nothing_verifies() -> None:
    """Also not what somebody signs with the key that stands in for an unknown tenant."""
    headers = sign(MESSAGE_ID, TIMESTAMP, BODY, ["whsec_" + base64.b64encode(bytes(32)).decode()])
    with pytest.raises(SignatureMismatch):
        check(headers, secrets=())


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ9r8G KYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_AAAA",
        "whsec_ä",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
    ],
)
def test_weak_or_mistyped_secrets_are_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret") as caught:
        secret_key(secret)
    assert len(secret) < 10 or secret.removeprefix("whsec_") not in str(caught.value)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_secrets_of_24_to_64_bytes_are_taken(size: int) -> None:
    assert secret_key("whsec_" + base64.b64encode(bytes(size)).decode()) == bytes(size)
