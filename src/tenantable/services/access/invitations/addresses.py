"""Which addresses an organisation invites."""

from collections.abc import Iterable

from tenantable.services.access.declaration import Organisation


def is_allowed(email: str, organisation: Organisation) -> bool:
    """
    Whether the domain of a normalised address is one of those allowed, label by label: neither `evil-acme.com` nor
    `sub.acme.com` is `acme.com`. Where none are named, all are.
    """
    allowed = organisation.allowed_domains
    return not allowed or _labels(email.rpartition("@")[2]) in _all_labels(allowed)


def _all_labels(domains: Iterable[str]) -> set[tuple[str, ...]]:
    return {_labels(domain) for domain in domains}


def _labels(domain: str) -> tuple[str, ...]:
    """In ASCII and lower case; empty for what is no domain, which then equals none."""
    try:
        text = domain.strip().casefold().encode("idna").decode()
    except UnicodeError:
        return ()
    return tuple(text.removesuffix(".").split("."))
