"""Tags of a table."""

from collections.abc import Mapping, Sequence

from tenantable.wire.errors import validation_error
from tenantable.wire.limits import TAGS_MAX


def add_tags(before: Mapping[str, str], tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """
    The tags after some were added; a tag that exists gets the new value.

    Raises:
        DynamoError: ValidationException for a reserved or repeated key, or too many tags.
    """
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) != len(keys):
        raise validation_error("One or more parameter values were invalid: Duplicate tag keys")
    for key in keys:
        if key.startswith("aws:"):
            raise validation_error(
                f"One or more parameter values were invalid: Tag key {key} has the reserved prefix aws:"
            )
    after = {**before, **{tag["Key"]: tag["Value"] for tag in tags}}
    if len(after) > TAGS_MAX:
        raise validation_error(f"One or more parameter values were invalid: A table can have at most {TAGS_MAX} tags")
    return after
