"""The tables and streams there are: how operations look them up and change them."""

from collections.abc import Iterator

from tenantable.engine.storage.checksums import DamageError
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.storage.turn import MARK
from tenantable.engine.streams.stream import Stream, dump_stream
from tenantable.engine.tables.contents import CatalogCache, Contents
from tenantable.engine.tables.table import Table, dump_table
from tenantable.wire.arns import Home, table_name_of
from tenantable.wire.errors import DynamoError, table_not_found, validation_error
from tenantable.wire.keys import TableKeys


class CatalogMovedError(Exception):
    """The catalog has changed since it was pinned."""


class Catalog:
    """
    Names to tables, and ARNs to streams, which outlive their table by a day.

    A lookup gives what the newest commit left, of whichever process. Inside a transaction nobody else changes anything,
    so that a write and the table that it was checked against always agree.
    """

    def __init__(self, cache: CatalogCache, home: Home) -> None:
        self._home = home
        self._cache = cache
        self._now = cache.contents

    def contents(self) -> Contents:
        """Everything as it is now; the same object until something changes."""
        return self._now()

    def pinned(self, contents: Contents) -> "Catalog":
        """
        The same, as long as these are its contents: after a change a lookup raises CatalogMovedError, so that what was
        decided by one state of the catalog is never carried out by another.
        """
        newest, cells, mark = self._cache.contents, self._cache.cells, contents.mark
        pinned = Catalog(self._cache, self._home)

        def now() -> Contents:
            if cells[MARK] != mark and newest() is not contents:
                raise CatalogMovedError
            return contents

        pinned._now = now
        return pinned

    @property
    def counts_keys(self) -> bool:
        """Whether contributor insights are enabled for any table or index."""
        return self._now().counts_keys

    def find(self, name_or_arn: str) -> Table | None:
        """
        The table of that name or ARN; None when there is none, or when the ARN is of another account or region.

        Raises:
            DamageError: It is damaged.
        """
        if self.is_foreign(name_or_arn):
            return None
        name, contents = table_name_of(name_or_arn), self._now()
        if name in contents.damaged:
            raise DamageError(f"table {name}: {contents.damaged[name]}")
        return contents.tables.get(name)

    def is_foreign(self, name_or_arn: str) -> bool:
        """Whether it is the ARN of a table in another account or region."""
        name = table_name_of(name_or_arn)
        return name is not name_or_arn and not name_or_arn.startswith(self._home.table(name))

    def table(self, name_or_arn: str) -> Table:
        """
        The table that an item operation names.

        Raises:
            DynamoError: ResourceNotFoundException.
        """
        table = self._now().tables.get(name_or_arn) or self.find(name_or_arn)
        if table is None:
            raise table_not_found()
        return table

    def described_table(self, name_or_arn: str) -> Table:
        """As `table`, with the words of the control plane, which name the table."""
        table = self.find(name_or_arn)
        if table is None:
            raise table_not_found(f"Table: {table_name_of(name_or_arn)} not found")
        return table

    def backed_table(self, name_or_arn: str) -> Table:
        """As `table`, with the error of the operations on backups."""
        table = self.find(name_or_arn)
        if table is None:
            raise DynamoError("TableNotFoundException", f"Table not found: {table_name_of(name_or_arn)}")
        return table

    def tagged_table(self, arn: str) -> Table:
        """The table that a tagging operation names by its ARN."""
        if not arn.startswith("arn:"):
            raise validation_error(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
        table = self.find(arn)
        if table is None or arn != self._home.table(table.name):
            raise DynamoError("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")
        return table

    def keys(self, name_or_arn: str) -> TableKeys | None:
        """The keys of a table and its indexes, for whoever reads requests (TableKeysLookup)."""
        contents = self._now()
        table = contents.tables.get(name_or_arn)
        if table is not None:
            return table.key_names
        if "/stream/" in name_or_arn:
            stream = contents.streams_by_arn.get(name_or_arn)
            return None if stream is None else stream.key_names
        table = self.find(name_or_arn)
        return None if table is None else table.key_names

    def stream(self, arn: str) -> Stream:
        """
        The stream that an operation names by its ARN.

        Raises:
            DynamoError: ResourceNotFoundException.
        """
        stream = self._now().streams_by_arn.get(arn)
        if stream is None:
            raise DynamoError("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")
        return stream

    def resource_policy(self, arn: str) -> str | None:
        """
        The policy document, JSON text, that hangs on a table or a stream; of an index, that of its table. None when
        there is no policy, or no such resource.
        """
        resource = self._now().streams_by_arn.get(arn) if "/stream/" in arn else self.find(arn)
        return None if resource is None or resource.policy is None else resource.policy.document

    def stream_of_number(self, number: int) -> Stream | None:
        return self._now().streams.get(number)

    def arn_of(self, stream: Stream) -> str:
        return self._home.stream(stream.table_name, stream.label)

    def streams(self, table_name: str | None = None) -> list[Stream]:
        """All streams, or those that tables of this name have had, sorted by table and age."""
        streams = (stream for stream in self._now().streams.values() if table_name in {None, stream.table_name})
        return sorted(streams, key=lambda stream: (stream.table_name, stream.label))

    def names(self) -> Iterator[str]:
        """The names of all tables that can be used, sorted."""
        return iter(sorted(self._now().tables))

    def all_names(self) -> Iterator[str]:
        """As `names`, with the tables that are damaged."""
        contents = self._now()
        return iter(sorted([*contents.tables, *contents.damaged]))

    def __len__(self) -> int:
        return len(self._now().tables)

    def save(self, transaction: Transaction, table: Table) -> None:
        """Create the table, or replace what is known of it."""
        transaction.save_table(table.name, dump_table(table))
        self._cache.change(transaction, lambda tables, _streams: tables.update({table.name: table}))

    def forget(self, transaction: Transaction, table: Table) -> None:
        transaction.forget_table(table.name)
        self._cache.change(transaction, lambda tables, _streams: tables.pop(table.name, None))

    def save_stream(self, transaction: Transaction, stream: Stream) -> None:
        """Create the stream, or replace what is known of it."""
        transaction.save_stream(stream.number, dump_stream(stream))
        self._cache.change(transaction, lambda _tables, streams: streams.update({stream.number: stream}))

    def forget_stream(self, transaction: Transaction, stream: Stream) -> None:
        transaction.forget_stream(stream.number)
        self._cache.change(transaction, lambda _tables, streams: streams.pop(stream.number, None))
