"""An archiver in a process of its own, to be killed: `python -m ... FOLDER NOW`. Says `ready`, at the end `idle`."""

import sys
from pathlib import Path
from random import Random

from tenantable.cloud.objects.embedded import EmbeddedObjects
from tenantable.engine import Engine
from tenantable.services.access.app import Dependencies
from tenantable.services.access.audit.archiving.removals import SubscriptionRemovals
from tenantable.services.access.audit.assembly import archiver_of
from tenantable.services.access.declaration import naming

BATCH_RECORDS = 7
BUCKET = "audit-archive"


def dependencies(folder: Path, engine: Engine, now: float) -> Dependencies:
    objects = EmbeddedObjects(folder / "objects")
    return Dependencies(
        client=lambda _component: engine,
        naming=naming("dev"),
        cursor_key=bytes(32),
        chain_key=b"chain-key-of-the-tests",
        platform_secret="platform-secret-of-the-tests",
        issuers=[],
        bucket=lambda _component: objects.bucket(BUCKET),
        clock=lambda: now,
        random=Random(1),  # noqa: S311 - waiting times
    )


def main(folder: Path, now: float) -> None:
    with Engine(folder / "data", clock=lambda: now) as engine:
        stream = engine.stream(naming("dev").table_name("access-management"))
        removals = SubscriptionRemovals(stream, batch_records=BATCH_RECORDS)
        archiver = archiver_of(dependencies(folder, engine, now), removals, wait=lambda _seconds: None)
        print("ready", flush=True)  # noqa: T201 - for the process that kills this one
        while archiver.step():
            pass
    print("idle", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
