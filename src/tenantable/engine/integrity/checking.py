"""Checking a database: what SQLite says of the file, and everything that is held twice against each other."""

from collections.abc import Mapping
from pathlib import Path

from tenantable.engine.integrity.findings import Findings, Report
from tenantable.engine.integrity.stream_check import check_stream
from tenantable.engine.integrity.table_check import TableCheck
from tenantable.engine.storage.checksums import DamageError, unsealed
from tenantable.engine.storage.inspection import Inspection
from tenantable.engine.streams.stream import Stream, load_stream
from tenantable.engine.tables.table import Table, load_table

FILE = "the database file"
CATALOG = "the catalog"


def check(directory: Path, report: Report) -> Findings:
    """
    Check the database of a data directory. An engine may be at work on it: what is checked is its state at the start.

    Args:
        report: Told the progress.
    Returns:
        What is wrong; nothing when every item, copy and record matches its checksum and its key, indexes, counts and
        the order of expiry say what the items say, and streams are whole and in order.
    Raises:
        StorageError: There is no database, it is of a newer format, or it cannot be opened at all.
    """
    findings = Findings()
    with Inspection(directory) as inspection:
        report(FILE, 0, 1)
        for problem in inspection.structure_problems():
            findings.add(FILE, problem)
        report(FILE, 1, 1)
        streams = read_streams(inspection, findings)
        for table in read_tables(inspection, streams, findings):
            try:
                TableCheck(inspection=inspection, table=table, findings=findings, report=report).run()
            except DamageError as error:
                findings.add(f"table {table.name}", f"it cannot be read: {error.what}", is_lost=True)
        for stream in streams.values():
            check_stream(inspection, stream, findings, report)
        _check_checkpoints(inspection, streams, findings)
    return findings


def read_streams(inspection: Inspection, findings: Findings) -> dict[int, Stream]:
    """The streams whose description can be read, by number."""
    streams = {}
    try:
        for number, description in inspection.streams():
            try:
                streams[number] = load_stream(number, unsealed(number, description), no_time)
            except (DamageError, ValueError, TypeError, LookupError) as error:
                findings.add(CATALOG, f"the description of stream {number} cannot be read: {error}")
    except DamageError as error:
        findings.add(CATALOG, f"the streams cannot be read: {error.what}", is_lost=True)
    return streams


def read_tables(inspection: Inspection, streams: Mapping[int, Stream], findings: Findings) -> list[Table]:
    """The tables whose description can be read, by name."""
    tables = []
    try:
        for name, description in inspection.tables():
            try:
                tables.append(load_table(name, unsealed(name, description), streams, clock=no_time))
            except KeyError as error:
                problem = f"the description of table {name} names what cannot be found: {error}"
                findings.add(CATALOG, problem, is_lost=True)
            except (DamageError, ValueError, TypeError, LookupError) as error:
                findings.add(CATALOG, f"the description of table {name} cannot be read: {error}", is_lost=True)
    except DamageError as error:
        findings.add(CATALOG, f"the tables cannot be read: {error.what}", is_lost=True)
    return tables


def _check_checkpoints(inspection: Inspection, streams: Mapping[int, Stream], findings: Findings) -> None:
    try:
        for number, consumer, sequence in inspection.checkpoints():
            if number not in streams or sequence < 0:
                findings.add(CATALOG, f"consumer {consumer!r} has a checkpoint {sequence} of no stream that there is")
    except (DamageError, TypeError) as error:
        findings.add(CATALOG, f"the checkpoints of consumers cannot be read: {error}", is_lost=True)


def no_time() -> float:
    """The clock of streams and logs that nothing is written to."""
    raise AssertionError("nothing is recorded while a database is checked")
