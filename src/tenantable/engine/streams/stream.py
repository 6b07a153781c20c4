"""What the engine knows of a stream, its form in the database, and the form of its records' numbers."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from tenantable.engine.policies.policy import ResourcePolicy
from tenantable.engine.storage.queries import RecordRelation, record_relation
from tenantable.engine.streams.limits import SLOTS
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

_SEQUENCE_NUMBER_OFFSET = 10**20  # so that every sequence number has 21 digits and sorts as text too
_SEQUENCE_NUMBER_DIGITS = 21
SEQUENCE_MAX = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """
    The stream of a table from when it was enabled to when it was disabled.

    `keys` are those of the table; `disabled_at` is None while records come, `policy` when no resource policy hangs on
    the stream. `slots` hold the records, each those of its part of the partition keys' hashes. `clock` gives seconds
    since 1970, for the records.
    """

    number: int
    table_name: str
    label: str
    view_type: str
    keys: KeyNames
    created_at: float
    disabled_at: float | None = None
    policy: ResourcePolicy | None = None
    slots: tuple[RecordRelation, ...]
    clock: Callable[[], float] = field(compare=False)
    key_names: TableKeys = field(init=False)

    def __post_init__(self) -> None:
        policy = None if self.policy is None else self.policy.document
        object.__setattr__(self, "key_names", TableKeys(table=self.keys, policy=policy))

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None


def record_relations(number: int) -> tuple[RecordRelation, ...]:
    """Where the records of the stream of this number are kept, slot by slot."""
    return tuple(record_relation(number, slot=slot) for slot in range(SLOTS))


def stream_sql_tables(stream: Stream) -> list[str]:
    """The SQL tables that hold a stream's records."""
    return [relation.sql_table for relation in stream.slots]


def slot_of(key: bytes) -> int:
    """The slot of an item by its key, which begins with the hash of the partition key."""
    return key[0] * SLOTS >> 8


def sequence_number(sequence: int) -> str:
    """The API's form of a number: 21 digits."""
    return str(_SEQUENCE_NUMBER_OFFSET + sequence)


def sequence_of(number: str) -> int | None:
    """The number that its form in the API stands for; None when it cannot be one of ours."""
    if len(number) != _SEQUENCE_NUMBER_DIGITS or not (number.isascii() and number.isdecimal()):
        return None
    sequence = int(number) - _SEQUENCE_NUMBER_OFFSET
    return sequence if 0 <= sequence <= SEQUENCE_MAX else None


def dump_stream(stream: Stream) -> bytes:
    """The database's form of a stream: JSON."""
    sort = stream.keys.sort
    return orjson.dumps(
        {
            "table_name": stream.table_name,
            "label": stream.label,
            "view_type": stream.view_type,
            "keys": {"partition": asdict(stream.keys.partition), "sort": sort and asdict(sort)},
            "created_at": stream.created_at,
            "disabled_at": stream.disabled_at,
            "policy": stream.policy and asdict(stream.policy),
        }
    )


def load_stream(number: int, description: bytes, clock: Callable[[], float]) -> Stream:
    """A stream from the database."""
    stored: dict[str, Any] = orjson.loads(description)
    policy = stored.pop("policy", None)
    keys = {kind: None if key is None else KeyAttribute(**key) for kind, key in stored.pop("keys").items()}
    return Stream(
        number=number,
        keys=KeyNames(**keys),  # type: ignore[arg-type] # there is always a partition key
        policy=None if policy is None else ResourcePolicy(**policy),
        slots=record_relations(number),
        clock=clock,
        **stored,
    )
