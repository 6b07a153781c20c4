"""Checking one stream: its shards form chains, and every record is sound, in its slot and inside one of the shards."""

from collections.abc import Sequence
from heapq import merge
from itertools import pairwise, repeat

import orjson

from tenantable.engine.integrity.findings import Findings, Report
from tenantable.engine.keys import key_bytes
from tenantable.engine.storage.checksums import DamageError, RecordRow, verified_record
from tenantable.engine.storage.inspection import Inspection
from tenantable.engine.streams.limits import SLOTS
from tenantable.engine.streams.shards import Shard, read_shard
from tenantable.engine.streams.stream import Stream, slot_of
from tenantable.wire.errors import DynamoError

_RECORDS_BETWEEN_REPORTS = 1000


def check_stream(inspection: Inspection, stream: Stream, findings: Findings, report: Report) -> None:
    """Compare a stream with itself."""
    place = place_of(stream)
    try:
        by_slot: dict[int, list[Shard]] = {slot: [] for slot in range(SLOTS)}
        for shard in map(read_shard, inspection.shards(stream.number)):
            by_slot.setdefault(shard.slot, []).append(shard)
        for slot, shards in by_slot.items():
            for problem in chain_problems(stream, shards):
                findings.add(place, f"slot {slot}: {problem}")
        _check_records(inspection, stream, by_slot, findings=findings, report=report)
    except (DamageError, TypeError) as error:
        findings.add(place, f"its shards or records cannot be read to the end: {error}", is_lost=True)


def place_of(stream: Stream) -> str:
    return f"stream {stream.label} of table {stream.table_name}"


def is_in_shard(sequence: int, shards: Sequence[Shard]) -> bool:
    """Whether one of these shards holds the record of this sequence."""
    return any(shard.trimmed < sequence <= shard.through for shard in shards)


def chain_problems(stream: Stream, shards: Sequence[Shard]) -> list[str]:
    """What is wrong with the shards of a slot, in their order."""
    problems = [
        f"the shard at {after.first} does not follow on the one at {before.first}"
        for before, after in pairwise(shards)
        if before.last is None or after.first != before.last + 1 or after.parent != before.first
    ]
    problems += [
        f"the shard at {shard.first} ends at {shard.last} and is trimmed up to {shard.trimmed}"
        for shard in shards
        if shard.through < shard.first - 1 or not shard.first - 1 <= shard.trimmed <= shard.through
    ]
    is_open = bool(shards) and shards[-1].last is None
    if is_open != stream.is_enabled:
        problems.append("no shard is open" if stream.is_enabled else "a shard is open although the stream is disabled")
    return problems


def _check_records(
    inspection: Inspection, stream: Stream, shards: dict[int, list[Shard]], *, findings: Findings, report: Report
) -> None:
    """All records in the order of their sequence, over the slots."""
    place, done, last = place_of(stream), 0, 0
    walks = [zip(inspection.records(relation), repeat(relation.slot)) for relation in stream.slots]
    for row, slot in merge(*walks, key=lambda walked: walked[0][0]):
        problem = _record_problem(stream, row, slot)
        if problem is not None:
            findings.add(place, f"record {row[0]} is damaged: {problem}", is_lost=True)
        elif row[0] == last:
            findings.add(place, f"two records have the sequence {row[0]}")
        elif not is_in_shard(row[0], shards[slot]):
            findings.add(place, f"record {row[0]} lies in no shard of slot {slot}")
        last, done = row[0], done + 1
        if done % _RECORDS_BETWEEN_REPORTS == 0:
            report(place, done, done)


def _record_problem(stream: Stream, row: RecordRow, slot: int) -> str | None:
    """What is wrong with a record by itself."""
    try:
        record = verified_record(row)
        if slot_of(key_bytes(stream.keys, orjson.loads(record[4]))) != slot:
            return "its key belongs to another slot"
    except DamageError as error:
        return error.what
    except (ValueError, TypeError, LookupError, DynamoError):
        return "its key is not in the form that keys have"
    return None
