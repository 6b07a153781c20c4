"""What the engine knows of a table: frozen values, and their form in the catalog."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from tenantable.engine.backups.undo import UndoLog
from tenantable.engine.insights.setting import InsightsSetting
from tenantable.engine.policies.policy import ResourcePolicy
from tenantable.engine.storage.queries import (
    ExpiryRelation,
    IndexRelation,
    ItemRelation,
    expiry_relation,
    index_relation,
    item_relation,
    undo_relation,
)
from tenantable.engine.streams.stream import Stream
from tenantable.wire.errors import serialization_error
from tenantable.wire.keys import KeyAttribute, KeyNames, KeyType, TableKeys
from tenantable.wire.values import Item

ALL = "ALL"
INCLUDE = "INCLUDE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Throughput:
    """Read and write capacity units per second; both 0 when requests are paid one by one."""

    read_units: int = 0
    write_units: int = 0
    increased_at: float | None = None
    decreased_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """
    A secondary index; `projected` names what its entries hold, None for everything.

    `capacities` are OnDemandThroughput and WarmThroughput where they were asked for; the former is for a throttle.
    """

    name: str
    is_global: bool
    keys: KeyNames
    projection: str
    non_key_attributes: tuple[str, ...]
    projected: frozenset[str] | None
    throughput: Throughput
    relation: IndexRelation
    capacities: Mapping[str, Any] = field(default_factory=dict)

    def project(self, item: Item) -> Item:
        """What an entry of this index holds of the item."""
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """
    A table as it is now. A change makes a new value, so an old one in somebody's hand is never half changed.

    `time_to_live` names the attribute that holds an item's last second, and `expiry` keeps those seconds in order; both
    are None when items never expire. `stream` is None when changes are not recorded, `undo` when what they replace is
    not kept, `policy` when no resource policy hangs on the table. `insights` says by index name whose keys are counted,
    `TABLE` standing for the table. `options` are members of the table's description that are kept and shown
    (SSESpecification, TableClass); of these StreamSpecification alone has an effect, the stream.
    """

    name: str
    table_id: str
    created_at: float
    keys: KeyNames
    attribute_types: Mapping[str, KeyType]
    indexes: Mapping[str, Index]
    on_demand_since: float | None
    throughput: Throughput
    deletion_protected: bool = False
    time_to_live: str | None = None
    expiry: ExpiryRelation | None = None
    stream: Stream | None = None
    policy: ResourcePolicy | None = None
    insights: Mapping[str, InsightsSetting] = field(default_factory=dict)
    undo: UndoLog | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    items: ItemRelation
    key_names: TableKeys = field(init=False)
    all_key_names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        keys = TableKeys(
            table=self.keys,
            indexes={name: index.keys for name, index in self.indexes.items()},
            policy=None if self.policy is None else self.policy.document,
            tags=self.tags,
        )
        names = frozenset(self.keys.names).union(*(index.keys.names for index in self.indexes.values()))
        object.__setattr__(self, "key_names", keys)  # asked for with every authorized request
        object.__setattr__(self, "all_key_names", names)  # asked for with every put

    @property
    def is_on_demand(self) -> bool:
        return self.on_demand_since is not None

    @property
    def has_local_indexes(self) -> bool:
        return any(not index.is_global for index in self.indexes.values())


def make_index(
    name: str,
    *,
    table_keys: KeyNames,
    keys: KeyNames,
    is_global: bool,
    projection: str,
    non_key_attributes: tuple[str, ...],
    throughput: Throughput,
    capacities: Mapping[str, Any] | None = None,
    number: int,
    items: int,
) -> Index:
    """An index whose entries are kept under `number`, of a table whose items are kept under `items`."""
    projected = None if projection == ALL else frozenset((*table_keys.names, *keys.names, *non_key_attributes))
    return Index(
        name=name,
        is_global=is_global,
        keys=keys,
        projection=projection,
        non_key_attributes=non_key_attributes,
        projected=projected,
        throughput=throughput,
        capacities=capacities or {},
        relation=index_relation(number, items=items, copies=projected is not None),
    )


def table_sql_tables(table: Table) -> list[str]:
    """The SQL tables that hold a table's items and what follows from them alone."""
    names = [table.items.sql_table, *(index.relation.sql_table for index in table.indexes.values())]
    return names if table.expiry is None else [*names, table.expiry.sql_table]


def dump_table(table: Table) -> bytes:
    """
    The catalog's form of a table: JSON.

    Raises:
        DynamoError: SerializationException when a name or a tag is no Unicode text.
    """
    try:
        return orjson.dumps(_dumped(table))
    except orjson.JSONEncodeError as error:
        raise serialization_error("Invalid UTF-8 in a string value") from error


def load_table(name: str, description: bytes, streams: Mapping[int, Stream], *, clock: Callable[[], float]) -> Table:
    """
    A table from the catalog.

    Args:
        streams: All there are, by number.
        clock: Seconds since 1970, for what changes replace.
    """
    stored = orjson.loads(description)
    keys = _load_keys(stored["keys"])
    number = stored["items"]
    indexes = [_load_index(index, table_keys=keys, items=number) for index in stored["indexes"]]
    return Table(
        name=name,
        table_id=stored["table_id"],
        created_at=stored["created_at"],
        keys=keys,
        attribute_types=stored["attribute_types"],
        indexes={index.name: index for index in indexes},
        on_demand_since=stored["on_demand_since"],
        throughput=Throughput(**stored["throughput"]),
        deletion_protected=stored["deletion_protected"],
        time_to_live=stored["time_to_live"],
        expiry=None if stored.get("expiry") is None else expiry_relation(stored["expiry"]),
        stream=None if stored.get("stream") is None else streams[stored["stream"]],
        policy=None if stored.get("policy") is None else ResourcePolicy(**stored["policy"]),
        insights={name: InsightsSetting(**each) for name, each in stored.get("insights", {}).items()},
        undo=_load_undo(stored.get("undo"), items=number, clock=clock),
        options=stored["options"],
        tags=stored["tags"],
        items=item_relation(number),
    )


def _dumped(table: Table) -> dict[str, Any]:
    return {
        "table_id": table.table_id,
        "created_at": table.created_at,
        "keys": _dump_keys(table.keys),
        "attribute_types": table.attribute_types,
        "indexes": [_dump_index(index) for index in table.indexes.values()],
        "on_demand_since": table.on_demand_since,
        "throughput": asdict(table.throughput),
        "deletion_protected": table.deletion_protected,
        "time_to_live": table.time_to_live,
        "expiry": None if table.expiry is None else table.expiry.number,
        "stream": None if table.stream is None else table.stream.number,
        "policy": None if table.policy is None else asdict(table.policy),
        "insights": {name: asdict(setting) for name, setting in table.insights.items()},
        "undo": _dump_undo(table.undo),
        "options": table.options,
        "tags": table.tags,
        "items": table.items.number,
    }


def _dump_index(index: Index) -> dict[str, Any]:
    return {
        "name": index.name,
        "is_global": index.is_global,
        "keys": _dump_keys(index.keys),
        "projection": index.projection,
        "non_key_attributes": index.non_key_attributes,
        "throughput": asdict(index.throughput),
        "capacities": index.capacities,
        "number": index.relation.number,
    }


def _load_index(stored: dict[str, Any], *, table_keys: KeyNames, items: int) -> Index:
    return make_index(
        stored["name"],
        table_keys=table_keys,
        keys=_load_keys(stored["keys"]),
        is_global=stored["is_global"],
        projection=stored["projection"],
        non_key_attributes=tuple(stored["non_key_attributes"]),
        throughput=Throughput(**stored["throughput"]),
        capacities=stored.get("capacities", {}),
        number=stored["number"],
        items=items,
    )


def _dump_keys(keys: KeyNames) -> dict[str, Any]:
    stored = {"partition": asdict(keys.partition), "sort": None if keys.sort is None else asdict(keys.sort)}
    if not keys.multiple:
        return stored
    others = {"other_partitions": keys.other_partitions, "other_sorts": keys.other_sorts}
    return stored | {member: [asdict(each) for each in attributes] for member, attributes in others.items()}


def _dump_undo(log: UndoLog | None) -> dict[str, Any] | None:
    return None if log is None else {"number": log.relation.number, "since": log.since, "days": log.days}


def _load_undo(stored: dict[str, Any] | None, *, items: int, clock: Callable[[], float]) -> UndoLog | None:
    if stored is None:
        return None
    relation = undo_relation(stored["number"], items=items)
    return UndoLog(relation=relation, since=stored["since"], days=stored["days"], clock=clock)


def _load_keys(stored: dict[str, Any]) -> KeyNames:
    sort = stored["sort"]
    others = {
        member: tuple(KeyAttribute(**each) for each in stored.get(member, ()))
        for member in ("other_partitions", "other_sorts")
    }
    return KeyNames(
        partition=KeyAttribute(**stored["partition"]), sort=None if sort is None else KeyAttribute(**sort), **others
    )
