"""Who decides for an application: the snapshots in its own process, or a decision point over HTTP."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from fastapi.concurrency import run_in_threadpool

from tenantable.data.http_client import HttpClient
from tenantable.declare.naming import Naming
from tenantable.services.access.client.decisions import DecisionClient, RequestRefused
from tenantable.services.access.client.tables import PROFILE, read_profile, snapshots_of
from tenantable.services.access.decisions.keys import SEPARATOR, is_key
from tenantable.services.access.decisions.snapshots import Snapshots
from tenantable.services.access.declaration import PROJECT, naming
from tenantable.services.access.errors import NotFound
from tenantable.services.access.evaluation.deciding import decide, is_at_hand
from tenantable.services.access.evaluation.inquiries import IN_CONTEXT
from tenantable.services.access.evaluation.questions import USER, Action, Entity, Question
from tenantable.services.access.http.versions import read_versions
from tenantable.wire.client import DynamoClient

NO_RESOURCE = "*"
"""The id of the resource where a permission is asked for without one."""
_ANY: dict[str, int] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """
    May a user do this in an organisation?

    Args:
        permission: Such as `invoice:read`: the resource's type and the action.
        properties: Of the resource, over those of the directory.
        version: What a change answered as `access-version`; None: not older than some seconds.
    """

    organisation_id: str
    user_id: str
    permission: str
    resource_id: str = NO_RESOURCE
    properties: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None


class Decider(Protocol):
    """Makes decisions for an application."""

    async def allows(self, ask: Ask) -> bool:
        """
        Whether the user may. Users who are no members, and organisations that do not exist, are denied.

        Raises:
            Unavailable: It cannot be found out now.
        """
        ...


class LocalDecider:
    """
    Decides in this process, from snapshots of the table. Make one with `from_profile` or `of_table`, and close it.

    Args:
        clock: Seconds since 1970.
        close: Ends what the snapshots are read through; None: it ends elsewhere.
    """

    def __init__(
        self, snapshots: Snapshots, *, clock: Callable[[], float], close: Callable[[], None] | None = None
    ) -> None:
        self._snapshots = snapshots
        self._clock = clock
        self._close = close

    @classmethod
    def from_profile(
        cls,
        credentials: Path | str,
        *,
        endpoint: str,
        profile: str = PROFILE,
        region: str = "us-east-1",
        stage: str = "dev",
        prefix: str = "",
        clock: Callable[[], float] = time.time,
    ) -> "LocalDecider":
        """
        Decides from the table behind a DynamoDB endpoint, such as that of `tenantable up`.

        Args:
            credentials: An AWS credentials file, such as `.tenantable/credentials`; read again for each new key.
            endpoint: Such as `http://127.0.0.1:8000`.
            stage, prefix: Of the table's name, as `TENANTABLE_STAGE` and `TENANTABLE_PREFIX` are where it is served.
        Raises:
            SettingsError: The file has no such profile.
            DeclarationError: There is no such stage.
        """
        names = naming(stage, project=f"{prefix}{PROJECT}")
        key = partial(read_profile, Path(credentials), profile)
        key()
        client = HttpClient(endpoint, region=region, credentials=key)
        snapshots = snapshots_of(client, naming=names, clock=clock)
        return cls(snapshots, clock=clock, close=client.close)

    @classmethod
    def of_table(cls, client: DynamoClient, *, names: Naming, clock: Callable[[], float] = time.time) -> "LocalDecider":
        """
        Decides from the table that a client reaches, which is closed by whoever opened it.

        Args:
            client: Such as `BotocoreClient(boto3.client("dynamodb"))`; it needs what `decision-service` is granted.
            names: `naming("prod")` of the declaration, or the one that the table was created with.
        """
        return cls(snapshots_of(client, naming=names, clock=clock), clock=clock)

    async def close(self) -> None:
        """End the connections. Ask nothing afterwards."""
        if self._close is not None:
            await run_in_threadpool(self._close)

    async def allows(self, ask: Ask) -> bool:
        """As `Decider`. Made at once when everything is at hand, else on a thread."""
        decision = self._at_hand(ask)
        return await run_in_threadpool(self._read, ask) if decision is None else decision

    def allows_now(self, ask: Ask) -> bool:
        """The same for programs without an event loop; may read the table, and wait for it."""
        decision = self._at_hand(ask)
        return self._read(ask) if decision is None else decision

    def _at_hand(self, ask: Ask) -> bool | None:
        """The decision, when nothing must be read for it."""
        snapshot = self._snapshots.at_hand(ask.organisation_id, **_least(ask))
        if snapshot is None:
            return None
        now = self._clock()
        user = snapshot.user_at_hand(ask.user_id, now=now)
        if user is not None and not user.rules.has_tests:
            return user.rules.allows(ask.permission)
        question = _question(ask)
        return decide(snapshot, question, now=now) if is_at_hand(snapshot, question, now=now) else None

    def _read(self, ask: Ask) -> bool:
        try:
            snapshot = self._snapshots.of(ask.organisation_id, **_least(ask))
        except NotFound:
            return False
        return decide(snapshot, _question(ask), now=self._clock())


class HttpDecider:
    """Asks a decision point; its credential must be good for every organisation that is asked about."""

    def __init__(self, client: DecisionClient) -> None:
        self._client = client

    async def close(self) -> None:
        """End the connections."""
        await self._client.close()

    async def allows(self, ask: Ask) -> bool:
        """
        As `Decider`.

        Raises:
            RequestRefused: The decision point refuses the request itself: its credential, most likely.
        """
        resource_type, _, action = ask.permission.rpartition(SEPARATOR)
        try:
            return await self._client.evaluate(
                {"type": USER, "id": ask.user_id},
                {"name": action},
                {"type": resource_type, "id": ask.resource_id, "properties": dict(ask.properties)},
                context={IN_CONTEXT: ask.organisation_id},
                version=ask.version,
            )
        except RequestRefused as refused:
            if refused.code == NotFound.code:
                return False
            raise


def check_permission(permission: str) -> None:
    """
    Raises:
        ValueError: It is no permission of a type and an action.
    """
    if SEPARATOR not in permission or not is_key(permission):
        raise ValueError(f"{permission!r} is no permission such as invoice:read")


def _least(ask: Ask) -> dict[str, int]:
    """The versions that the decision may rest on at least."""
    if ask.version is None:
        return _ANY
    least = read_versions(ask.version, ask.organisation_id)
    return {"version": least.organisation, "platform_version": least.platform}


def _question(ask: Ask) -> Question:
    resource_type, _, action = ask.permission.rpartition(SEPARATOR)
    return Question.model_construct(
        subject=Entity.model_construct(type=USER, id=ask.user_id, properties={}),
        action=Action.model_construct(name=action, properties={}),
        resource=Entity.model_construct(type=resource_type, id=ask.resource_id, properties=dict(ask.properties)),
        context={},
    )
