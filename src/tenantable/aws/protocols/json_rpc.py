"""
The JSON protocols 1.0 and 1.1: `X-Amz-Target: Service.Action`, a JSON object in, a JSON object out.

Source: Smithy 2.0, "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol".
"""

from collections.abc import Mapping
from typing import Any

import orjson

from tenantable.aws.refusals import Refusal

MEDIA_TYPE = "application/x-amz-json-"


def read(body: bytes) -> dict[str, Any]:
    """
    Raises:
        Refusal: SerializationException when the body is no JSON object.
    """
    try:
        parameters = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        parameters = None
    if not isinstance(parameters, dict):
        raise Refusal("SerializationException", "The body must be a JSON object")
    return parameters


def answer(content: Mapping[str, Any] | None) -> bytes:
    """The JSON of a success; members that are None are left out."""
    return orjson.dumps(_settled(content or {}))


def error(code: str, message: str) -> bytes:
    return orjson.dumps({"__type": code, "message": message})


def _settled(value: Any) -> Any:
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {name: _settled(member) for name, member in value.items() if member is not None}
    return [_settled(member) for member in value] if isinstance(value, list | tuple) else value
