"""Systems that the tests of infrastructure are about: those that ship, and one with everything a table can have."""

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.declare.resources import Bucket, EncryptionKey, EventBus, ParameterTree, Queue
from tenantable.declare.systems import System
from tenantable.declare.tables import AWS_MANAGED_KEY, Index, LocalIndex, PhysicalTable, Provisioned, Table, Tenancy
from tenantable.wire.keys import KeyAttribute

_NUMBER = KeyAttribute(name="size", type="N")
_BY_SIZE = Index("by-size", partition=_NUMBER, sort=KeyAttribute(name="raw", type="B"), projection="keys")
_UNITS = Provisioned(read_units=5, write_units=6)

everything = Table(
    "everything",
    _BY_SIZE,
    Index("by-day", partition="day", projection=("total", "note")),
    LocalIndex("by-time", sort="time", projection=("note",)),
    ttl="until",
    stream="KEYS_ONLY",
    billing=_UNITS,
    recovery=True,
    deletion_protection=True,
    encryption_key="alias/everything",
    tags={"team": "a b", "cost:center": "1"},
)
everywhere = Table(
    "everywhere",
    _BY_SIZE,
    ttl="until",
    recovery=True,
    encryption_key=AWS_MANAGED_KEY,
    replicas=("eu-west-1", "eu-west-2"),
    tags={"team": "a"},
)
scaled = Table("scaled", _BY_SIZE, billing=_UNITS, replicas=("eu-west-1",), encryption_key="alias/scaled")
kept = Table("kept", partition="id", tenancy=Tenancy(prefix="{tenant}", dedicated=True), replicas=("eu-west-1",))
shared = Table("shared", _BY_SIZE, tenancy=Tenancy(dedicated=True), billing=_UNITS, tags={"team": "a"})
_dead = Queue(name="dead", retention_seconds=600)
_jobs = Queue(name="jobs", dead_letters=_dead, receives_max=3)


def _naming(stage: str) -> Naming:
    values = {"stage": stage, "project": "big"}
    return Naming(
        table="{project}-{stage}-{table}",
        index="{table}-{index}",
        dedicated="{project}-{stage}-{table}-{tenant}",
        resource="{project}-{stage}-{resource}",
        values=values,
    )


BIG = System(
    name="big",
    tables=(everything, everywhere, scaled, kept, shared),
    components=(Component("idle", description="Does nothing."), Component("bound", tenant_bound=True)),
    resources=(
        _jobs,
        _dead,
        EncryptionKey(name="secrets"),
        Bucket(name="files"),
        EventBus(name="facts", description="What happened."),
        ParameterTree(name="/tenants"),
    ),
    environment={"EVERYTHING_TABLE": everything, "JOBS_QUEUE": _jobs},
    naming=_naming,
)
SYSTEMS: dict[str, System] = {**{name: find_system(name) for name in SHIPPED}, "big": BIG}
TABLES: list[tuple[System, PhysicalTable]] = [
    (system, table) for system in SYSTEMS.values() for table in system.physical_tables(system.naming("dev"))
]
TABLE_IDS = [f"{system.name}-{table.table.name}" for system, table in TABLES]
