"""The JSON protocol over HTTP: headers, checksums, compression, signatures, and answers to what is no request."""

import gzip
import zlib
from typing import TYPE_CHECKING

import orjson
import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import SdkClient, Table

pytestmark = pytest.mark.needs("http")

JSON = "application/x-amz-json-1.0"
CORAL = "com.amazon.coral.service"


def test_an_answer_has_the_headers_of_the_service(http: "SdkClient") -> None:
    answer = http.exchange("ListTables", b"{}")
    assert answer.status == 200
    assert answer.headers["content-type"] == JSON
    assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)
    assert len(answer.headers["x-amzn-requestid"]) == 52
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_every_answer_has_an_id_of_its_own(http: "SdkClient") -> None:
    assert len({http.exchange("ListTables", b"{}").headers["x-amzn-requestid"] for _ in range(5)}) == 5


def test_an_error_has_a_type_and_a_checksum(http: "SdkClient") -> None:
    answer = http.exchange("DescribeTable", b"{}")
    assert answer.status == 400
    assert answer.json == {
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: "
        "Member must not be null",
    }
    assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)


def test_an_error_of_dynamodb_has_its_own_namespace(http: "SdkClient", unused_name: str) -> None:
    answer = http.exchange("DescribeTable", orjson.dumps({"TableName": unused_name}))
    assert answer.json["__type"] == "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"


@pytest.mark.parametrize("operation", ["NoSuchOperation", None, "", "getitem"])
def test_an_unknown_operation(http: "SdkClient", operation: str | None) -> None:
    answer = http.exchange(operation, b"{}")
    assert (answer.status, answer.json["__type"]) == (400, f"{CORAL}#UnknownOperationException")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"null", b"{}}", b"\xff\xfe", b'{"a": NaN}', b'{"a":"\xff"}']
)
def test_a_body_that_is_no_json_object(http: "SdkClient", body: bytes) -> None:
    answer = http.exchange("ListTables", body)
    assert (answer.status, answer.json["__type"]) == (400, f"{CORAL}#SerializationException")


def test_a_compressed_request_is_understood(http: "SdkClient", simple: "Table", pk: dict[str, str]) -> None:
    body = orjson.dumps({"TableName": simple.name, "Item": {"pk": pk}})
    assert http.exchange("PutItem", gzip.compress(body), Content_Encoding="gzip").status == 200
    assert simple.get({"pk": pk}) == {"pk": pk}


def test_a_large_answer_is_compressed_when_asked_for(http: "SdkClient", simple: "Table", pk: dict[str, str]) -> None:
    simple.put({"pk": pk, "x": {"S": "x" * 100_000}})
    body = orjson.dumps({"TableName": simple.name, "Key": {"pk": pk}})
    plain = http.exchange("GetItem", body, Accept_Encoding="identity")
    small = http.exchange("GetItem", body, Accept_Encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < 5000
    assert gzip.decompress(small.body) == plain.body
    assert int(small.headers["x-amz-crc32"]) == zlib.crc32(small.body)


@pytest.mark.needs("signatures")
def test_an_unsigned_request_is_refused(http: "SdkClient") -> None:
    answer = http.exchange("ListTables", b"{}", signed=False)
    assert (answer.status, answer.json["__type"]) == (400, f"{CORAL}#MissingAuthenticationTokenException")


@pytest.mark.needs("signatures")
@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("AWS4-HMAC-SHA256 Credential=x", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=NOBODY/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, "
         "Signature=00", "UnrecognizedClientException"),
    ],
)  # fmt: skip
def test_a_signature_that_is_none_is_refused(http: "SdkClient", authorization: str, code: str) -> None:
    answer = http.exchange(
        "ListTables", b"{}", signed=False, Authorization=authorization, X_Amz_Date="20260101T000000Z"
    )
    assert (answer.status, answer.json["__type"]) == (400, f"{CORAL}#{code}")


def test_a_look_at_the_endpoint_says_that_it_lives(http: "SdkClient") -> None:
    answer = http.exchange(None, b"", method="GET", signed=False, Content_Type=None)
    assert answer.status == 200
    assert answer.body.startswith(b"healthy: ")


@pytest.mark.parametrize(
    "changed", [{"Content_Type": "application/x-amz-json-1.1"}, {"Content_Type": None}, {"method": "PUT"}]
)
def test_what_is_no_call_finds_no_page(http: "SdkClient", changed: dict[str, str | None]) -> None:
    answer = http.exchange("ListTables", b"{}", **changed)  # type: ignore[arg-type] # a method, or a header's value
    assert answer.status == 404
    assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(answer.body)


def test_a_request_over_sixteen_megabytes_is_too_large(http: "SdkClient") -> None:
    answer = http.exchange("PutItem", b" " * (16 * 1024 * 1024 + 1))
    assert answer.status == 413
    assert http.exchange("ListTables", b"{}").status == 200
