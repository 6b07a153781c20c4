"""What is known of the tables and streams, kept in memory and in step with the database, whoever changes it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenantable.engine.storage.checksums import DamageError, unsealed
from tenantable.engine.storage.reading import Reader
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.storage.turn import MARK, settled_mark
from tenantable.engine.streams.stream import Stream, load_stream, stream_sql_tables
from tenantable.engine.tables.table import Table, load_table, table_sql_tables
from tenantable.wire.arns import Home

Change = Callable[[dict[str, Table], dict[int, Stream]], object]
"""Changes tables, by name, and streams, by number, in place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """
    All tables by name and all streams by number and ARN, as of one generation.

    They are the newest as long as the mark that the processes share (`Turn.cells`) is this `mark`. `damaged` names the
    tables that cannot be used, and says why. `counts_keys` says whether contributor insights are enabled anywhere.
    """

    generation: int
    mark: int
    tables: Mapping[str, Table]
    streams: Mapping[int, Stream]
    streams_by_arn: Mapping[str, Stream]
    damaged: Mapping[str, str]
    counts_keys: bool


class CatalogCache:
    """
    Keeps the newest contents.

    A change is made inside a transaction and shows here once that is committed, still in the writer's turn. A change by
    another process shows with the next lookup after it, and to the writer before anything is carried out in its turn.
    """

    def __init__(self, storage: Storage, home: Home, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._home = home
        self._clock = clock
        self.cells = storage.turn.cells
        """Where the processes share their mark: contents whose mark it is are the newest."""
        self._replacing = threading.Lock()
        self._reading = threading.Lock()
        self._contents = self._made(-1, {}, {}, damaged={})
        self._tables_read: dict[str, tuple[bytes, Table]] = {}
        storage.write.catch_up = self._catch_up
        storage.write(lambda _transaction: None)  # catches up

    def contents(self) -> Contents:
        """The newest. Costs next to nothing while nobody changes them."""
        contents = self._contents
        return contents if self.cells[MARK] == contents.mark else self._read_again()

    def change(self, transaction: Transaction, change: Change) -> None:
        """Show a change that the transaction has just saved, once that is committed."""
        generation = transaction.generation
        assert generation is not None, "a change of the catalog raises its generation"

        def publish() -> None:
            with self._replacing:
                tables, streams = dict(self._contents.tables), dict(self._contents.streams)
                change(tables, streams)
                self._contents = self._made(generation, tables, streams, damaged=self._contents.damaged)

        transaction.after_commit(publish)

    def _read_again(self) -> Contents:
        """What a reader does when somebody else has changed the catalog, or may be about to."""
        with self._reading, self._storage.read() as reader:
            reader.freeze()
            if reader.generation() > self._contents.generation:
                self._replace(self._loaded(reader))
            return self._contents

    def _catch_up(self, reader: Reader) -> int:
        generation = reader.generation()
        if generation > self._contents.generation:
            self._replace(self._loaded(reader))
        return generation

    def _replace(self, contents: Contents) -> None:
        """Newer contents stay: threads that have read the database may come here in any order."""
        self._storage.renew_late_reads()  # first, so that whoever finds a table can read it
        with self._replacing:
            if contents.generation > self._contents.generation:
                self._contents = contents

    def _loaded(self, reader: Reader) -> Contents:
        streams = {number: self._sound_stream(number, stored) for number, stored in reader.streams()}
        sound = {number: stream for number, stream in streams.items() if stream is not None}
        damaged: dict[str, str] = {}
        read = {name: (stored, self._sound_table(name, stored, sound, damaged)) for name, stored in reader.tables()}
        self._tables_read = {name: (stored, table) for name, (stored, table) in read.items() if table is not None}
        tables = {name: table for name, (_, table) in self._tables_read.items()}
        return self._made(reader.generation(), tables, sound, damaged=damaged)

    def _sound_stream(self, number: int, stored: bytes) -> Stream | None:
        """A stream that can be used; None for one that is damaged."""
        try:
            stream = load_stream(number, unsealed(number, stored), self._clock)
        except (DamageError, ValueError, TypeError, LookupError):
            return None
        return stream if self._storage.damage_of(stream_sql_tables(stream)) is None else None

    def _sound_table(
        self, name: str, stored: bytes, streams: Mapping[int, Stream], damaged: dict[str, str]
    ) -> Table | None:
        """
        A table that can be used; None for one that is damaged. One whose description and stream are as they were read
        last is the same: most are, of thousands.
        """
        read, known = self._tables_read.get(name, (None, None))
        if (
            known is not None
            and read == stored
            and (not known.stream or streams.get(known.stream.number) == known.stream)
        ):
            return known
        try:
            table = load_table(name, unsealed(name, stored), streams, clock=self._clock)
            problem = self._storage.damage_of(_sql_tables(table))
        except (DamageError, ValueError, TypeError, LookupError) as error:  # of a damaged stream it finds none
            table, problem = None, f"its description or its stream is damaged: {error}"
        if problem is not None:
            damaged[name] = problem
        return table if problem is None else None

    def _made(
        self,
        generation: int,
        tables: Mapping[str, Table],
        streams: Mapping[int, Stream],
        *,
        damaged: Mapping[str, str],
    ) -> Contents:
        return Contents(
            generation=generation,
            mark=settled_mark(generation),
            tables=tables,
            streams=streams,
            streams_by_arn={self._home.stream(each.table_name, each.label): each for each in streams.values()},
            damaged=damaged,
            counts_keys=any(setting.enabled for table in tables.values() for setting in table.insights.values()),
        )


def _sql_tables(table: Table) -> list[str]:
    names = table_sql_tables(table)
    return names if table.undo is None else [*names, table.undo.relation.sql_table]
