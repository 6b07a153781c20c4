"""ExecuteStatement: one PartiQL statement."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.capacity import add_consumed_capacity
from tenantable.engine.items.single_write import write_one
from tenantable.engine.session import Session
from tenantable.engine.statements.reading import select
from tenantable.engine.statements.writing import read_write, refuse_exists, returned_items
from tenantable.expressions.partiql.parser import parse_statement


def execute_statement(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    statement = parse_statement(request["Statement"])
    bound = statement.bind(request.get("Parameters"))
    if statement.reads:
        selected = select(session, request, bound)
        response: dict[str, Any] = {"Items": selected.items}
        if selected.last is not None:
            response |= {"NextToken": selected.token, "LastEvaluatedKey": selected.last}
        return add_consumed_capacity(response, request, selected.table, selected.cost)
    refuse_exists(bound)
    write = read_write(bound, request)
    outcome = write_one(session, write)
    response = {"Items": returned_items(session, write, outcome)}
    return add_consumed_capacity(response, request, outcome.table, outcome.cost)
