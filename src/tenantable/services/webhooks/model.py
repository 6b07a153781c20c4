"""The rules of webhook delivery: attempts and their outcomes, the retry schedule, API keys. No I/O, no clock."""

import base64
import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from tenantable.services.webhooks.errors import EventRefused
from tenantable.web.requests.json_text import JsonText

Entropy = Callable[[int], bytes]
"""So many random bytes, fit for secrets."""

# The sample schedule of Standard Webhooks 1.0: what each attempt waits for after the one before; 75 h 35 min in all.
RETRY_DELAYS_SECONDS = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS_MAX = len(RETRY_DELAYS_SECONDS)
JITTER = 0.2
# A receiver may ask for more time, but not hold an event back for ever: twice the schedule, or an hour at the start.
RETRY_AFTER_FLOOR_SECONDS = 3600.0

EVENT_TYPE_PATTERN = r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$"
PAYLOAD_BYTES_MAX = 256 * 1024
RESPONSE_BODY_BYTES_MAX = 4096
OVERLAP_SECONDS_DEFAULT = 24 * 3600
OVERLAP_SECONDS_MAX = 7 * 24 * 3600
RETIRED_SECRETS_MAX = 10
RETENTION = timedelta(days=90)
OVERDUE = timedelta(minutes=15)

API_KEY_PREFIX = "wk"
_KEY_ID_BYTES = 5  # 8 characters
_KEY_SECRET_BYTES = 20  # 160 bits, 32 characters
_CHECKSUM_BYTES = 5
_API_KEY = re.compile(rf"({API_KEY_PREFIX}_[a-z2-7]{{8}}_[a-z2-7]{{32}})([a-z2-7]{{8}})")


Outcome = Literal["delivered", "rejected", "gone", "aborted", "timeout", "unreachable", "blocked", "disabled"]
"""
What became of one attempt: `delivered` 2xx; `gone` 410, or the answer asked to disable the endpoint; `aborted` the
answer asked not to try this event again; `rejected` any other status, redirects among them; `timeout` no answer in
time; `unreachable` name look-up, connection or TLS failed, or what came was no answer; `blocked` the target leads to an
address that is not public; `disabled` not sent, because the endpoint is disabled.
"""

_FINAL: frozenset[Outcome] = frozenset({"delivered", "gone", "aborted", "disabled"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """
    What came back for one attempt.

    `status` is None when there was no HTTP answer; `failure` says why then, and `detail` in a short phrase that the
    tenant may read. `body` is cut at 4 KiB; `headers` have lower-case names and hold at least `retry-after` and
    `webhook-delivery` where the answer had them.
    """

    status: int | None
    failure: Outcome | None = None
    detail: str = ""
    headers: Mapping[str, str]
    body: bytes = b""
    duration_seconds: float


def outcome_of(answer: Answer) -> Outcome:
    """Only 2xx is a success, and redirects are not followed. Source: Standard Webhooks, "Deliverability"."""
    if answer.status is None:
        assert answer.failure is not None
        return answer.failure
    directive = answer.headers.get("webhook-delivery", "").strip().lower()
    if answer.status == 410 or directive == "disable":
        return "gone"
    if 200 <= answer.status < 300:
        return "delivered"
    return "aborted" if directive == "abort-message" else "rejected"


def next_delay_seconds(
    attempts_made: int, outcome: Outcome, *, random: random.Random, retry_after_seconds: float | None = None
) -> float | None:
    """
    How long to wait before the next attempt; None: there is none, the event is delivered or dead.

    The schedule's delay, 20 % more or less so that tenants who failed together do not return together, and longer
    where the receiver asked for it.
    """
    if outcome in _FINAL or attempts_made >= ATTEMPTS_MAX:
        return None
    scheduled = RETRY_DELAYS_SECONDS[attempts_made]
    jittered = scheduled * random.uniform(1 - JITTER, 1 + JITTER)
    if retry_after_seconds is None:
        return jittered
    return max(jittered, min(retry_after_seconds, max(2 * scheduled, RETRY_AFTER_FLOOR_SECONDS)))


def retry_after_seconds(header: str | None, now: float) -> float | None:
    """The Retry-After header as seconds from now (Unix seconds), at least 0; None when absent or malformed."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(at.timestamp() - now, 0.0)


def is_disabled(disabled_at: datetime | None, configured_at: datetime) -> bool:
    """An endpoint that answered 410 stays disabled until its configuration is written again."""
    return disabled_at is not None and disabled_at >= configured_at


def may_restart(status: str, next_attempt_at: datetime | None, now: datetime) -> bool:
    """
    Whether an event's schedule may begin anew: at its end, or when it stands still.

    A pending event whose attempt is long overdue is in no queue any more: somebody died between writing and sending.
    """
    if status != "pending":
        return True
    return next_attempt_at is None or now - next_attempt_at > OVERDUE


def event_payload(event_type: str, created_at: datetime, data: JsonText) -> bytes:
    """
    The body that is signed and sent, made once: compact JSON with `type`, `timestamp`, and `data` as it was written.

    Raises:
        EventRefused: The whole is longer than 256 KiB.
    """
    head = json.dumps({"type": event_type, "timestamp": instant(created_at)}, separators=(",", ":"))
    payload = f'{head.removesuffix("}")},"data":{data}}}'.encode()
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise EventRefused(f"An event has up to {PAYLOAD_BYTES_MAX} bytes when it is delivered, not {len(payload)}")
    return payload


def instant(at: datetime) -> str:
    """UTC, ISO 8601 with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id(prefix: str, now: float, entropy: Entropy) -> str:
    """An id such as `evt_...`: 30 characters that sort by time (Unix seconds), 80 bits of them random."""
    return f"{prefix}_{_base32hex(int(now * 1000).to_bytes(6, 'big') + entropy(10))}"


def tenant_id_for(idempotency_key: str) -> str:
    """The id of the tenant that a request with this key creates."""
    return f"tnt_{_base32hex(hashlib.sha256(idempotency_key.encode()).digest()[:16])}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """An API key. `text` is shown once, `digest` is stored: the visible prefix with the key's id, and a SHA-256."""

    text: str
    digest: str


def new_api_key(entropy: Entropy) -> ApiKey:
    """A key such as `wk_<id>_<secret><checksum>`; the checksum lets a mistyped key be refused without a look-up."""
    stem = f"{API_KEY_PREFIX}_{_base32(entropy(_KEY_ID_BYTES))}_{_base32(entropy(_KEY_SECRET_BYTES))}"
    return _api_key(stem + _checksum(stem))


def parse_api_key(text: str) -> ApiKey | None:
    """The key, or None when the text cannot be one."""
    match = _API_KEY.fullmatch(text)
    if match is None or _checksum(match[1]) != match[2]:
        return None
    return _api_key(text)


def _api_key(text: str) -> ApiKey:
    # A fast digest is enough: the secret has 160 random bits, so there is nothing to guess.
    visible = text[: len(API_KEY_PREFIX) + 9]
    return ApiKey(text=text, digest=f"{visible}.{hashlib.sha256(text.encode()).hexdigest()}")


def _checksum(stem: str) -> str:
    return _base32(hashlib.sha256(stem.encode()).digest()[:_CHECKSUM_BYTES])


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()


def _base32hex(content: bytes) -> str:
    """Unlike plain base32 this sorts as the bytes do."""
    return base64.b32hexencode(content).decode().rstrip("=").lower()
