"""A role session: whoever has assumed a role, for a while, under a name, with less than the role may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenantable.iam.documents import Policy
from tenantable.iam.patterns import split_arn


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Session:
    """
    One session of a role. It is a principal: `Engine.as_principal` takes it as it takes an ARN.

    Two sessions are equal when they are one and the same object: keep it for as long as it is used, so that what was
    compiled and decided for it is found again.

    `role_arn` has the role's path if it has one. `policies` limit the session to what one of them allows; an empty
    tuple limits nothing. `tags` are the session's own, which take the place of the role's tags of the same key, in any
    case. `issued_at` and `expires_at` are epoch seconds. `arn` follows from the role and the name.
    """

    role_arn: str
    name: str
    role_id: str
    issued_at: float
    expires_at: float
    policies: tuple[Policy, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    arn: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "arn", session_arn(self.role_arn, self.name))

    @property
    def assumed_role_id(self) -> str:
        """`AROA...:NAME`: `AssumedRoleUser.AssumedRoleId` of STS, and `aws:userid` in conditions."""
        return f"{self.role_id}:{self.name}"


def session_arn(role_arn: str, name: str) -> str:
    """`arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME`; the path of the role is no part of it."""
    segments = split_arn(role_arn)
    role = segments[-1].rpartition("/")[2]
    return f"arn:{segments[1]}:sts::{segments[4]}:assumed-role/{role}/{name}"
