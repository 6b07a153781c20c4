"""What goes over HTTP about decisions, in and out."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from tenantable.services.access.decisions.rules import Origin
from tenantable.services.access.declaration import PropertyTest
from tenantable.services.access.evaluation.questions import EVALUATIONS_MAX, Properties
from tenantable.services.access.http.pages import ResponseBody


class _Shown(BaseModel):
    """Bodies of AuthZEN: their names are the specification's."""

    model_config = ConfigDict(extra="allow")


class Decision(_Shown):
    """Whether it is allowed. `context.error` says why an evaluation among several could not be made."""

    decision: bool
    context: dict[str, Any] | None = None


class Decisions(_Shown):
    """Decisions in the order of the request; `decision` alone where the request has no evaluations."""

    evaluations: list[Decision] | None = None
    decision: bool | None = None


class EvaluationsBody(_Shown):
    """Evaluations, and what is the same for those that leave it out. With none, a single decision."""

    subject: dict[str, Any] = Field(default_factory=dict)
    action: dict[str, Any] = Field(default_factory=dict)
    resource: dict[str, Any] = Field(default_factory=dict)
    context: Properties = Field(default_factory=dict)
    evaluations: list[dict[str, Any]] = Field(default_factory=list, max_length=EVALUATIONS_MAX)
    options: dict[str, Any] = Field(default_factory=dict)


class NextPage(_Shown):
    """`next_token` is empty on the last page; `count` is that of this one."""

    next_token: str
    count: int


class FoundEntity(_Shown):
    """A subject or a resource."""

    type: str
    id: str


class FoundEntities(_Shown):
    """Subjects or resources that were found."""

    page: NextPage
    results: list[FoundEntity]


class FoundAction(_Shown):
    """An action."""

    name: str


class FoundActions(_Shown):
    """Actions that were found."""

    page: NextPage
    results: list[FoundAction]


class ConditionShown(ResponseBody):
    """A condition on a property. `holds` is null where that depends on a request."""

    of: str
    name: str
    comparison: str
    value: Any
    holds: bool | None = None


class ConditionMet(ConditionShown):
    """
    A condition, and the property that it met. `source` says where that was found; null: it was not given. `found` is
    its value; null where it was not given, or is one of the directory that the caller may not read.
    """

    source: Literal["request", "directory"] | None
    found: Any = None


class OriginShown(ResponseBody):
    """
    Whence somebody has a permission: the role that was given, the roles from there to the one that has the permission
    set, and the team through which.
    """

    kind: Literal["platform-role", "organisation-role", "team-role"]
    role_id: str
    inherited: list[str]
    permission_set_id: str
    team_id: str | None

    @classmethod
    def of(cls, origin: Origin) -> Self:
        return cls(
            kind=origin.kind,
            role_id=origin.role_id,
            inherited=list(origin.inherited),
            permission_set_id=origin.permission_set_id,
            team_id=origin.team_id,
        )


class PermissionHeld(ResponseBody):
    """
    A permission that a user has, or is denied, and from where. Not `effective`: a deny without conditions takes all of
    it away; or it is a deny of what cannot be denied, `access:*` to an owner.
    """

    key: str
    effect: Literal["allow", "deny"]
    when: list[ConditionShown]
    effective: bool
    origins: list[OriginShown]


class UserWithPermission(ResponseBody):
    """A user who has a permission; `conditional` where it depends on the resource, the action or the context."""

    user_id: str
    name: str
    email: str
    conditional: bool
    origins: list[OriginShown]


class GrantShown(ResponseBody):
    """A rule that concerns the question. `holds` is whether all its conditions do; `wildcard` that it covers more."""

    key: str
    effect: Literal["allow", "deny"]
    wildcard: bool
    holds: bool
    counts: bool = Field(description="False for a deny of what cannot be denied: `access:*` to an owner.")
    conditions: list[ConditionMet]
    origin: OriginShown


class Waiting(ResponseBody):
    """A role that would allow it, and does not count at this time."""

    role_id: str
    not_before: datetime | None
    not_after: datetime | None


class Missing(ResponseBody):
    """
    What would allow it. Where a rule allows it but for its `conditions`, those that fail are listed, and no role is
    named: another role is no cure. Otherwise `smallestRole` is the role that would do and allows least beside, null
    where there is none; `conditions` are those of it that would fail still. `allowsEverything`: no smaller role would.
    """

    permission: str
    smallest_role: str | None = None
    allows_everything: bool = False
    conditions: list[ConditionMet] = Field(default_factory=list)


Reason = Literal["allowed", "denied", "conditions", "no-grant", "no-member", "inactive", "no-subject", "no-permission"]


class Explanation(ResponseBody):
    """
    Why a decision is as it is, read anew.

    `reason`: `allowed`; `denied` by a rule that denies; `conditions`, which do not hold; `no-grant`; `no-member`, the
    user is none; `inactive`, the member is switched off; `no-subject`, the subject can be no user; `no-permission`,
    type and action make no permission.
    """

    decision: bool
    reason: Reason
    permission: str | None
    grants: list[GrantShown]
    waiting: list[Waiting]
    missing: Missing | None


def conditions_of(tests: Iterable[PropertyTest]) -> list[ConditionShown]:
    return [ConditionShown(of=test.of, name=test.name, comparison=test.comparison, value=test.value) for test in tests]
