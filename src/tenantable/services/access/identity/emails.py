"""
E-mail addresses and names of domains, each in the one form in which it is kept and compared.

Whoever is one person to the mail service must be one here, and two must never become one: who is let in rests on it.
So the signs of a domain are mapped as today's registries do (`straße.de` is not `strasse.de`), and those of a mailbox
are only put together and written small.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress

import idna

ADDRESS_CHARACTERS_MAX = 320
MAILBOX_BYTES_MAX = 64
DOMAIN_CHARACTERS_MAX = 253
_SIGNS = r"[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_MAILBOX = re.compile(rf"{_SIGNS}(?:\.{_SIGNS})*")
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
"""Categories of characters that nobody sees, or that mean nothing yet."""


def normalised_email(address: str) -> str:
    """
    An address in the one form in which it is compared: composed, lower case, the domain in ASCII.

    Source: RFC 5321, section 4.5.3.1; RFC 5322, section 3.2.3 (no quoted mailboxes); RFC 6531, section 3.3.

    Raises:
        ValueError: It has no form of an address.
    """
    mailbox, at, domain = address.strip().partition("@")
    mailbox = _composed(_composed(mailbox).lower())
    if (
        not at
        or len(address) > ADDRESS_CHARACTERS_MAX
        or not _MAILBOX.fullmatch(mailbox)
        or any(unicodedata.category(sign) in _UNSEEN for sign in mailbox)
        or len(mailbox.encode(errors="surrogatepass")) > MAILBOX_BYTES_MAX
    ):
        raise ValueError(f"{address!r} is no e-mail address: write it as in ann@example.com")
    try:
        return f"{mailbox}@{_ascii_domain(domain)}"
    except ValueError as error:
        raise ValueError(f"{address!r} has no domain that can be reached") from error


def domain_name(text: str) -> str:
    """
    `Bücher.example` as `xn--bcher-kva.example`. Source: RFC 1123, section 2.1; RFC 5891; Unicode Standard Annex 46.

    Raises:
        ValueError: It is no name of a domain: two labels at least, of letters, digits and inner hyphens.
    """
    try:
        name = _ascii_domain(text.strip().removesuffix("."))  # the dot of the root says nothing
    except ValueError as error:
        raise ValueError(f"{text!r} is no name of a domain: write it as in example.com") from error
    if "." not in name:
        raise ValueError(f"{text!r} is no name of a domain: write it as in example.com")
    return name


def is_allowed(email: str, domains: Iterable[str]) -> bool:
    """
    Whether the domain of a normalised address is one of these, label by label: neither `evil-acme.com` nor
    `sub.acme.com` is `acme.com`. Where none are named, all are; what is no domain admits nobody.
    """
    named = tuple(domains)
    return not named or email.partition("@")[2] in _known(named)


def _known(domains: Iterable[str]) -> Iterator[str]:
    for text in domains:
        with suppress(ValueError):
            yield domain_name(text)


def _ascii_domain(text: str) -> str:
    """Raises ValueError, which the library's errors are, too."""
    if len(text) > DOMAIN_CHARACTERS_MAX:
        raise ValueError("it is too long")
    name = idna.encode(text, uts46=True, std3_rules=True).decode()
    if name.endswith(".") or name.rpartition(".")[2].isdigit():
        raise ValueError("it ends with a dot or a number")
    return name


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
