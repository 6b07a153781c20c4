"""Which addresses an organisation invites."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from tenantable.services.access.declaration import Organisation
from tenantable.services.access.identity.emails import domain_name


def is_allowed(email: str, organisation: Organisation) -> bool:
    """
    Whether the domain of a normalised address is one of those allowed, label by label: neither `evil-acme.com` nor
    `sub.acme.com` is `acme.com`. Where none are named, all are.
    """
    if not organisation.allowed_domains:
        return True
    return email.partition("@")[2] in set(_domains(organisation.allowed_domains))


def _domains(texts: Iterable[str]) -> Iterator[str]:
    """As addresses have them; what is no domain admits nobody."""
    for text in texts:
        with suppress(ValueError):
            yield domain_name(text)
