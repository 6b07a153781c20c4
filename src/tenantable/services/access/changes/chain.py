"""
The chain of an organisation's audit events: each one's digest is keyed, and covers the event and the digest before it.

Whoever has no key can neither alter, insert, reorder nor leave out an event without its showing; that the last ones
are missing shows against the head, of which signed copies are kept elsewhere.

What may have to be erased later, the details, is covered by a digest of each, made with a salt that is erased with it:
so the chain holds without them, and nobody can find out by trying what they were.
"""

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from tenantable.services.access.declaration import AuditEvent

_OUTSIDE = {"digest", "ttl", "details", "details_salts"}
"""What the digest does not cover: itself, when the table may forget the event, and what may be erased."""
_KEY_ID_CHARACTERS = 12


@lru_cache(maxsize=64)
def key_id_of(key: bytes) -> str:
    """The name of a key in the events that it digests; tells nothing of the key."""
    return hmac.new(key, b"id of this key", hashlib.sha256).hexdigest()[:_KEY_ID_CHARACTERS]


def chained(event: AuditEvent, *, sequence: int, before: str, key: bytes) -> AuditEvent:
    """The event in its place behind the event of digest `before`, which is empty for the first."""
    placed = event.model_copy(update={"sequence": sequence, "key_id": key_id_of(key)})
    return placed.model_copy(update={"digest": digest_of(placed, before=before, key=key)})


def digest_of(event: AuditEvent, *, before: str, key: bytes) -> str:
    """The digest, in hexadecimal, that the event must have where it stands."""
    content: dict[str, Any] = event.model_dump(mode="json", exclude=_OUTSIDE)
    text = orjson.dumps([before, content], option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, text, hashlib.sha256).hex()


def detail_digests(details: Mapping[str, str], salts: Mapping[str, str]) -> dict[str, str]:
    """The digest of each detail, by name; a detail without a salt has none."""
    return {name: _detail_digest(salts[name], name, value) for name, value in details.items() if name in salts}


def _detail_digest(salt: str, name: str, value: str) -> str:
    return hashlib.sha256(orjson.dumps([salt, name, value])).hexdigest()
