"""Lists in pages: what comes next is said by the name of the last that was told."""

import base64
import binascii
from collections.abc import Iterable
from typing import TypeVar

from tenantable.aws.calls import Call

Content = TypeVar("Content")


def page(
    call: Call, named: Iterable[tuple[str, Content]], *, cursor: str, limit: str, most: int
) -> tuple[list[Content], str | None]:
    """
    One page of what is sorted by name, and the token of the next; None where there is none.

    Args:
        cursor: The parameter that holds the token of an earlier page.
        limit: The parameter that says how many are wanted; `most` at most, which is also the default.
    Raises:
        Refusal: The token is none of ours.
    """
    size = call.count(limit, most, least=1, most=most)
    after = _name_of(call, call.optional_text(cursor), cursor)
    rest = [(name, content) for name, content in named if after is None or name > after]
    shown = rest[:size]
    following = _token_of(shown[-1][0]) if len(rest) > size else None
    return [content for _, content in shown], following


def _token_of(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _name_of(call: Call, token: str | None, parameter: str) -> str | None:
    if not token:
        return None
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise call.invalid(f"{parameter} is no token of an earlier page") from error
