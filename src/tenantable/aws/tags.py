"""Tags: lists of keys and values on the wire, a dictionary in a record."""

from collections.abc import Iterable, Mapping
from typing import Any

from tenantable.aws.calls import Call
from tenantable.aws.refusals import LIMIT_EXCEEDED, Refusal

TAGS_MAX = 50
KEY_MAX = 128
VALUE_MAX = 256


def read_tags(call: Call, member: str = "Tags", *, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """
    The tags of a request.

    Args:
        key: What the service calls the key of a tag.
        value: And its value.
    Raises:
        Refusal: A tag is repeated, reserved, too long, or no tag.
    """
    tags: dict[str, str] = {}
    for tag in call.structures(member):
        name, text = tag.get(key), tag.get(value, "")
        if not isinstance(name, str) or not isinstance(text, str):
            raise call.invalid(f"{member}: each tag has a {key} and a {value}")
        if name in tags:
            raise call.invalid(f"Duplicate tag keys found: {name}")
        tags[name] = text
    return checked_tags(call, tags)


def checked_tags(call: Call, tags: Mapping[str, str]) -> dict[str, str]:
    for name, text in tags.items():
        if not 1 <= len(name) <= KEY_MAX or len(text) > VALUE_MAX:
            raise call.invalid(f"A tag's key has 1 to {KEY_MAX} characters, its value at most {VALUE_MAX}: {name[:80]}")
        if name.lower().startswith("aws:"):
            raise call.invalid(f"Tag keys that begin with aws: are reserved: {name}")
    return dict(tags)


def add_tags(record: dict[str, Any], tags: Mapping[str, str]) -> None:
    """
    Add to a record's tags.

    Raises:
        Refusal: There would be more than 50.
    """
    record["Tags"] = {**record.get("Tags", {}), **tags}
    if len(record["Tags"]) > TAGS_MAX:
        raise Refusal(LIMIT_EXCEEDED, f"A resource can have at most {TAGS_MAX} tags")


def remove_tags(record: dict[str, Any], keys: Iterable[str]) -> None:
    gone = set(keys)
    record["Tags"] = {key: value for key, value in record.get("Tags", {}).items() if key not in gone}


def shown_tags(record: Mapping[str, Any], *, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """A record's tags as a list."""
    return [{key: name, value: text} for name, text in record.get("Tags", {}).items()]
