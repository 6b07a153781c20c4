"""What the tests of services share: an engine, and a system's tables in it."""

from collections.abc import Callable, Iterator

import pytest

from tenantable.data.database import Database
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(":memory:") as opened:
        yield opened


@pytest.fixture
def database_of(engine: Engine) -> Callable[[System, Naming], Database]:
    """Creates a system's tables in the engine and opens them."""

    def create(system: System, naming: Naming) -> Database:
        for table in system.physical_tables(naming):
            engine.call("CreateTable", table.create_request())
            time_to_live = table.time_to_live_request()
            if time_to_live is not None:
                engine.call("UpdateTimeToLive", time_to_live)
        return Database(engine, naming=naming, cursor_key=bytes(32))

    return create
