"""Enumerations in index keys: an update by key reads them, and makes the key from members, not from their values."""

from enum import Enum

from tenantable.data import Database, Repository
from tenantable.declare import Attr, Entity, Index, Naming, System, Table
from tenantable.engine import Engine

by_level = Index("by-level", partition="level_key", sort="rank_key")
table = Table("alarms", by_level, partition="alarm_id")


class Level(Enum):
    LOW = "low"
    HIGH = "high"


class Alarm(Entity, table=table):
    alarm_id: Attr[str]
    level: Attr[Level]
    rank: Attr[int]


class Alarms(Repository[Alarm]):
    @Alarm.key()
    def get(self, *, alarm_id: str) -> None:
        """One alarm."""

    @Alarm.query(by_level, pk="LEVEL#{level}", sk="{level}#{rank:03}")
    def of_level(self, *, level: Level) -> None:
        """Alarms of a level, by rank."""


def test_an_update_by_key_keeps_an_index_key_that_is_made_of_a_member() -> None:
    naming = Naming()
    with Engine(":memory:") as engine:
        for request in System(name="alarms", tables=[table]).create_table_requests(naming):
            engine.call("CreateTable", request)
        alarms = Database(engine, naming=naming, cursor_key=bytes(32)).repository(Alarms)
        alarms.create(Alarm(alarm_id="a", level=Level.HIGH, rank=1))
        alarms.update(Alarms.get.key(alarm_id="a"), Alarm.rank.set(7))
        assert [alarm.rank for alarm in alarms.of_level(level=Level.HIGH)] == [7]
