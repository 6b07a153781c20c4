"""Time passes when a test says so, for the engine and for typed access alike."""

from datetime import UTC, datetime

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, System, Table, allow, writes
from tenantable.local.systems import run_embedded
from tenantable.testing import ManualClock

codes = Table("codes", partition="pk", ttl="expires_at")


class Code(Entity, table=codes):
    text: Attr[str]
    expires_at: Attr[datetime]


class Codes(Repository[Code]):
    @Code.key(pk="CODE#{text}")
    def get(self, *, text: str) -> None:
        """One code."""


desk = Component("desk", grants=[allow(Codes.get, writes(Code, "create"))])


def test_a_running_system_sees_the_clocks_time_alone() -> None:
    clock = ManualClock(now=1_900_000_000.0)
    with run_embedded(System(name="codes", tables=[codes], components=[desk]), clock=clock) as running:
        description = running.engine.call("DescribeTable", {"TableName": "codes"})["Table"]
        assert description["CreationDateTime"] == clock.now
        found = running.database(desk).repository(Codes)
        found.create(Code(text="a", expires_at=datetime.fromtimestamp(clock.now + 60, UTC)))
        clock.now += 59
        assert found.get(text="a") is not None
        clock.now += 1
        assert found.get(text="a") is None
