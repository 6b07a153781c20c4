"""Where webhooks may go: public addresses alone. Checked when a target is set, and again at every connection."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from tenantable.services.webhooks.errors import TargetRefused

URL_CHARACTERS_MAX = 2048

# Source: IANA special-purpose address registries, with multicast and the reserved class E.
_SPECIAL_V4 = tuple(
    ip_network(network)
    for network in """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    """.split()
)
# Every public IPv6 address is in here. What lies outside (loopback, unique local, link-local, multicast, and IPv4 in
# disguise: mapped, compatible, NAT64) is refused without a list of its own.
_UNICAST_V6 = ip_network("2000::/3")
_SPECIAL_V6 = tuple(ip_network(network) for network in "2001::/23 2001:db8::/32 2002::/16 3fff::/20".split())

# What the development switch opens. Link-local stays closed: cloud metadata lives there.
_PRIVATE = tuple(
    ip_network(network) for network in "10.0.0.0/8 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7".split()
)
_LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home.arpa", "onion", "invalid")

_URL = re.compile(r"[!#-;=?-\[\]_a-z~%]+")  # printable ASCII without what parsers disagree on: "<>\^`{|}
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_NUMBER = re.compile(r"\d+|0[xX][0-9A-Fa-f]*")


def is_allowed_address(address: str, *, allow_private: bool) -> bool:
    """Whether a connection may be made to an address as the resolver gave it."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if allow_private and any(found in network for network in _PRIVATE):
        return True
    return _is_public(found)


def check_target_url(url: str, *, allow_private: bool) -> None:
    """
    Check the address of an endpoint before it is stored.

    A host name is checked by its form only; where it leads is checked at every connection, because it can change.

    Args:
        allow_private: For development: also `http`, and private addresses.
    Raises:
        TargetRefused: Says what is wrong.
    """
    if len(url) > URL_CHARACTERS_MAX or not _URL.fullmatch(url):
        raise TargetRefused(f"A target is a URL of up to {URL_CHARACTERS_MAX} printable ASCII characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise TargetRefused("The target is not a valid URL") from None
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise TargetRefused("The target must be an https URL")
    if "@" in parts.netloc or parts.fragment or port == 0:
        raise TargetRefused("The target must not have a user, a password, a fragment or port 0")
    _check_host(parts, host, allow_private=allow_private)


def _check_host(parts: SplitResult, host: str, *, allow_private: bool) -> None:
    labels = host.split(".")
    if "[" in parts.netloc or _NUMBER.fullmatch(labels[-1]):
        # Short, octal, hexadecimal and plain-number forms of an address reach it as well, but are no address here.
        if not is_allowed_address(host, allow_private=allow_private):
            raise TargetRefused("The target must be a public address")
    elif len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise TargetRefused("The target has no valid host name")
    elif not allow_private and (len(labels) == 1 or host.endswith(tuple(f".{name}" for name in _LOCAL_NAMES))):
        raise TargetRefused("The target must be a public host name")


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address.scope_id is not None:
        return False
    return address in _UNICAST_V6 and not any(address in network for network in _SPECIAL_V6)
