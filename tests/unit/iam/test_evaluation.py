"""Decisions: which statements concern a request, what wins, and what is said to have decided."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.evaluation import AccessRequest, PolicyKind, PolicySet, Verdict, evaluate

TABLES = "arn:aws:dynamodb:us-east-1:000000000000:table"
ORDERS = f"{TABLES}/orders"


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> Policy:
    defaults = {"Effect": "Allow"}
    written = []
    for each in statements:
        fields = defaults | each
        if "NotAction" not in fields:
            fields.setdefault("Action", "dynamodb:GetItem")
        if "NotResource" not in fields:
            fields.setdefault("Resource", ORDERS)
        written.append(fields)
    return parse_policy({"Version": version, "Statement": written})


def identity(*statements: dict[str, Any]) -> PolicySet:
    return PolicySet([policy(*statements)])


def get_item(resource: str = ORDERS, **context: Any) -> AccessRequest:
    return AccessRequest(
        "dynamodb:GetItem", resource, {f"dynamodb:{key.lower()}": each for key, each in context.items()}
    )


ALLOW: dict[str, Any] = {"Sid": "Allow"}
DENY: dict[str, Any] = {"Sid": "Deny", "Effect": "Deny"}


def test_nothing_is_allowed_by_no_policy() -> None:
    decision = evaluate(get_item(), PolicySet(()))
    assert (decision.verdict, decision.statement) == (Verdict.IMPLICIT_DENY, None)


def test_an_allow_names_its_statement() -> None:
    decision = evaluate(get_item(), identity({"Sid": "Other", "Action": "dynamodb:Scan"}, ALLOW))
    assert decision.statement is not None
    assert (decision.allowed, decision.statement.sid) == (True, "Allow")


def test_an_explicit_deny_wins_wherever_it_stands() -> None:
    decision = evaluate(get_item(), PolicySet([policy(ALLOW), policy(ALLOW, DENY)]))
    assert decision.statement is not None
    assert (decision.verdict, decision.statement.sid) == (Verdict.EXPLICIT_DENY, "Deny")


def test_a_deny_alone_grants_nothing() -> None:
    decision = evaluate(get_item(), identity(DENY | {"Action": "dynamodb:Scan"}))
    assert decision.verdict is Verdict.IMPLICIT_DENY


def test_a_deny_whose_condition_fails_does_not_deny() -> None:
    guarded = DENY | {"Condition": {"StringEquals": {"dynamodb:Select": "ALL_ATTRIBUTES"}}}
    assert evaluate(get_item(Select="SPECIFIC_ATTRIBUTES"), identity(ALLOW, guarded)).allowed
    assert not evaluate(get_item(Select="ALL_ATTRIBUTES"), identity(ALLOW, guarded)).allowed


@pytest.mark.parametrize(
    ("element", "written", "allowed"),
    [
        ("Action", "dynamodb:GetItem", True),
        ("Action", "DYNAMODB:getitem", True),
        ("Action", "dynamodb:Get*", True),
        ("Action", "dynamodb:?etItem", True),
        ("Action", "*", True),
        ("Action", "dynamodb:BatchGetItem", False),
        ("Action", "s3:GetItem", False),
        ("Action", ["dynamodb:Scan", "dynamodb:GetItem"], True),
        ("NotAction", "dynamodb:Scan", True),
        ("NotAction", ["dynamodb:Scan", "dynamodb:Get*"], False),
        ("Resource", "*", True),
        ("Resource", f"{TABLES}/ord*", True),
        ("Resource", f"{TABLES}/Orders", False),
        ("Resource", [f"{TABLES}/other", ORDERS], True),
        ("NotResource", f"{TABLES}/other", True),
        ("NotResource", [f"{TABLES}/other", ORDERS], False),
    ],
)
def test_actions_and_resources(element: str, written: Any, allowed: bool) -> None:
    assert evaluate(get_item(), identity({element: written})).allowed is allowed


def test_a_tables_arn_does_not_cover_its_indexes() -> None:
    only_table, with_indexes = identity(ALLOW), identity({"Resource": [ORDERS, f"{ORDERS}/index/by-date"]})
    assert not evaluate(get_item(f"{ORDERS}/index/by-date"), only_table).allowed
    assert evaluate(get_item(f"{ORDERS}/index/by-date"), with_indexes).allowed


def test_all_conditions_must_hold() -> None:
    both = identity(
        {
            "Condition": {
                "StringEquals": {"dynamodb:Select": "COUNT", "dynamodb:ReturnConsumedCapacity": "NONE"},
                "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "T#1"},
            }
        }
    )
    given: dict[str, Any] = {"Select": "COUNT", "ReturnConsumedCapacity": "NONE", "LeadingKeys": ("T#1",)}
    assert evaluate(get_item(**given), both).allowed
    for name, other in {"Select": "X", "ReturnConsumedCapacity": "TOTAL", "LeadingKeys": ("T#2",)}.items():
        assert not evaluate(get_item(**given | {name: other}), both).allowed


def test_a_variable_in_the_resource_is_resolved_for_each_request() -> None:
    own = identity({"Resource": f"{TABLES}/${{aws:username}}-*"})
    for user, allowed in {"ann": True, "bob": False, "*": False}.items():
        request = AccessRequest("dynamodb:GetItem", f"{TABLES}/ann-orders", {"aws:username": user})
        assert evaluate(request, own).allowed is allowed


def test_open_case_6_an_unresolved_variable_in_not_resource_excludes_nothing() -> None:
    """The entry matches nothing, so the statement applies; the choice follows the documents."""
    assert evaluate(get_item(), identity({"NotResource": f"{TABLES}/${{aws:username}}"})).allowed


def test_open_case_7_a_variable_in_a_resource_of_the_first_version_is_text() -> None:
    literal = PolicySet([policy({"Resource": f"{TABLES}/${{aws:username}}"}, version="2008-10-17")])
    request = AccessRequest("dynamodb:GetItem", f"{TABLES}/ann", {"aws:username": "ann"})
    assert not evaluate(request, literal).allowed


def boundary(*statements: dict[str, Any]) -> PolicySet:
    return PolicySet([policy(*statements)], kind=PolicyKind.BOUNDARY)


def session(*statements: dict[str, Any]) -> PolicySet:
    return PolicySet([policy(*statements)], kind=PolicyKind.SESSION)


SILENT: dict[str, Any] = {"Action": "dynamodb:Scan"}


def test_identity_boundary_and_session_must_all_allow() -> None:
    decision = evaluate(get_item(), identity(ALLOW), boundary=boundary(ALLOW), session=session(ALLOW))
    assert (decision.allowed, decision.kind) == (True, PolicyKind.IDENTITY)


@pytest.mark.parametrize(
    ("policies", "kind"),
    [
        ((identity(SILENT), boundary(SILENT), session(SILENT)), PolicyKind.IDENTITY),
        ((identity(ALLOW), boundary(SILENT), session(SILENT)), PolicyKind.BOUNDARY),
        ((identity(ALLOW), boundary(ALLOW), session(SILENT)), PolicyKind.SESSION),
        ((identity(ALLOW), None, session(SILENT)), PolicyKind.SESSION),
    ],
)
def test_the_first_silent_kind_is_named(
    policies: tuple[PolicySet, PolicySet | None, PolicySet | None], kind: PolicyKind
) -> None:
    decision = evaluate(get_item(), policies[0], boundary=policies[1], session=policies[2])
    assert (decision.verdict, decision.kind) == (Verdict.IMPLICIT_DENY, kind)


def test_a_boundary_and_a_session_never_grant() -> None:
    assert not evaluate(get_item(), PolicySet(()), boundary=boundary(ALLOW), session=session(ALLOW)).allowed


def test_a_deny_in_a_session_policy_wins_over_an_implicit_deny() -> None:
    decision = evaluate(get_item(), identity(SILENT), session=session(DENY))
    assert (decision.verdict, decision.kind) == (Verdict.EXPLICIT_DENY, PolicyKind.SESSION)


def test_the_keys_that_policies_read_are_known() -> None:
    reading = identity(
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, {"Resource": f"{TABLES}/${{aws:username}}"}
    )
    assert reading.context_keys == {"aws:securetransport", "aws:username"}


KNOWN_VALUES, OPEN_VALUES = (None, "ann", "bob"), (None, "x", "y")
condition_blocks = st.fixed_dictionaries(
    {},
    optional={
        "StringEquals": st.fixed_dictionaries({"aws:username": st.sampled_from(["ann", "bob"])}),
        "StringNotEquals": st.fixed_dictionaries({"dynamodb:Select": st.sampled_from(["x", "y"])}),
        "StringLike": st.fixed_dictionaries({"dynamodb:Select": st.sampled_from(["*", "${aws:username}", "x"])}),
    },
)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Allow", "Deny"])},
    optional={
        "Condition": condition_blocks,
        "Resource": st.sampled_from([ORDERS, "*", f"{TABLES}/${{aws:username}}", f"{TABLES}/other"]),
    },
)


@given(st.lists(statements, min_size=1, max_size=4), st.sampled_from(KNOWN_VALUES))
def test_a_prepared_decision_comes_to_the_same(written: list[dict[str, Any]], user: str | None) -> None:
    """Whatever a request then says; and what is said to be always allowed always is."""
    policies = identity(*written)
    known = {} if user is None else {"aws:username": user}
    prepared = policies.open_decision("dynamodb:GetItem", ORDERS).given(known, fixed=frozenset({"aws:username"}))
    for select in OPEN_VALUES:
        context = known if select is None else known | {"dynamodb:select": select}
        decision = policies.decide(AccessRequest("dynamodb:GetItem", ORDERS, context))
        assert prepared.complete(context) == decision
        assert decision.allowed or not prepared.always_allows


def test_a_plain_allow_is_always_allowed_and_a_conditioned_one_is_not() -> None:
    conditioned = {"Condition": {"StringEquals": {"dynamodb:Select": "COUNT"}}}
    for statements, always in (((ALLOW,), True), ((conditioned,), False), ((ALLOW, DENY | conditioned), False)):
        assert identity(*statements).open_decision("dynamodb:GetItem", ORDERS).always_allows is always


@pytest.mark.parametrize(
    ("resource", "allowed"), [("*", True), (ORDERS, False), ("arn:aws:sqs:*:*:*", False), ("arn:*", False)]
)
def test_an_action_that_names_no_resource_is_allowed_on_everything_alone(resource: str, allowed: bool) -> None:
    queues = identity({"Action": "sqs:*", "Resource": resource})
    assert queues.decide(AccessRequest("sqs:ListQueues", "*", {})).allowed is allowed
