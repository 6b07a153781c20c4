"""
What is put right when a database is opened: what tables made by earlier versions lack (their streams, and the order in
which their items expire), and what a crash has left half done.
"""

from functools import partial

from tenantable.engine.backups.building import drop_unfinished
from tenantable.engine.expiry.switch import begin_expiry
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.lifecycle import SPECIFICATION, follow_specification
from tenantable.engine.tables.table import Table
from tenantable.engine.transfers.transfer import fail_interrupted


def recover(session: Session) -> None:
    """Drop what a crash has left half done, and say so of exports and imports."""

    def work(transaction: Transaction) -> None:
        drop_unfinished(transaction)
        fail_interrupted(session, transaction)

    session.storage.write(work)


def complete_tables(session: Session) -> None:
    """Give every table what its settings ask for. Until format 2 they were kept and had no effect."""
    for name in session.catalog.names():
        if _is_incomplete(session.catalog.find(name)):
            session.storage.write(partial(_complete, session, name))


def _is_incomplete(table: Table | None) -> bool:
    if table is None:
        return False
    lacks_stream = SPECIFICATION in table.options and table.stream is None
    return lacks_stream or (table.time_to_live is not None and table.expiry is None)


def _complete(session: Session, name: str, transaction: Transaction) -> None:
    table = session.catalog.find(name)
    if table is None or not _is_incomplete(table):
        return  # another process was faster
    table = follow_specification(session, transaction, table)
    if table.time_to_live is not None and table.expiry is None:
        table = begin_expiry(transaction, table, table.time_to_live)
    session.catalog.save(transaction, table)
