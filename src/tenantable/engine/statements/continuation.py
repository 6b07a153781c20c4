"""NextToken: where a SELECT goes on, tied to the statement and its parameters."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.values import Item, check_item


def make_token(request: Mapping[str, Any], last: Item) -> str:
    """The token for what follows an item, named by its key and, in an index, that of the index."""
    return base64.b64encode(_digest(request) + orjson.dumps(last)).decode()


def read_token(request: Mapping[str, Any]) -> Item | None:
    """
    The key that the request's token names; None when it has no token.

    Raises:
        DynamoError: ValidationException for a token of another statement, or of none.
    """
    token = request.get("NextToken")
    if token is None:
        return None
    digest = _digest(request)
    try:
        decoded = base64.b64decode(token, validate=True)
        if not decoded.startswith(digest):
            raise wrong_token()
        return check_item(orjson.loads(decoded[len(digest) :]))[0]
    except (binascii.Error, ValueError, DynamoError) as error:
        raise wrong_token() from error


def wrong_token() -> DynamoError:
    """Source: what users quote, aws/aws-sdk-js-v3, issue 4424."""
    return validation_error("NextToken does not match request")


def _digest(request: Mapping[str, Any]) -> bytes:
    content = orjson.dumps([request["Statement"], request.get("Parameters")], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16).digest()
