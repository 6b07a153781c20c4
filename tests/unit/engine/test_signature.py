"""A request is believed when its signature fits, and refused with AWS's error when it does not."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.engine.signature import AccessKey, verify
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials, Scope, canonical_request, sign, sign_headers

NOW = 1_795_251_907.0
KEYS = {
    "AKID": AccessKey(secret="secret", principal="arn:aws:iam::000000000000:role/worker"),
    "ASIA": AccessKey(secret="temporary", session_token="token"),
}
CREDENTIALS = Credentials(access_key_id="AKID", secret_access_key="secret")


@dataclass(frozen=True, kw_only=True)
class ReceivedRequest:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def signed_request(
    *,
    credentials: Credentials = CREDENTIALS,
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"{}",
    timestamp: float = NOW,
    service: str = "dynamodb",
) -> ReceivedRequest:
    sent = {"X-Amz-Target": "DynamoDB_20120810.ListTables"} if headers is None else dict(headers)
    sent |= sign_headers(
        "POST", "localhost:8000", path, sent,
        body=body, credentials=credentials, region="eu-west-1", service=service, timestamp=timestamp,
    )  # fmt: skip
    received = {name.lower(): value for name, value in sent.items()} | {"host": "localhost:8000"}
    return ReceivedRequest(method="POST", path=path, headers=received, body=body)


def with_headers(request: ReceivedRequest, **changed: str | None) -> ReceivedRequest:
    """The request with headers changed after it was signed; None removes one."""
    headers = dict(request.headers)
    for name, value in changed.items():
        headers.pop(name.replace("_", "-"), None)
        if value is not None:
            headers[name.replace("_", "-")] = value
    return replace(request, headers=headers)


def accepted(request: ReceivedRequest, now: float = NOW) -> AccessKey:
    return verify(request, request.body, access_keys=KEYS.get, now=now)


def refusal(request: ReceivedRequest, now: float = NOW) -> DynamoError:
    with pytest.raises(DynamoError) as caught:
        accepted(request, now)
    assert caught.value.status == 400
    return caught.value


def test_a_signed_request_tells_its_principal() -> None:
    assert accepted(signed_request()).principal == "arn:aws:iam::000000000000:role/worker"


def test_a_temporary_key_needs_its_session_token() -> None:
    credentials = Credentials(access_key_id="ASIA", secret_access_key="temporary", session_token="token")
    assert accepted(signed_request(credentials=credentials)) is KEYS["ASIA"]
    assert refusal(signed_request(credentials=replace(credentials, session_token=None))).code == (
        "UnrecognizedClientException"
    )
    assert refusal(signed_request(credentials=replace(credentials, session_token="other"))).code == (
        "UnrecognizedClientException"
    )


def test_a_permanent_key_with_a_session_token_is_refused() -> None:
    request = signed_request(credentials=replace(CREDENTIALS, session_token="invented"))
    assert refusal(request).code == "UnrecognizedClientException"


def test_an_unknown_key_is_refused() -> None:
    error = refusal(signed_request(credentials=replace(CREDENTIALS, access_key_id="NOBODY")))
    assert (error.code, error.message) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


@pytest.mark.parametrize("authorization", [None, "", "Bearer token"])
def test_a_request_without_a_signature_is_refused(authorization: str | None) -> None:
    error = refusal(with_headers(signed_request(), authorization=authorization))
    assert (error.code, error.message) == (
        "MissingAuthenticationTokenException",
        "Request is missing Authentication Token",
    )


@pytest.mark.parametrize(
    ("authorization", "named"),
    [
        ("AWS4-HMAC-SHA256 ", "'Credential'"),
        ("AWS4-HMAC-SHA512 Credential=a", "Authorization=AWS4-HMAC-SHA512 Credential=a"),
        ("AWS4-HMAC-SHA256 Credential=AKID/20261121/x/dynamodb/aws4_request", "'Signature'"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/dynamodb/aws4_request, Signature=1", "'SignedHeaders'"),
        ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=1", "5 slash-delimited elements"),
    ],
)
def test_an_incomplete_header_names_what_it_lacks(authorization: str, named: str) -> None:
    error = refusal(with_headers(signed_request(), authorization=authorization))
    assert error.code == "IncompleteSignatureException"
    assert named in error.message


@pytest.mark.parametrize(
    ("date", "code"), [(None, "Incomplete"), ("yesterday", "Incomplete"), ("20201121T090000Z", "Invalid")]
)
def test_the_date_must_be_there_and_fit_the_scope(date: str | None, code: str) -> None:
    assert refusal(with_headers(signed_request(), x_amz_date=date)).code == f"{code}SignatureException"


def test_a_signature_holds_for_fifteen_minutes_either_way() -> None:
    request = signed_request()
    accepted(request, NOW + 900)
    accepted(request, NOW - 900)
    assert refusal(request, NOW + 901).message.startswith("Signature expired: 20261121T090507Z is now earlier than")
    assert refusal(request, NOW - 901).message.startswith("Signature not yet current: 20261121T090507Z is still later")


def test_the_credential_must_be_for_this_service() -> None:
    assert "'dynamodb'" in refusal(signed_request(service="s3")).message


@pytest.mark.parametrize(
    "changed",
    [
        {"body": b"{} "},
        {"method": "PUT"},
        {"path": "/?a=1"},
    ],
)
def test_a_changed_request_does_not_fit_its_signature(changed: dict[str, Any]) -> None:
    error = refusal(replace(signed_request(), **changed))
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith("The request signature we calculated does not match")


def test_a_changed_signed_header_does_not_fit() -> None:
    request = with_headers(signed_request(), x_amz_target="DynamoDB_20120810.DeleteTable")
    assert refusal(request).code == "InvalidSignatureException"


def test_a_header_is_signed_once() -> None:
    """A head of 64 KB could have its headers hashed thousands of times else."""
    request = signed_request()
    date = request.headers["x-amz-date"]
    names = ["host", "host", "x-amz-date", "x-amz-target"]
    signed = [(name, request.headers[name]) for name in names]
    canonical = canonical_request("POST", "/", signed, body_digest=hashlib.sha256(request.body).hexdigest())
    signature = sign("secret", Scope(date[:8], "eu-west-1", "dynamodb"), date, canonical)
    credential = f"AKID/{date[:8]}/eu-west-1/dynamodb/aws4_request"
    claim = f"Credential={credential}, SignedHeaders={';'.join(names)}"
    repeated = with_headers(request, authorization=f"AWS4-HMAC-SHA256 {claim}, Signature={signature}")
    assert refusal(repeated).code == "InvalidSignatureException"


def test_another_secret_does_not_fit() -> None:
    request = signed_request(credentials=replace(CREDENTIALS, secret_access_key="guessed"))
    assert refusal(request).code == "InvalidSignatureException"


def test_the_target_must_be_signed() -> None:
    """Otherwise the signed body of a read could be sent again as a delete."""
    request = with_headers(signed_request(headers={}), x_amz_target="DynamoDB_20120810.DeleteTable")
    assert "'x-amz-target' must be a 'SignedHeader'" in refusal(request).message


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_any_headers_are_refused_with_an_error_of_the_service(authorization: str, date: str, token: str) -> None:
    request = with_headers(
        signed_request(),
        authorization=f"AWS4-HMAC-SHA256 {authorization}",
        x_amz_date=date,
        x_amz_security_token=token,
    )
    assert refusal(request).code.endswith(("SignatureException", "ClientException"))
