"""
Random requests under random policies of every kind: what two evaluators are compared on.

Not drawn: NotPrincipal with Allow, which IAM advises against; binary values that are no base64, which the other
evaluator compares as text and ours does not compare; services, federated users and policies of organisations.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.evaluation import AccessRequest, PolicyKind, PolicySet, ResourcePolicySet, Verdict, evaluate
from tenantable.iam.principals import CallerNames

Document = dict[str, Any]

HOME, OTHER = "111111111111", "222222222222"
TABLE = f"arn:aws:dynamodb:us-east-1:{HOME}:table"
RESOURCES = [f"{TABLE}/orders", f"{TABLE}/t1-orders", f"{TABLE}/ordersbackup"]
INDEX = f"{TABLE}/orders/index/by-date"
TIMES = ["2026-01-01T00:00:00Z", "2026-06-01T12:30:00Z", "2026-06-01T12:30:00+02:00", "2025-12-31"]
EPOCHS = ["1767225600", "1780317000"]
ADDRESSES = ["10.0.0.1", "10.1.2.3", "192.168.1.1", "2001:db8::1"]
NUMBERS = ["30", "30.0", "5", "300", "-1", "x"]
TENANTS = ["t1", "t2", "t10", "T1", "*", "t?", ""]
NAMES = ["ann", "t1", "An*"]

ITEM_KEYS = ["dynamodb:LeadingKeys", "dynamodb:Attributes"]
ACTIONS: Mapping[str, list[str]] = {
    "dynamodb:GetItem": [*ITEM_KEYS, "dynamodb:Select", "dynamodb:EnclosingOperation"],
    "dynamodb:Query": [*ITEM_KEYS, "dynamodb:Select", "dynamodb:ReturnValues"],
    "dynamodb:Scan": ["dynamodb:Attributes", "dynamodb:Select"],
    "dynamodb:PutItem": [*ITEM_KEYS, "dynamodb:ReturnValues", "dynamodb:EnclosingOperation"],
    "dynamodb:UpdateItem": [*ITEM_KEYS, "dynamodb:ReturnValues"],
    "dynamodb:BatchWriteItem": ITEM_KEYS,
    "dynamodb:PartiQLSelect": [*ITEM_KEYS, "dynamodb:FullTableScan"],
    "dynamodb:ConditionCheckItem": ITEM_KEYS,
    "dynamodb:DescribeTable": [],
}
"""The condition keys of DynamoDB's that each action has."""

KEYS: Mapping[str, tuple[str, list[str]]] = {
    "dynamodb:LeadingKeys": ("String", ["t1", "t2", "t10", "T#t1#a", "T#t2#a"]),
    "dynamodb:Attributes": ("String", ["pk", "name", "Name", "secret"]),
    "aws:TagKeys": ("String", ["team", "Team", "tenant"]),
    "dynamodb:Select": ("String", ["SPECIFIC_ATTRIBUTES", "ALL_ATTRIBUTES", "COUNT"]),
    "dynamodb:ReturnValues": ("String", ["NONE", "ALL_OLD", "UPDATED_NEW"]),
    "dynamodb:EnclosingOperation": ("String", ["TransactGetItems", "TransactWriteItems"]),
    "aws:PrincipalTag/tenant": ("String", TENANTS),
    "aws:PrincipalTag/blob": ("Binary", ["YQ==", "YWI=", "YWJj"]),
    "aws:ResourceTag/team": ("String", ["blue", "Blue", "red", "t1"]),
    "aws:UserAgent": ("String", ["boto3/1.40", "aws-cli/2"]),
    "aws:MultiFactorAuthAge": ("Numeric", NUMBERS),
    "aws:CurrentTime": ("Date", TIMES),
    "aws:TokenIssueTime": ("Date", TIMES),
    "aws:EpochTime": ("Date", EPOCHS),
    "aws:SourceIp": ("Ip", ADDRESSES),
    "aws:SecureTransport": ("Bool", ["true", "false"]),
    "dynamodb:FullTableScan": ("Bool", ["true", "false"]),
    "aws:PrincipalArn": ("Arn", []),
    "aws:SourceArn": ("Arn", [f"arn:aws:sns:us-east-1:{HOME}:topic", f"arn:aws:s3:::t1:{HOME}"]),
}
"""Of each condition key: the family of operators that compares it, and values that requests have."""

MULTIVALUED = frozenset({*ITEM_KEYS, "aws:TagKeys"})
OF_EVERY_REQUEST = [key for key in KEYS if key.startswith("aws:") and key != "aws:PrincipalArn"]

ORDERS = ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS: Mapping[str, list[str]] = {
    "String": [
        f"String{negation}{name}" for negation in ("", "Not") for name in ("Equals", "EqualsIgnoreCase", "Like")
    ],
    "Numeric": [f"Numeric{name}" for name in ("Equals", "NotEquals", *ORDERS)],
    "Date": [f"Date{name}" for name in ("Equals", "NotEquals", *ORDERS)],
    "Bool": ["Bool"],
    "Binary": ["BinaryEquals"],
    "Ip": ["IpAddress", "NotIpAddress"],
    "Arn": ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
}
TAG = "${aws:PrincipalTag/tenant}"
WANTED: Mapping[str, list[str]] = {
    "String": [
        *("t1", "t2", "T1", "t?", "t*", "*", "", "T#t1#*", "team", "blue", "b*e", "pk", "name", "secret", "NONE"),
        *("SPECIFIC_ATTRIBUTES", "ALL_*", "TransactWriteItems", "boto3/*", TAG, f"T#{TAG}#*", f"{TAG}*"),
        *("${aws:username}", "${aws:PrincipalTag/absent, 't1'}", "${aws:PrincipalTag/absent}", "${*}", "${?}1", "${$}"),
    ],
    "Numeric": [*NUMBERS, "29.99"],
    "Date": [*TIMES, *EPOCHS, "2026-03-01T00:00:00Z", "x"],
    "Bool": ["true", "false", "TRUE", "x"],
    "Binary": ["YQ==", "YWI=", "YWJj"],
    "Ip": [*ADDRESSES, "10.0.0.0/8", "0.0.0.0/0", "192.168.0.0/16", "2001:db8::/32"],
    "Arn": [
        *(f"arn:aws:iam::{HOME}:role/worker", f"arn:aws:iam::{HOME}:user/*", "arn:aws:iam::*:role/*", "*"),
        *("arn:*:iam::*", f"arn:aws:sns:*:{HOME}:t?pic", "arn:aws:s3:::*", f"arn:aws:iam::{HOME}:user/{TAG}"),
    ],
}
ACTION_PATTERNS = [
    *("dynamodb:*", "*", "dynamodb:Get*", "dynamodb:*Item", "dynamodb:?uery", "DYNAMODB:getitem", "s3:*"),
    *("dynamodb:Scan", "dynamodb:PutItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQL*"),
]
RESOURCE_PATTERNS = [
    *("*", *RESOURCES, f"{TABLE}/orders*", f"{TABLE}/*", f"{TABLE}/orders/index/*", INDEX),
    *(f"arn:aws:dynamodb:*:*:table/{TAG}-orders", f"arn:aws:dynamodb:*:{OTHER}:table/*", f"{TABLE}/?rders"),
]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request, and the documents of all policies that decide it; None where there is none of a kind."""

    user: str
    """The name of a user, or of a role with a session where it begins with `role:`."""
    account_id: str
    action: str
    resource: str
    context: Mapping[str, str | list[str]]
    identity: list[Document] = field(default_factory=list)
    boundary: Document | None = None
    session: Document | None = None
    resource_policy: Document | None = None

    @property
    def names(self) -> CallerNames:
        kind, _, name = self.user.rpartition(":")
        bounded = self.boundary is not None
        iam = f"arn:aws:iam::{self.account_id}:"
        if not kind:
            return CallerNames(arn=f"{iam}user/{name}", role_arn=None, account_id=self.account_id, is_bounded=bounded)
        session = f"arn:aws:sts::{self.account_id}:assumed-role/{name}/s1"
        return CallerNames(arn=session, role_arn=f"{iam}role/{name}", account_id=self.account_id, is_bounded=bounded)

    @property
    def documents(self) -> list[Document]:
        others = (self.boundary, self.session, self.resource_policy)
        return [*self.identity, *(each for each in others if each is not None)]

    def simulation(self) -> Document:
        """The case as a simulator of policies wants it."""
        simulated: Document = {
            "request": {
                "principal": self.names.arn,
                "action": self.action,
                "resource": {"resource": self.resource, "accountId": HOME},
                "contextVariables": self.context,
            },
            "identityPolicies": [{"name": f"p{at}", "policy": each} for at, each in enumerate(self.identity)],
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
        }
        if self.boundary is not None:
            simulated["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": self.boundary}]
        if self.session is not None:
            simulated["sessionPolicy"] = self.session
        if self.resource_policy is not None:
            simulated["resourcePolicy"] = self.resource_policy
        return simulated

    def verdict(self) -> Verdict:
        """What our own evaluation comes to."""
        given = self.context.items()
        context = {key.lower(): tuple(value) if isinstance(value, list) else value for key, value in given}
        granted = None
        if self.resource_policy is not None:
            policies = ResourcePolicySet(parse_policy(self.resource_policy, kind="resource"))
            granted = policies.open_decision(self.action, self.resource, self.names)
        return evaluate(
            AccessRequest(self.action, self.resource, context),
            PolicySet([parse_policy(each) for each in self.identity]),
            boundary=_limit(self.boundary, PolicyKind.BOUNDARY),
            session=_limit(self.session, PolicyKind.SESSION),
            resource=granted,
            same_account=self.account_id == HOME,
        ).verdict


def _limit(document: Document | None, kind: PolicyKind) -> PolicySet | None:
    return None if document is None else PolicySet([_parsed(document)], kind=kind)


def _parsed(document: Document) -> Policy:
    return parse_policy(document)


def cases(seed: int) -> Iterator[Case]:
    """Cases without end, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - the same cases each time
    while True:
        yield _case(chance)


def _case(chance: random.Random) -> Case:
    user = chance.choice(["ann", "t1", "role:worker", "role:worker"])
    account_id = chance.choice([HOME, HOME, HOME, OTHER])
    action = chance.choice(list(ACTIONS))
    is_searched = action in ("dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQLSelect")
    resource = INDEX if is_searched and chance.random() < 0.4 else chance.choice(RESOURCES)
    plain = Case(user=user, account_id=account_id, action=action, resource=resource, context={})
    context = _context(chance, plain)
    is_role = ":" in user
    own = chance.random() < 0.45 or account_id == OTHER
    return Case(
        user=user,
        account_id=account_id,
        action=action,
        resource=resource,
        context=context,
        identity=[_document(chance, action) for _ in range(chance.choice([1, 1, 2]))],
        boundary=_document(chance, action) if chance.random() < 0.25 else None,
        session=_document(chance, action) if is_role and chance.random() < 0.35 else None,
        resource_policy=_document(chance, action, of_resource=True) if own else None,
    )


def _context(chance: random.Random, case: Case) -> dict[str, str | list[str]]:
    names = case.names
    context: dict[str, str | list[str]] = {"aws:PrincipalArn": names.role_arn or names.arn}
    if names.role_arn is None:
        context["aws:username"] = case.user
    for key in [*ACTIONS[case.action], *OF_EVERY_REQUEST]:
        if chance.random() < 0.6 and not (key == "aws:TokenIssueTime" and names.role_arn is None):
            values = KEYS[key][1]
            many = chance.sample(values, chance.randint(1, min(2, len(values))))
            context[key] = many if key in MULTIVALUED else chance.choice(values)
    return context


def _document(chance: random.Random, action: str, *, of_resource: bool = False) -> Document:
    statements = [_statement(chance, action, of_resource=of_resource) for _ in range(chance.randint(1, 3))]
    version = {"Version": "2012-10-17"} if chance.random() < 0.95 else {"Version": "2008-10-17"}
    return {**version, "Statement": statements}


def _statement(chance: random.Random, action: str, *, of_resource: bool) -> Document:
    effect = "Deny" if chance.random() < 0.2 else "Allow"
    statement: Document = {"Effect": effect}
    if of_resource:
        statement["NotPrincipal" if effect == "Deny" and chance.random() < 0.2 else "Principal"] = _principal(chance)
    actions = chance.sample([*ACTION_PATTERNS, action, action, action], chance.randint(1, 2))
    statement["NotAction" if chance.random() < 0.1 else "Action"] = _some(chance, actions)
    resources = chance.sample(["*", "*", *RESOURCE_PATTERNS], chance.randint(1, 2))
    statement["NotResource" if chance.random() < 0.1 else "Resource"] = _some(chance, resources)
    block: dict[str, Document] = {}
    for _ in range(chance.choice([0, 0, 1, 1, 2])):
        operator, key, values = _condition(chance, action)
        block.setdefault(operator, {})[key] = _some(chance, values)
    if block:
        statement["Condition"] = block
    return statement


def _principal(chance: random.Random) -> Any:
    names = [
        *("*", HOME, OTHER, f"arn:aws:iam::{HOME}:root", f"arn:aws:iam::{OTHER}:root"),
        *(f"arn:aws:iam::{account}:{name}" for account in (HOME, OTHER) for name in ("user/ann", "role/worker")),
        *(f"arn:aws:sts::{account}:assumed-role/worker/{name}" for account in (HOME, OTHER) for name in ("s1", "s2")),
    ]
    if chance.random() < 0.05:
        return {"Service": "lambda.amazonaws.com"}  # as a name that no caller here has
    return {"AWS": _some(chance, chance.sample(names, chance.randint(1, 2)))}


def _condition(chance: random.Random, action: str) -> tuple[str, str, list[str]]:
    key = chance.choice([*ACTIONS[action], *OF_EVERY_REQUEST, "aws:PrincipalArn"])
    key = key.upper() if chance.random() < 0.05 else key
    known = next(each for each in KEYS if each.lower() == key.lower())
    if chance.random() < 0.07:
        return "Null", key, [chance.choice(["true", "false"])]
    family = KEYS[known][0]
    operator = chance.choice(OPERATORS[family])
    if known in MULTIVALUED:
        operator = f"{chance.choice(['ForAllValues', 'ForAnyValue'])}:{operator}"
    if chance.random() < 0.2:
        operator += "IfExists"
    wanted = [*WANTED[family], *KEYS[known][1]]
    return operator, key, chance.sample(wanted, chance.randint(1, 3))


def _some(chance: random.Random, values: list[str]) -> Any:
    return values[0] if len(values) == 1 and chance.random() < 0.7 else values
