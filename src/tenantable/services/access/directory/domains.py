"""Names of domains in the one form in which they are compared: lower case, in ASCII."""

import re

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_CHARACTERS_MAX = 253


def domain_name(text: str) -> str:
    """
    `Bücher.example` as `xn--bcher-kva.example`. Source: RFC 1123, section 2.1; RFC 3490.

    Raises:
        ValueError: It is no name of a domain: two labels at least, of letters, digits and inner hyphens.
    """
    try:
        name = text.strip().casefold().encode("idna").decode().lower()
    except UnicodeError as error:
        raise ValueError(f"{text!r} is no name of a domain") from error
    labels = name.split(".")
    if len(labels) < 2 or len(name) > _CHARACTERS_MAX or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise ValueError(f"{text!r} is no name of a domain: write it as in example.com")
    return name
