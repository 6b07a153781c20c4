"""
The query protocol: a form comes in, XML goes out.

Lists are written `Tags.member.1.Key=a`, maps `Attributes.entry.1.key=a`; the word between may be left out.
Source: Smithy 2.0, "AWS Query protocol".
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from tenantable.aws.calls import Moment
from tenantable.aws.refusals import INVALID, Refusal

MEDIA_TYPE = "text/xml"
FIELDS_MAX = 2000
DEPTH_MAX = 8
_LIST_WORDS = frozenset({"member", "entry"})
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(body: bytes) -> tuple[str, dict[str, Any]]:
    """
    The action of a form and its parameters, all of them text.

    Raises:
        Refusal: The form cannot be read.
    """
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise Refusal(INVALID, f"The form cannot be read: {error}") from error
    nested: dict[str, Any] = {}
    action = ""
    for name, value in pairs:
        if name == "Action":
            action = value
        elif name != "Version":
            _place(nested, name, value)
    return action, {name: _settled(value) for name, value in nested.items()}


def answer(action: str, namespace: str, content: Mapping[str, Any] | None, request_id: str) -> bytes:
    """The XML of a success."""
    result = "" if content is None else f"<{action}Result>{_members(content)}</{action}Result>"
    return (
        f'<{action}Response xmlns="{namespace}">{result}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


def error(code: str, message: str, namespace: str, request_id: str, *, kind: str = "Sender") -> bytes:
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{kind}</Type><Code>{_text(code)}</Code>'
        f"<Message>{_text(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _place(nested: dict[str, Any], name: str, value: str) -> None:
    parts = [part for part in name.split(".") if part not in _LIST_WORDS]
    if not all(parts) or len(parts) > DEPTH_MAX:
        raise Refusal(INVALID, f"{name[:100]} is no name of a parameter")
    place = nested
    for part in parts[:-1]:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise Refusal(INVALID, f"{name[:100]} is given as a value and as a list")
    if parts[-1] in place:
        raise Refusal(INVALID, f"{name[:100]} is given twice")
    place[parts[-1]] = value


def _settled(value: Any) -> Any:
    """Numbered members as the list, and pairs of key and value as the map, that they stand for."""
    if not isinstance(value, dict):
        return value
    members = {name: _settled(member) for name, member in value.items()}
    if not all(name.isascii() and name.isdigit() for name in members):
        return members
    values = [members[name] for name in sorted(members, key=lambda name: (len(name), name))]
    if all(isinstance(each, dict) and each.keys() == {"key", "value"} for each in values):
        return {str(each["key"]): each["value"] for each in values}
    return values


def _members(content: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{_value(value)}</{name}>" for name, value in content.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, Moment):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _members(value)
    if isinstance(value, list | tuple):
        return "".join(f"<member>{_value(member)}</member>" for member in value)
    return _text(f"{value:g}" if isinstance(value, float) else str(value))


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("?", text))
