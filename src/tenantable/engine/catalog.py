"""The tables and streams there are, kept in memory as they are in the database."""

from collections.abc import Callable, Iterator

from tenantable.engine.storage.reading import Reader
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.stream import Journal, Stream, dump_stream, load_stream, record_relations
from tenantable.engine.tables.table import Table, dump_table, load_table
from tenantable.wire.arns import Home, table_name_of
from tenantable.wire.errors import DynamoError, table_not_found, validation_error
from tenantable.wire.keys import TableKeys


class Catalog:
    """
    Names to tables, and ARNs to streams, which outlive their table by a day. Lookups never wait.

    A change is made inside a transaction and shows here once that is committed, still under the writer's lock, so that
    a write and the table that it was checked against always agree.
    """

    def __init__(self, storage: Storage, home: Home, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: Seconds since 1970, for the records of streams and for what changes replace.
        """
        self._home = home
        descriptions = list(storage.streams())
        with storage.read() as reader:
            streams = {
                number: load_stream(number, description, Journal(clock, last=_last_sequence(reader, number)))
                for number, description in descriptions
            }
        self._publish_streams(streams)
        self._tables = {
            name: load_table(name, description, self._streams, clock=clock) for name, description in storage.tables()
        }

    def find(self, name_or_arn: str) -> Table | None:
        """The table of that name or ARN; None when there is none, or when the ARN is of another account or region."""
        return None if self.is_foreign(name_or_arn) else self._tables.get(table_name_of(name_or_arn))

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
        table = self._tables.get(name_or_arn) or self.find(name_or_arn)
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
        if table is None:
            raise DynamoError("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")
        return table

    def keys(self, name_or_arn: str) -> TableKeys | None:
        """The keys of a table and its indexes, for whoever reads requests (TableKeysLookup)."""
        table = self.find(name_or_arn)
        return None if table is None else table.key_names

    def stream(self, arn: str) -> Stream:
        """
        The stream that an operation names by its ARN.

        Raises:
            DynamoError: ResourceNotFoundException.
        """
        stream = self._streams_by_arn.get(arn)
        if stream is None:
            raise DynamoError("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")
        return stream

    def stream_of_number(self, number: int) -> Stream | None:
        return self._streams.get(number)

    def arn_of(self, stream: Stream) -> str:
        return self._home.stream(stream.table_name, stream.label)

    def streams(self, table_name: str | None = None) -> list[Stream]:
        """All streams, or those that tables of this name have had, sorted by table and age."""
        streams = (stream for stream in self._streams.values() if table_name in {None, stream.table_name})
        return sorted(streams, key=lambda stream: (stream.table_name, stream.label))

    def names(self) -> Iterator[str]:
        """All names, sorted."""
        return iter(sorted(self._tables))

    def __len__(self) -> int:
        return len(self._tables)

    def save(self, transaction: Transaction, table: Table) -> None:
        """Create the table, or replace what is known of it."""
        transaction.save_table(table.name, dump_table(table))
        transaction.after_commit(lambda: self._publish({**self._tables, table.name: table}))

    def forget(self, transaction: Transaction, table: Table) -> None:
        transaction.forget_table(table.name)
        remaining = {name: other for name, other in self._tables.items() if name != table.name}
        transaction.after_commit(lambda: self._publish(remaining))

    def save_stream(self, transaction: Transaction, stream: Stream) -> None:
        """Create the stream, or replace what is known of it."""
        transaction.save_stream(stream.number, dump_stream(stream))
        transaction.after_commit(lambda: self._publish_streams({**self._streams, stream.number: stream}))

    def forget_stream(self, transaction: Transaction, stream: Stream) -> None:
        transaction.forget_stream(stream.number)
        remaining = {number: other for number, other in self._streams.items() if number != stream.number}
        transaction.after_commit(lambda: self._publish_streams(remaining))

    def _publish(self, tables: dict[str, Table]) -> None:
        self._tables = tables

    def _publish_streams(self, streams: dict[int, Stream]) -> None:
        self._streams = streams
        self._streams_by_arn = {self.arn_of(stream): stream for stream in streams.values()}


def _last_sequence(reader: Reader, stream_number: int) -> int:
    """The last number that a stream has given away, as far as the database knows."""
    slots = [reader.last_sequence(relation) for relation in record_relations(stream_number)]
    return max(reader.last_shard_sequence(stream_number), *slots)
