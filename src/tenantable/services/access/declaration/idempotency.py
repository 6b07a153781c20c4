"""Answers that are kept, so that the same request with the same Idempotency-Key happens once."""

from datetime import datetime

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr, camel_case
from tenantable.declare.entities import Entity
from tenantable.services.access.declaration.table import gsi1, table


class KeptAnswer(Entity, table=table, stored_names=camel_case):
    """
    The answer to a request with an Idempotency-Key, without secrets. `key_digest` covers the caller and the key,
    `request_digest` tells whether a further request is the same. `headers` are those of the answer, such as `etag`;
    `version` is what the change gave the organisation.
    """

    key_digest: Attr[str]
    request_digest: Attr[str]
    status: Attr[int]
    body: Attr[str]
    headers: Attr[dict[str, str]] = attr(default_factory=dict)
    organisation_id: Attr[str] = attr(default="")
    version: Attr[int] = attr(default=0)
    ttl: Attr[datetime]


class KeptAnswers(Repository[KeptAnswer]):
    """Kept answers."""

    @KeptAnswer.key(pk="ANSWER#{key_digest}", sk="METADATA")
    def get(self, *, key_digest: str) -> None:
        """The answer under one caller's key."""

    @KeptAnswer.query(gsi1, pk="ANSWERS#{organisation_id}", sk="{ttl}#{key_digest}")
    def of_organisation(self, *, organisation_id: str) -> None:
        """Answers about one organisation, or the platform, the first to expire first."""
