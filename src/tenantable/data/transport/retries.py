"""
Which failures are worth another attempt, and how long to wait before it.

Source: Developer Guide, "Error handling with DynamoDB" (the column "OK to retry?"), and what the SDKs retry.
"""

import random
from dataclasses import dataclass

from tenantable.wire.errors import DynamoError

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""
Codes that mean "not now". A failed condition is an answer and is never tried again; a lost conflict
(TransactionConflictException, TransactionCanceledException) is the caller's to decide, as in every SDK.
"""

EXPIRED_CREDENTIALS = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
"""Codes that fresh credentials cure."""

_TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """Exponential back-off with full jitter: each wait is drawn evenly between nothing and a doubling bound."""

    attempts_max: int = 8
    """Attempts in all, the first one included; 1 never retries."""
    first_delay_seconds: float = 0.05
    delay_seconds_max: float = 5.0

    def delay_seconds(self, attempts: int, draw: random.Random) -> float:
        """How long to wait after `attempts` failed attempts (1 and up)."""
        bound = min(self.delay_seconds_max, self.first_delay_seconds * 2.0 ** min(attempts - 1, 32))
        return draw.uniform(0.0, bound)


def is_transient_status(status: int) -> bool:
    """Whether this HTTP status says that the service, not the request, failed."""
    return status in _TRANSIENT_STATUSES


def is_throttled(error: DynamoError) -> bool:
    """Whether DynamoDB refused only for now."""
    return error.code in THROTTLED
