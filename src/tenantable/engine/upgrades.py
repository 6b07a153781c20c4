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
    tables = [session.catalog.table(name) for name in session.catalog.names()]
    for table in tables:
        if (SPECIFICATION in table.options and table.stream is None) or (table.time_to_live and table.expiry is None):
            session.storage.write(partial(_complete, session, table))


def _complete(session: Session, table: Table, transaction: Transaction) -> None:
    table = follow_specification(session, transaction, table)
    if table.time_to_live is not None and table.expiry is None:
        table = begin_expiry(transaction, table, table.time_to_live)
    session.catalog.save(transaction, table)
