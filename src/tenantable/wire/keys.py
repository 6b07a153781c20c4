"""Key names of a table: what everybody who reads a request must know of its schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

KeyType = str
"""`S`, `N` or `B`: the attribute types a key may have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyAttribute:
    """One attribute of a key and its type."""

    name: str
    type: KeyType = "S"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyNames:
    """
    The partition key, and the sort key or None, of a table or an index.

    Those of a global index may have up to four attributes each: `partition` and `sort` are the first ones, the others
    follow in their order. A key with others is `multiple`.
    """

    partition: KeyAttribute
    sort: KeyAttribute | None = None
    other_partitions: tuple[KeyAttribute, ...] = ()
    other_sorts: tuple[KeyAttribute, ...] = ()
    multiple: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "multiple", bool(self.other_partitions or self.other_sorts))

    @property
    def partitions(self) -> tuple[KeyAttribute, ...]:
        return (self.partition, *self.other_partitions)

    @property
    def sorts(self) -> tuple[KeyAttribute, ...]:
        return () if self.sort is None else (self.sort, *self.other_sorts)

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        if self.multiple:
            return (*self.partitions, *self.sorts)
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)


@dataclass(frozen=True, kw_only=True, slots=True)
class TableKeys:
    """
    What is to be known of a table before a request to it is carried out: its keys and those of each of its indexes, by
    index name; its tags; and `policy`, the document of its resource policy, None where it has none. It stays the same
    object until something of the table changes.
    """

    table: KeyNames
    indexes: Mapping[str, KeyNames] = field(default_factory=dict)
    policy: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


TableKeysLookup = Callable[[str], TableKeys | None]
"""
From a table's name or ARN to its keys; None when there is no such table. From the ARN of a stream to the keys of its
table, with the stream's own policy. The same lookup always gives the same answers.
"""
