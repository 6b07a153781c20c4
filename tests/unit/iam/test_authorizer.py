"""Authorization of requests by principal, and the sentences that refuse them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tenantable.engine.authorization import Authorizer
from tenantable.iam.authorizer import PolicyAuthorizer, denial
from tenantable.iam.callers import role_of_session
from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.evaluation import Decision, PolicyKind, Verdict
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

HOME = Home(account_id="123456789012", region="eu-west-1")
ORDERS, OTHERS = HOME.table("orders"), HOME.table("others")
KEYS = {"orders": TableKeys(table=KeyNames(partition=KeyAttribute(name="pk")))}
USER = "arn:aws:iam::123456789012:user/webhooks/worker"
ROLE = "arn:aws:iam::123456789012:role/worker"
SESSION = "arn:aws:sts::123456789012:assumed-role/worker/session-1"


def policy(**changes: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": ORDERS, **changes}
    return parse_policy({"Version": "2012-10-17", "Statement": statement})


def authorizer(*policies: Policy, principal: str = USER, now_seconds: float = 0) -> Authorizer:
    return PolicyAuthorizer({principal: policies}, HOME, clock=lambda: now_seconds)


def refusal(
    checked: Authorizer, table: str = "orders", *, principal: str = USER, operation: str = "GetItem", key: str = "T#1"
) -> str | None:
    """The sentence that refuses a request; None when it is allowed."""
    try:
        checked.authorize(principal, operation, {"TableName": table, "Key": {"pk": {"S": key}}}, KEYS.get)
    except DynamoError as error:
        return error.message if error.code == "AccessDeniedException" else error.code
    return None


def test_what_a_policy_allows_passes() -> None:
    assert refusal(authorizer(policy())) is None


def test_what_no_policy_allows_is_refused_in_iams_words() -> None:
    assert refusal(authorizer(policy()), "others") == (
        f"User: {USER} is not authorized to perform: dynamodb:GetItem on resource: {OTHERS} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )


def test_an_explicit_deny_is_refused_in_iams_words() -> None:
    assert refusal(authorizer(policy(), policy(Effect="Deny"))) == (
        f"User: {USER} is not authorized to perform: dynamodb:GetItem on resource: {ORDERS} "
        "with an explicit deny in an identity-based policy"
    )


@pytest.mark.parametrize(
    ("verdict", "kind", "ending"),
    [
        (Verdict.IMPLICIT_DENY, PolicyKind.BOUNDARY, "because no permissions boundary allows the a:B action"),
        (Verdict.IMPLICIT_DENY, PolicyKind.SESSION, "because no session policy allows the a:B action"),
        (Verdict.EXPLICIT_DENY, PolicyKind.BOUNDARY, "with an explicit deny in a permissions boundary"),
        (Verdict.EXPLICIT_DENY, PolicyKind.SESSION, "with an explicit deny in a session policy"),
    ],
)
def test_the_sentence_names_the_kind_of_policy(verdict: Verdict, kind: PolicyKind, ending: str) -> None:
    error = denial(USER, "a:B", "*", Decision(verdict=verdict, kind=kind))
    assert error.message == f"User: {USER} is not authorized to perform: a:B on resource: * {ending}"


@pytest.mark.parametrize("principal", [ROLE, "arn:aws:iam::123456789012:user/worker", "worker", ""])
def test_an_unknown_principal_may_do_nothing(principal: str) -> None:
    everything = authorizer(policy(Action="*", Resource="*"))
    sentence = refusal(everything, principal=principal)
    assert sentence is not None
    assert sentence.startswith(f"User: {principal} is not authorized")


def test_an_operation_without_translation_is_refused_even_where_everything_is_allowed() -> None:
    everything = authorizer(policy(Action="*", Resource="*"))
    sentence = refusal(everything, operation="SearchVectors")
    assert sentence is not None
    assert "dynamodb:SearchVectors" in sentence


def test_a_role_serves_its_sessions_and_the_session_is_named() -> None:
    for_role = authorizer(policy(), principal=ROLE)
    assert refusal(for_role, principal=SESSION) is None
    sentence = refusal(for_role, "others", principal=SESSION)
    assert sentence is not None
    assert sentence.startswith(f"User: {SESSION} is not authorized")


@pytest.mark.parametrize("arn", [USER, ROLE, "arn:aws:sts::123456789012:assumed-role/worker", "worker"])
def test_what_is_no_session_has_no_role(arn: str) -> None:
    assert role_of_session(arn) is None


def test_every_part_of_a_batch_must_be_allowed() -> None:
    batch = authorizer(policy(Action="dynamodb:BatchGetItem"))
    keys = {"Keys": [{"pk": {"S": "T#1"}}]}
    batch.authorize(USER, "BatchGetItem", {"RequestItems": {"orders": keys}}, KEYS.get)
    with pytest.raises(DynamoError, match=r"dynamodb:BatchGetItem on resource: .*/others"):
        batch.authorize(USER, "BatchGetItem", {"RequestItems": {"orders": keys, "others": keys}}, KEYS.get)


def test_leading_keys_hold_tenants_apart() -> None:
    own = authorizer(policy(Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "T#1#*"}}))
    assert refusal(own, key="T#1#x") is None
    assert refusal(own, key="T#2#x") is not None


def test_a_missing_table_has_no_leading_keys_that_a_condition_could_accept() -> None:
    """ForAllValues holds for a key without values; a table that appears a moment later must not be open to all."""
    own = policy(Resource="*", Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "T#1#*"}})
    assert refusal(authorizer(own), "missing", key="T#1#x") is not None
    assert refusal(authorizer(policy(Resource="*")), "missing", key="T#1#x") is None


@pytest.mark.parametrize(
    ("key", "value", "principal"),
    [
        ("aws:PrincipalArn", USER, USER),
        ("aws:PrincipalArn", ROLE, SESSION),
        ("aws:PrincipalAccount", "123456789012", SESSION),
        ("aws:PrincipalType", "AssumedRole", SESSION),
        ("aws:PrincipalType", "User", USER),
        ("aws:username", "worker", USER),
        ("aws:RequestedRegion", "eu-west-1", USER),
        ("aws:ResourceAccount", "123456789012", USER),
        ("aws:ViaAWSService", "false", USER),
    ],
)
def test_conditions_may_ask_who_calls_and_where(key: str, value: str, principal: str) -> None:
    conditioned = policy(Condition={"StringEquals": {key: value}})
    other = policy(Condition={"StringEquals": {key: "another"}})
    home = ROLE if principal == SESSION else principal
    assert refusal(authorizer(conditioned, principal=home), principal=principal) is None
    assert refusal(authorizer(other, principal=home), principal=principal) is not None


def test_a_role_session_has_no_user_name() -> None:
    named = policy(Condition={"Null": {"aws:username": "false"}})
    assert refusal(authorizer(named, principal=ROLE), principal=SESSION) is not None


@pytest.mark.parametrize(("now", "allowed"), [("2026-11-21T09:59:59", True), ("2026-11-21T10:00:00", False)])
@pytest.mark.parametrize(
    "condition",
    [
        {"DateLessThan": {"aws:CurrentTime": "2026-11-21T10:00:00Z"}},
        {"NumericLessThan": {"aws:EpochTime": str(int(datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp()))}},
    ],
)
def test_conditions_may_ask_the_time(condition: dict[str, Any], now: str, allowed: bool) -> None:
    now_seconds = datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp()
    until_ten = authorizer(policy(Condition=condition), now_seconds=now_seconds)
    assert (refusal(until_ten) is None) is allowed


def test_a_decision_on_one_leading_key_decides_nothing_about_another() -> None:
    mine = authorizer(policy(Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "T#1*"}}))
    for _ in range(2):
        assert refusal(mine, key="T#1#a") is None
        assert refusal(mine, key="T#2#a") is not None
        assert refusal(mine, key="T#1" + "x" * 1000) is None
        assert refusal(mine, key="T#2" + "x" * 1000) is not None
