from typing import TYPE_CHECKING

from tenantable.engine import Engine

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal

ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def test_a_table_goes_with_everything_in_it(engine: Engine, call: "Call", create: "Create") -> None:
    create("orders", global_={"by_x": ("x",)}, local={"in_order": ("y", "KEYS_ONLY")})
    call("PutItem", TableName="orders", Item=ITEM)
    answer = call("DeleteTable", TableName="orders")["TableDescription"]
    assert (answer["TableName"], answer["TableStatus"]) == ("orders", "DELETING")
    assert call("ListTables") == {"TableNames": []}
    create("orders")
    assert call("Scan", TableName="orders")["Count"] == 0


def test_a_protected_table_stays(call: "Call", create: "Create", refusal: "Refusal") -> None:
    create("orders", DeletionProtectionEnabled=True)
    error = refusal("DeleteTable", TableName="orders")
    assert (error.code, error.message) == (
        "ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    )
    call("UpdateTable", TableName="orders", DeletionProtectionEnabled=False)
    call("DeleteTable", TableName="orders")


def test_a_missing_table_is_named(refusal: "Refusal") -> None:
    error = refusal("DeleteTable", TableName="missing")
    assert error.message == "Requested resource not found: Table: missing not found"
