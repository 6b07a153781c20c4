"""The bodies of the audit routes."""

import base64
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from tenantable.services.access.audit.archiving.heads import HeadKeys, SignedHead
from tenantable.services.access.audit.erasure import Person
from tenantable.services.access.audit.findings import Finding, FindingKind, Verification
from tenantable.services.access.declaration import AuditEvent, AuditType
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.identity.subjects import USER_ID_PATTERN

VALUES_MAX = 20


class AuditEventShown(ResponseBody):
    """An event of the trail. `erased` names details that were erased."""

    organisation_id: str
    event_id: str
    event_type: AuditType
    user_id: str = Field(description="Who acted: a user, `key:ID` or `platform`.")
    timestamp: datetime
    action: str
    target: str | None = Field(description="Whom or what it was done to.")
    outcome: str
    details: dict[str, str]
    erased: list[str]
    sequence: int = Field(description="Its number in the organisation's trail, from 1.")
    key_id: str
    digest: str

    @classmethod
    def of(cls, event: AuditEvent) -> Self:
        return cls(
            organisation_id=event.organisation_id,
            event_id=event.event_id,
            event_type=event.event_type,
            user_id=event.user_id,
            timestamp=event.timestamp,
            action=event.action,
            target=event.target,
            outcome=event.outcome,
            details=event.details,
            erased=sorted(event.details_digests.keys() - event.details.keys()),
            sequence=event.sequence,
            key_id=event.key_id,
            digest=event.digest,
        )


class FindingShown(ResponseBody):
    """One thing that is wrong with a trail."""

    kind: FindingKind
    text: str
    sequence: int | None
    last_sequence: int | None
    event_id: str | None
    place: str | None = Field(description="An object of the archive, or `table`.")

    @classmethod
    def of(cls, found: Finding) -> Self:
        return cls(
            kind=found.kind,
            text=found.text,
            sequence=found.sequence,
            last_sequence=found.last_sequence,
            event_id=found.event_id,
            place=found.place,
        )


class VerificationShown(ResponseBody):
    """What became of verifying a trail. Findings are the first hundred; `findingsCount` counts all."""

    organisation_id: str
    verified: bool
    events: int
    archived: int = Field(description="How many of the events are in the archive alone.")
    erased: int = Field(description="How many lost details, as the trail says.")
    sequence: int = Field(description="How many events there were, as the head says.")
    signed_sequence: int | None = Field(description="How many, as the last signed copy says.")
    signed_at: datetime | None
    findings: list[FindingShown]
    findings_count: int

    @classmethod
    def of(cls, found: Verification) -> Self:
        return cls(
            organisation_id=found.organisation_id,
            verified=found.verified,
            events=found.events,
            archived=found.archived,
            erased=found.erased,
            sequence=found.sequence,
            signed_sequence=found.signed_sequence,
            signed_at=found.signed_at,
            findings=[FindingShown.of(each) for each in found.findings],
            findings_count=found.findings_count,
        )


class SignedHeadShown(ResponseBody):
    """
    A signed copy of a head. What is signed is the JSON text of `count`, `digest`, `organisationId`, `sequence` and
    `signedAt`, in this order and without spaces.
    """

    organisation_id: str
    sequence: int
    count: int
    digest: str
    signed_at: str
    key_id: str
    signature: str = Field(description="Ed25519, base64.")

    @classmethod
    def of(cls, head: SignedHead) -> Self:
        return cls(
            organisation_id=head.organisation_id,
            sequence=head.sequence,
            count=head.sequence,
            digest=head.digest,
            signed_at=head.signed_at.isoformat(),
            key_id=head.key_id,
            signature=head.signature,
        )


class SignedHeadsShown(ResponseBody):
    """The last signed copies of a head, the newest first."""

    items: list[SignedHeadShown]


class PublicKeyShown(ResponseBody):
    """A public key as a JSON Web Key."""

    kty: str = "OKP"
    crv: str = "Ed25519"
    use: str = "sig"
    kid: str
    x: str


class PublicKeysShown(ResponseBody):
    """The public keys that signed heads."""

    keys: list[PublicKeyShown]

    @classmethod
    def of(cls, keys: HeadKeys) -> Self:
        shown = {key_id: base64.urlsafe_b64encode(key).rstrip(b"=").decode() for key_id, key in keys.public.items()}
        return cls(keys=[PublicKeyShown(kid=key_id, x=text) for key_id, text in shown.items()])


class Erase(RequestBody):
    """Whose details to erase, and personal values to erase wherever they stand, such as e-mail addresses."""

    user_id: Annotated[str, Field(pattern=USER_ID_PATTERN)]
    values: list[Annotated[str, Field(min_length=3, max_length=320)]] = Field(default=[], max_length=VALUES_MAX)

    def person(self) -> Person:
        return Person(user_id=self.user_id, values=frozenset(value.casefold() for value in self.values))


class Erased(ResponseBody):
    """How many events lost details."""

    events: int
