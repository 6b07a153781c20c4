"""
The named queries of queries.sql, filled in for each SQL table.

A relation is one SQL table: the items of a DynamoDB table, the entries of one of its indexes, the records of one slot
of its stream, when its items expire, or what its changes replaced.
"""

import re
from dataclasses import dataclass
from pathlib import Path


def _load(text: str) -> dict[str, str]:
    names_and_queries = re.split(r"^-- (\w+) --$", text, flags=re.MULTILINE)[1:]
    without_comments = (re.sub(r"^--.*$", "", query, flags=re.MULTILINE) for query in names_and_queries[1::2])
    return dict(zip(names_and_queries[::2], (" ".join(query.split()) for query in without_comments), strict=True))


QUERIES = _load((Path(__file__).parent / "queries.sql").read_text())


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemRelation:
    """The SQL of one DynamoDB table's items."""

    number: int
    sql_table: str
    create: str
    drop: str
    get: str
    insert: str
    replace: str
    delete: str
    ascending: str
    descending: str
    walk: str
    next: str
    size: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexRelation:
    """The SQL of one index. It keeps copies of what it projects, or points to whole items of its table."""

    number: int
    copies: bool
    sql_table: str
    create: str
    drop: str
    insert: str
    replace: str
    delete: str
    ascending: str
    descending: str
    find: str
    walk: str
    count: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordRelation:
    """The SQL of the records of one slot of a stream. The slots of a stream share its number."""

    number: int
    slot: int
    sql_table: str
    create: str
    drop: str
    insert: str
    range: str
    oldest: str
    delete: str
    last: str
    walk: str
    before: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpiryRelation:
    """The SQL of when the items of a table expire."""

    number: int
    sql_table: str
    create: str
    drop: str
    insert: str
    delete: str
    find: str
    has: str
    walk: str
    count: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UndoRelation:
    """The SQL of what the changes of a table replaced."""

    number: int
    sql_table: str
    create: str
    drop: str
    insert: str
    trim: str
    state: str
    changes: str


def item_relation(number: int) -> ItemRelation:
    """The SQL of the items that are kept under this number."""

    def query(name: str) -> str:
        return QUERIES[name].format(items=f"items_{number}")

    return ItemRelation(
        number=number,
        sql_table=f"items_{number}",
        create=query("create_items"),
        drop=query("drop_items"),
        get=query("get_item"),
        insert=query("insert_item"),
        replace=query("replace_item"),
        delete=query("delete_item"),
        ascending=query("range_items_ascending"),
        descending=query("range_items_descending"),
        walk=query("walk_items"),
        next=query("next_items"),
        size=query("size_of_items"),
    )


def index_relation(number: int, *, items: int, copies: bool) -> IndexRelation:
    """The SQL of the index entries that are kept under this number; `items` is the number of the table's items."""

    def query(name: str) -> str:
        return QUERIES[name].format(index=f"index_{number}", items=f"items_{items}")

    shape = "copies" if copies else "pointers"
    return IndexRelation(
        number=number,
        copies=copies,
        sql_table=f"index_{number}",
        create=query("create_copying_index" if copies else "create_pointing_index"),
        drop=query("drop_index"),
        insert=query("insert_copy" if copies else "insert_pointer"),
        replace=query("replace_copy"),
        delete=query("delete_entry"),
        ascending=query(f"range_{shape}_ascending"),
        descending=query(f"range_{shape}_descending"),
        find=query("find_copy" if copies else "find_pointer"),
        walk=query("walk_entries"),
        count=query("count_entries"),
    )


def record_relation(number: int, *, slot: int) -> RecordRelation:
    """The SQL of the records of one slot of the stream that has this number."""

    def query(name: str) -> str:
        return QUERIES[name].format(records=f"records_{number}_{slot}")

    return RecordRelation(
        number=number,
        slot=slot,
        sql_table=f"records_{number}_{slot}",
        create=query("create_records"),
        drop=query("drop_records"),
        insert=query("insert_record"),
        range=query("range_records"),
        oldest=query("oldest_records"),
        delete=query("delete_records"),
        last=query("last_record"),
        walk=query("walk_records"),
        before=query("record_before"),
    )


def expiry_relation(number: int) -> ExpiryRelation:
    """The SQL of the times of expiry that are kept under this number."""

    def query(name: str) -> str:
        return QUERIES[name].format(expiry=f"expiry_{number}")

    return ExpiryRelation(
        number=number,
        sql_table=f"expiry_{number}",
        create=query("create_expiry"),
        drop=query("drop_expiry"),
        insert=query("insert_expiry"),
        delete=query("delete_expiry"),
        find=query("find_expired"),
        has=query("has_expiry"),
        walk=query("walk_expiry"),
        count=query("count_expiry"),
    )


def undo_relation(number: int, *, items: int) -> UndoRelation:
    """The SQL of the undo log that is kept under this number, of the table whose items are kept under `items`."""

    def query(name: str) -> str:
        return QUERIES[name].format(undo=f"undo_{number}", items=f"items_{items}")

    return UndoRelation(
        number=number,
        sql_table=f"undo_{number}",
        create=query("create_undo"),
        drop=query("drop_undo"),
        insert=query("insert_undo"),
        trim=query("trim_undo"),
        state=query("state_after_undo"),
        changes=query("changes_in_undo"),
    )
