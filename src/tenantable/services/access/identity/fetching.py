"""Reading what an OpenID provider publishes: over verified TLS, within a few seconds, and no more than it can be."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import Any

from tenantable.services.access.errors import IssuerUnreachable

TIMEOUT_SECONDS = 5.0
BODY_BYTES_MAX = 256 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead away from https, or into a private network."""

    def redirect_request(self, *_arguments: Any, **_named: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def fetch(address: str, *, monotonic: Callable[[], float] = time.monotonic) -> bytes:
    """
    The body at an address, all of it within some seconds.

    Raises:
        IssuerUnreachable: It cannot be reached, answers anything but 200, or with more than 256 KiB.
    """
    request = urllib.request.Request(address, headers={"accept": "application/json"})  # noqa: S310 - checked before
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            body, status = _read(answer, monotonic), answer.status
    except urllib.error.HTTPError as error:
        error.close()
        raise IssuerUnreachable(f"{address} was answered {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise IssuerUnreachable(f"{address} was not answered: {error}") from error
    if status != 200 or len(body) > BODY_BYTES_MAX:
        raise IssuerUnreachable(f"{address} was answered {status} with {len(body)} bytes or more")
    return body


def _read(answer: HTTPResponse, monotonic: Callable[[], float]) -> bytes:
    """In parts, because the time that a socket may take counts for each of its reads."""
    deadline, body = monotonic() + TIMEOUT_SECONDS, b""
    while len(body) <= BODY_BYTES_MAX and (part := answer.read1(16 * 1024)):
        body += part
        if monotonic() > deadline:
            raise TimeoutError("it takes too long")
    return body
