"""How often one caller may ask: a token bucket each, in this process."""

import math
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tenantable.services.access.errors import TooManyRequests
from tenantable.web.problems import refusal_response

CALLERS_MAX = 10_000
"""Callers who are remembered; the one not seen for longest begins anew."""


class TokenBuckets:
    """
    Lets each caller ask `capacity` times at once, and `per_second` times a second from then on.

    Args:
        monotonic: Seconds from any beginning.

    Safe to share between threads.
    """

    def __init__(self, *, capacity: int, per_second: float, monotonic: Callable[[], float]) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, caller_id: str) -> None:
        """
        Raises:
            TooManyRequests: The caller has none left; says after how many whole seconds there is one.
        """
        now = self._monotonic()
        with self._lock:
            left, since = self._buckets.pop(caller_id, (float(self._capacity), now))
            left = min(self._capacity, left + (now - since) * self._per_second)
            self._buckets[caller_id] = (max(left - 1, 0.0) if left >= 1 else left, now)
            while len(self._buckets) > CALLERS_MAX:
                self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(retry_after_seconds=math.ceil((1 - left) / self._per_second))


def install_limits(app: FastAPI) -> None:
    """Say with each refusal when to try again."""

    async def refuse(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, TooManyRequests)
        return refusal_response(request, error, headers={"retry-after": str(error.retry_after_seconds)})

    app.add_exception_handler(TooManyRequests, refuse)
