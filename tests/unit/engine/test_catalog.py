"""What was allowed for one table is never done to another that has taken its name."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tenantable.engine import Engine
from tenantable.wire.keys import TableKeysLookup
from tenantable.wire.principals import Principal

if TYPE_CHECKING:
    from tests.unit.engine.conftest import TableRequest


class Meddler:
    """An authorizer that allows everything, and during whose first answer the table is replaced."""

    def __init__(self, other: Mapping[str, Any]) -> None:
        self.engine: Engine | None = None
        self.asked: list[str] = []
        self._other = other

    def check_policy(self, document: str) -> None:
        pass

    def authorize(
        self, principal: Principal, operation: str, request: Mapping[str, Any], tables: TableKeysLookup
    ) -> None:
        assert (principal, bool(operation), bool(request)) == ("arn:worker", True, True)
        keys = tables("orders")
        assert keys is not None
        self.asked.append(keys.table.partition.name)
        if len(self.asked) == 1:
            assert self.engine is not None
            self.engine.call("DeleteTable", {"TableName": "orders"})
            self.engine.call("CreateTable", self._other)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("PutItem", {"TableName": "orders", "Item": {"number": {"S": "a"}}}),
        ("GetItem", {"TableName": "orders", "Key": {"number": {"S": "a"}}}),
        ("BatchWriteItem", {"RequestItems": {"orders": [{"PutRequest": {"Item": {"number": {"S": "a"}}}}]}}),
        ("ExecuteStatement", {"Statement": """SELECT * FROM "orders" WHERE number = 'a'"""}),
        ("DeleteTable", {"TableName": "orders"}),
    ],
)
def test_the_authorizer_is_asked_again_when_the_table_was_replaced_meanwhile(
    operation: str, request_: dict[str, Any], table_request: "TableRequest"
) -> None:
    authorizer = Meddler(table_request("orders", keys=("number",)))
    with Engine(":memory:", authorizer=authorizer) as engine:
        authorizer.engine = engine
        engine.call("CreateTable", table_request("orders", keys=("pk",)))
        engine.as_principal("arn:worker").call(operation, request_)
    assert authorizer.asked == ["pk", "number"]
