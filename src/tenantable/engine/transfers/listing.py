"""Pages of exports and imports, and the tokens of the next page."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.session import Session
from tenantable.engine.transfers.limits import LISTED_SECONDS, PAGE_MAX
from tenantable.engine.transfers.transfer import Description, of_kind
from tenantable.wire.arns import table_beside, table_name_of
from tenantable.wire.errors import validation_error

_TOKEN_BYTES_MIN = 56  # the API's tokens have 112 hexadecimal digits at least, in groups of 16
_GROUP_BYTES = 8


def list_page(
    session: Session, kind: str, request: Mapping[str, Any], *, limit: int | None
) -> tuple[list[Description], str | None]:
    """
    A page of the exports or imports of the last 90 days, ARNs backwards.

    Args:
        limit: How many at most; None for as many as there may be.
    Returns:
        Descriptions, and the token of the next page or None.
    """
    start = _read_token(request.get("NextToken"))
    named = request.get("TableArn")
    name = None if named is None else table_name_of(named)
    oldest = session.clock() - LISTED_SECONDS
    with session.storage.read() as reader:
        known = of_kind(reader, kind)
    wanted = [
        (arn, description)
        for arn, description in known
        if (start is None or arn < start)
        and name in {None, table_beside(arn, kind)}
        and description["StartTime"] >= oldest
    ]
    page = wanted[: limit or PAGE_MAX]
    token = _write_token(page[-1][0]) if len(page) < len(wanted) else None
    return [description for _arn, description in page], token


def _write_token(arn: str) -> str:
    content = arn.encode()
    size = max(_TOKEN_BYTES_MIN, -(-len(content) // _GROUP_BYTES) * _GROUP_BYTES)
    return content.ljust(size).hex()


def _read_token(token: str | None) -> str | None:
    if token is None:
        return None
    try:
        return bytes.fromhex(token).decode().rstrip()
    except ValueError:
        raise validation_error(f"Invalid NextToken: {token}") from None
