"""Who asks: what an engine passes on to its authorizer and never looks into."""

from typing import NamedTuple, Protocol


class Identified(Protocol):
    """A principal that is more than its ARN, such as a session of a role, compared by identity."""

    @property
    def arn(self) -> str: ...


Principal = str | Identified
"""The ARN of a user or role, or a principal that knows its ARN."""


class Sender(NamedTuple):
    """
    A principal whose request came over the network, and from where: `source_ip` is the address of whoever sent it,
    `user_agent` what its program calls itself, both None where unknown; `is_secure` says whether it came over TLS.
    """

    principal: Principal
    source_ip: str | None = None
    user_agent: str | None = None
    is_secure: bool = False

    @property
    def arn(self) -> str:
        return arn_of(self.principal)


def arn_of(principal: Principal) -> str:
    return principal if isinstance(principal, str) else principal.arn
