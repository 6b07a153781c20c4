"""Tags of a table."""

import re
from collections.abc import Mapping, Sequence

from tenantable.wire.errors import validation_error
from tenantable.wire.limits import TAGS_MAX

_ALLOWED = re.compile(r"[\w\s+\-=.:/@\ud800-\udfff]*").fullmatch
"""
Source: Developer Guide, "Tagging restrictions in DynamoDB". Halves of characters pass: the storage refuses what is no
text, in other words.
"""


def add_tags(before: Mapping[str, str], tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """
    The tags after some were added; a tag that exists gets the new value.

    Raises:
        DynamoError: ValidationException for a reserved or repeated key, for characters that no tag may have, or too
            many tags.
    """
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) != len(keys):
        raise validation_error("One or more parameter values were invalid: Duplicate tag keys")
    for tag in tags:
        for member in ("Key", "Value"):
            if not _ALLOWED(text := tag[member]):
                raise validation_error(
                    f"One or more parameter values were invalid: Tag {member.lower()} {text} may only have letters, "
                    "white space, numbers and any of + - = . _ : / @"
                )
    for key in keys:
        if key.startswith("aws:"):
            raise validation_error(
                f"One or more parameter values were invalid: Tag key {key} has the reserved prefix aws:"
            )
    after = {**before, **{tag["Key"]: tag["Value"] for tag in tags}}
    if len(after) > TAGS_MAX:
        raise validation_error(f"One or more parameter values were invalid: A table can have at most {TAGS_MAX} tags")
    return after
