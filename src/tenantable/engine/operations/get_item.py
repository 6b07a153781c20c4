"""GetItem: one item by its key."""

from collections.abc import Mapping
from typing import Any

import orjson

from tenantable.engine.capacity import CONSUMED, DETAIL, OBSERVED, TableCost, add_consumed_capacity, read_units
from tenantable.engine.items.expressions import read_projection
from tenantable.engine.keys import key_of_request
from tenantable.engine.legacy.parameters import GET
from tenantable.engine.legacy.projections import read_attributes_to_get
from tenantable.engine.metering.admission import admit_get
from tenantable.engine.session import Session
from tenantable.wire.values import check_item


def get_item(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    GET.refuse_mixture(request)
    key_item, _ = check_item(request["Key"])
    projection = read_projection(request) or read_attributes_to_get(request)

    table = session.catalog.table(request["TableName"])
    key = key_of_request(table.keys, key_item)
    with session.storage.read(eventual=not request.get("ConsistentRead")) as reader:
        row = reader.get(table.items, key)
    if session.throttle is not None:
        admit_get(session.throttle, table, key, row, consistent=bool(request.get("ConsistentRead")))

    response: dict[str, Any] = {}
    if row is not None:
        response["Item"] = session.render(row[1]) if projection is None else projection.apply(orjson.loads(row[1]))
    if DETAIL not in request:
        return response
    units = read_units(row[0] if row else 0, consistent=bool(request.get("ConsistentRead")))
    if request[DETAIL] is OBSERVED:
        response[CONSUMED] = ((table.name, units),)
        return response
    return add_consumed_capacity(response, request, table, TableCost(table=units))
