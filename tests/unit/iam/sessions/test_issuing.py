"""Sessions of roles: whom a role trusts, what may be asked for, and how long it lasts."""

import json
import random
from string import ascii_letters
from typing import Any

import pytest

from tenantable.errors import SessionRefused
from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.sessions.issuing import IssuedSession, SessionIssuer
from tenantable.iam.sessions.roles import FixedRoles, Role
from tenantable.iam.sessions.tokens import SessionTokens

ACCOUNT = "arn:aws:iam::111111111111:"
VENDOR, TENANT_ROLE, OTHER = f"{ACCOUNT}role/vendor", f"{ACCOUNT}role/tenants/tenant", f"{ACCOUNT}role/other"
FOREIGN = "arn:aws:iam::222222222222:role/foreign"
POLICY = json.dumps({"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}})
NOW = 1_000_000.0


def trust(principal: Any, *actions: str, **changes: Any) -> Policy:
    names = list(actions) or ["sts:AssumeRole", "sts:TagSession"]
    statement = {"Effect": "Allow", "Principal": principal, "Action": names, **changes}
    return parse_policy({"Version": "2012-10-17", "Statement": statement}, kind="trust")


def may_assume(*actions: str, resource: str = "*") -> Policy:
    names = list(actions) or ["sts:AssumeRole", "sts:TagSession"]
    return parse_policy({"Statement": {"Effect": "Allow", "Action": names, "Resource": resource}})


def issuer(trusted: Policy | None, *callers: Role, seconds_max: int = 3600) -> SessionIssuer:
    role = Role(arn=TENANT_ROLE, trust=trusted, session_seconds_max=seconds_max)
    tokens = SessionTokens(b"k" * 32, clock=lambda: NOW, random_bytes=lambda size: b"n" * size)
    return SessionIssuer(FixedRoles([role, *callers]), tokens, clock=lambda: NOW)


def refusal(issues: SessionIssuer, caller: str | None = None, role: str = TENANT_ROLE, **asked: Any) -> str | None:
    try:
        issues.assume_role(role, asked.pop("session_name", "t1"), caller=caller, **asked)
    except SessionRefused as error:
        return error.code
    return None


def issued(**asked: Any) -> IssuedSession:
    return issuer(None).assume_role(TENANT_ROLE, "t1", caller=None, **asked)


def test_a_session_has_its_roles_name_without_path_and_lasts_an_hour() -> None:
    given = issued(tags={"tenant": "t1"})
    assert given.session.arn == "arn:aws:sts::111111111111:assumed-role/tenant/t1"
    assert given.session.assumed_role_id.endswith(":t1")
    assert (given.session.issued_at, given.credentials.expires_at) == (NOW, NOW + 3600)
    assert given.session.tags == {"tenant": "t1"}
    assert given.credentials.access_key_id.startswith("ASIA")
    assert 0 < given.packed_policy_percent < 10


def test_a_role_that_names_the_caller_needs_no_policy_of_the_caller() -> None:
    assert refusal(issuer(trust({"AWS": VENDOR}), Role(arn=VENDOR)), VENDOR) is None


def test_a_role_that_names_the_account_leaves_it_to_the_callers_policies() -> None:
    trusted = trust({"AWS": "111111111111"})
    assert refusal(issuer(trusted, Role(arn=VENDOR)), VENDOR) == "AccessDenied"
    assert refusal(issuer(trusted, Role(arn=VENDOR, policies=[may_assume()])), VENDOR) is None


@pytest.mark.parametrize("trusted", [None, trust({"AWS": OTHER}), trust({"AWS": VENDOR}, "sts:TagSession")])
def test_what_a_role_does_not_trust_no_policy_of_the_caller_can_assume(trusted: Policy | None) -> None:
    assert refusal(issuer(trusted, Role(arn=VENDOR, policies=[may_assume()])), VENDOR) == "AccessDenied"


def test_another_account_needs_both_sides() -> None:
    trusted = trust({"AWS": FOREIGN})
    assert refusal(issuer(trusted, Role(arn=FOREIGN)), FOREIGN) == "AccessDenied"
    assert refusal(issuer(trusted, Role(arn=FOREIGN, policies=[may_assume()])), FOREIGN) is None


def test_session_tags_need_their_own_action() -> None:
    trusted = issuer(trust({"AWS": VENDOR}, "sts:AssumeRole"), Role(arn=VENDOR))
    assert refusal(trusted, VENDOR) is None
    assert refusal(trusted, VENDOR, tags={"tenant": "t1"}) == "AccessDenied"


def test_trust_may_depend_on_tags_names_and_external_ids() -> None:
    conditions = {
        "StringEquals": {"aws:RequestTag/tenant": "t1", "sts:ExternalId": "e"},
        "StringLike": {"sts:RoleSessionName": "t1*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": "tenant"},
    }
    trusted = issuer(trust({"AWS": VENDOR}, Condition=conditions), Role(arn=VENDOR))
    fitting: dict[str, Any] = {"tags": {"tenant": "t1"}, "external_id": "e", "session_name": "t1-a"}
    assert refusal(trusted, VENDOR, **fitting) is None
    for change in ({"tags": {"tenant": "t2"}}, {"external_id": None}, {"session_name": "t2"}):
        assert refusal(trusted, VENDOR, **fitting | change) == "AccessDenied"


def test_a_service_is_trusted_by_its_name() -> None:
    trusted = issuer(trust({"Service": "lambda.amazonaws.com"}))
    assert refusal(trusted, "lambda.amazonaws.com") is None
    assert refusal(trusted, "ec2.amazonaws.com") == "AccessDenied"


def test_the_administrator_assumes_every_role_that_there_is() -> None:
    assert refusal(issuer(None)) is None
    assert refusal(issuer(None), role=OTHER) == "AccessDenied"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"role": "tenant"}, "ValidationError"),
        ({"role": f"{ACCOUNT}user/tenant"}, "ValidationError"),
        ({"session_name": "a b"}, "ValidationError"),
        ({"session_name": "a"}, "ValidationError"),
        ({"session_name": "a" * 65}, "ValidationError"),
        ({"duration_seconds": 899}, "ValidationError"),
        ({"duration_seconds": 3601}, "ValidationError"),
        ({"duration_seconds": 43_201}, "ValidationError"),
        ({"policy": "{"}, "MalformedPolicyDocument"),
        ({"policy": POLICY + " " * 2048}, "ValidationError"),
        ({"managed_policies": [parse_policy(POLICY)] * 11}, "ValidationError"),
        ({"tags": {str(number): "" for number in range(51)}}, "ValidationError"),
        ({"tags": [("tenant", "1"), ("Tenant", "2")]}, "InvalidParameterValue"),
        ({"tags": {"aws:tenant": "1"}}, "ValidationError"),
        ({"tags": {"tenant": "*"}}, "ValidationError"),
        ({"tags": {"t" * 129: ""}}, "ValidationError"),
        ({"tags": {"t": "v" * 257}}, "ValidationError"),
    ],
)
def test_what_sts_refuses(asked: dict[str, Any], code: str) -> None:
    assert refusal(issuer(None), **asked) == code


def test_the_largest_that_sts_takes() -> None:
    tags = {str(number): "v" for number in range(50)}
    assert refusal(issuer(None, seconds_max=43_200), duration_seconds=43_200, policy=POLICY, tags=tags) is None


def test_policies_and_tags_must_fit_a_token() -> None:
    texts = random.Random(1)  # noqa: S311 - a seed, for the same texts each time
    tags = {str(number): "".join(texts.choices(ascii_letters, k=256)) for number in range(50)}
    assert refusal(issuer(None), tags=tags) == "PackedPolicyTooLarge"


def test_a_session_assumes_a_role_for_an_hour_at_most() -> None:
    issues = issuer(trust({"AWS": VENDOR}), Role(arn=VENDOR), seconds_max=7200)
    session = issues.assume_role(VENDOR, "first", caller=None).session
    assert issues.assume_role(TENANT_ROLE, "t1", caller=session).session.role_arn == TENANT_ROLE
    with pytest.raises(SessionRefused, match="role chaining"):
        issues.assume_role(TENANT_ROLE, "t1", caller=session, duration_seconds=3601)


def test_what_a_role_may_ask_is_limited_by_its_session() -> None:
    """A session policy that leaves sts:AssumeRole out cannot be got round by assuming the next role."""
    trusted = issuer(trust({"AWS": VENDOR}), Role(arn=VENDOR))
    limited = trusted.assume_role(VENDOR, "first", caller=None, policy=POLICY).session
    with pytest.raises(SessionRefused, match="sts:AssumeRole"):
        trusted.assume_role(TENANT_ROLE, "t1", caller=limited)
