"""One engine for each pair of account and region, opened when it is first asked for."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from tenantable.engine.accounts.callers import DEFAULT_HOME, home_of_request
from tenantable.engine.engine import MEMORY, Engine
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.principals import Principal

ACCOUNTS_FOLDER = "accounts"
OPEN_MAX = 64
IDLE_SECONDS_MIN = 60.0
"""An engine that was asked for in the last minute may be at work, and is not closed."""

OpenEngine = Callable[[Path | str, Home], Engine]
"""Opens the engine of an account and region in its data directory, or in `:memory:`."""


class Homes:
    """
    The engines of one data directory. Threads may share it.

    The default pair (000000000000, us-east-1) has the directory itself, every other pair a folder in it:
    `accounts/<account>/<region>`. They share nothing. 64 are open at most, beside those that are at work: the one that
    was not asked for the longest is closed, and opened again when it is asked for.
    """

    def __init__(
        self, data: Path | str, open_engine: OpenEngine, *, clock: Callable[[], float], open_max: int = OPEN_MAX
    ) -> None:
        """
        Opens the default pair.

        Args:
            data: The data directory, or `:memory:`: then each pair has memory of its own, and none is ever closed.
            clock: In seconds.
        Raises:
            StorageError: The directory cannot be used.
        """
        self._data = data
        self._open_engine = open_engine
        self._clock = clock
        self._open_max = open_max
        self._lock = threading.Lock()
        self._engines: dict[Home, Engine] = {}
        self._asked_at: dict[Home, float] = {}
        self.default = self.engine_for(DEFAULT_HOME)
        """The engine of the default pair, which stays open."""

    def engine_for(self, home: Home) -> Engine:
        """
        The engine of an account and region. To be asked for with every request: it may be closed a minute later.

        Raises:
            DynamoError: LimitExceededException when as many are at work as may be open.
            StorageError: Its directory cannot be used.
        """
        with self._lock:
            engine = self._engines.get(home) or self._open(home)
            self._asked_at[home] = self._clock()
        return engine

    def engine_of_request(self, headers: Mapping[str, str], principal: Principal | None = None) -> Engine:
        """As `engine_for`, of the account and region that a request speaks of: see `home_of_request`."""
        home = home_of_request(headers, principal)
        return self.default if home is DEFAULT_HOME else self.engine_for(home)

    def engines(self) -> list[Engine]:
        """Those that are open."""
        with self._lock:
            return list(self._engines.values())

    def close(self) -> None:
        with self._lock:
            while self._engines:
                self._engines.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _open(self, home: Home) -> Engine:
        if len(self._engines) >= self._open_max:
            self._close_idle()
        path = self._data if self._data == MEMORY else directory_of(Path(self._data), home)
        engine = self._engines[home] = self._open_engine(path, home)
        engine.elsewhere = self._answer_for_replica
        return engine

    def _answer_for_replica(
        self, home: Home, operation: str, request: Mapping[str, Any], as_json: bool
    ) -> dict[str, Any] | None:
        """The answer of a table that lives in another region of the account and has a replica here, if there is one."""
        for other in self._other_regions(home):
            answer = self.engine_for(other).answer_for_replica(home.region, operation, request, as_json=as_json)
            if answer is not None:
                return answer
        return None

    def _other_regions(self, home: Home) -> list[Home]:
        """Where the account of `home` has tables beside it; the default region, or else the alphabet, first."""
        with self._lock:
            homes = {other for other in self._engines if other.account_id == home.account_id}
        if self._data != MEMORY:
            regions = (Path(self._data) / ACCOUNTS_FOLDER / home.account_id).glob(f"*/{DATABASE_NAME}")
            homes |= {replace(home, region=file.parent.name) for file in regions}
        return sorted(homes - {home}, key=lambda other: (other != DEFAULT_HOME, other.region))

    def _close_idle(self) -> None:
        """Close the engine that was not asked for the longest; never the default one."""
        others = [home for home in self._engines if home != DEFAULT_HOME]
        idle = min(others, key=self._asked_at.__getitem__, default=None)
        is_lasting = self._data == MEMORY
        if idle is None or is_lasting or self._clock() - self._asked_at[idle] < IDLE_SECONDS_MIN:
            raise DynamoError(
                "LimitExceededException", f"More than {self._open_max} pairs of account and region are in use at once"
            )
        del self._asked_at[idle]
        self._engines.pop(idle).close()


def directory_of(data: Path, home: Home) -> Path:
    """Where the tables of an account and region are, within a data directory."""
    return data if home == DEFAULT_HOME else data / ACCOUNTS_FOLDER / home.account_id / home.region


def data_directories(data: Path) -> list[Path]:
    """Where there are tables in a data directory: itself, and those of other accounts and regions, sorted."""
    return [data, *sorted(file.parent for file in data.glob(f"{ACCOUNTS_FOLDER}/*/*/{DATABASE_NAME}"))]
