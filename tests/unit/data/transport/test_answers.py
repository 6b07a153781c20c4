"""What an HTTP answer means: a result, DynamoDB's error, or somebody else's words."""

import gzip
import zlib
from typing import Any

import orjson
import pytest

from tenantable.data.transport.answers import result_of
from tenantable.data.transport.framing import Answer, BrokenAnswer
from tenantable.errors import Unavailable
from tenantable.wire.errors import DynamoError


def result(body: bytes, *, status: int = 200, **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return result_of(Answer(status=status, headers=named, body=body, reusable=True), bytes_max=1000)


def test_the_checksum_is_that_of_the_bytes_as_they_were_sent() -> None:
    sent = gzip.compress(b'{"Count":1}')
    checksum = str(zlib.crc32(sent))
    assert result(sent, content_encoding="gzip", x_amz_crc32=checksum) == {"Count": 1}


def test_an_operation_without_output_answers_without_a_body() -> None:
    assert result(b"", x_amz_crc32="0") == {}


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"a": NaN}'])
def test_a_result_that_is_no_object_is_broken(body: bytes) -> None:
    with pytest.raises(BrokenAnswer, match="not a JSON object"):
        result(body)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("com.amazonaws.dynamodb.v20120810#ThrottlingException", "ThrottlingException"),
        ("com.amazon.coral.validate#ValidationException", "ValidationException"),
        ("ValidationException:http://internal.amazon.com/coral/", "ValidationException"),
    ],
)
def test_an_errors_code_stands_without_what_is_around_it(kind: str, code: str) -> None:
    with pytest.raises(DynamoError) as caught:
        result(orjson.dumps({"__type": kind, "message": "why", "Item": {}}), status=400)
    assert (caught.value.code, caught.value.message, caught.value.extra) == (code, "why", {"Item": {}})


def test_the_code_may_stand_in_a_header_alone() -> None:
    with pytest.raises(DynamoError) as caught:
        result(b"", status=413, x_amzn_errortype="RequestEntityTooLargeException")
    assert (caught.value.code, caught.value.status) == ("RequestEntityTooLargeException", 413)


def test_a_failing_gateway_counts_as_a_failing_service() -> None:
    with pytest.raises(DynamoError) as caught:
        result(b"<html>Bad Gateway</html>", status=502)
    assert (caught.value.code, caught.value.status) == ("InternalServerError", 502)


@pytest.mark.parametrize("status", [301, 403, 404])
def test_another_server_is_unavailable_and_says_so(status: int) -> None:
    with pytest.raises(Unavailable, match=f"HTTP status {status} and is not DynamoDB's"):
        result(b"<html>", status=status)
