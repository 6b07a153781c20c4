"""
The archive: audit events as compressed JSON Lines in a bucket, in folders by organisation and day.

An object is named for the events in it and their times: a search reads no others than it needs, and whoever writes the
same events again writes the same object. Should an event stand in two objects nevertheless, because an archiver was
killed and then found more, readers see it once.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby

import orjson
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from tenantable.cloud.objects.bucket import Bucket, Content, ObjectExists, ObjectNotFound, below
from tenantable.errors import CloudError
from tenantable.services.access.declaration import AuditEvent

OBJECT_EVENTS_MAX = 1000
OBJECT_BYTES_MAX = 64 * 1024 * 1024
"""Of one object when it is unpacked: above that, it is none of ours."""
SCHEMA_VERSION = 1
SUFFIX = ".jsonl.gz"
MEDIA_TYPE = "application/gzip"

_TIMES = "%Y-%m-%d %H%M%S%f"
_NAMES = {name: to_camel(name) for name in AuditEvent.model_fields}
_FIELDS = {shown: name for name, shown in _NAMES.items()}


class ArchiveDamaged(CloudError):
    """An object of the archive is not what was written."""


def line_of(event: AuditEvent) -> bytes:
    """An event as one line of JSON, in camel case, with the version of the schema."""
    shown = {_NAMES[name]: value for name, value in event.model_dump(mode="json").items()}
    return orjson.dumps({"schemaVersion": SCHEMA_VERSION, **shown}, option=orjson.OPT_APPEND_NEWLINE)


def event_of(line: bytes) -> AuditEvent:
    """
    Raises:
        ValueError: It is no line of ours, or of a schema that came later.
    """
    content = orjson.loads(line)
    if not isinstance(content, dict) or content.pop("schemaVersion", None) != SCHEMA_VERSION:
        raise ValueError("this is no audit event of a known schema")
    return AuditEvent.model_validate({_FIELDS.get(name, name): value for name, value in content.items()})


def day_of(event: AuditEvent) -> date:
    return event.timestamp.date()


def order_of(event: AuditEvent) -> tuple[str, str]:
    """Events by time, and of one time by id, as the table has them."""
    return event.timestamp.isoformat(timespec="microseconds"), event.event_id


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivedObject:
    """An object of the archive, and the times of its first and its last event."""

    key: str
    first: datetime
    last: datetime


@dataclass(kw_only=True, slots=True)
class Progress:
    """
    How far the archiver is with an organisation.

    `ranges` are the sequence numbers that are archived, from each first to each last; days up to `swept_through` were
    gone through whole; `signed_sequence` and `signed_digest` are of the last head that was signed.
    """

    ranges: list[tuple[int, int]] = field(default_factory=list)
    swept_through: date | None = None
    signed_sequence: int = 0
    signed_digest: str = ""

    def has(self, sequence: int) -> bool:
        return any(first <= sequence <= last for first, last in reversed(self.ranges))

    def add(self, sequences: Iterable[int]) -> None:
        merged: list[tuple[int, int]] = []
        for first, last in sorted([*self.ranges, *((each, each) for each in sequences)]):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        self.ranges = merged


class Archive:
    """The archive in one bucket. Who writes keeps a whole object, or none."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def write(self, events: Iterable[AuditEvent]) -> list[str]:
        """Archive events of one organisation; gives the keys of the objects that have them now."""
        keys = []
        for _day, found in groupby(sorted(events, key=order_of), key=day_of):
            ordered = list(found)
            for start in range(0, len(ordered), OBJECT_EVENTS_MAX):
                part = ordered[start : start + OBJECT_EVENTS_MAX]
                key = _key(part)
                with suppress(ObjectExists):  # the same events, of which some may be without their details by now
                    self.bucket.put(key, _packed(part), only_if_absent=True)
                keys.append(key)
        return keys

    def rewrite(self, key: str, events: Sequence[AuditEvent]) -> None:
        """Put an object's events in the place of those that it has: the same, without details that are erased."""
        self.bucket.put(key, _packed(events))

    def forget_former(self, key: str) -> None:
        """Delete for good what a bucket with versions kept of an object that was rewritten."""
        self.bucket.delete_former_versions(key)

    def objects(
        self, organisation_id: str, since: date | None = None, until: date | None = None
    ) -> Iterator[ArchivedObject]:
        """
        The objects of an organisation from a day to a day, in the order of the days.

        Raises:
            ArchiveDamaged: Something is there that is none.
        """
        for key in self.keys(organisation_id, since, until):
            yield object_of(key)

    def keys(self, organisation_id: str, since: date | None = None, until: date | None = None) -> Iterator[str]:
        """Whatever stands in an organisation's folder from a day to a day."""
        prefix = f"audit/organisation={organisation_id}/"
        after = None if since is None else f"{prefix}date={since.isoformat()}"
        while True:
            page = self.bucket.page(prefix, after=after)
            for found in page.objects:
                if until is not None and found.key >= f"{prefix}date={until.isoformat()}0":
                    return
                yield found.key
            after = page.next
            if after is None:
                return

    def read(self, key: str) -> list[AuditEvent]:
        """
        The events of one object, by time.

        Raises:
            ArchiveDamaged: It is not what was written.
        """
        try:
            return [event_of(line) for line in _unpacked(self.bucket.get(key).body).splitlines()]
        except (ValueError, ValidationError, OSError, EOFError, zlib.error) as error:
            raise ArchiveDamaged(f"{key} is damaged", hint="bring it back from a version of the bucket") from error

    def of_day(self, organisation_id: str, day: date) -> list[AuditEvent]:
        """The archived events of a day, each once, by time."""
        objects = self.objects(organisation_id, day, day)
        return distinct(event for each in objects for event in self.read(each.key))

    def progress(self, organisation_id: str) -> Progress:
        try:
            content = orjson.loads(self.bucket.get(_progress_key(organisation_id)).body)
        except (ObjectNotFound, ValueError):
            return Progress()
        swept = content["sweptThrough"]
        return Progress(
            ranges=[(first, last) for first, last in content["ranges"]],
            swept_through=None if swept is None else date.fromisoformat(swept),
            signed_sequence=content["signedSequence"],
            signed_digest=content["signedDigest"],
        )

    def keep_progress(self, organisation_id: str, progress: Progress) -> None:
        content = {
            "ranges": progress.ranges,
            "sweptThrough": progress.swept_through,
            "signedSequence": progress.signed_sequence,
            "signedDigest": progress.signed_digest,
        }
        self.bucket.put(_progress_key(organisation_id), Content(body=orjson.dumps(content)))

    def organisations(self) -> list[str]:
        """Every organisation that the archiver has dealt with."""
        keys = [found.key for found in below(self.bucket, "archiver/organisation=")]
        return [key.removeprefix("archiver/organisation=").removesuffix(".json") for key in keys]


def distinct(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """Each event once, by time; of two copies the one with fewer details, for they were erased."""
    found: dict[tuple[str, str], AuditEvent] = {}
    for event in events:
        known = found.get(order_of(event))
        if known is None or len(event.details) < len(known.details):
            found[order_of(event)] = event
    return [found[order] for order in sorted(found)]


def object_of(key: str) -> ArchivedObject:
    """
    What an object's key says of it.

    Raises:
        ArchiveDamaged: It is no key of ours.
    """
    try:
        _, _, folder, name = key.split("/")
        day, (first, last, *_) = folder.removeprefix("date="), name.removesuffix(SUFFIX).split("-")
        times = [datetime.strptime(f"{day} {each}", _TIMES).replace(tzinfo=UTC) for each in (first, last)]
    except ValueError as error:
        raise ArchiveDamaged(f"{key} is no object of the archive", hint="remove it") from error
    return ArchivedObject(key=key, first=times[0], last=times[1])


def _key(events: Sequence[AuditEvent]) -> str:
    first, last = events[0], events[-1]
    numbers = ",".join(str(event.sequence) for event in events)
    content = hashlib.sha256(numbers.encode()).hexdigest()[:16]
    folder = f"audit/organisation={first.organisation_id}/date={day_of(first).isoformat()}"
    return f"{folder}/{first.timestamp:%H%M%S%f}-{last.timestamp:%H%M%S%f}-{first.sequence}-{content}{SUFFIX}"


def _progress_key(organisation_id: str) -> str:
    return f"archiver/organisation={organisation_id}.json"


def _packed(events: Iterable[AuditEvent]) -> Content:
    """Without a time inside, so that the same events are the same bytes."""
    return Content(body=gzip.compress(b"".join(map(line_of, events)), mtime=0), media_type=MEDIA_TYPE)


def _unpacked(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
        content = file.read(OBJECT_BYTES_MAX + 1)
    if not 0 < len(content) <= OBJECT_BYTES_MAX:
        raise ValueError("it is empty or too large")
    return content
