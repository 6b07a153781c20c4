"""ExecuteTransaction: up to 100 PartiQL statements, all or none; all of them read, or all of them write."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.items.transacted_reads import TransactedRead, read_transaction
from tenantable.engine.items.transacted_writes import write_transaction
from tenantable.engine.session import Session
from tenantable.engine.statements.reading import key_of_where
from tenantable.engine.statements.writing import read_write
from tenantable.expressions.partiql.parser import parse_statement
from tenantable.expressions.partiql.statements import BoundStatement, Delete, Select, UpdateStatement
from tenantable.wire.errors import validation_error


def execute_transaction(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    entries = request["TransactStatements"]
    bound = [parse_statement(entry["Statement"]).bind(entry.get("Parameters")) for entry in entries]
    if len({each.statement.reads for each in bound}) > 1:
        raise validation_error(
            "ExecuteTransaction API does not support both read and write operations in the same request."
        )
    if bound[0].statement.reads:
        return read_transaction(session, request, [_read(each) for each in bound])
    writes = [_write(each, entry) for each, entry in zip(bound, entries, strict=True)]
    response = write_transaction(session, request, writes, content=entries)
    return {"Responses": [{} for _ in entries], **response}


def _read(bound: BoundStatement) -> TransactedRead:
    body = bound.body
    assert isinstance(body, Select)
    if body.index is not None or body.where is None:
        raise validation_error(
            "Select statements within ExecuteTransaction must specify the primary key in the where clause."
        )
    return TransactedRead(
        table_name=body.table,
        key_item=lambda table: key_of_where(bound, body.where, table.keys),
        projection=body.columns,
        filter=bound.predicate(body.where, "FilterExpression"),
    )


def _write(bound: BoundStatement, entry: Mapping[str, Any]) -> Any:
    body = bound.body
    if isinstance(body, UpdateStatement | Delete) and body.returning is not None:
        raise validation_error("RETURNING is not supported in transactions")
    return read_write(bound, entry)
