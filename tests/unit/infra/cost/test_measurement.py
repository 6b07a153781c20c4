"""What operations cost, against numbers worked out by hand from DynamoDB's rules."""

from typing import Any

import pytest
from tests.unit.infra.cost.shop import SHOP

from tenantable.errors import InfrastructureError
from tenantable.infra.cost.measurement import measured_units
from tenantable.infra.cost.traffic import traffic_of

ORDER = {"bytes": 2500, "absent": ["courier"]}
LARGE = {"Order": ORDER, "User": {"bytes": 1500, "values": {"email": "ann@example.com"}}}


def cost(operation: str, items: Any = None, **members: Any) -> dict[str, dict[str, float]]:
    """Units by index; the table is `table`."""
    given = {"per_second": 1, **members}
    traffic = traffic_of({"items": LARGE if items is None else items, "operations": {operation: given}}, SHOP)
    ((place, read),) = traffic.each_operation()
    units = measured_units(SHOP, traffic, place, read)
    return {
        kind: {index or "table": amount for (_, index), amount in found.items()}
        for kind, found in (("reads", units.reads), ("writes", units.writes))
        if found
    }


def test_a_read_is_rounded_up_to_four_kilobytes_and_halved_without_consistency() -> None:
    assert cost("Orders.get") == {"reads": {"table": 0.5}}
    assert cost("Orders.get", consistent=True) == {"reads": {"table": 1.0}}
    large = {"Order": {"bytes": 4097}}
    assert cost("Orders.get", large) == {"reads": {"table": 1.0}}


def test_what_is_not_there_costs_the_least() -> None:
    large = {"Order": {"bytes": 8193}}
    assert cost("Orders.get", large, found_share=0.5) == {"reads": {"table": 0.5 * 1.5 + 0.5 * 0.5}}


def test_a_query_is_rounded_over_all_its_items_together() -> None:
    """Five items of 2,500 bytes are 12,500 bytes: four times 4 KB, halved."""
    assert query("Orders.of_customer", 5) == {"reads": {"whole": 2.0}}


def test_an_index_is_read_for_what_it_holds() -> None:
    assert query("Orders.of_courier", 20) == {"reads": {"keys": 0.5}}
    assert query("Orders.of_store", 20) == {"reads": {"some": 0.5}}


def query(name: str, count: int, items: Any = None) -> dict[str, dict[str, float]]:
    operation = {"per_second": 1, "items": count}
    traffic = traffic_of({"items": LARGE if items is None else items, "operations": {name: operation}}, SHOP)
    ((place, read),) = traffic.each_operation()
    units = measured_units(SHOP, traffic, place, read)
    return {"reads": {index or "table": amount for (_, index), amount in units.reads.items()}}


def test_pages_of_a_megabyte_are_rounded_one_by_one() -> None:
    """419 items are below 1 MB, 256 times 4 KB; with the 420th the page ends, and another one begins."""
    assert query("Orders.of_customer", 419)["reads"]["whole"] == 256 / 2
    assert query("Orders.of_customer", 421)["reads"]["whole"] == 257 / 2 + 1 / 2


def test_a_call_that_reads_too_much_is_refused() -> None:
    with pytest.raises(InfrastructureError, match="would read 300,000,000 bytes"):
        query("Orders.of_customer", 1000, {"Order": {"bytes": 300_000}})


def test_a_local_index_fetches_what_it_does_not_hold() -> None:
    found = query("Orders.notes", 1)["reads"]
    assert found == {"local": 0.5, "table": 0.5}


def test_a_collection_reads_every_kind() -> None:
    traffic = {
        "items": LARGE,
        "operations": {"Orders.with_lines": {"per_second": 1, "items": {"Order": 1, "Line": 30}}},
    }
    read = traffic_of(traffic, SHOP)
    ((place, operation),) = read.each_operation()
    lines = measured_units(SHOP, read, place, operation).reads
    assert lines == {("orders", None): 1.0}


def test_a_create_writes_every_index_that_the_item_stands_in() -> None:
    """2,500 bytes are three kilobytes in the table and in the whole index; an order without courier is in no `keys`."""
    assert cost("Order.create") == {"writes": {"table": 3.0, "whole": 3.0, "some": 1.0, "local": 1.0}}
    assert cost("Order.create", absent=[])["writes"]["keys"] == 1.0


def test_an_update_pays_for_the_indexes_that_hold_what_changes() -> None:
    assert cost("Order.update", changes=["note"]) == {"writes": {"table": 3.0, "whole": 3.0}}
    assert cost("Order.update", changes=["status"]) == {"writes": {"table": 3.0, "whole": 3.0, "some": 1.0}}


def test_an_entry_whose_key_changes_is_deleted_and_made_anew() -> None:
    assert cost("Order.update", changes=["store"]) == {"writes": {"table": 3.0, "whole": 3.0, "some": 2.0}}
    assert cost("Order.update", changes=["courier"])["writes"]["keys"] == 1.0
    assert cost("Order.update", absent=[], changes=["courier"])["writes"]["keys"] == 2.0
    assert cost("Order.update", absent=[], removes=["courier"])["writes"]["keys"] == 1.0


def test_a_delete_costs_what_it_deletes() -> None:
    assert cost("Order.delete") == {"writes": {"table": 3.0, "whole": 3.0, "some": 1.0, "local": 1.0}}


def test_a_transaction_doubles_the_table_and_not_the_indexes() -> None:
    assert cost("Order.create", in_transaction=True) == {
        "writes": {"table": 6.0, "whole": 3.0, "some": 1.0, "local": 1.0}
    }
    assert cost("Order.check") == {"writes": {"table": 6.0}}


def test_grants_say_whether_a_write_is_in_a_transaction() -> None:
    assert cost("Line.create") == {"writes": {"table": 2.0}}


def test_a_unique_value_brings_a_marker_in_one_transaction() -> None:
    assert cost("User.create") == {"writes": {"table": 2 * 2.0 + 2 * 1.0}}


def test_a_write_that_must_know_old_values_reads_first() -> None:
    """By its key the user is read consistently; whoever has read it before does not read again."""
    taken = {"reads": {"table": 1.0}, "writes": {"table": 2 * 2.0 + 2 * 1.0}}
    assert cost("User.delete") == taken
    assert cost("User.delete", target="entity") == {"writes": taken["writes"]}
    assert cost("User.update", changes=["name"]) == {"writes": {"table": 2.0}}


def test_a_put_replaces_or_not() -> None:
    new = {"table": 3.0, "whole": 3.0, "some": 1.0, "local": 1.0}
    assert cost("Order.put", replaces_share=0) == {"writes": new}
    assert cost("Order.put", replaces_share=1, changes=["note"]) == {"writes": {"table": 3.0, "whole": 3.0}}


def test_a_failed_condition_costs_the_item_that_is_there_and_no_index() -> None:
    assert cost("Order.create", failing_share=1.0)["writes"]["table"] == 3.0
    half = cost("Order.create", failing_share=0.5)["writes"]
    assert (half["table"], half["whole"]) == (3.0, 1.5)


def test_validators_that_want_more_than_a_type_take_a_value_from_the_file() -> None:
    with pytest.raises(InfrastructureError, match=r"User.update.*email"):
        cost("User.update", {}, changes=["email"])
    assert cost("User.update", changes=["name", "email"])["reads"] == {"table": 1.0}


def test_an_item_is_not_smaller_than_its_keys_and_names() -> None:
    with pytest.raises(InfrastructureError, match=r"items.Order.bytes: an item has \d+ bytes at least, and not 50"):
        cost("Order.create", {"Order": {"bytes": 50}})
