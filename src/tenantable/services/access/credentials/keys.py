"""The use cases of service keys: made, shown once, listed, revoked. Several live at once, for rotation."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tenantable.declare.queries import Page
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changed, Changes
from tenantable.services.access.changes.comparing import changed
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.rules import Rule
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import PLATFORM, ServiceKey, ServiceKeys
from tenantable.services.access.errors import NotFound, TooMany, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.service_keys import SECRET_BYTES, secret_digest, service_key_text
from tenantable.services.access.rights.handing_out import denies
from tenantable.services.access.rights.held import (
    refuse_longer_than_held,
    refuse_more_than_held,
    rules_of_sets,
    snapshot_for,
)

TOLD = ("name", "permission_set_ids", "not_after")
"""Of a service key, in the audit trail."""
LIVE_MAX = 100
"""Keys of one organisation that are not revoked; the index that counts them may be a moment behind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A key to be made. `not_after` None: it has no end."""

    name: str
    permission_set_ids: Sequence[str]
    not_after: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeKey:
    """A key that was made, and its text, which is known this once."""

    key: ServiceKey
    text: str


class ServiceKeyDirectory:
    """Service keys of organisations, and the platform's where `organisation_id` is `PLATFORM`."""

    def __init__(self, changes: Changes, *, entropy: Callable[[int], bytes]) -> None:
        self._changes = changes
        self._keys = changes.database.repository(ServiceKeys)
        self._entropy = entropy

    def create(self, actor: Actor, caller: Caller, organisation_id: str, new: NewKey) -> Changed[MadeKey]:
        """
        Raises:
            Unprocessable: It names a permission set that is not there, or would have ended already.
            Forbidden: It would allow more than the caller holds, or longer.
            TooMany: The organisation has as many live keys as it can have.
        """
        secret = base64.b32encode(self._entropy(SECRET_BYTES)).decode().rstrip("=").lower()

        def build(change: Change) -> MadeKey:
            self._refuse(change, caller, new)
            key = ServiceKey(
                key_id=change.new_id(),
                organisation_id=organisation_id,
                name=new.name,
                secret_digest=secret_digest(secret),
                permission_set_ids=list(dict.fromkeys(new.permission_set_ids)),
                created_by=actor.id,
                not_after=new.not_after,
                date_created=change.now,
            )
            change.create(ServiceKeys, key)
            details = changed(None, key, *TOLD)
            change.record("CONFIGURATION", "service-key.create", target=key.key_id, details=details)
            made = key.model_copy(update={"revision": 1})
            return MadeKey(key=made, text=service_key_text(key.key_id, secret))

        return self._changes.run(organisation_id, actor, build)

    def of_organisation(self, organisation_id: str, *, limit: int, cursor: str | None) -> Page[ServiceKey]:
        """An organisation's keys, by id, which is by age; revoked ones too."""
        return self._keys.of_organisation(organisation_id=organisation_id).page(limit, cursor)

    def revoke(self, actor: Actor, caller: Caller, organisation_id: str, key_id: str) -> Changed[ServiceKey]:
        """
        End a key now. One that is revoked already stays as it is.

        Raises:
            NotFound: The organisation has none of this id.
            Forbidden: It allows more than the caller holds.
        """

        def build(change: Change) -> ServiceKey:
            stored = self._keys.consistent.get(key_id=key_id)
            if stored is None or stored.organisation_id != organisation_id:
                raise NotFound(f"There is no service key {key_id}")
            snapshot = snapshot_for(change)
            rules = _given(change, snapshot, stored.permission_set_ids)
            refuse_more_than_held(rules, caller, snapshot, now=change.now.timestamp())
            moment = stored.revoked_at or change.now
            change.update(ServiceKeys, stored, ServiceKey.revoked_at.set(moment))
            change.record("CONFIGURATION", "service-key.revoke", target=key_id, details=changed(stored, None, *TOLD))
            return stored.model_copy(update={"revoked_at": moment, "revision": stored.revision + 1})

        return self._changes.run(organisation_id, actor, build)

    def _refuse(self, change: Change, caller: Caller, new: NewKey) -> None:
        if new.not_after is not None and new.not_after <= change.now:
            raise Unprocessable("notAfter is past: the key would never be valid")
        snapshot = snapshot_for(change)
        found = _definitions(change, snapshot)
        for set_id in new.permission_set_ids:
            if found.permission_set(set_id) is None:
                raise Unprocessable(f"There is no permission set {set_id}")
        rules, now = _given(change, snapshot, new.permission_set_ids), change.now.timestamp()
        refuse_longer_than_held(rules, caller, snapshot, until=new.not_after, now=now)
        live = [
            each
            for each in self._keys.of_organisation(organisation_id=change.organisation_id)
            if each.revoked_at is None and (each.not_after is None or each.not_after > change.now)
        ]
        if len(live) >= LIVE_MAX:
            raise TooMany(f"There are {len(live)} live service keys", hint="revoke some first")


def _definitions(change: Change, snapshot: Snapshot) -> Definitions:
    above = snapshot.definitions.above
    return above if change.organisation_id == PLATFORM and above is not None else snapshot.definitions


def _given(change: Change, snapshot: Snapshot, set_ids: Sequence[str]) -> list[Rule]:
    found = _definitions(change, snapshot)
    every = rules_of_sets(found, set_ids, holder="", also_inactive=True)
    return [rule for rule in every if rule.effect == "allow"] + denies(rules_of_sets(found, set_ids, holder=""))
