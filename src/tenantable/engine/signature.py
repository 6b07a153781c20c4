"""
Who sends a request: the check of its AWS Signature Version 4 (`Authorization` header).

Source: IAM User Guide, "AWS Signature Version 4 for API requests"; the errors are those of "Common errors" in the
DynamoDB API reference, in the service's words.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import ALGORITHM, TERMINATOR, Scope, amz_date, canonical_request, sign

SERVICE = "dynamodb"
CLOCK_SKEW_MINUTES_MAX = 15

_PARAMETERS = ("Credential", "Signature", "SignedHeaders")
_ISO_8601 = "http://en.wikipedia.org/wiki/ISO_8601"
_DATE = re.compile(r"\d{8}T\d{6}Z")
_MUST_BE_SIGNED = (
    "host",
    "x-amz-target",
)  # an unsigned target would let a signed body be replayed as another operation
_NO_MATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessKey:
    """
    What an access key id stands for. `principal` is an ARN, or None for a key that no policy restricts;
    `session_token` is what a request with a temporary key must carry.
    """

    secret: str = field(repr=False)
    principal: str | None = None
    session_token: str | None = field(default=None, repr=False)


AccessKeyLookup = Callable[[str], AccessKey | None]
"""From an access key id to its key; None when there is no such key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedRequest:
    """A request as it came: `path` with its query, header names in lower case, the body before any decompression."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def verify(request: ReceivedRequest, *, access_keys: AccessKeyLookup, now: float) -> AccessKey:
    """
    The access key that signed the request.

    Args:
        now: Epoch seconds; the signature's date may be 15 minutes off.
    Raises:
        DynamoError: MissingAuthenticationTokenException, IncompleteSignatureException, UnrecognizedClientException or
            InvalidSignatureException, as AWS names what is wrong.
    """
    headers = request.headers
    parameters = _parameters(headers)
    access_key_id, scope = _credential(parameters["Credential"])
    key = access_keys(access_key_id)
    if key is None or not _same(headers.get("x-amz-security-token", ""), key.session_token or ""):
        raise DynamoError("UnrecognizedClientException", "The security token included in the request is invalid.")
    date = headers["x-amz-date"]
    _check_date(date, scope, int(now))
    signed = _signed_headers(parameters["SignedHeaders"], headers)
    canonical = canonical_request(
        request.method, request.path, signed, body_digest=hashlib.sha256(request.body).hexdigest()
    )
    if not _same(sign(key.secret, scope, date, canonical), parameters["Signature"]):
        raise _invalid(_NO_MATCH)
    return key


def _parameters(headers: Mapping[str, str]) -> dict[str, str]:
    authorization = headers.get("authorization", "")
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise DynamoError("MissingAuthenticationTokenException", "Request is missing Authentication Token")
    parameters = {name.strip(): value for name, _, value in (part.partition("=") for part in rest.split(","))}
    lacks = [f"Authorization header requires '{name}' parameter." for name in _PARAMETERS if not parameters.get(name)]
    if "x-amz-date" not in headers:
        lacks.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if lacks:
        sentence = " ".join([*lacks, f"Authorization={algorithm}"])
        raise DynamoError("IncompleteSignatureException", sentence)
    return parameters


@lru_cache(maxsize=1024)
def _credential(text: str) -> tuple[str, Scope]:
    parts = text.split("/")
    if len(parts) != 5:
        raise DynamoError(
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{text}'",
        )
    access_key_id, date, region, service, terminator = parts
    if service != SERVICE:
        raise _invalid(f"Credential should be scoped to correct service: '{SERVICE}'. ")
    if terminator != TERMINATOR:
        raise _invalid(f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'. ")
    return access_key_id, Scope(date=date, region=region, service=service)


def _check_date(date: str, scope: Scope, now: int) -> None:
    if not _DATE.fullmatch(date):
        raise DynamoError(
            "IncompleteSignatureException", f"Date must be in ISO-8601 'basic format'. Got '{date}'. See {_ISO_8601}"
        )
    if date[:8] != scope.date:
        raise _invalid(
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope.date}' != '{date[:8]}', from '{date}'."
        )
    earliest, latest = _window(now)
    if date < earliest:
        raise _invalid(
            f"Signature expired: {date} is now earlier than {earliest} "
            f"({amz_date(now)} - {CLOCK_SKEW_MINUTES_MAX} min.)"
        )
    if date > latest:
        raise _invalid(
            f"Signature not yet current: {date} is still later than {latest} "
            f"({amz_date(now)} + {CLOCK_SKEW_MINUTES_MAX} min.)"
        )


@lru_cache(maxsize=4)
def _window(now: int) -> tuple[str, str]:
    """The dates, as text that sorts like time, between which a signature holds at this second."""
    return amz_date(now - CLOCK_SKEW_MINUTES_MAX * 60), amz_date(now + CLOCK_SKEW_MINUTES_MAX * 60)


def _signed_headers(text: str, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    names = text.split(";")
    for name in _MUST_BE_SIGNED:
        if name not in names and name in headers:
            raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    return [(name, headers.get(name, "")) for name in names]


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _invalid(message: str) -> DynamoError:
    return DynamoError("InvalidSignatureException", message)
