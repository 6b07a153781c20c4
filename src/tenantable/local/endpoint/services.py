"""The other services at the endpoint, in the data folder that its tables are in."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tenantable.engine.accounts.callers import home_of_request
from tenantable.engine.http.answers import Answer
from tenantable.engine.http.requests import Request
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tenantable.aws.records import RecordFile
    from tenantable.aws.services import Services

SERVICES_FILE = "services.db"
HomeChoice = Callable[[Mapping[str, str]], Home]


class OtherServices:
    """
    STS, IAM, KMS and the others, from the first request to one of them: most endpoints serve tables alone, and start
    without the time that it takes to import and open these.
    """

    def __init__(self, folder: Path | None, home_of: HomeChoice) -> None:
        self._folder = folder
        self._home_of = home_of
        self._lock = threading.Lock()
        self._opened: tuple[Services, RecordFile] | None = None

    def answer(self, request: Request, service: str, refusal: DynamoError | None) -> Answer:
        """See the endpoint's protocol of this name."""
        with self._lock:
            services, _ = self._opened = self._opened or self._open()
        return services.answer(request, service, refusal)

    def close(self) -> None:
        if self._opened is not None:
            self._opened[1].close()

    def _open(self) -> "tuple[Services, RecordFile]":
        from tenantable.aws.records import RecordFile  # noqa: PLC0415 - see the class
        from tenantable.aws.services import Services  # noqa: PLC0415

        file = RecordFile(None if self._folder is None else self._folder / SERVICES_FILE)
        services = Services(file, home_of=self._home_of, clock=time.time, randomness=random.SystemRandom())
        return services, file


@contextmanager
def other_services(folder: Path | None, *, home_of: HomeChoice = home_of_request) -> Iterator[OtherServices]:
    """
    Until the end of the block.

    Args:
        folder: The data folder; None for memory.
        home_of: The account and region of a request, by its headers.
    """
    with closing(OtherServices(folder, home_of)) as services:
        yield services
