"""What details of audit events say of a change: all of it, within bounds, and of persons no values."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tenantable.services.access.changes.comparing import (
    DETAIL_BYTES_MAX,
    NOTHING,
    bounded,
    changed,
    changed_names,
    changed_values,
    comparison,
)
from tenantable.services.access.declaration import PermissionEntry, PermissionSet, PropertyTest

TOLD = ("name", "active", "entries")


def entry(key: str, value: object = None, *, effect: str = "allow") -> PermissionEntry:
    tests = [] if value is None else [PropertyTest(of="resource", name="status", value=value)]
    return PermissionEntry.model_validate({"key": key, "effect": effect, "when": tests})


def a_set(*entries: PermissionEntry, name: str = "Clerk", active: bool = True) -> PermissionSet:
    return PermissionSet(
        organisation_id="acme",
        permission_set_id="clerk",
        name=name,
        active=active,
        entries=list(entries),
        date_created=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_what_came_and_went_and_has_another_value_is_told() -> None:
    before = a_set(entry("a:b:c"), entry("d:e:f", effect="deny"))
    after = a_set(entry("a:b:c"), entry("vault:*"), name="Accountant", active=False)
    assert changed(before, after, *TOLD) == {
        "name": "Clerk becomes Accountant",
        "active": "yes becomes no",
        "entries": "+ allow vault:*, - deny d:e:f",
    }


def test_of_what_is_new_or_gone_everything_is_told() -> None:
    found = a_set(entry("a:*"))
    assert changed(None, found, *TOLD) == {"name": "Clerk", "active": "yes", "entries": "+ allow a:*"}
    assert changed(found, None, *TOLD) == {"name": "Clerk", "active": "yes", "entries": "- allow a:*"}


def test_a_change_that_changes_nothing_says_so() -> None:
    assert changed(a_set(entry("a:*")), a_set(entry("a:*")), *TOLD) == NOTHING


def test_conditions_are_told_with_their_values() -> None:
    told = changed(a_set(entry("a:*", "open")), a_set(entry("a:*", ["x"])), *TOLD)
    assert told["entries"] == (
        '+ allow a:* when resource.status equals ["x"], - allow a:* when resource.status equals "open"'
    )


@pytest.mark.parametrize(("before", "after"), [(True, 1), (1, "1"), (10**37, 10**37 + 1)])
def test_conditions_that_python_mixes_up_or_json_cannot_hold_are_told_apart(before: object, after: object) -> None:
    assert changed(a_set(entry("a:*", before)), a_set(entry("a:*", after)), *TOLD) != NOTHING


@pytest.mark.parametrize("value", [Decimal(1), Decimal("1.0"), 1.0])
def test_numbers_are_the_same_whether_they_come_from_the_table_or_not(value: object) -> None:
    assert changed(a_set(entry("a:*", 1)), a_set(entry("a:*", value)), *TOLD) == NOTHING


def test_another_order_is_told() -> None:
    assert comparison(["a", "b"], ["b", "a"]) == ["in another order"]
    assert changed_values({"seat_limit": None}, {"seat_limit": 5}) == {"seatLimit": "none becomes 5"}


def test_properties_are_told_without_their_values() -> None:
    told = changed_names({"level": 1, "city": "Oslo", "same": 1}, {"level": 2, "team": "x", "same": Decimal(1)})
    assert told == {"properties": "+ team, - city, changed level"}


def test_five_hundred_ordinary_entries_are_told_whole() -> None:
    entries = [f"+ allow billing:part{number}:read" for number in range(500)]
    assert bounded(entries) == ", ".join(entries)


@pytest.mark.parametrize("length", [200, 40_000])
def test_of_very_long_details_the_first_are_told_and_the_digest_of_all(length: int) -> None:
    entries = [f"{number}" + "é" * length for number in range(400)]
    text = bounded(entries)
    assert len(text.encode()) <= DETAIL_BYTES_MAX
    kept = text.split(", ")[:-1]
    assert kept == entries[: len(kept)]
    digest = hashlib.sha256(", ".join(entries).encode()).hexdigest()
    assert text.endswith(f"and {400 - len(kept)} more; SHA-256 of all {digest}")
