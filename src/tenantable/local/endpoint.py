"""The engine's HTTP endpoint with the real clock and real randomness."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tenantable.engine import Engine
from tenantable.engine.http import DynamoApp
from tenantable.engine.signature import AccessKeyLookup

WRITERS_MAX = 16
_REQUEST_ID_BYTES = 26


@contextmanager
def dynamo_endpoint(engine: Engine, *, access_keys: AccessKeyLookup | None, commits_wait: bool) -> Iterator[DynamoApp]:
    """
    The endpoint of an engine, until the end of the block.

    Args:
        access_keys: Whose signatures are believed; None checks none.
        commits_wait: Whether a commit waits for a disk, so that writers had better share one.
    """
    with ThreadPoolExecutor(WRITERS_MAX, "writer") as writers:
        yield DynamoApp(
            engine,
            access_keys=access_keys,
            writers=writers,
            commits_wait=commits_wait,
            clock=time.time,
            request_ids=lambda: os.urandom(_REQUEST_ID_BYTES).hex().upper(),
        )
