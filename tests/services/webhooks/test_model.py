"""The rules of delivery."""

import string
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.services.webhooks.errors import EventRefused
from tenantable.services.webhooks.model import (
    ATTEMPTS_MAX,
    PAYLOAD_BYTES_MAX,
    RETRY_DELAYS_SECONDS,
    Answer,
    Outcome,
    event_payload,
    is_disabled,
    new_api_key,
    new_id,
    next_delay_seconds,
    outcome_of,
    parse_api_key,
    retry_after_seconds,
)
from tenantable.web.requests.json_text import JsonText

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RANDOM = Random(7)  # noqa: S311 - the same on every run


def entropy(size: int) -> bytes:
    return RANDOM.randbytes(size)


def answer(status: int | None, **headers: str) -> Answer:
    failure: Outcome | None = "timeout" if status is None else None
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, failure=failure, headers=named, duration_seconds=0.1)


@pytest.mark.parametrize(
    ("given_answer", "outcome"),
    [
        (answer(200), "delivered"),
        (answer(204), "delivered"),
        (answer(299), "delivered"),
        (answer(301), "rejected"),
        (answer(307), "rejected"),
        (answer(400), "rejected"),
        (answer(410), "gone"),
        (answer(429), "rejected"),
        (answer(500), "rejected"),
        (answer(None), "timeout"),
        (answer(200, webhook_delivery="disable"), "gone"),
        (answer(500, webhook_delivery=" Disable "), "gone"),
        (answer(400, webhook_delivery="abort-message"), "aborted"),
        (answer(200, webhook_delivery="abort-message"), "delivered"),
        (answer(500, webhook_delivery="whatever"), "rejected"),
    ],
)
def test_outcomes(given_answer: Answer, outcome: Outcome) -> None:
    assert outcome_of(given_answer) == outcome


def test_the_schedule_is_the_specifications() -> None:
    assert sum(RETRY_DELAYS_SECONDS) == 75 * 3600 + 35 * 60 + 5
    assert ATTEMPTS_MAX == 10


@pytest.mark.parametrize("attempts_made", range(1, ATTEMPTS_MAX))
def test_delays_follow_the_schedule_within_a_fifth(attempts_made: int) -> None:
    scheduled = RETRY_DELAYS_SECONDS[attempts_made]
    delays = [next_delay_seconds(attempts_made, "rejected", random=RANDOM) for _ in range(200)]
    known = [delay for delay in delays if delay is not None]
    assert len(known) == 200
    assert scheduled * 0.8 <= min(known) < scheduled * 0.85
    assert scheduled * 1.15 < max(known) <= scheduled * 1.2


@pytest.mark.parametrize("outcome", ["rejected", "timeout", "unreachable", "blocked"])
def test_the_last_attempt_is_the_last(outcome: Outcome) -> None:
    assert next_delay_seconds(ATTEMPTS_MAX - 1, outcome, random=RANDOM) is not None
    assert next_delay_seconds(ATTEMPTS_MAX, outcome, random=RANDOM) is None


@pytest.mark.parametrize("outcome", ["delivered", "gone", "aborted", "disabled"])
def test_final_outcomes_have_no_next_attempt(outcome: Outcome) -> None:
    assert next_delay_seconds(1, outcome, random=RANDOM) is None


@pytest.mark.parametrize(
    ("attempts_made", "asked_seconds", "least", "most"),
    [
        (1, 0, 4, 6),
        (1, 120, 120, 120),
        (1, 999_999_999, 3600, 3600),
        (5, 20_000, 20_000, 20_000 * 1.2),
        (5, 999_999_999, 36_000, 36_000),
        (9, 60, 86_400 * 0.8, 86_400 * 1.2),
    ],
)
def test_retry_after_is_honoured_within_bounds(
    attempts_made: int, asked_seconds: float, least: float, most: float
) -> None:
    delay = next_delay_seconds(attempts_made, "rejected", random=RANDOM, retry_after_seconds=asked_seconds)
    assert delay is not None
    assert least <= delay <= most


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 400, None),
        ("Sat, 99 Nov 99999 12:01:00 GMT", None),
    ],
)
def test_retry_after_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW.timestamp()) == seconds


@given(header=st.text())
def test_any_retry_after_is_read_or_ignored(header: str) -> None:
    seconds = retry_after_seconds(header, NOW.timestamp())
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("disabled_at", "disabled"),
    [(None, False), (NOW - timedelta(seconds=1), False), (NOW, True), (NOW + timedelta(seconds=1), True)],
)
def test_writing_the_configuration_enables_again(disabled_at: datetime | None, disabled: bool) -> None:
    assert is_disabled(disabled_at, NOW) is disabled


def test_payloads_are_compact_and_in_the_specifications_form() -> None:
    payload = event_payload("order.created", NOW, JsonText('{"n":0.10,"text":"☃"}'))
    assert payload.decode() == (
        '{"type":"order.created","timestamp":"2026-11-21T12:00:00.000Z","data":{"n":0.10,"text":"☃"}}'
    )


def test_payloads_have_an_end() -> None:
    around = len(event_payload("a", NOW, JsonText('""')))
    longest = "x" * (PAYLOAD_BYTES_MAX - around)
    assert len(event_payload("a", NOW, JsonText(f'"{longest}"'))) == PAYLOAD_BYTES_MAX
    with pytest.raises(EventRefused, match="up to 262144 bytes"):
        event_payload("a", NOW, JsonText(f'"{longest}x"'))


@given(times=st.lists(st.integers(0, 2**40), min_size=2, max_size=5, unique=True))
def test_ids_sort_by_time(times: list[int]) -> None:
    ids = [new_id("evt", milliseconds / 1000 + 0.0001, entropy) for milliseconds in times]
    by_time = [one for _, one in sorted(zip(times, ids, strict=True))]
    assert by_time == sorted(ids)


def test_ids_have_one_form() -> None:
    assert {len(new_id("evt", now, entropy)) for now in (0.0, 1e9, 2e9)} == {30}
    assert set(new_id("evt", 1e9, entropy)) <= set(string.ascii_lowercase + string.digits + "_")


def test_a_key_is_recognised_again() -> None:
    key = new_api_key(entropy)
    assert parse_api_key(key.text) == key


def test_a_digest_shows_the_prefix_and_hides_the_secret() -> None:
    key = new_api_key(entropy)
    visible, _, digest = key.digest.partition(".")
    assert key.text.startswith(visible + "_")
    assert len(visible) == 11
    assert len(digest) == 64
    assert key.text[12:] not in key.digest


def test_no_single_mistyped_character_passes() -> None:
    key = new_api_key(entropy)
    for position in range(len(key.text)):
        for other in "a7_A":
            mistyped = key.text[:position] + other + key.text[position + 1 :]
            assert mistyped == key.text or parse_api_key(mistyped) is None


@pytest.mark.parametrize("text", ["", "wk_", "x" * 53, "wk_\n", "Bearer", "wk_" + "a" * 8 + "_" + "a" * 40])
def test_what_is_no_key_is_refused(text: str) -> None:
    assert parse_api_key(text) is None
