"""What one operation may do to the database."""

import sqlite3
from collections.abc import Callable, Iterator, MutableMapping, Sequence

from tenantable.engine.storage.checksums import RecordRow, Row, mark_of, marked_record, sealed, verified
from tenantable.engine.storage.queries import (
    QUERIES,
    ExpiryRelation,
    IndexRelation,
    ItemRelation,
    RecordRelation,
    UndoRelation,
)
from tenantable.engine.storage.reading import BuildRow, KeyRange, ShardRow, Statistics, read_statistics

Relation = ItemRelation | IndexRelation | RecordRelation | ExpiryRelation | UndoRelation


class Transaction:
    """
    What one operation reads and writes: all of it becomes durable, or nothing.

    It sees its own writes and those of everybody who wrote before. SQLite's transaction begins with the first access.
    """

    __slots__ = ("_begin", "_changes", "_cursor", "_sequences", "_time", "generation", "publish", "touched")

    def __init__(self, cursor: sqlite3.Cursor, begin: Callable[[], None], sequences: MutableMapping[int, int]) -> None:
        """
        Args:
            begin: Called before the first access.
            sequences: By stream number, the last sequence that was given, as far as it is known.
        """
        self._cursor = cursor
        self._begin = begin
        self._sequences = sequences
        self._changes: dict[int, list[int]] = {}
        self._time: float | None = None
        self.publish: Callable[[], None] | None = None
        self.generation: int | None = None
        """What the generation has become by this operation; None when it changed no table and no stream."""
        self.touched = False

    def after_commit(self, publish: Callable[[], None]) -> None:
        """
        Commit at once when the operation succeeds, and call `publish` before anybody else may write; what was given
        here earlier is called first.
        """
        earlier = self.publish

        def publish_all() -> None:
            if earlier is not None:
                earlier()
            publish()

        self.publish = publish_all

    def time(self, clock: Callable[[], float]) -> float:
        """The time of everything that is done here: what the clock says when it is first asked for."""
        if self._time is None:
            self._time = clock()
        return self._time

    def get(self, relation: ItemRelation, key: bytes) -> Row | None:
        stored: Row | None = self._execute(relation.get, (key,)).fetchone()
        return None if stored is None else verified(stored)

    def size_bytes(self, relation: ItemRelation, keys: KeyRange) -> int:
        """The sizes of all items in a range together."""
        return int(self._execute(relation.size, (keys.lower, keys.upper)).fetchone()[0])

    def statistics(self, relation_number: int) -> Statistics:
        return read_statistics(self._execute(QUERIES["read_statistics"], (relation_number,)))

    def put_item(self, relation: ItemRelation, key: bytes, row: Row, *, replaced: Row | None) -> None:
        """Store an item; `replaced` is what `get` gave for its key."""
        size, item = row
        mark = mark_of(size, item)
        if replaced is None:
            self._execute(relation.insert, (mark, item, key))
            self.count(relation.number, items=1, size_bytes=size)
        else:
            self._execute(relation.replace, (mark, item, key))
            self.count(relation.number, items=0, size_bytes=size - replaced[0])

    def delete_item(self, relation: ItemRelation, key: bytes, *, replaced: Row) -> None:
        self._execute(relation.delete, (key,))
        self.count(relation.number, items=-1, size_bytes=-replaced[0])

    def add_entry(self, relation: IndexRelation, key: bytes, *, base: bytes, row: Row) -> None:
        """Add an index entry; `base` is the key of its item."""
        self._execute(relation.insert, (key, base, mark_of(*row), row[1]) if relation.copies else (key, base))
        self.count(relation.number, items=1, size_bytes=row[0])

    def replace_entry(self, relation: IndexRelation, key: bytes, *, base: bytes, row: Row, replaced_bytes: int) -> None:
        """Change what an index entry projects; its key stays."""
        if relation.copies:
            self._execute(relation.replace, (mark_of(*row), row[1], key, base))
        self.count(relation.number, items=0, size_bytes=row[0] - replaced_bytes)

    def delete_entry(self, relation: IndexRelation, key: bytes, *, base: bytes, replaced_bytes: int) -> None:
        self._execute(relation.delete, (key, base))
        self.count(relation.number, items=-1, size_bytes=-replaced_bytes)

    def count(self, relation_number: int, *, items: int, size_bytes: int) -> None:
        """Note a change of what a relation holds; it is written with the end of the operation."""
        if items or size_bytes:
            change = self._changes.setdefault(relation_number, [0, 0])
            change[0] += items
            change[1] += size_bytes

    def walk(self, relation: ItemRelation) -> Iterator[tuple[bytes, int, bytes]]:
        """All items (key, size, JSON) in key order, for building an index."""
        self._ensure_begun()
        for key, mark, item in self._cursor.connection.execute(relation.walk):
            yield key, *verified((mark, item))

    def add_relation(self) -> int:
        """A number for a new relation, never used before."""
        number = self._execute(QUERIES["add_relation"]).lastrowid
        assert number is not None
        return number

    def create(self, relation: Relation) -> None:
        self._execute(relation.create)

    def drop(self, relation: Relation) -> None:
        self._execute(relation.drop)
        self._execute(QUERIES["forget_relation"], (relation.number,))

    def save_table(self, name: str, description: bytes) -> None:
        self._execute(QUERIES["save_table"], (name, sealed(name, description)))
        self._raise_generation()

    def forget_table(self, name: str) -> None:
        self._execute(QUERIES["forget_table"], (name,))
        self._raise_generation()

    def save_stream(self, number: int, description: bytes) -> None:
        self._execute(QUERIES["save_stream"], (number, sealed(number, description)))
        self._raise_generation()

    def forget_stream(self, number: int) -> None:
        """Forget a stream and how far its consumers have come; its shards are gone already."""
        self._execute(QUERIES["forget_stream"], (number,))
        self.forget_checkpoints(number)
        self._raise_generation()

    def forget_checkpoints(self, stream_number: int) -> None:
        self._execute(QUERIES["forget_checkpoints"], (stream_number,))

    def shards(self, stream_number: int) -> list[ShardRow]:
        return self._execute(QUERIES["list_shards"], (stream_number,)).fetchall()

    def due_shards(self, stream_number: int, *, slot: int, closed_until: float) -> list[ShardRow]:
        """Of one slot, the shard that is open and those that were closed by then."""
        return self._execute(QUERIES["due_shards"], (stream_number, slot, closed_until)).fetchall()

    def add_shard(self, stream_number: int, *, slot: int, first: int, parent: int | None, now: float) -> None:
        self._execute(QUERIES["add_shard"], (stream_number, first, slot, parent, now, first - 1))

    def close_shard(self, stream_number: int, *, slot: int, first: int, last: int, now: float) -> None:
        self._execute(QUERIES["close_shard"], (last, now, stream_number, first, slot))

    def forget_shard(self, stream_number: int, *, slot: int, first: int) -> None:
        self._execute(QUERIES["forget_shard"], (stream_number, first, slot))

    def add_record(self, relation: RecordRelation, record: RecordRow) -> None:
        self._execute(relation.insert, marked_record(record))

    def next_sequence(self, slots: Sequence[RecordRelation]) -> int:
        """
        A number for the next record of a stream, greater than those of all before it.

        One that was drawn by a write that failed is left out; it may be given again, as nobody has seen it.
        """
        sequence = self.last_sequence(slots) + 1
        self._sequences[slots[0].number] = sequence
        return sequence

    def last_sequence(self, slots: Sequence[RecordRelation]) -> int:
        """The last number that the stream of these slots has given; its shards know it when its records are gone."""
        number = slots[0].number
        last = self._sequences.get(number)
        if last is None:
            newest = [self._execute(slot.last).fetchone()[0] for slot in slots]
            last = max(*newest, self._execute(QUERIES["last_shard_sequence"], (number,)).fetchone()[0])
            self._sequences[number] = last
        return last

    def oldest_records(self, relation: RecordRelation, limit: int) -> list[tuple[int, float]]:
        """Sequence and time of creation of a slot's oldest records, the oldest first."""
        return self._execute(relation.oldest, (limit,)).fetchall()

    def trim_records(self, relation: RecordRelation, *, through: int) -> None:
        """Delete a slot's records up to a sequence, and note in its shards that they are gone."""
        self._execute(relation.delete, (through,))
        self._execute(QUERIES["trim_shards"], (through, relation.number, relation.slot))

    def save_checkpoint(self, stream_number: int, consumer: str, sequence: int) -> None:
        """Note how far a consumer has come; it never goes back."""
        self._execute(QUERIES["save_checkpoint"], (stream_number, consumer, sequence))

    def other_consumers(self, stream_number: int, consumer: str) -> int:
        """How many consumers of a stream have a checkpoint, beside this one."""
        return int(self._execute(QUERIES["count_checkpoints"], (stream_number, consumer)).fetchone()[0])

    def add_expiry(self, relation: ExpiryRelation, at: int, key: bytes) -> None:
        self._execute(relation.insert, (at, key))

    def delete_expiry(self, relation: ExpiryRelation, at: int, key: bytes) -> None:
        self._execute(relation.delete, (at, key))

    def find_expired(self, relation: ExpiryRelation, *, since: int, before: float, limit: int) -> list[bytes]:
        """The keys of items that expire in this stretch of time, the first to expire first."""
        return [row[0] for row in self._execute(relation.find, (since, before, limit))]

    def add_undo(self, relation: UndoRelation, *, moment: int, key: bytes, before: Row | None) -> None:
        """Note what a change replaced; None when there was no item."""
        stored = (None, None) if before is None else (mark_of(*before), before[1])
        self._execute(relation.insert, (moment, key, *stored))

    def trim_undo(self, relation: UndoRelation, *, before: int, limit: int) -> int:
        """Forget the oldest of what was replaced before a moment; how many rows."""
        return self._execute(relation.trim, (before, limit)).rowcount

    def backup(self, arn: str) -> bytes | None:
        """The description of a backup; None when there is none of this ARN."""
        row = self._execute(QUERIES["find_backup"], (arn,)).fetchone()
        return None if row is None else row[0]

    def save_backup(self, arn: str, description: bytes) -> None:
        self._execute(QUERIES["save_backup"], (arn, description))

    def forget_backup(self, arn: str) -> None:
        self._execute(QUERIES["forget_backup"], (arn,))

    def builds(self) -> list[BuildRow]:
        return self._execute(QUERIES["list_builds"]).fetchall()

    def add_build(self, *, target: str | None, backup: str | None, relations: str) -> int:
        number = self._execute(QUERIES["add_build"], (target, backup, relations)).lastrowid
        assert number is not None
        return number

    def forget_build(self, number: int) -> None:
        """What was built belongs to a table or a backup from now on, or is gone."""
        self._execute(QUERIES["forget_build"], (number,))

    def clear_items(self, relation: ItemRelation, limit: int) -> int:
        """Delete the first items of a relation that is to be dropped: how many."""
        return self._execute(relation.clear, (limit,)).rowcount

    def drop_named(self, name: str, number: int) -> None:
        """As `drop`, of a relation that a build names; nothing when it is gone already."""
        self._execute(QUERIES["drop_named"].format(relation=name))
        self._execute(QUERIES["forget_relation"], (number,))

    def transfer(self, arn: str) -> bytes | None:
        """The description of an export or import; None when there is none of this ARN."""
        row = self._execute(QUERIES["find_transfer"], (arn,)).fetchone()
        return None if row is None else row[0]

    def transfers(self) -> list[tuple[str, bytes]]:
        return self._execute(QUERIES["list_transfers"]).fetchall()

    def save_transfer(self, arn: str, description: bytes) -> None:
        self._execute(QUERIES["save_transfer"], (arn, description))

    def forget_transfer(self, arn: str) -> None:
        self._execute(QUERIES["forget_transfer"], (arn,))

    def find_token(self, token: str, *, now: float) -> tuple[bytes, bytes] | None:
        """Digest and outcome of what was done under this token, unless it has expired."""
        row: tuple[bytes, bytes] | None = self._execute(QUERIES["find_token"], (token, now)).fetchone()
        return row

    def save_token(self, token: str, *, digest: bytes, outcome: bytes, now: float, expires_at: float) -> None:
        self._execute(QUERIES["forget_expired_tokens"], (now,))
        self._execute(QUERIES["save_token"], (token, digest, expires_at, outcome))

    def write_counts(self) -> None:
        for relation_number, (items, size_bytes) in self._changes.items():
            self._execute(QUERIES["change_statistics"], (items, size_bytes, relation_number))

    def _raise_generation(self) -> None:
        self._execute(QUERIES["raise_generation"])
        self.generation = self._execute(QUERIES["read_generation"]).fetchone()[0]

    def _execute(self, query: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
        if not self.touched:
            self._ensure_begun()
        return self._cursor.execute(query, parameters)

    def _ensure_begun(self) -> None:
        if not self.touched:
            self._begin()
            self.touched = True
