"""Who calls: a user, a role, a session or a service, with its policies and the condition keys that tell of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tenantable.iam.documents import Policy
from tenantable.iam.evaluation import PolicyKind, PolicySet
from tenantable.iam.patterns import ARN_SEGMENTS, Context, ContextValue, split_arn
from tenantable.iam.principals import CallerNames
from tenantable.iam.requests.surroundings import SurroundedContext, Surroundings, iso_time
from tenantable.iam.sessions.roles import Role, Roles
from tenantable.iam.sessions.session import Session
from tenantable.wire.principals import Principal, arn_of

COMPILED_MAX = 4096
"""How many roles are remembered with their policies compiled."""

_NOBODY = PolicySet(())


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Caller:
    """
    A caller as it is at present: `identity`, `boundary` and `session` are its policies, the latter None where it has
    none; `context` its condition keys, by name in lower case.

    `role` is what its policies were taken from, None for one that is unknown: the caller holds as long as
    `Roles.find(role_arn)` gives this very object.
    """

    names: CallerNames
    role_arn: str
    role: Role | None
    identity: PolicySet
    boundary: PolicySet | None
    session: PolicySet | None
    context: Context
    limits: tuple[PolicySet, ...] = field(init=False)
    """The boundary and the session policies, where there are any."""

    def __post_init__(self) -> None:
        limits = tuple(each for each in (self.boundary, self.session) if each is not None)
        object.__setattr__(self, "limits", limits)


def caller_of(principal: Principal, roles: Roles) -> Caller:
    """
    Look a principal up.

    Args:
        principal: The ARN of a user, a role or a role session, the name of a service; or a session.
    """
    if isinstance(principal, Session):
        role_arn, arn = principal.role_arn, principal.arn
    else:
        arn = arn_of(principal)
        role_arn = role_of_session(arn) or arn
    role = roles.find(role_arn)
    identity, boundary = (_NOBODY, None) if role is None else _compiled(role)
    session = principal if isinstance(principal, Session) else None
    return Caller(
        names=CallerNames(
            arn=arn,
            role_arn=None if role_arn == arn else role_arn,
            account_id=account_of(role_arn),
            is_bounded=boundary is not None,
        ),
        role_arn=role_arn,
        role=role,
        identity=identity,
        boundary=boundary,
        session=PolicySet(session.policies, kind=PolicyKind.SESSION) if session and session.policies else None,
        context=_principal_context(arn, role_arn, role, session),
    )


def context_of(caller: Caller, now: float) -> Context:
    """The condition keys that a call has wherever it goes: who calls, and when."""
    return SurroundedContext(caller.context, Surroundings(None, None, lambda: now))


def role_of_session(arn: str) -> str | None:
    """The ARN of the role that a session belongs to; None when the principal is no role session."""
    segments = split_arn(arn)
    kind, _, rest = segments[-1].partition("/")
    role, slash, _session = rest.partition("/")
    if len(segments) < ARN_SEGMENTS or kind != "assumed-role" or not slash:
        return None
    return f"arn:{segments[1]}:iam::{segments[4]}:role/{role}"


def account_of(arn: str) -> str:
    """The account in an ARN; empty where there is none."""
    segments = split_arn(arn)
    return segments[4] if len(segments) == ARN_SEGMENTS else ""


def principal_context(arn: str) -> Context:
    """The condition keys that say who calls, of a user, a role or a role session of which nothing else is known."""
    return _principal_context(arn, role_of_session(arn) or arn, None, None)


@lru_cache(maxsize=COMPILED_MAX)
def _compiled(role: Role) -> tuple[PolicySet, PolicySet | None]:
    boundary: Sequence[Policy] = () if role.boundary is None else (role.boundary,)
    limit = PolicySet(boundary, kind=PolicyKind.BOUNDARY) if boundary else None
    return PolicySet(role.policies), limit


def _principal_context(arn: str, role_arn: str, role: Role | None, session: Session | None) -> Context:
    """The condition keys that say who calls; of a session, `aws:PrincipalArn` is its role's ARN."""
    segments = split_arn(role_arn)
    context: dict[str, ContextValue] = {"aws:principalarn": role_arn, "aws:principalisawsservice": "false"}
    if len(segments) < ARN_SEGMENTS:
        return context
    kind, _, name = segments[-1].partition("/")
    context["aws:principalaccount"] = segments[4]
    context["aws:principaltype"] = "User" if kind == "user" else "AssumedRole"
    if kind == "user":
        context["aws:username"] = name.rpartition("/")[2]
    if role is not None:
        context["aws:userid"] = role.id if arn == role_arn else f"{role.id}:{arn.rpartition('/')[2]}"
        context |= {f"aws:principaltag/{key.lower()}": value for key, value in role.tags.items()}
    if session is not None:
        context["aws:userid"] = session.assumed_role_id
        context["aws:tokenissuetime"] = iso_time(session.issued_at)
        context |= {f"aws:principaltag/{key.lower()}": value for key, value in session.tags.items()}
    return context
