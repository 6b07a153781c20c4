"""The roles and users of an account, as policy evaluation looks them up."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tenantable.iam.documents import Policy

SESSION_SECONDS_MAX = 43_200
"""No session is longer than twelve hours, whatever a role's own maximum."""

_ID_CHARACTERS = 17


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Role:
    """
    A role, or a user, with all that decides what it may do. A change makes a new value; two are equal when they are
    one and the same, so that whatever was compiled of one stays its own.

    `arn` may have a path (`role/teams/worker`). `policies` are its identity policies, inline and attached alike;
    `boundary` its permissions boundary, None for no limit. `trust` says who may assume the role, None: nobody, as for a
    user. `tags` are `aws:PrincipalTag/*`, keys in any case. `session_seconds_max` is the longest session, 3,600 to
    43,200 seconds. `id` is the unique id that `aws:userid` begins with; left out, it follows from the ARN.
    """

    arn: str
    policies: Sequence[Policy] = ()
    boundary: Policy | None = None
    trust: Policy | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    session_seconds_max: int = 3600
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", _unique_id(self.arn))


class Roles(Protocol):
    """Where roles and users are found while requests come. They may appear, change and vanish at any time."""

    def find(self, arn: str) -> Role | None:
        """
        The role or user of this ARN as it is now; None when there is none.

        Asked before every request, so it answers from memory. It gives the very same object until something about the
        role changes, and another one at once when it has.

        Args:
            arn: `arn:aws:iam::ACCOUNT:role/NAME`, `:user/NAME`, each with its path; never the ARN of a session.
        """
        ...


class FixedRoles:
    """Roles that are known from the beginning and stay as they are."""

    def __init__(self, roles: Sequence[Role]) -> None:
        self.find = {role.arn: role for role in roles}.get


class JoinedRoles:
    """Roles that are kept in several places; the first that has one counts."""

    def __init__(self, *places: Roles) -> None:
        self._places = places

    def find(self, arn: str) -> Role | None:
        for place in self._places:
            found = place.find(arn)
            if found is not None:
                return found
        return None


def _unique_id(arn: str) -> str:
    """Of the form that AWS uses: `AROA...` for a role, `AIDA...` for a user; the same for the same ARN."""
    prefix = "AROA" if ":role/" in arn else "AIDA"
    digest = base64.b32encode(hashlib.sha256(arn.encode(errors="surrogatepass")).digest()).decode()
    return prefix + digest[:_ID_CHARACTERS]
