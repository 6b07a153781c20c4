"""
Who asks for decisions, and about which organisation.

AuthZEN knows no organisations. A request names one by the tenant's address (`/organisations/acme/access/v1/...`), by
`organisationId` in its context, or by the service key that it is sent with; else it is about the installation's
default. Two that contradict each other are an error, never a choice.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request as HttpRequest

from tenantable.services.access.decisions.rules import Properties
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.decisions.snapshots import Snapshots
from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.errors import Forbidden, Malformed, OtherOrganisation, no_such_organisation
from tenantable.services.access.http.versions import HEADER, read_versions
from tenantable.services.access.identity.callers import Caller, credential_of, is_id
from tenantable.services.access.identity.recent import RecentCallers
from tenantable.services.access.rights.held import rules_of

ASKS = "access:decision:read"
"""The permission that a caller needs in the organisation that it asks about."""
IN_CONTEXT = "organisationId"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An HTTP request as it came; nothing of it is checked yet. `organisation_id` is that of its address."""

    authorization: str | None
    organisation_id: str | None
    versions: str | None
    content_type: str | None
    body: bytes

    @classmethod
    def of(cls, http: HttpRequest, body: bytes) -> "Asked":
        return cls(
            authorization=http.headers.get("authorization"),
            organisation_id=http.path_params.get("organisation_id"),
            versions=http.headers.get(HEADER),
            content_type=http.headers.get("content-type"),
            body=body,
        )


@dataclass(frozen=True, kw_only=True)
class Doorkeeper:
    """
    Lets callers ask. `default_organisation` is that of requests which name none; None: they must.
    """

    callers: RecentCallers
    snapshots: Snapshots
    clock: Callable[[], float]
    default_organisation: str | None = None

    def inquiry(self, asked: Asked) -> "Inquiry":
        """
        Raises:
            NotAuthenticated: There is no credential, or nobody is known by it.
        """
        credential = credential_of(asked.authorization)
        caller = self._caller_at_hand(asked, credential) or self.callers.caller(credential)
        return Inquiry(doorkeeper=self, caller=caller, asked=asked)

    def inquiry_at_hand(self, asked: Asked) -> "Inquiry | None":
        """As `inquiry`, when nothing must be read for that."""
        caller = self._caller_at_hand(asked, credential_of(asked.authorization))
        return None if caller is None else Inquiry(doorkeeper=self, caller=caller, asked=asked)

    def _caller_at_hand(self, asked: Asked, credential: str) -> Caller | None:
        caller = self.callers.at_hand(credential)
        # Whoever brings a version must see what was revoked by it, and that may be this very key.
        return None if caller is not None and caller.kind == "service" and asked.versions else caller


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """A request of a known caller. All its decisions about one organisation rest on one snapshot."""

    doorkeeper: Doorkeeper
    caller: Caller
    asked: Asked
    _snapshots: dict[str, Snapshot] = field(default_factory=dict)

    def organisation_id(self, context: Properties) -> str:
        """
        Which organisation it is about.

        Raises:
            Malformed: The request names none, or two.
            OtherOrganisation: It names another one than the caller's.
            NotFound: It names what can be none.
        """
        named: Any = context.get(IN_CONTEXT)
        if named is not None and not isinstance(named, str):
            raise Malformed(f"context.{IN_CONTEXT} is no text")
        in_address, own = self.asked.organisation_id, self.caller.organisation_id
        if in_address is not None and named is not None and in_address != named:
            raise Malformed(f"The address and context.{IN_CONTEXT} name different organisations")
        asked = in_address or named
        if asked is not None and own is not None and asked != own:
            # Whether there is the other one is not said.
            hint = "ask with a key of the organisation that the request names, or with one of the platform"
            raise OtherOrganisation(f"This service key is of the organisation {own}", hint=hint)
        found = asked or own or self.doorkeeper.default_organisation
        if found is None:
            hint = f"say it in context.{IN_CONTEXT}, or use the address of the organisation"
            raise Malformed("The request names no organisation", hint=hint)
        if found == PLATFORM or not is_id(found):
            raise no_such_organisation(found)
        return found

    def snapshot(self, context: Properties) -> Snapshot:
        """
        The organisation, for a caller who may ask about it.

        Raises:
            Malformed, Unprocessable: The request names no organisation, or its version is none.
            NotFound: There is no such organisation, or the caller has no part in it.
            Forbidden: The caller may not ask for decisions.
            Stale: There is no such version yet.
        """
        organisation_id = self.organisation_id(context)
        found = self._snapshots.get(organisation_id)
        if found is None:
            found = self.doorkeeper.snapshots.of(organisation_id, **self._least(organisation_id))
            self._check(found)
            self._snapshots[organisation_id] = found
        return found

    def snapshot_at_hand(self, context: Properties) -> Snapshot | None:
        """As `snapshot`, when nothing must be read for that."""
        organisation_id = self.organisation_id(context)
        snapshot = self.doorkeeper.snapshots.at_hand(organisation_id, **self._least(organisation_id))
        if snapshot is None:
            return None
        now = self.doorkeeper.clock()
        if self.caller.kind == "user" and snapshot.user_at_hand(self.caller.id, now=now) is None:
            return None
        self._check(snapshot)
        return snapshot

    def _least(self, organisation_id: str) -> dict[str, int]:
        least = read_versions(self.asked.versions, organisation_id)
        return {"version": least.organisation, "platform_version": least.platform}

    def _check(self, snapshot: Snapshot) -> None:
        rules = rules_of(self.caller, snapshot, now=self.doorkeeper.clock())
        if rules is not None and not rules.allows(ASKS):
            raise Forbidden(f"This takes the permission {ASKS}")
