"""Checking one table: every item against its checksum, its key, its index entries and the order of expiry."""

from dataclasses import dataclass, field

import orjson

from tenantable.engine.expiry.times import expires_at
from tenantable.engine.index_keys import stored_index_key
from tenantable.engine.integrity.findings import Findings, Report
from tenantable.engine.items.stored import StoredItem, entry_row
from tenantable.engine.keys import find_key, shown_key
from tenantable.engine.storage.checksums import CHECKSUM_MASK, DamageError, Row, verified
from tenantable.engine.storage.inspection import Inspection
from tenantable.engine.tables.table import Index, Table
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyNames
from tenantable.wire.values import Item

_ITEMS_BETWEEN_REPORTS = 1000


def stored_item(keys: KeyNames, mark: int, body: bytes) -> tuple[bytes, StoredItem]:
    """
    The key that a stored item has by its attributes, and the item.

    Raises:
        DamageError: It does not match its checksum, or is no item of this table.
    """
    row = verified((mark, body))
    try:
        item = orjson.loads(body)
        key = find_key(keys, item)
        if key is None:
            raise DamageError("an item lacks its key")
        return key, StoredItem(row, item)
    except (AttributeError, ValueError, TypeError, DynamoError) as error:
        raise DamageError("an item is not in the form that items have") from error


@dataclass(kw_only=True, slots=True)
class _Tally:
    """What a relation holds by what the items say."""

    count: int = 0
    size_bytes: int = 0

    def add(self, size_bytes: int) -> None:
        self.count += 1
        self.size_bytes += size_bytes


@dataclass(kw_only=True)
class TableCheck:
    """Compares one table with itself; `run` does it."""

    inspection: Inspection
    table: Table
    findings: Findings
    report: Report
    items: _Tally = field(default_factory=_Tally)
    entries: dict[str, _Tally] = field(default_factory=dict)
    expiries: int = 0
    unchecked: int = 0

    def run(self) -> None:
        self.entries = {name: _Tally() for name in self.table.indexes}
        statistics = self.inspection.statistics()
        total = statistics.get(self.table.items.number, (0, 0))[0]
        try:
            for key, mark, body in self.inspection.items(self.table.items):
                self._check_item(key, mark, body)
                if self.items.count % _ITEMS_BETWEEN_REPORTS == 0:
                    self.report(self.table.name, self.items.count, max(total, self.items.count))
        except DamageError as error:
            self._add(f"its items cannot be read to the end: {error.what}", is_lost=True)
            return
        self.report(self.table.name, self.items.count, self.items.count)
        self._check_counts(statistics)
        for index in self.table.indexes.values():
            self._check_entries(index)
        self._check_expiries()

    def _add(self, problem: str, *, place: str = "", is_lost: bool = False) -> None:
        self.findings.add(f"table {self.table.name}{place}", problem, is_lost=is_lost)

    def _check_item(self, key: bytes, mark: int, body: bytes) -> None:
        self.items.count += 1
        shown = shown_key(self.table.keys, key)
        try:
            own_key, stored = stored_item(self.table.keys, mark, body)
        except DamageError as error:
            self._add(f"item {shown} is damaged: {error.what}", is_lost=True)
            return
        self.items.size_bytes += stored.size_bytes
        self.unchecked += not mark & CHECKSUM_MASK
        if own_key != key:
            self._add(f"item {shown_key(self.table.keys, own_key)} lies where {shown} should be")
        for index in self.table.indexes.values():
            self._check_entry(index, key, stored, shown=shown)
        at = self._expires_at(stored.item)
        if at is not None:
            self._check_expiry(at, key, shown=shown)

    def _expires_at(self, item: Item) -> int | None:
        attribute = self.table.time_to_live
        return None if attribute is None or self.table.expiry is None else expires_at(item, attribute)

    def _check_entry(self, index: Index, key: bytes, stored: StoredItem, *, shown: str) -> None:
        entry_key = stored_index_key(index.keys, stored.item)
        if entry_key is None:
            return
        row = entry_row(index, stored)
        try:
            entry = self.inspection.entry(index.relation, entry_key, key)
        except DamageError as error:
            self._add(f"the entry of item {shown} cannot be read: {error.what}", place=_of(index))
            return
        if entry is None:
            self._add(f"item {shown} has no entry", place=_of(index))
            return
        self.entries[index.name].add(row[0])
        if index.relation.copies and not _agrees(entry, row):
            self._add(f"the entry of item {shown} does not agree with the item", place=_of(index))

    def _check_expiry(self, at: int, key: bytes, *, shown: str) -> None:
        assert self.table.expiry is not None
        try:
            found = self.inspection.has_expiry(self.table.expiry, at, key)
        except DamageError as error:
            self._add(f"when item {shown} expires cannot be read: {error.what}")
            return
        self.expiries += found
        if not found:
            self._add(f"item {shown} expires at {at}, and would not be deleted then")

    def _check_counts(self, statistics: dict[int, tuple[int, int]]) -> None:
        told = [(self.table.items.number, "", self.items)]
        told += [(index.relation.number, _of(index), self.entries[index.name]) for index in self.table.indexes.values()]
        for number, place, tally in told:
            if statistics.get(number) != (tally.count, tally.size_bytes):
                said = statistics.get(number, ("nothing", "nothing"))
                self._add(
                    f"holds {tally.count} rows of {tally.size_bytes} bytes, its counts say {said[0]} and {said[1]}",
                    place=place,
                )
        if self.unchecked:
            self.findings.notes.append(
                f"table {self.table.name}: {self.unchecked} items were written before format 3 and have no checksum yet"
            )

    def _check_entries(self, index: Index) -> None:
        """Every entry against its item; only looked at one by one when there are more than the items account for."""
        try:
            if self.inspection.count(index.relation) == self.entries[index.name].count:
                return
            for key, base in self.inspection.entries(index.relation):
                if self._entry_key(index, base) != key:
                    self._add(
                        f"an entry points to {shown_key(self.table.keys, base)}, which it does not belong to",
                        place=_of(index),
                    )
        except DamageError as error:
            self._add(f"its entries cannot be read to the end: {error.what}", place=_of(index))

    def _entry_key(self, index: Index, base: bytes) -> bytes | None:
        found = self.inspection.item(self.table.items, base)
        try:
            return None if found is None else stored_index_key(index.keys, stored_item(self.table.keys, *found)[1].item)
        except DamageError:
            return None

    def _check_expiries(self) -> None:
        if self.table.expiry is None:
            return
        try:
            count = self.inspection.count(self.table.expiry)
        except DamageError as error:
            self._add(f"the order in which its items expire cannot be read: {error.what}")
            return
        if count > self.expiries:
            self._add(f"{count - self.expiries} rows of the order of expiry belong to no item that expires then")


def _of(index: Index) -> str:
    return f", index {index.name}"


def _agrees(entry: Row, row: Row) -> bool:
    """Whether a copy is what its item projects. Its attributes may stand in another order."""
    try:
        copied = verified(entry)
        return copied == row or (copied[0] == row[0] and bool(orjson.loads(copied[1]) == orjson.loads(row[1])))
    except (DamageError, ValueError):
        return False
