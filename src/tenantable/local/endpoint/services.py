"""The other services at the endpoint, in the data folder that its tables are in."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from tenantable.aws.records import RecordFile
from tenantable.aws.services import Services
from tenantable.engine.accounts.callers import home_of_request
from tenantable.wire.arns import Home

SERVICES_FILE = "services.db"


@contextmanager
def other_services(
    folder: Path | None,
    *,
    home_of: Callable[[Mapping[str, str]], Home] = home_of_request,
    told: Callable[[str, str, str | None], None] | None = None,
) -> Iterator[Services]:
    """
    STS, IAM, KMS and the others, until the end of the block.

    Args:
        folder: The data folder; None for memory.
        home_of: The account and region of a request, by its headers.
        told: See `Services`.
    Raises:
        StorageError: Their file cannot be used.
    """
    with closing(RecordFile(None if folder is None else folder / SERVICES_FILE)) as file:
        yield Services(file, home_of=home_of, clock=time.time, randomness=random.SystemRandom(), told=told)
