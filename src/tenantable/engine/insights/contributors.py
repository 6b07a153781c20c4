"""The counts of contributor insights: per table or index, the keys that are accessed and throttled most."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, cast

import orjson

from tenantable.engine.catalog import Catalog
from tenantable.engine.insights.accesses import Access, find_accesses
from tenantable.engine.insights.setting import EVERY_ACCESS, TABLE, InsightsSetting
from tenantable.engine.insights.sketch import FrequentKeys
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import table_not_found
from tenantable.wire.keys import KeyAttribute
from tenantable.wire.values import Item, check_value


@dataclass(frozen=True, kw_only=True, slots=True)
class HotKey:
    """A key and how often it was asked for: `count` times, or up to `error` times fewer."""

    key: Item
    count: int
    error: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HottestKeys:
    """
    The keys of a table or index that are asked for most, the hottest first.

    `partitions` are partition keys, `items` whole keys; `items` is empty where a table has no sort key, and for an
    index, as nothing asks an index for one item. Those that were `throttled` are counted apart.
    """

    partitions: list[HotKey]
    items: list[HotKey]
    throttled_partitions: list[HotKey]
    throttled_items: list[HotKey]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counters:
    """The counts since insights were enabled by this setting."""

    setting: InsightsSetting
    partitions: FrequentKeys = field(default_factory=FrequentKeys)
    items: FrequentKeys = field(default_factory=FrequentKeys)
    throttled_partitions: FrequentKeys = field(default_factory=FrequentKeys)
    throttled_items: FrequentKeys = field(default_factory=FrequentKeys)


class Contributors:
    """In memory only: a restart begins anew. Threads may share it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._counters: dict[tuple[str, str], _Counters] = {}
        self._lock = Lock()

    def count(self, operation: str, request: Mapping[str, Any]) -> None:
        """Count the keys of a request that was carried out."""
        for access in find_accesses(operation, request, self._catalog):
            setting = _setting(access.table, access.index)
            if setting is not None and setting.mode == EVERY_ACCESS:
                self._count(access, setting, throttled=False)

    def count_throttled(self, operation: str, request: Mapping[str, Any]) -> None:
        """Count the keys of a request that was refused since too much was asked."""
        for access in find_accesses(operation, request, self._catalog):
            setting = _setting(access.table, access.index)
            if setting is not None:
                self._count(access, setting, throttled=True)

    def hottest(self, table_name: str, index: str | None, limit: int) -> HottestKeys:
        """
        Raises:
            DynamoError: ResourceNotFoundException when there is no such table, or its keys are not counted.
        """
        table = self._catalog.described_table(table_name)
        setting = _setting(table, index)
        if setting is None:
            raise table_not_found(f"Contributor insights of {index or table.name} are not enabled")
        with self._lock:
            counters = self._counters_of(table, index, setting)
            return HottestKeys(
                partitions=_hot_keys(counters.partitions, limit),
                items=_hot_keys(counters.items, limit),
                throttled_partitions=_hot_keys(counters.throttled_partitions, limit),
                throttled_items=_hot_keys(counters.throttled_items, limit),
            )

    def _count(self, access: Access, setting: InsightsSetting, *, throttled: bool) -> None:
        table, index, values = access.table, access.index, access.values
        keys = table.keys if index is None else table.key_names.indexes[index]
        if any(attribute.name not in values for attribute in keys.partitions):
            return  # a new table of that name has other keys
        partition = _key_text(keys.partitions, values)
        has_whole_key = bool(keys.sorts) and all(name in values for name in keys.names)
        with self._lock:
            counters = self._counters_of(table, index, setting)
            (counters.throttled_partitions if throttled else counters.partitions).add(partition)
            if has_whole_key:
                whole = _key_text(keys.attributes, values)
                (counters.throttled_items if throttled else counters.items).add(whole)

    def _counters_of(self, table: Table, index: str | None, setting: InsightsSetting) -> _Counters:
        place = (table.table_id, index or TABLE)
        counters = self._counters.get(place)
        if counters is None or counters.setting != setting:
            self._forget_disabled()
            counters = self._counters[place] = _Counters(setting=setting)
        return counters

    def _forget_disabled(self) -> None:
        """Give back the memory of tables and indexes that are gone or no longer counted."""
        tables = filter(None, map(self._catalog.find, self._catalog.names()))
        enabled = {
            (table.table_id, index): setting
            for table in tables
            for index, setting in table.insights.items()
            if setting.enabled
        }
        self._counters = {
            place: counters for place, counters in self._counters.items() if enabled.get(place) == counters.setting
        }


def _setting(table: Table, index: str | None) -> InsightsSetting | None:
    """How the keys are counted; None when they are not."""
    setting = table.insights.get(index or TABLE)
    return setting if setting is not None and setting.enabled else None


def _key_text(attributes: tuple[KeyAttribute, ...], values: Mapping[str, Any]) -> bytes:
    """The canonical JSON of a key."""
    return orjson.dumps({attribute.name: check_value(values[attribute.name])[0] for attribute in attributes})


def _hot_keys(frequent: FrequentKeys, limit: int) -> list[HotKey]:
    return [
        HotKey(key=cast("Item", orjson.loads(each.key)), count=each.count, error=each.error)
        for each in frequent.top(limit)
    ]
