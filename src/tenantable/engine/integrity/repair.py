"""
Repairing a database: a new one is written from its items, and put in the place of the old one, which is kept.

Items, records and what nothing else can tell are copied, row by row, as far as they are sound; indexes, counts,
checksums and the order of expiry are made anew.
"""

import base64
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tenantable.engine.expiry.times import expires_at
from tenantable.engine.index_keys import stored_index_key
from tenantable.engine.integrity.checking import CATALOG, FILE, read_streams, read_tables
from tenantable.engine.integrity.findings import Findings, Report
from tenantable.engine.integrity.stream_check import chain_problems, is_in_shard, place_of
from tenantable.engine.integrity.stream_repair import rebuilt_streams
from tenantable.engine.integrity.table_check import stored_item
from tenantable.engine.items.stored import StoredItem, entry_row
from tenantable.engine.keys import shown_key
from tenantable.engine.storage.checksums import DamageError, verified_record
from tenantable.engine.storage.files import lock_directory
from tenantable.engine.storage.inspection import Inspection
from tenantable.engine.storage.salvage import Salvage
from tenantable.engine.streams.shards import read_shard
from tenantable.engine.streams.stream import Stream, dump_stream, stream_sql_tables
from tenantable.engine.tables.table import Table, table_sql_tables

SET_ASIDE_FILE = "set-aside.jsonl"
_ITEMS_BETWEEN_REPORTS = 1000


@dataclass(kw_only=True)
class Repaired:
    """
    What a repair did. `kept` is the old database; None: nothing was changed, because the rows in `lost` would have been
    left out. `aside` holds these rows, if there are any.
    """

    items: int = 0
    entries: int = 0
    records: int = 0
    lost: Findings = field(default_factory=Findings)
    kept: Path | None = None
    aside: Path | None = None


def repair(directory: Path, report: Report, *, set_aside: bool) -> Repaired:
    """
    Repair the database of a data directory that nobody else has open.

    Args:
        report: Told the progress.
        set_aside: Leave out what is damaged itself and write it to a file; without, nothing is changed then.
    Raises:
        StorageError: The directory is in use, its database cannot be opened at all, or the new one cannot be written.
    """
    lock = lock_directory(directory, exclusive=True)
    try:
        with Inspection(directory) as inspection, Salvage(inspection) as salvage:
            work = _Repair(inspection=inspection, salvage=salvage, report=report)
            work.run()
            repaired = work.repaired
            if repaired.lost.lost_count and not set_aside:
                return repaired
            if work.rows_aside:
                repaired.aside = directory / SET_ASIDE_FILE
                with repaired.aside.open("ab") as file:
                    file.writelines(orjson.dumps(row) + b"\n" for row in work.rows_aside)
            repaired.kept = salvage.replace_original()
            return repaired
    finally:
        lock.close()


@dataclass(kw_only=True)
class _Repair:
    inspection: Inspection
    salvage: Salvage
    report: Report
    repaired: Repaired = field(default_factory=Repaired)
    rows_aside: list[dict[str, Any]] = field(default_factory=list)

    def run(self) -> None:
        lost = self.repaired.lost
        streams = read_streams(self.inspection, lost)
        rebuilt = rebuilt_streams(self.inspection, streams)
        streams |= rebuilt
        tables = read_tables(self.inspection, streams, lost)
        made_anew = {name for table in tables for name in table_sql_tables(table)}
        made_anew |= {name for stream in streams.values() for name in stream_sql_tables(stream)}
        for sql_table in self.inspection.sql_tables:
            if sql_table not in made_anew and not self.salvage.copy(sql_table):
                lost.add(FILE, f"the rows of {sql_table} cannot be read to the end", is_lost=True)
        if not self.salvage.copy("sqlite_sequence"):
            lost.add(CATALOG, "the numbers that were given away cannot be read", is_lost=True)
        with suppress(DamageError):  # said already, when they were read
            for number, _ in self.inspection.streams():
                if number not in streams:
                    lost.add(CATALOG, f"stream {number} cannot be read, and no table tells of it", is_lost=True)
                    self.salvage.transaction.forget_stream(number)
        for stream in rebuilt.values():
            self.salvage.transaction.save_stream(stream.number, dump_stream(stream))
        for table in tables:
            self._rebuild_table(table)
        for stream in streams.values():
            self._copy_stream(stream)
        with suppress(DamageError):  # said already, when they were copied
            for number, _, _ in self.inspection.checkpoints():
                if number not in streams:
                    self.salvage.transaction.forget_checkpoints(number)

    def _rebuild_table(self, table: Table) -> None:
        self.salvage.reset_statistics(
            [table.items.number, *(index.relation.number for index in table.indexes.values())]
        )
        place = f"table {table.name}"

        def is_cut(error: DamageError) -> None:
            self.repaired.lost.add(place, f"its items cannot be read to the end: {error.what}", is_lost=True)

        for key, mark, body in self.inspection.salvaged(table.items, is_cut):
            try:
                own_key, stored = stored_item(table.keys, mark, body)
            except DamageError as error:
                self._set_aside(place, f"item {shown_key(table.keys, key)}", error.what, row=(key, mark, body))
            else:
                self._put(table, own_key, stored)

    def _put(self, table: Table, key: bytes, stored: StoredItem) -> None:
        """Store an item with its index entries and its place in the order of expiry."""
        transaction = self.salvage.transaction
        there = transaction.get(table.items, key)
        if there is not None:
            if there != stored.row:
                shown = shown_key(table.keys, key)
                row = (key, *stored.row)
                self._set_aside(f"table {table.name}", f"item {shown}", "another item has the same key", row=row)
            return
        transaction.put_item(table.items, key, stored.row, replaced=None)
        for index in table.indexes.values():
            entry_key = stored_index_key(index.keys, stored.item)
            if entry_key is not None:
                transaction.add_entry(index.relation, entry_key, base=key, row=entry_row(index, stored))
                self.repaired.entries += 1
        if table.expiry is not None and table.time_to_live is not None:
            at = expires_at(stored.item, table.time_to_live)
            if at is not None:
                transaction.add_expiry(table.expiry, at, key)
        self.repaired.items += 1
        if self.repaired.items % _ITEMS_BETWEEN_REPORTS == 0:
            self.report(f"table {table.name}", self.repaired.items, self.repaired.items)

    def _copy_stream(self, stream: Stream) -> None:
        place = place_of(stream)

        def is_cut(error: DamageError) -> None:
            self.repaired.lost.add(place, f"its records cannot be read to the end: {error.what}", is_lost=True)

        for relation in stream.slots:
            copied: set[int] = set()
            for row in self.inspection.salvaged(relation, is_cut):
                try:
                    record = verified_record(row)
                except DamageError as error:
                    self._set_aside(place, f"record {row[0]}", error.what, row=row)
                    continue
                if record[0] not in copied:
                    copied.add(record[0])
                    self.salvage.transaction.add_record(relation, record)
                    self.repaired.records += 1
            self._mend_shards(stream, relation.slot, copied)

    def _mend_shards(self, stream: Stream, slot: int, records: set[int]) -> None:
        """One shard for all records of a slot, when its shards do not form a chain that holds them any more."""
        transaction = self.salvage.transaction
        shards = [shard for shard in map(read_shard, transaction.shards(stream.number)) if shard.slot == slot]
        if not chain_problems(stream, shards) and all(is_in_shard(sequence, shards) for sequence in records):
            return
        for shard in shards:
            transaction.forget_shard(stream.number, slot=slot, first=shard.first)
        first = min(records, default=1)
        transaction.add_shard(stream.number, slot=slot, first=first, parent=None, now=stream.created_at)
        if stream.disabled_at is not None:
            last = max(records, default=first)
            transaction.close_shard(stream.number, slot=slot, first=first, last=last, now=stream.disabled_at)

    def _set_aside(self, place: str, what: str, problem: str, *, row: tuple[Any, ...]) -> None:
        """Leave a row out, and note it as it lies, bytes in Base64."""
        self.repaired.lost.add(place, f"{what} is damaged: {problem}", is_lost=True)
        values = [base64.b64encode(value).decode() if isinstance(value, bytes) else value for value in row]
        self.rows_aside.append({"place": place, "problem": problem, "row": values})
