"""What every operation works with."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.engine.catalog import Catalog
from tenantable.engine.metering.throttle import Throttle
from tenantable.engine.storage.storage import Storage
from tenantable.engine.transfers.objects import Objects
from tenantable.wire.arns import Home

_IDENTIFIER_BITS = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """
    The engine's parts, and the form of its answers.

    `render` turns a stored item into what the answer holds: `orjson.loads` where the caller wants dictionaries,
    `orjson.Fragment` where the answer is written as JSON, so that stored bytes are copied and never parsed. `clock`
    gives seconds since 1970. `objects` are the buckets of exports and imports, None when there are none. `authorize` is
    for operations that ask for each of their parts by itself: it takes the operation and a request with that part
    alone, and raises AccessDeniedException; None when everything is allowed. `check_policy` refuses a resource policy
    that nobody could evaluate; None when nobody is to. `throttle` is None when throughput is not
    enforced.
    """

    storage: Storage
    catalog: Catalog
    home: Home
    clock: Callable[[], float]
    random: random.Random
    render: Callable[[bytes], Any]
    objects: Objects | None = None
    authorize: Callable[[str, Mapping[str, Any]], None] | None = None
    check_policy: Callable[[str], None] | None = None
    throttle: Throttle | None = None

    def new_identifier(self, now: float) -> str:
        """Of a backup, an export or an import that begins now: they sort by time, to the millisecond."""
        return f"{int(now * 1000):014}-{self.random.getrandbits(_IDENTIFIER_BITS):08x}"
