"""Which account and region a request speaks of."""

import pytest

from tenantable.engine.accounts.callers import home_of_request
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.signatures import Credentials, sign_headers

DEFAULT = Home()


def authorization(credential: str) -> dict[str, str]:
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=abc"}


CREDENTIALS = [
    ("TENANTABLEKEY/20261121/us-east-1/dynamodb/aws4_request", DEFAULT),
    ("TENANTABLEKEY/20261121/eu-west-1/dynamodb/aws4_request", Home(region="eu-west-1")),
    ("111122223333/20261121/us-east-1/dynamodb/aws4_request", Home(account_id="111122223333")),
    ("111122223333/20261121/eu-west-1/dynamodb/aws4_request", Home(account_id="111122223333", region="eu-west-1")),
    ("1111222233334/20261121/us-east-1/dynamodb/aws4_request", DEFAULT),  # thirteen digits
    ("11112222333x/20261121/us-east-1/dynamodb/aws4_request", DEFAULT),
    ("\u0661" * 12 + "/20261121/us-east-1/dynamodb/aws4_request", DEFAULT),  # digits of another script
    ("any/20261121/fakeRegion/dynamodb/aws4_request", Home(region="fakeregion")),
    ("any/20261121/local/dynamodb/aws4_request", Home(region="local")),
    ("111122223333", Home(account_id="111122223333")),
    ("", DEFAULT),
]


@pytest.mark.parametrize(("credential", "home"), CREDENTIALS)
def test_the_credential_names_account_and_region(credential: str, home: Home) -> None:
    assert home_of_request(authorization(credential)) == home


def test_the_credential_may_stand_anywhere() -> None:
    claim = "SignedHeaders=host, Credential=111122223333/20261121/eu-west-1/dynamodb/aws4_request, Signature=abc"
    headers = {"authorization": f"AWS4-HMAC-SHA256 {claim}"}
    assert home_of_request(headers) == Home(account_id="111122223333", region="eu-west-1")


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Bearer abc"}])
def test_without_a_credential_it_is_the_default(headers: dict[str, str]) -> None:
    assert home_of_request(headers) == DEFAULT


@pytest.mark.parametrize("region", ["", "..", "a/b", "eu west", "x" * 41, "eu_west", "ü", "a\x00"])
def test_a_region_that_can_be_none_is_refused(region: str) -> None:
    """A region becomes the name of a folder."""
    if "/" in region:
        region = region.replace("/", "%2F")
    with pytest.raises(DynamoError) as caught:
        home_of_request(authorization(f"any/20261121/{region}/dynamodb/aws4_request"))
    assert caught.value.code == "InvalidSignatureException"
    assert caught.value.message == "Credential should be scoped to a valid region. "


def test_the_signer_of_the_sdks_is_understood() -> None:
    credentials = Credentials(access_key_id="111122223333", secret_access_key="secret")
    signed = sign_headers("POST", "localhost", "/", {}, body=b"", credentials=credentials, region="ap-south-1",
                          service="dynamodb", timestamp=0.0)  # fmt: skip
    home = home_of_request({name.lower(): value for name, value in signed.items()})
    assert home == Home(account_id="111122223333", region="ap-south-1")
