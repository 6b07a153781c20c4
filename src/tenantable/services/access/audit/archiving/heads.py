"""
Signed heads: copies of where each organisation's chain ends, kept apart from the table.

Whoever can write to the table cannot sign, so a tail that is cut, a head that is moved back and a trail that is gone
show against the last copy. The signature is Ed25519: anybody can check a copy with the public key alone.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tenantable.cloud.objects.bucket import Bucket, Content, ObjectExists, below
from tenantable.services.access.declaration import OrganisationHead

SEED_BYTES = 32
COMPARED_MAX = 50
"""How many of the last copies a verification looks at; each covers all that was before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedHead:
    """`sequence` and `digest` of the last event, so many events in all, at a time; and who says so."""

    organisation_id: str
    sequence: int
    digest: str
    signed_at: datetime
    key_id: str
    signature: str

    def text(self) -> bytes:
        """What is signed."""
        return signed_text(self.organisation_id, self.sequence, self.digest, self.signed_at)


def signed_text(organisation_id: str, sequence: int, digest: str, signed_at: datetime) -> bytes:
    """JSON with sorted members and no spaces, which anybody can build again."""
    content = {
        "count": sequence,
        "digest": digest,
        "organisationId": organisation_id,
        "sequence": sequence,
        "signedAt": signed_at.isoformat(),
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def derived_seed(key: bytes) -> bytes:
    """The seed of a signing key for installations that keep one secret alone."""
    return hmac.new(key, b"signs heads of audit trails", hashlib.sha256).digest()


class HeadKeys:
    """The key that signs heads, from its seed of 32 bytes, and the public keys that signed earlier ones."""

    def __init__(self, seed: bytes, former: Sequence[bytes] = ()) -> None:
        """
        Args:
            former: Public keys of 32 bytes.
        """
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        own = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = _public_id(own)
        self.public = {_public_id(each): each for each in (own, *former)}

    def sign(self, head: OrganisationHead, now: float) -> SignedHead:
        at = datetime.fromtimestamp(now, UTC)
        signature = self._private.sign(signed_text(head.organisation_id, head.sequence, head.digest, at))
        return SignedHead(
            organisation_id=head.organisation_id,
            sequence=head.sequence,
            digest=head.digest,
            signed_at=at,
            key_id=self.key_id,
            signature=base64.b64encode(signature).decode(),
        )

    def believes(self, head: SignedHead) -> bool:
        """Was it signed by one of these keys, and not changed since?"""
        public = self.public.get(head.key_id)
        if public is None:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(head.signature), head.text())
        except (InvalidSignature, ValueError):
            return False
        return True


class SignedHeads:
    """The copies of all organisations' heads, in the bucket of the archive; none is ever replaced."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def keep(self, head: SignedHead) -> None:
        content = {
            "organisationId": head.organisation_id,
            "sequence": head.sequence,
            "digest": head.digest,
            "count": head.sequence,
            "signedAt": head.signed_at.isoformat(),
            "keyId": head.key_id,
            "signature": head.signature,
        }
        body = Content(body=orjson.dumps(content), media_type="application/json")
        try:
            self._bucket.put(_key(head.organisation_id, head.sequence), body, only_if_absent=True)
        except ObjectExists:
            return

    def last(self, organisation_id: str) -> list[tuple[str, SignedHead | None]]:
        """The last copies by key, the newest first; None for what is no copy, which somebody put there."""
        keys = [found.key for found in below(self._bucket, f"heads/organisation={organisation_id}/")]
        return [(key, self._read(key)) for key in reversed(keys[-COMPARED_MAX:])]

    def _read(self, key: str) -> SignedHead | None:
        try:
            content = orjson.loads(self._bucket.get(key).body)
            head = SignedHead(
                organisation_id=content["organisationId"],
                sequence=content["sequence"],
                digest=content["digest"],
                signed_at=datetime.fromisoformat(content["signedAt"]),
                key_id=content["keyId"],
                signature=content["signature"],
            )
        except (ValueError, KeyError, TypeError):
            return None
        return head if key == _key(head.organisation_id, head.sequence) else None


def _public_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:12]


def _key(organisation_id: str, sequence: int) -> str:
    return f"heads/organisation={organisation_id}/{sequence:012}.json"
