"""
sts:AssumeRole: who may have a session of a role, and what a session may be asked for.

Source: STS API reference, AssumeRole; IAM User Guide, "IAM and AWS STS quotas" and "Pass session tags in AWS STS".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tenantable.errors import PolicyError, SessionRefused
from tenantable.iam.callers import Caller, caller_of, context_of
from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.evaluation import AccessRequest, PolicyKind, ResourcePolicySet, evaluate
from tenantable.iam.patterns import Context, ContextValue
from tenantable.iam.sessions.roles import SESSION_SECONDS_MAX, Role, Roles
from tenantable.iam.sessions.session import Session
from tenantable.iam.sessions.tokens import TOKEN_CHARACTERS_MAX, SessionTokens
from tenantable.wire.principals import Principal
from tenantable.wire.signatures import Credentials

SESSION_POLICY_CHARACTERS_MAX = 2048
MANAGED_POLICIES_MAX = 10
TAGS_MAX = 50
SESSION_SECONDS_MIN = 900
CHAINED_SECONDS_MAX = 3600
"""Whoever already is a session of a role can have no longer one."""

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_TAG_KEY = re.compile(r"[\w\s.:/=+\-@]{1,128}")
_TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{0,256}")


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedSession:
    """
    What AssumeRole answers: the credentials, with `expires_at`, and the session that they stand for.

    `packed_policy_percent` is how much of the room for policies and tags is used, 0 to 100.
    """

    credentials: Credentials
    session: Session
    packed_policy_percent: int


class SessionIssuer:
    """
    Gives sessions of roles to those whom the roles trust. Safe to share between threads.

    Args:
        roles: Looked up anew for each call.
        tokens: Makes the credentials.
        clock: Seconds since 1970.
    """

    def __init__(self, roles: Roles, tokens: SessionTokens, *, clock: Callable[[], float]) -> None:
        self._roles = roles
        self._tokens = tokens
        self._clock = clock

    def assume_role(
        self,
        role_arn: str,
        session_name: str,
        *,
        caller: Principal | None,
        policy: str | None = None,
        managed_policies: Sequence[Policy] = (),
        tags: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        duration_seconds: int | None = None,
        external_id: str | None = None,
    ) -> IssuedSession:
        """
        A session of a role.

        Args:
            role_arn: `arn:aws:iam::ACCOUNT:role/NAME`, with its path.
            session_name: 2 to 64 letters, digits and `_ + = , . @ -`.
            caller: Who asks: the ARN of a user or role, a session, the name of a service such as
                `lambda.amazonaws.com`; None for the administrator, who may assume every role.
            policy: A session policy, JSON text of at most 2,048 characters; None: none.
            managed_policies: What `PolicyArns` stand for, at most ten; they and `policy` allow together.
            tags: Session tags, at most 50; pairs may be given in a sequence, so that a repeated key can be refused.
            duration_seconds: 900 to the role's maximum, and to 3,600 where the caller is a session. None: an hour, or
                the role's maximum where that is less.
            external_id: For conditions on `sts:ExternalId`.
        Returns:
            Credentials that `SessionTokens.read` of any process with the same key accepts until they expire.
        Raises:
            SessionRefused: `code` is STS's own: AccessDenied when the role does not exist or does not trust the caller,
                or the caller's policies do not allow it; ValidationError, MalformedPolicyDocument,
                InvalidParameterValue or PackedPolicyTooLarge for what is asked for.
        """
        pairs = list(tags.items() if isinstance(tags, Mapping) else tags)
        _check_names(role_arn, session_name)
        _check_tags(pairs)
        policies = _session_policies(policy, managed_policies)
        role = self._roles.find(role_arn)
        self._check_trust(role, role_arn, caller, _asked(session_name, pairs, external_id))
        assert role is not None, "a role that does not exist trusts nobody"
        chained = isinstance(caller, Session)
        seconds = _seconds(duration_seconds, role, chained=chained)
        now = self._clock()
        session = Session(
            role_arn=role.arn,
            name=session_name,
            role_id=role.id,
            issued_at=now,
            expires_at=now + seconds,
            policies=policies,
            tags=dict(pairs),
        )
        return self._issued(session)

    def _issued(self, session: Session) -> IssuedSession:
        credentials = self._tokens.issue(session)
        percent = -(-len(credentials.session_token or "") * 100 // TOKEN_CHARACTERS_MAX)
        if percent > 100:
            raise SessionRefused(
                "PackedPolicyTooLarge", f"Packed size of session policies and tags is {percent}% of what is allowed"
            )
        # Read back, so that whoever uses the session here and whoever comes with the token are one and the same.
        session = self._tokens.read(credentials.access_key_id, credentials.session_token or "").session
        return IssuedSession(credentials=credentials, session=session, packed_policy_percent=percent)

    def _check_trust(
        self, role: Role | None, role_arn: str, caller: Principal | None, asked: dict[str, ContextValue]
    ) -> None:
        """Whether the role trusts the caller, and where it trusts an account only, whether the caller may."""
        if caller is None and role is not None:
            return
        actions = ["sts:AssumeRole", *(["sts:TagSession"] if "aws:tagkeys" in asked else [])]
        known = None if caller is None else caller_of(caller, self._roles)
        for action in actions:
            if (
                known is None
                or role is None
                or not _may(known, action, role, {**context_of(known, self._clock()), **asked})
            ):
                name = "The administrator" if known is None else f"User: {known.names.arn}"
                raise SessionRefused(
                    "AccessDenied", f"{name} is not authorized to perform: {action} on resource: {role_arn}"
                )


def _may(caller: Caller, action: str, role: Role, context: Context) -> bool:
    if role.trust is None:
        return False
    trust = ResourcePolicySet(role.trust, kind=PolicyKind.RESOURCE).open_decision(action, None, caller.names)
    if trust.complete(context).naming is None:
        return False  # unlike other resources, a role must trust whoever has a right to it already
    request = AccessRequest(action, role.arn, context)
    same_account = caller.names.account_id in ("", role.arn.split(":")[4])
    return evaluate(
        request,
        caller.identity,
        boundary=caller.boundary,
        session=caller.session,
        resource=trust,
        same_account=same_account,
    ).allowed


def _asked(name: str, tags: Sequence[tuple[str, str]], external_id: str | None) -> dict[str, ContextValue]:
    """What conditions may ask of the call itself."""
    asked: dict[str, ContextValue] = {"sts:rolesessionname": name}
    if external_id is not None:
        asked["sts:externalid"] = external_id
    if tags:
        asked |= {f"aws:requesttag/{key.lower()}": value for key, value in tags}
        asked["aws:tagkeys"] = tuple(key for key, _ in tags)
    return asked


def _check_names(role_arn: str, session_name: str) -> None:
    if not _ROLE.fullmatch(role_arn):
        raise SessionRefused("ValidationError", f"{role_arn} is invalid")
    if not _NAME.fullmatch(session_name):
        raise SessionRefused(
            "ValidationError",
            f"1 validation error detected: Value '{session_name}' at 'roleSessionName' failed to satisfy constraint: "
            "Member must have 2 to 64 characters and satisfy regular expression pattern: [\\w+=,.@-]*",
        )


def _check_tags(tags: Sequence[tuple[str, str]]) -> None:
    if len(tags) > TAGS_MAX:
        raise SessionRefused("ValidationError", f"{len(tags)} session tags were given, and {TAGS_MAX} are allowed")
    for key, value in tags:
        if not _TAG_KEY.fullmatch(key) or key.lower().startswith("aws:"):
            raise SessionRefused("ValidationError", f"'{key}' cannot be the key of a session tag")
        if not _TAG_VALUE.fullmatch(value):
            raise SessionRefused(
                "ValidationError",
                f"The value of the session tag '{key}' has characters or a length that tags cannot have",
            )
    if len({key.lower() for key, _ in tags}) < len(tags):
        raise SessionRefused(
            "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        )


def _session_policies(text: str | None, managed: Sequence[Policy]) -> tuple[Policy, ...]:
    if len(managed) > MANAGED_POLICIES_MAX:
        raise SessionRefused(
            "ValidationError", f"{len(managed)} policy ARNs were given, and {MANAGED_POLICIES_MAX} are allowed"
        )
    if text is None:
        return tuple(managed)
    if len(text) > SESSION_POLICY_CHARACTERS_MAX:
        raise SessionRefused(
            "ValidationError",
            f"The session policy has {len(text)} characters, and {SESSION_POLICY_CHARACTERS_MAX} are allowed",
        )
    try:
        return (parse_policy(text), *managed)
    except PolicyError as error:
        raise SessionRefused("MalformedPolicyDocument", str(error)) from error


def _seconds(wanted: int | None, role: Role, *, chained: bool) -> int:
    longest = min(role.session_seconds_max, SESSION_SECONDS_MAX)
    if wanted is None:
        return min(CHAINED_SECONDS_MAX, longest)
    if not SESSION_SECONDS_MIN <= wanted <= SESSION_SECONDS_MAX:
        raise SessionRefused(
            "ValidationError",
            f"1 validation error detected: Value '{wanted}' at 'durationSeconds' failed to satisfy constraint: "
            f"Member must have value between {SESSION_SECONDS_MIN} and {SESSION_SECONDS_MAX}",
        )
    if wanted > longest:
        raise SessionRefused(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    if chained and wanted > CHAINED_SECONDS_MAX:
        raise SessionRefused(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    return wanted
