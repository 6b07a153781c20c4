"""Authorization by all that decides: roles that change, boundaries, sessions, policies of tables, tags, the sender."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.sessions.roles import FixedRoles, JoinedRoles, Role
from tenantable.iam.sessions.session import Session
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys
from tenantable.wire.principals import Principal, Sender

HOME = Home(account_id="111111111111", region="eu-west-1")
TABLE, STREAM = HOME.table("orders"), HOME.stream("orders", "2026-11-29T00:00:00.000")
ROLE = "arn:aws:iam::111111111111:role/worker"
FOREIGN = "arn:aws:iam::222222222222:role/guest"
KEYS = TableKeys(table=KeyNames(partition=KeyAttribute(name="pk")))


def policy(kind: Any = "identity", **changes: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", **changes}
    return parse_policy({"Version": "2012-10-17", "Statement": statement}, kind=kind)


def document(**changes: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "dynamodb:*", "Resource": "*", **changes}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


class Tables:
    """A lookup that changes; like the engine's, it is another object then."""

    def __init__(self, **known: TableKeys) -> None:
        self.known: dict[str, TableKeys] = {TABLE if name == "orders" else name: each for name, each in known.items()}

    def put(self, arn: str, **changes: Any) -> None:
        self.known = {**self.known, arn: replace(self.known.get(arn, KEYS), **changes)}

    def lookup(self) -> Any:
        known = self.known
        return lambda name: known.get(name if name.startswith("arn:") else HOME.table(name))


def refusal(
    authorizer: PolicyAuthorizer,
    principal: Principal = ROLE,
    tables: Tables | None = None,
    **asked: Any,
) -> str | None:
    operation = asked.pop("operation", "GetItem")
    request = asked or {"TableName": "orders", "Key": {"pk": {"S": "T#1"}}}
    try:
        authorizer.authorize(principal, operation, request, (tables or Tables(orders=KEYS)).lookup())
    except DynamoError as error:
        return error.message if error.code == "AccessDeniedException" else error.code
    return None


def authorizer(*roles: Role, now: float = 0.0) -> PolicyAuthorizer:
    return PolicyAuthorizer(FixedRoles(roles), HOME, clock=lambda: now)


def session(**changes: Any) -> Session:
    fields = {"role_arn": ROLE, "name": "s1", "role_id": "AROAX", "issued_at": 0.0, "expires_at": 100.0}
    return Session(**{**fields, **changes})


BATCH: dict[str, Any] = {"operation": "BatchGetItem", "RequestItems": {"orders": {"Keys": [{"pk": {"S": "T#1"}}]}}}


@pytest.mark.parametrize("asked", [{}, BATCH], ids=["item", "batch"])
class TestEveryKindOfPolicy:
    """Operations on one item and those on several are decided on different ways; both know every kind."""

    def test_a_boundary_limits(self, asked: dict[str, Any]) -> None:
        limited = Role(arn=ROLE, policies=[policy()], boundary=policy(Action="dynamodb:Scan"))
        assert "permissions boundary" in str(refusal(authorizer(limited), **asked))
        assert refusal(authorizer(replace(limited, boundary=policy())), **asked) is None

    def test_a_session_policy_limits(self, asked: dict[str, Any]) -> None:
        roles = authorizer(Role(arn=ROLE, policies=[policy()]))
        assert refusal(roles, session(policies=(policy(),)), **asked) is None
        assert "session policy" in str(refusal(roles, session(policies=(policy(Action="dynamodb:Scan"),)), **asked))

    def test_a_policy_of_the_table_grants(self, asked: dict[str, Any]) -> None:
        tables = Tables(orders=KEYS)
        roles = authorizer(Role(arn=ROLE))
        assert refusal(roles, tables=tables, **asked) is not None
        tables.put(TABLE, policy=document())
        assert refusal(roles, tables=tables, **asked) is None
        tables.put(TABLE, policy=document(Resource=HOME.table("others")))
        assert refusal(roles, tables=tables, **asked) is not None

    def test_a_policy_of_the_table_denies_from_one_moment_to_the_next(self, asked: dict[str, Any]) -> None:
        tables = Tables(orders=KEYS)
        roles = authorizer(Role(arn=ROLE, policies=[policy()]))
        assert refusal(roles, tables=tables, **asked) is None
        tables.put(TABLE, policy=document(Effect="Deny"))
        assert "explicit deny in a resource-based policy" in str(refusal(roles, tables=tables, **asked))
        tables.put(TABLE, policy=None)
        assert refusal(roles, tables=tables, **asked) is None

    def test_a_policy_that_cannot_be_read_denies(self, asked: dict[str, Any]) -> None:
        tables = Tables(orders=KEYS)
        tables.put(TABLE, policy='{"Statement": {"Effect": "Allow", "Principal": "?", "Action": "*"}}')
        assert refusal(authorizer(Role(arn=ROLE, policies=[policy()])), tables=tables, **asked) is not None

    def test_another_account_needs_both_sides(self, asked: dict[str, Any]) -> None:
        tables = Tables(orders=KEYS)
        guest = authorizer(Role(arn=FOREIGN, policies=[policy()]))
        assert "no resource-based policy" in str(refusal(guest, FOREIGN, tables, **asked))
        tables.put(TABLE, policy=document(Principal={"AWS": "222222222222"}))
        assert refusal(guest, FOREIGN, tables, **asked) is None
        assert refusal(authorizer(Role(arn=FOREIGN)), FOREIGN, tables, **asked) is not None

    def test_tags_of_the_table_and_of_the_caller(self, asked: dict[str, Any]) -> None:
        same = policy(Condition={"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/team}"}})
        roles = authorizer(Role(arn=ROLE, policies=[same], tags={"Team": "blue"}))
        tables = Tables(orders=KEYS)
        assert refusal(roles, tables=tables, **asked) is not None
        tables.put(TABLE, tags={"team": "blue"})
        assert refusal(roles, tables=tables, **asked) is None
        assert refusal(roles, session(tags={"TEAM": "red"}), tables, **asked) is not None
        assert refusal(roles, session(), tables, **asked) is None

    @pytest.mark.parametrize(
        ("condition", "fitting", "other"),
        [
            ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"source_ip": "10.1.2.3"}, {"source_ip": "11.0.0.1"}),
            ({"StringLike": {"aws:UserAgent": "Boto3/*"}}, {"user_agent": "Boto3/1"}, {"user_agent": "aws-cli/2"}),
            ({"Bool": {"aws:SecureTransport": "true"}}, {"is_secure": True}, {"is_secure": False}),
        ],
    )
    def test_where_a_request_came_from(
        self, asked: dict[str, Any], condition: Any, fitting: dict[str, Any], other: dict[str, Any]
    ) -> None:
        roles = authorizer(Role(arn=ROLE, policies=[policy(Condition=condition)]))
        for _ in range(2):
            assert refusal(roles, Sender(ROLE, **fitting), **asked) is None
            assert refusal(roles, Sender(ROLE, **other), **asked) is not None
            assert refusal(roles, ROLE, **asked) is not None

    def test_who_a_session_is(self, asked: dict[str, Any]) -> None:
        conditions = {
            "StringEquals": {"aws:userid": "AROAX:s1", "aws:PrincipalArn": ROLE, "aws:PrincipalTag/a": "b"},
            "DateEquals": {"aws:TokenIssueTime": "1970-01-01T00:00:00Z"},
        }
        roles = authorizer(Role(arn=ROLE, policies=[policy(Condition=conditions)]))
        assert refusal(roles, session(tags={"a": "b"}), **asked) is None
        assert refusal(roles, ROLE, **asked) is not None

    def test_a_session_ends(self, asked: dict[str, Any]) -> None:
        roles = Role(arn=ROLE, policies=[policy()])
        assert refusal(authorizer(roles, now=99.9), session(), **asked) is None
        assert refusal(authorizer(roles, now=100.0), session(), **asked) == "ExpiredTokenException"


def test_a_role_that_appears_changes_and_vanishes_counts_at_once() -> None:
    roles: dict[str, Role] = {}

    class Live:
        def find(self, arn: str) -> Role | None:
            return roles.get(arn)

    checked = PolicyAuthorizer(JoinedRoles(FixedRoles([]), Live()), HOME, clock=lambda: 0.0)
    assert refusal(checked) is not None
    roles[ROLE] = Role(arn=ROLE, policies=[policy()])
    assert refusal(checked) is None
    roles[ROLE] = Role(arn=ROLE, policies=[policy(Action="dynamodb:Scan")])
    assert refusal(checked) is not None
    roles[ROLE] = Role(arn=ROLE, policies=[policy()])
    assert refusal(checked, session()) is None
    del roles[ROLE]
    assert refusal(checked, session()) is not None


def test_a_stream_has_a_policy_of_its_own_and_indexes_that_of_their_table() -> None:
    tables = Tables(orders=KEYS)
    tables.put(TABLE, policy=document())
    tables.put(HOME.index("orders", "i"), policy=document())
    tables.put(STREAM)
    roles = authorizer(Role(arn=ROLE))
    describe: dict[str, Any] = {"operation": "DescribeStream", "StreamArn": STREAM}
    assert refusal(roles, tables=tables, **describe) is not None
    tables.put(STREAM, policy=document())
    assert refusal(roles, tables=tables, **describe) is None
    insights: dict[str, Any] = {"operation": "DescribeContributorInsights", "TableName": "orders", "IndexName": "i"}
    assert refusal(roles, tables=tables, **insights) is None


@pytest.mark.parametrize("operation", ["UpdateTimeToLive", "CreateBackup", "UpdateContinuousBackups"])
def test_settings_are_for_the_tables_own_account(operation: str) -> None:
    tables = Tables(orders=KEYS)
    tables.put(TABLE, policy=document(Principal={"AWS": "222222222222"}))
    guest = authorizer(Role(arn=FOREIGN, policies=[policy()]))
    assert refusal(guest, FOREIGN, tables, operation=operation, TableName="orders") is not None
    assert refusal(guest, FOREIGN, tables, operation="DescribeTable", TableName="orders") is None


def test_open_case_10_a_condition_check_has_its_enclosing_operation() -> None:
    inside = policy(Condition={"StringEquals": {"dynamodb:EnclosingOperation": "TransactWriteItems"}})
    check = {"ConditionCheck": {"TableName": "orders", "Key": {"pk": {"S": "a"}}, "ConditionExpression": "a = b"}}
    asked: dict[str, Any] = {"operation": "TransactWriteItems", "TransactItems": [check]}
    assert refusal(authorizer(Role(arn=ROLE, policies=[inside])), **asked) is None


def test_a_policy_that_nobody_could_evaluate_is_refused() -> None:
    authorizer().check_policy(document())
    with pytest.raises(DynamoError, match=r"ValidationException.*Principal.*no principal"):
        authorizer().check_policy(document(Principal={"AWS": "ann"}))


class Watch:
    """Writes down what it is told; it counts everything but scans."""

    def __init__(self) -> None:
        self.counted: list[str] = []
        self.refused: list[tuple[str, str, Any]] = []

    def tally(self, _principal: str, action: str, _resource: str) -> "Watch | None":
        return None if action == "dynamodb:Scan" else self

    def count(self, context: Any) -> None:
        self.counted.append(f"part of {context.get('dynamodb:leadingkeys')}")

    def count_item(self, access: Any, _request: Any, _tables: Any, *, known: Any) -> None:
        self.counted.append(f"{access.action} of {known['aws:principalarn']}")

    def denied(self, principal: str, request: Any, _decision: Any) -> None:
        self.refused.append((principal, request.action, request.context.get("aws:sourceip")))


def test_who_watches_is_told_of_every_decision() -> None:
    watch = Watch()
    reads = policy(Action=["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Scan"])
    checked = PolicyAuthorizer(FixedRoles([Role(arn=ROLE, policies=[reads])]), HOME, watch=watch)
    for _ in range(2):
        assert refusal(checked) is None
    assert refusal(checked, **BATCH) is None
    assert refusal(checked, operation="Scan", TableName="orders") is None
    assert watch.counted == [f"dynamodb:GetItem of {ROLE}"] * 2 + ["part of ('T#1',)"]
    sender = Sender(ROLE, source_ip="10.0.0.1")
    assert refusal(checked, sender, operation="DeleteItem", TableName="orders", Key={"pk": {"S": "a"}}) is not None
    assert refusal(checked, sender, operation="DeleteTable", TableName="orders") is not None
    assert watch.refused == [(ROLE, "dynamodb:DeleteItem", "10.0.0.1"), (ROLE, "dynamodb:DeleteTable", "10.0.0.1")]
