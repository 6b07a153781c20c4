"""Callers who were known a moment ago, so that not every decision reads a key or checks a signature."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

from tenantable.services.access.identity.callers import Authenticator, Caller, authenticate

RECENT_SECONDS = 2.0
"""How long a credential is believed without another look: what is revoked elsewhere ends after this at the latest."""
RECENT_MAX = 10_000


class RecentCallers:
    """
    Callers by the digest of their credential; of credentials that nobody knows nothing is kept. Safe to share between
    threads.
    """

    def __init__(self, authenticators: Sequence[Authenticator], *, clock: Callable[[], float]) -> None:
        self._authenticators = authenticators
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()
        self._lock = Lock()

    def at_hand(self, credential: str) -> Caller | None:
        """The caller, when that was found out a moment ago."""
        found = self._known.get(_digest(credential))
        return found[0] if found is not None and self._clock() - found[1] < RECENT_SECONDS else None

    def caller(self, credential: str) -> Caller:
        """
        The caller, found out now.

        Raises:
            NotAuthenticated: Nobody knows the credential.
        """
        now = self._clock()
        caller = authenticate(credential, self._authenticators)
        with self._lock:
            self._known[_digest(credential)] = (caller, now)
            while len(self._known) > RECENT_MAX:
                self._known.popitem(last=False)
        return caller


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
