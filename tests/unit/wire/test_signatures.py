"""Our signatures are the SDK's."""

import datetime as dt
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from tenantable.wire.signatures import Credentials, Scope, amz_date, sign_headers, signing_key

REQUESTS = st.fixed_dictionaries(
    {
        "path": st.text(alphabet="/.ab%2F~-_ é", max_size=12).map(lambda path: f"/{path}"),
        "query": st.text(alphabet="&=ab%20-", max_size=12),
        "headers": st.dictionaries(
            st.sampled_from(["X-Amz-Target", "Content-Type", "x-custom", "Accept-Encoding", "X-A"]),
            st.text(alphabet="ab ,;=\t", max_size=10),
        ),
        "body": st.binary(max_size=30),
    }
)
SECRETS = st.text(alphabet="abc/+123", min_size=1, max_size=20)


@given(REQUESTS, SECRETS, st.none() | st.just("token"))
def test_any_request_is_signed_as_the_sdk_signs_it(request: dict[str, Any], secret: str, token: str | None) -> None:
    path = f"{request['path']}?{request['query']}" if request["query"] else request["path"]
    sdk_request = AWSRequest("POST", f"https://host:8000{path}", headers=request["headers"], data=request["body"])
    SigV4Auth(SdkCredentials("AKID", secret, token), "dynamodb", "eu-west-1").add_auth(sdk_request)
    date = dt.datetime.strptime(sdk_request.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    signed = sign_headers(
        "POST",
        "host:8000",
        path,
        request["headers"],
        body=request["body"],
        credentials=Credentials(access_key_id="AKID", secret_access_key=secret, session_token=token),
        region="eu-west-1",
        service="dynamodb",
        timestamp=date.timestamp(),
    )
    assert signed["Authorization"] == sdk_request.headers["Authorization"]


def test_the_date_is_written_in_utc() -> None:
    assert amz_date(1_795_251_907) == "20261121T090507Z"


def test_the_signing_key_is_that_of_the_documentation() -> None:
    """Source: IAM User Guide, "Derive a signing key", the example that all SDKs test."""
    scope = Scope(date="20120215", region="us-east-1", service="iam")
    key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope)
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


def test_secrets_do_not_show_in_representations() -> None:
    shown = repr(Credentials(access_key_id="AKID", secret_access_key="hidden", session_token="hidden"))
    assert "hidden" not in shown
