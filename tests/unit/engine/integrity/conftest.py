"""A data directory with one table of everything that is held twice, and hands to damage it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.directories import opened_database

from tenantable.engine import Engine
from tenantable.testing import ManualClock

Damage = Callable[[str], None]
"""Carries out an SQL statement on the database behind the engine's back."""


@pytest.fixture
def directory(tmp_path: Path, table_request: Callable[..., dict[str, Any]]) -> Path:
    """
    Relations 1 to 5: items, an index of pointers, one of copies, the stream, the order of expiry. Six items in three
    partitions, two of which have expired.
    """
    folder = tmp_path / "data"
    with Engine(folder, clock=ManualClock()) as engine:
        request = table_request(
            "orders",
            global_={"by-kind": ("kind",), "by-place": ("place",)},
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        request["GlobalSecondaryIndexes"][1]["Projection"] = {"ProjectionType": "KEYS_ONLY"}
        engine.call("CreateTable", request)
        specification = {"Enabled": True, "AttributeName": "until"}
        engine.call("UpdateTimeToLive", {"TableName": "orders", "TimeToLiveSpecification": specification})
        for number in range(6):
            engine.call("PutItem", {"TableName": "orders", "Item": item(number)})
        stream = engine.stream("orders")
        stream.advance("ledger", stream.read()[2]["dynamodb"]["SequenceNumber"])
    return folder


def item(number: int) -> dict[str, Any]:
    until = {"until": {"N": str(1_000 + number)}} if number < 2 else {}
    key = {"pk": {"S": f"p{number % 3}"}, "sk": {"S": f"s{number}"}}
    return {**key, "kind": {"S": f"k{number % 2}"}, "place": {"S": "here"}, **until}


@pytest.fixture
def damage(directory: Path) -> Damage:
    def damage(statement: str) -> None:
        with opened_database(directory) as connection:
            assert connection.execute(statement).rowcount > 0

    return damage
