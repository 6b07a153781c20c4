"""Resource policies beside the others: how exactly they name the caller decides how much they grant."""

from dataclasses import replace
from typing import Any

import pytest

from tenantable.errors import PolicyError
from tenantable.iam.documents import Policy, parse_policy, policy_document
from tenantable.iam.evaluation import (
    AccessRequest,
    Decision,
    PolicyKind,
    PolicySet,
    ResourcePolicySet,
    Verdict,
    evaluate,
)
from tenantable.iam.principals import CallerNames, Naming

TABLE = "arn:aws:dynamodb:us-east-1:111111111111:table/orders"
USER = "arn:aws:iam::111111111111:user/ann"
ROLE = "arn:aws:iam::111111111111:role/teams/worker"
SESSION = "arn:aws:sts::111111111111:assumed-role/worker/s1"
AS_USER = CallerNames(arn=USER, role_arn=None, account_id="111111111111")
AS_SESSION = CallerNames(arn=SESSION, role_arn=ROLE, account_id="111111111111")
AS_FOREIGNER = CallerNames(arn="arn:aws:iam::222222222222:user/eve", role_arn=None, account_id="222222222222")
GET = AccessRequest("dynamodb:GetItem", TABLE, {})
SILENT: dict[str, Any] = {"Action": "dynamodb:Scan"}


def policy(**changes: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*", **changes}
    kind: Any = "resource" if {"Principal", "NotPrincipal"} & changes.keys() else "identity"
    return parse_policy({"Version": "2012-10-17", "Statement": statement}, kind=kind)


def naming(principal: Any, caller: CallerNames, *, element: str = "Principal") -> Naming | None:
    principals = policy(**{element: principal}).statements[0].principals
    assert principals is not None
    return principals.naming(caller)


def decide(
    principal: Any,
    caller: CallerNames = AS_SESSION,
    *,
    identity: dict[str, Any] | None = None,
    boundary: dict[str, Any] | None = None,
    session: dict[str, Any] | None = None,
    **changes: Any,
) -> Decision:
    """A GetItem by a caller whose identity policies say nothing unless given, under a policy of the table."""
    granted = ResourcePolicySet(policy(Principal=principal, **changes)).open_decision(GET.action, GET.resource, caller)
    return evaluate(
        GET,
        PolicySet([policy(**(SILENT if identity is None else identity))]),
        boundary=None if boundary is None else PolicySet([policy(**boundary)], kind=PolicyKind.BOUNDARY),
        session=None if session is None else PolicySet([policy(**session)], kind=PolicyKind.SESSION),
        resource=granted,
        same_account=caller.account_id == "111111111111",
    )


@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ("*", AS_USER, Naming.ANYONE),
        ({"AWS": "*"}, AS_FOREIGNER, Naming.ANYONE),
        ({"AWS": "111111111111"}, AS_USER, Naming.ACCOUNT),
        ({"AWS": "arn:aws:iam::111111111111:root"}, AS_SESSION, Naming.ACCOUNT),
        ({"AWS": "111111111111"}, AS_FOREIGNER, None),
        ({"AWS": ROLE}, AS_SESSION, Naming.ROLE),
        ({"AWS": "arn:aws:iam::111111111111:role/worker"}, AS_SESSION, None),
        ({"AWS": SESSION}, AS_SESSION, Naming.DIRECT),
        ({"AWS": SESSION.replace("s1", "s2")}, AS_SESSION, None),
        ({"AWS": USER}, AS_USER, Naming.DIRECT),
        ({"AWS": ["*", "111111111111", ROLE]}, AS_SESSION, Naming.ROLE),
        ({"AWS": ["111111111111", "*"]}, AS_SESSION, Naming.ANYONE),
        ({"Service": "lambda.amazonaws.com"}, AS_USER, None),
        ({"AWS": "AROAEXAMPLEEXAMPLE"}, AS_SESSION, None),
    ],
)
def test_how_a_caller_is_named(principal: Any, caller: CallerNames, expected: Naming | None) -> None:
    assert naming(principal, caller) is expected


def test_not_principal_names_everybody_else() -> None:
    assert naming({"AWS": USER}, AS_USER, element="NotPrincipal") is None
    assert naming({"AWS": "111111111111"}, AS_USER, element="NotPrincipal") is None
    assert naming({"AWS": USER}, AS_SESSION, element="NotPrincipal") is Naming.ANYONE


@pytest.mark.parametrize(
    ("principal", "allowed"), [(SESSION, True), (ROLE, True), ("*", True), ("111111111111", False)]
)
def test_in_the_same_account_all_but_the_account_grant_by_themselves(principal: str, allowed: bool) -> None:
    assert decide({"AWS": principal}).allowed is allowed
    assert decide({"AWS": principal}, identity={}).allowed


@pytest.mark.parametrize("limit", ["boundary", "session"])
@pytest.mark.parametrize(("principal", "allowed"), [(SESSION, True), (ROLE, False), ("*", False)])
def test_only_a_direct_grant_passes_a_silent_boundary_or_session(limit: str, principal: str, allowed: bool) -> None:
    limits: dict[str, Any] = {limit: SILENT}
    assert decide({"AWS": principal}, **limits).allowed is allowed
    assert decide({"AWS": principal}, identity={}, **limits).allowed is allowed


def test_open_case_4_a_policy_that_names_the_session_passes_a_silent_session_policy() -> None:
    assert decide({"AWS": SESSION}, session=SILENT).allowed


def test_open_case_5_anyone_in_a_resource_policy_does_not_pass_a_silent_boundary_or_session_policy() -> None:
    """The documents are unclear; the choice is the careful one."""
    assert not decide("*", boundary=SILENT).allowed
    assert not decide("*", session=SILENT).allowed
    assert decide("*", boundary={}, session={}).allowed


@pytest.mark.parametrize("principal", ["222222222222", "arn:aws:iam::222222222222:user/eve", "*"])
def test_another_account_needs_both_sides(principal: str) -> None:
    assert not decide({"AWS": principal}, AS_FOREIGNER).allowed
    assert decide({"AWS": principal}, AS_FOREIGNER, identity={}).allowed
    assert not decide({"AWS": principal}, AS_FOREIGNER, identity={}, boundary=SILENT).allowed
    other = decide({"AWS": "333333333333"}, AS_FOREIGNER, identity={})
    assert (other.verdict, other.kind) == (Verdict.IMPLICIT_DENY, PolicyKind.RESOURCE)


@pytest.mark.parametrize("denying", ["identity", "boundary", "session", "resource"])
def test_a_deny_anywhere_wins(denying: str) -> None:
    kinds: dict[str, Any] = {kind: {} for kind in ("identity", "boundary", "session")}
    if denying == "resource":
        decision = decide({"AWS": SESSION}, Effect="Deny", **kinds)
    else:
        decision = decide({"AWS": SESSION}, **kinds | {denying: {"Effect": "Deny"}})
    assert (decision.verdict, decision.kind.name) == (Verdict.EXPLICIT_DENY, denying.upper())


def test_a_deny_with_not_principal_spares_whom_it_names() -> None:
    spared = policy(Effect="Deny", NotPrincipal={"AWS": ROLE})
    for caller, verdict in ((AS_SESSION, Verdict.ALLOWED), (AS_USER, Verdict.EXPLICIT_DENY)):
        granted = ResourcePolicySet(spared).open_decision(GET.action, GET.resource, caller)
        assert evaluate(GET, PolicySet([policy()]), resource=granted).verdict is verdict


def test_no_not_principal_spares_whoever_has_a_permissions_boundary() -> None:
    bounded = replace(AS_SESSION, is_bounded=True)
    assert naming({"AWS": ROLE}, bounded, element="NotPrincipal") is Naming.ANYONE
    assert naming({"AWS": ROLE}, bounded) is Naming.ROLE


def test_the_most_exact_naming_whose_conditions_hold_counts() -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "dynamodb:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"AWS": USER},
            "Action": "dynamodb:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"dynamodb:Select": "COUNT"}},
        },
    ]
    both = ResourcePolicySet(parse_policy({"Version": "2012-10-17", "Statement": statements}, kind="resource"))
    granted = both.open_decision(GET.action, GET.resource, AS_USER)
    assert granted.complete({}).naming is Naming.ACCOUNT
    assert granted.complete({"dynamodb:select": "COUNT"}).naming is Naming.DIRECT


def test_the_document_of_a_resource_policy_is_read_as_it_was_written() -> None:
    for written in (
        policy(Principal="*"),
        policy(NotPrincipal={"AWS": [USER, ROLE], "Service": "lambda.amazonaws.com"}),
    ):
        assert parse_policy(policy_document(written), kind="resource") == written


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        ({}, "principals"),
        ("arn:aws:iam::111111111111:user/ann", "principals"),
        ({"Aws": "*"}, "kind of principal"),
        ({"AWS": "arn:aws:iam::111111111111:user/*"}, "wildcard"),
        ({"AWS": "ann"}, "no principal"),
        ({"AWS": []}, "somebody"),
        ({"AWS": 1}, "text"),
    ],
)
def test_what_is_no_principal_is_refused(principal: Any, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        policy(Principal=principal)


def test_each_kind_of_document_has_its_own_elements() -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    with pytest.raises(PolicyError, match="needs either Principal or NotPrincipal"):
        parse_policy({"Statement": {**statement, "Resource": "*"}}, kind="resource")
    with pytest.raises(PolicyError, match="hangs on"):
        parse_policy({"Statement": {**statement, "Principal": "*", "Resource": "*"}}, kind="trust")
    with pytest.raises(PolicyError, match="resource policy"):
        parse_policy({"Statement": {**statement, "Principal": "*", "Resource": "*"}})
