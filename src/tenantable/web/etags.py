"""Entity tags: a resource's revision as an ETag, and the If-Match that guards a change."""

import re

from tenantable.errors import ServiceError

_TAGS = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*(?:,|$)')


class PreconditionFailed(ServiceError):
    """The resource was changed since it was read."""

    status = 412
    code = "precondition-failed"
    way_out = "read it again, and base the change on what it is now"


class IfMatchMalformed(ServiceError, ValueError):
    """If-Match is * or a list of entity tags in double quotes."""

    status = 400
    code = "if-match-malformed"
    way_out = "send the `ETag` as it was received"


def etag(revision: int) -> str:
    return f'"{revision}"'


def check_if_match(header: str | None, revision: int) -> None:
    """
    Check the If-Match header against the revision that is stored (0: nothing is); without a header everything goes.

    Raises:
        PreconditionFailed: No tag in it is the stored one. Weak tags never are.
        IfMatchMalformed: It is not of the form that RFC 9110 gives it.
    """
    if header is None or (header.strip() == "*" and revision > 0):
        return
    if header.strip() == "*":
        raise PreconditionFailed(hint="leave If-Match out to make what is not there")
    position, matches = 0, False
    while position < len(header):
        tag = _TAGS.match(header, position)
        if tag is None:
            raise IfMatchMalformed
        matches |= tag[1] is None and tag[2] == str(revision)
        position = tag.end()
    if not matches:
        raise PreconditionFailed(hint="read it again and repeat the change on what is there now")
