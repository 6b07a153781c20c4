"""The snapshots of organisations: read when they are first needed, and again when a newer version is known or asked."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from tenantable.data.database import Database
from tenantable.services.access.decisions.definitions import Definitions, definitions
from tenantable.services.access.decisions.rules import Properties
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    PLATFORM,
    OrganisationDefinitions,
    OrganisationHeads,
    PlatformDefinitions,
    ProtectedResources,
    UserGrants,
)
from tenantable.services.access.errors import Stale, no_such_organisation

STALE_SECONDS_MAX = 2.0
"""How long a snapshot is used without a look at the head: a revocation elsewhere counts after this at the latest."""
ORGANISATIONS_MAX = 10_000
"""Organisations whose snapshots are kept; the one not asked for longest is read again."""


@dataclass(slots=True)
class _Kept:
    """What is kept of one organisation; `lock` lets one thread read it while others wait."""

    snapshot: Snapshot | None = None
    platform_version: int = -1
    checked_at: float = float("-inf")
    lock: Lock = field(default_factory=Lock)


class Snapshots:
    """
    Args:
        database: The table, as a component that may read definitions, heads and users sees it.
        clock: Seconds since 1970.

    Safe to share between threads.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._platform = _Platform()
        self._lock = Lock()

    def of(self, organisation_id: str, *, version: int = 0, platform_version: int = 0) -> Snapshot:
        """
        A snapshot that is not older than the versions asked for, nor than `STALE_SECONDS_MAX`.

        Raises:
            NotFound: There is no such organisation.
            Stale: There is no such version yet.
            Unavailable: The table could not be read.
        """
        snapshot = self.at_hand(organisation_id, version=version, platform_version=platform_version)
        if snapshot is not None:
            return snapshot
        kept = self._of(organisation_id)
        with kept.lock:
            # Whoever waited for the lock finds what the one before has read.
            snapshot = self.at_hand(organisation_id, version=version, platform_version=platform_version)
            return snapshot or self._renewed(organisation_id, kept, version=version, platform_version=platform_version)

    def at_hand(self, organisation_id: str, *, version: int = 0, platform_version: int = 0) -> Snapshot | None:
        """As `of`, when nothing must be read for that; else None."""
        kept = self._kept.get(organisation_id)
        if (
            kept is not None
            and kept.snapshot is not None
            and self._clock() - kept.checked_at < STALE_SECONDS_MAX
            and kept.snapshot.version >= version
            and kept.platform_version >= platform_version
        ):
            return kept.snapshot
        return None

    def forget(self, organisation_id: str) -> None:
        """Look at the head before the next decision, because something has changed."""
        kept = self._kept.get(organisation_id)
        if kept is not None:
            kept.checked_at = float("-inf")
        if organisation_id == PLATFORM:
            self._platform.checked_at = float("-inf")
            for each in list(self._kept.values()):
                each.checked_at = float("-inf")

    def fresh(self, organisation_id: str) -> Snapshot:
        """
        A snapshot that is read now and shared with nobody, for explanations.

        Raises:
            NotFound: There is no such organisation.
        """
        found = self._versions(organisation_id)
        if organisation_id not in found:
            raise no_such_organisation(organisation_id)
        return read_snapshot(self._database, organisation_id, version=found[organisation_id])

    def prepare(self) -> None:
        """
        Read what the platform defines, before the first decision asks for it.

        From then on an organisation that is asked about for the first time takes two requests: one for its version,
        one query for its definitions.
        """
        self._renew_platform(self._versions(PLATFORM).get(PLATFORM, 0), self._clock())

    def _of(self, organisation_id: str) -> _Kept:
        kept = self._kept.get(organisation_id)
        if kept is None:
            with self._lock:
                kept = self._kept.setdefault(organisation_id, _Kept())
                while len(self._kept) > ORGANISATIONS_MAX:
                    self._kept.popitem(last=False)
        return kept

    def _renewed(self, organisation_id: str, kept: _Kept, *, version: int, platform_version: int) -> Snapshot:
        now = self._clock()
        current = self._head_version(organisation_id, now=now, platform_version=platform_version)
        platform, current_platform = self._platform.definitions, self._platform.version
        if current < version or current_platform < platform_version:
            raise Stale("There is no such version yet", hint="use a version that a change gave")
        snapshot = kept.snapshot
        if snapshot is None or snapshot.version < current or kept.platform_version != current_platform:
            snapshot = read_snapshot(self._database, organisation_id, version=current, platform=platform)
        kept.snapshot, kept.platform_version, kept.checked_at = snapshot, current_platform, now
        return snapshot

    def _head_version(self, organisation_id: str, *, now: float, platform_version: int) -> int:
        """The organisation's version. The platform's is looked at in the same request when that is due."""
        platform = self._platform
        is_due = now - platform.checked_at >= STALE_SECONDS_MAX or platform.version < platform_version
        found = self._versions(organisation_id, *([PLATFORM] if is_due else []))
        if is_due:
            self._renew_platform(found.get(PLATFORM, 0), now)
        if organisation_id not in found:
            raise no_such_organisation(organisation_id)
        return found[organisation_id]

    def _renew_platform(self, version: int, now: float) -> None:
        platform = self._platform
        if version != platform.version:
            platform.definitions, platform.version = read_platform(self._database), version
        platform.checked_at = now

    def _versions(self, *organisation_ids: str) -> dict[str, int]:
        """Of those that there are, in one request. Whatever is read after this is of that version or later."""
        keys = [OrganisationHeads.get.key(organisation_id=each) for each in organisation_ids]
        found = self._database.repository(OrganisationHeads).consistent.get_many(keys)
        return {head.organisation_id: head.revision for head in found if head is not None}


def read_platform(database: Database) -> Definitions:
    """What the platform defines, now."""
    return definitions(database.repository(PlatformDefinitions).every().consistent())


def read_snapshot(
    database: Database, organisation_id: str, *, version: int, platform: Definitions | None = None
) -> Snapshot:
    """
    A snapshot that is read now, through whatever component `database` speaks for.

    Args:
        version: Of the head as it was read before: what is read here is of that version or later.
        platform: What the platform defines; None: read it now.
    """
    found = database.repository(OrganisationDefinitions).of_organisation(organisation_id=organisation_id)
    users = database.repository(UserGrants).consistent
    resources = database.repository(ProtectedResources).consistent

    def read_resource(resource_type: str, resource_id: str) -> Properties:
        key = {"resource_type": resource_type, "resource_id": resource_id}
        resource = resources.get(organisation_id=organisation_id, **key)
        return {} if resource is None else resource.properties

    return Snapshot(
        organisation_id=organisation_id,
        version=version,
        definitions=definitions(found.consistent(), above=platform or read_platform(database)),
        read_user=lambda user_id: users.of_user(organisation_id=organisation_id, user_id=user_id),
        read_resource=read_resource,
    )


@dataclass(slots=True)
class _Platform:
    """What the platform defines, as it was at a version or later."""

    definitions: Definitions = field(default_factory=Definitions)
    version: int = -1
    checked_at: float = float("-inf")
