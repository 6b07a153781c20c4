"""
The ids of users, made of the subjects that issuers name them by.

An id stands in addresses and in the audit trail, so it is made of few signs. Most subjects are ids as they are; each
sign that an id has not is written `~` and two hexadecimal digits. Two subjects never have one id.
"""

import re

USER_ID_PATTERN = r"^[A-Za-z0-9~][A-Za-z0-9_|.@+~-]{0,764}$"
SUBJECT_CHARACTERS_MAX = 255
"""Source: OpenID Connect Core 1.0, section 2."""
_SUBJECT = re.compile(r"[\x20-\x7e]+")
_OTHER = re.compile(r"^[^A-Za-z0-9]|[^A-Za-z0-9_|.@+-]")
_WRITTEN = re.compile(r"~([0-9A-F]{2})")


def user_id_of(subject: object) -> str | None:
    """`user@x.com` as it is, and `a#b` as `a~23b`; None for what is no subject: 1 to 255 ASCII characters."""
    if not isinstance(subject, str) or len(subject) > SUBJECT_CHARACTERS_MAX or not _SUBJECT.fullmatch(subject):
        return None
    return _OTHER.sub(lambda sign: f"~{ord(sign[0]):02X}", subject)


def subject_of(user_id: str) -> str | None:
    """The subject that has this id; None when none has."""
    subject = _WRITTEN.sub(lambda written: chr(int(written[1], 16)), user_id)
    return subject if user_id_of(subject) == user_id else None
