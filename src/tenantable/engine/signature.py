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
from typing import NamedTuple, Protocol

from tenantable.wire.errors import DynamoError
from tenantable.wire.principals import Principal
from tenantable.wire.signatures import ALGORITHM, TERMINATOR, Scope, amz_date, canonical_request, sign

SERVICE = "dynamodb"
CLOCK_SKEW_MINUTES_MAX = 15

_ALGORITHMS = "AWS4-"  # what begins so is read as a signature, be it a whole one or not
_IN_QUERY = "X-Amz-Algorithm"
_PARAMETERS = ("Credential", "Signature", "SignedHeaders")
_ISO_8601 = "http://en.wikipedia.org/wiki/ISO_8601"
_DATE = re.compile(r"\d{8}T\d{6}Z")
_USUAL_CLAIM = re.compile(rf"{ALGORITHM} Credential=([^,=]+), ?SignedHeaders=([^,=]+), ?")
_USUAL_FORM = re.compile(_USUAL_CLAIM.pattern + "Signature=.")
_SIGNATURE = re.compile("[0-9a-f]{64}")
_CLAIM_CHARACTERS_MAX = 1024  # a longer text is not remembered
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
    What an access key id stands for. `principal` is an ARN or a session, or None for a key that no policy restricts;
    `session_token` is what a request with a temporary key must carry.
    """

    secret: str = field(repr=False)
    principal: Principal | None = None
    session_token: str | None = field(default=None, repr=False)


AccessKeyLookup = Callable[[str], AccessKey | None]
"""From an access key id to its key; None when there is no such key."""

TemporaryKeyLookup = Callable[[str, str], AccessKey]
"""
From an access key id and a session token to the key; of the secret alone the signature depends. Raises
UnrecognizedClientException for a token that does not belong to the id, ExpiredTokenException when its time is over.
"""


class ReceivedRequest(Protocol):
    """A request as it came: `path` with its query, header names in lower case, the body before any decompression."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


class _Claim(NamedTuple):
    """What an Authorization header claims, beside the signature: who signed, for what, and which headers."""

    access_key_id: str
    scope: Scope
    names: list[str]
    unsigned: list[str]
    """Headers that must be signed if they were sent, and are not."""


def verify(
    request: ReceivedRequest,
    body: bytes,
    *,
    access_keys: AccessKeyLookup,
    now: float,
    temporary_keys: TemporaryKeyLookup | None = None,
    service: str = SERVICE,
) -> AccessKey:
    """
    The access key that signed the request.

    Args:
        body: As it was sent, before any decompression.
        now: Epoch seconds; the signature's date may be 15 minutes off.
        temporary_keys: Asked for the key where a request has a session token and `access_keys` does not know its id.
        service: What the credential must be scoped to.
    Raises:
        DynamoError: MissingAuthenticationTokenException, IncompleteSignatureException, UnrecognizedClientException,
            ExpiredTokenException or InvalidSignatureException, as AWS names what is wrong.
    """
    _refuse_two_forms(request)
    headers = request.headers
    claim, signature = _claim_and_signature(headers)
    if claim.scope.service != service:
        raise _invalid(f"Credential should be scoped to correct service: '{service}'. ")
    key = access_keys(claim.access_key_id)
    token = headers.get("x-amz-security-token", "")
    if key is None and token and temporary_keys is not None:
        key = temporary_keys(claim.access_key_id, token)
    elif key is None or not _same(token, key.session_token or ""):
        raise DynamoError("UnrecognizedClientException", "The security token included in the request is invalid.")
    date = headers["x-amz-date"]
    _check_date(date, claim.scope, int(now))
    for name in claim.unsigned:
        if name in headers:
            raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    signed = [(name, headers.get(name, "")) for name in claim.names]
    canonical = canonical_request(request.method, request.path, signed, body_digest=hashlib.sha256(body).hexdigest())
    if not _same(sign(key.secret, claim.scope, date, canonical), signature):
        raise _invalid(_NO_MATCH)
    return key


def check_form(request: ReceivedRequest) -> None:
    """
    For where no signature is verified: one that was begun must be whole, by its parameters. It may be left out.

    Raises:
        DynamoError: MissingAuthenticationTokenException, IncompleteSignatureException or InvalidSignatureException.
    """
    _refuse_two_forms(request)
    headers = request.headers
    authorization = headers.get("authorization")
    if authorization is not None and not (_USUAL_FORM.match(authorization) and "x-amz-date" in headers):
        _parameters(authorization, has_date="x-amz-date" in headers or "date" in headers)


def _refuse_two_forms(request: ReceivedRequest) -> None:
    if _IN_QUERY in request.path and "authorization" in request.headers:
        raise _invalid(f"Found both '{_IN_QUERY}' as a query-string param and 'Authorization' as HTTP header.")


def _claim_and_signature(headers: Mapping[str, str]) -> tuple[_Claim, str]:
    authorization = headers.get("authorization", "")
    claimed, _, signature = authorization.rpartition("Signature=")
    if len(claimed) <= _CLAIM_CHARACTERS_MAX and _SIGNATURE.fullmatch(signature) and "x-amz-date" in headers:
        claim = _usual_claim(claimed)
        if claim is not None:
            return claim, signature
    parameters = _parameters(authorization, has_date="x-amz-date" in headers)
    return _claim(parameters["Credential"], parameters["SignedHeaders"]), parameters["Signature"]


@lru_cache(maxsize=1024)
def _usual_claim(text: str) -> _Claim | None:
    """
    Read a claim in the order that signers use; None for any other. One caller sends the same text all day.

    The signature itself is never remembered: each request is verified.
    """
    found = _USUAL_CLAIM.fullmatch(text)
    return _claim(found[1], found[2]) if found else None


def _parameters(authorization: str, *, has_date: bool) -> dict[str, str]:
    algorithm, _, rest = authorization.partition(" ")
    if not algorithm.startswith(_ALGORITHMS):
        raise DynamoError("MissingAuthenticationTokenException", "Request is missing Authentication Token")
    parameters = {name.strip(): value for name, _, value in (part.partition("=") for part in rest.split(","))}
    lacks = [f"Authorization header requires '{name}' parameter." for name in _PARAMETERS if not parameters.get(name)]
    if not has_date:
        lacks.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if lacks:
        sentence = " ".join([*lacks, f"Authorization={authorization}"])
        raise DynamoError("IncompleteSignatureException", sentence)
    return parameters


def _claim(credential: str, signed_headers: str) -> _Claim:
    parts = credential.split("/")
    if len(parts) != 5:
        raise DynamoError(
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'",
        )
    access_key_id, date, region, service, terminator = parts
    if terminator != TERMINATOR:
        raise _invalid(f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'. ")
    names = signed_headers.split(";")
    if len(set(names)) < len(names):  # as no signer does; each would have its value hashed, however long that is
        raise _invalid(_NO_MATCH)
    unsigned = [name for name in _MUST_BE_SIGNED if name not in names]
    return _Claim(access_key_id, Scope(date, region, service), names, unsigned)


@lru_cache(maxsize=64)  # requests of one second mostly have one date
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


def _window(now: int) -> tuple[str, str]:
    """The dates, as text that sorts like time, between which a signature holds at this second."""
    return amz_date(now - CLOCK_SKEW_MINUTES_MAX * 60), amz_date(now + CLOCK_SKEW_MINUTES_MAX * 60)


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _invalid(message: str) -> DynamoError:
    return DynamoError("InvalidSignatureException", message)
