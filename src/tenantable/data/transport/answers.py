"""From an HTTP answer to DynamoDB's: the result, or the error it stands for."""

import zlib
from typing import Any

import orjson

from tenantable.data.transport.framing import Answer, BrokenAnswer, decompress
from tenantable.errors import Unavailable
from tenantable.wire.errors import DynamoError


def result_of(answer: Answer, *, bytes_max: int) -> dict[str, Any]:
    """
    The members of a successful answer; none when it has no body, as for tagging.

    Raises:
        BrokenAnswer: The body does not fit its checksum, or is not the JSON object it should be.
        DynamoError: DynamoDB's refusal; a failure of the service without its error form is `InternalServerError`.
        Unavailable: Whoever answered is not DynamoDB.
    """
    body = answer.body
    checksum = answer.headers.get("x-amz-crc32")
    if checksum is not None and checksum != str(zlib.crc32(body)):
        raise BrokenAnswer("the answer does not fit its checksum")
    if answer.headers.get("content-encoding") == "gzip":
        body = decompress(body, bytes_max=bytes_max)
    members = _members(body)
    if answer.status != 200:
        raise _error_of(answer, members)
    if members is None:
        raise BrokenAnswer("the answer is not a JSON object")
    return members


def _members(body: bytes) -> dict[str, Any] | None:
    try:
        members = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return None
    return members if isinstance(members, dict) else None


def _error_of(answer: Answer, members: dict[str, Any] | None) -> Exception:
    """The error of an answer whose body is `{"__type": "prefix#Code", "message": "...", ...}`."""
    members = members or {}
    kind = members.pop("__type", None) or answer.headers.get("x-amzn-errortype")
    status = answer.status
    if isinstance(kind, str):
        code = kind.rpartition("#")[2].partition(":")[0]
        messages = [members.pop(name) for name in ("message", "Message") if name in members]
        return DynamoError(code, str(messages[0]) if messages else "", extra=members, status=status)
    if status >= 500:
        return DynamoError("InternalServerError", f"HTTP status {status} without DynamoDB's error form", status=status)
    return Unavailable(
        f"the answer has HTTP status {status} and is not DynamoDB's", hint="check that the endpoint is a DynamoDB one"
    )
