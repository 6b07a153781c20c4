"""What AWS's refusals become."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tenantable.cloud.refusals import refusal
from tenantable.errors import AccessDenied, CloudError

SENTENCE = "User: arn:aws:iam::000000000000:role/a is not authorized to perform: sqs:SendMessage on resource: b"


def client_error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendMessage")


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "AuthorizationError"])
def test_a_denial_keeps_the_sentence_of_iam(code: str) -> None:
    denied = refusal("SQS", "jobs", client_error(code, SENTENCE))
    assert isinstance(denied, AccessDenied)
    assert denied.message == SENTENCE


def test_a_denial_without_words_names_the_place() -> None:
    """S3 answers HEAD without a body."""
    denied = refusal("S3", "archive/a", client_error("403"))
    assert isinstance(denied, AccessDenied)
    assert denied.message == "S3 denied a call on archive/a"


def test_other_refusals_name_service_place_and_code() -> None:
    refused = refusal("SQS", "jobs", client_error("OverLimit", "secret detail"))
    assert (type(refused), refused.message) == (CloudError, "SQS refused a call on jobs: OverLimit")


def test_silence_is_told() -> None:
    silent = refusal("SQS", "jobs", EndpointConnectionError(endpoint_url="http://127.0.0.1:9"))
    assert "SQS did not answer a call on jobs" in silent.message
