"""Time to live: what expires is deleted, and nothing else. Needs a target that does so within half a minute."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    MakeTable = Callable[..., Table]

pytestmark = pytest.mark.needs("sweeping")

SECONDS_MAX = 30
YEAR_SECONDS = 365 * 24 * 3600


def expiring(make_table: "MakeTable", schema: str = "simple", **members: Any) -> "Table":
    table = make_table(schema, **members)
    table.call("UpdateTimeToLive", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    return table


def wait_until_gone(table: "Table", key: dict[str, Any]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while table.get(key) is not None:
        assert time.monotonic() < deadline, "the item was not deleted"
        time.sleep(0.1)


def test_what_is_over_is_deleted_and_nothing_else(make_table: "MakeTable") -> None:
    """Only numbers of seconds count, and no time more than five years ago."""
    table = expiring(make_table)
    now = int(time.time())
    kept = {
        "later": {"N": str(now + 3600)},
        "string": {"S": str(now - 3600)},
        "set": {"NS": [str(now - 3600)]},
        "milliseconds": {"N": str((now - 3600) * 1000)},
        "long ago": {"N": str(now - 6 * YEAR_SECONDS)},
    }
    table.put(*({"pk": {"S": name}, "ttl": value} for name, value in kept.items()), {"pk": {"S": "without"}})
    for name, age in (("years ago", 4 * YEAR_SECONDS), ("just over", 10)):
        table.put({"pk": {"S": name}, "ttl": {"N": str(now - age)}})
    wait_until_gone(table, {"pk": {"S": "years ago"}})
    wait_until_gone(table, {"pk": {"S": "just over"}})
    assert {item["pk"]["S"] for item in table.all_items("Scan")} == {*kept, "without"}


def test_indexes_lose_what_expires(make_table: "MakeTable") -> None:
    table = expiring(make_table, "indexed")
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    table.put({**key, "kind": {"S": "k"}, "rank": {"N": "1"}, "label": {"S": "l"}, "ttl": {"N": str(int(time.time()))}})
    wait_until_gone(table, key)
    for index in ("by-kind", "kinds", "labels", "by-rank", "rank-only", "by-label"):
        assert table.all_items("Scan", IndexName=index) == []


@pytest.mark.needs("streams")
def test_the_stream_says_that_the_service_did_it(make_table: "MakeTable") -> None:
    table = expiring(make_table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"})
    item = {"pk": {"S": "a"}, "ttl": {"N": str(int(time.time()) - 10)}}
    table.put(item)
    wait_until_gone(table, {"pk": {"S": "a"}})
    inserted, removed = table.records()
    assert inserted["eventName"] == "INSERT"
    assert removed["eventName"] == "REMOVE"
    assert removed["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert removed["dynamodb"]["OldImage"] == item
