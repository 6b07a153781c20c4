"""A member of a JSON body in its sender's own text: a parser would round numbers and drop repeated members."""

import json
import re
from collections.abc import Iterator
from typing import NewType, NoReturn

JsonText = NewType("JsonText", str)
"""One JSON value without white space between its parts, which every parser can read and UTF-8 can carry."""

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING_OR_SPACE = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")|[ \t\n\r]+')


def member_text(body: bytes, name: str) -> JsonText:
    """
    The value of one member of a JSON object, as it was written; of several with this name the last, as parsers do.

    Raises:
        ValueError: The body is not a JSON object in UTF-8 with such a member, or holds what not every receiver could
            read: NaN, Infinity, half a surrogate pair, parts nested deeper than a parser goes.
    """
    text = body.decode("utf-8-sig")
    try:
        document = _DECODER.decode(text)
        json.dumps(document, ensure_ascii=False).encode()
        members = dict(_members(text))
    except UnicodeEncodeError as error:
        raise ValueError("A text holds half a surrogate pair") from error
    except RecursionError as error:
        raise ValueError("The body is nested too deeply") from error
    if name not in members:
        raise ValueError(f"The body has no member {name}")
    return JsonText(_STRING_OR_SPACE.sub(r"\1", members[name]))


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Name and text of each member of what is known to be valid JSON."""
    position = _skipped(text, 0)
    if text[position] != "{":
        raise ValueError("The body is not a JSON object")
    position = _skipped(text, position + 1)
    while text[position] != "}":
        name, end = _DECODER.raw_decode(text, position)
        start = _skipped(text, _skipped(text, end) + 1)  # behind the colon
        _, end = _DECODER.raw_decode(text, start)
        yield name, text[start:end]
        position = _skipped(text, end)
        if text[position] == ",":
            position = _skipped(text, position + 1)


def _skipped(text: str, position: int) -> int:
    """Where the white space that begins here ends."""
    space = _SPACE.match(text, position)
    assert space is not None
    return space.end()


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")


# Numbers stay text, so that none is too long or too large; as a list of pairs an object keeps repeated members.
_DECODER = json.JSONDecoder(object_pairs_hook=list, parse_constant=_refused, parse_int=str, parse_float=str)
