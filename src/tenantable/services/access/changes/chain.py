"""
The chain of an organisation's audit events: each one's digest is keyed, and covers the event and the digest before it.

Whoever has no key can neither alter, insert, reorder nor leave out an event without its showing; that the last ones
are missing shows against the head, of which signed copies are kept elsewhere.
"""

import hashlib
import hmac
import json
from typing import Any

from tenantable.services.access.declaration import AuditEvent

_OUTSIDE = frozenset({"digest", "ttl"})
"""What the digest does not cover: itself, and when the table may forget the event."""


def chained(event: AuditEvent, *, sequence: int, before: str, key: bytes) -> AuditEvent:
    """The event in its place behind the event of digest `before`, which is empty for the first."""
    placed = event.model_copy(update={"sequence": sequence})
    return placed.model_copy(update={"digest": digest_of(placed, before=before, key=key)})


def digest_of(event: AuditEvent, *, before: str, key: bytes) -> str:
    """The digest, in hexadecimal, that the event must have where it stands."""
    content: dict[str, Any] = event.model_dump(mode="json", exclude=set(_OUTSIDE))
    text = json.dumps([before, content], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
