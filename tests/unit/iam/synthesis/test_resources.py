"""Grants on resources beside tables: each service's own ARNs and conditions."""

from typing import Any

import pytest

from tenantable.declare.grants import ResourcePermission
from tenantable.errors import PolicyError
from tenantable.iam.documents import policy_document
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.synthesis.statements import synthesize
from tenantable.wire.arns import Home

HOME = Home()
PLACE = "us-east-1:000000000000"


def permission(service: str, *actions: str, resource: str) -> ResourcePermission:
    return ResourcePermission(service=service, actions=frozenset(actions), resource=resource)


def resources_by_action(*permissions: ResourcePermission) -> dict[str, Any]:
    (policy,) = synthesize([], HOME, others=permissions)
    found = {}
    for statement in policy_document(policy)["Statement"]:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            found[action] = statement["Resource"]
    return found


@pytest.mark.parametrize(
    ("granted", "arn"),
    [
        (permission("sqs", "SendMessage", resource="jobs"), f"arn:aws:sqs:{PLACE}:jobs"),
        (permission("kms", "Decrypt", resource="secrets"), f"arn:aws:kms:{PLACE}:key/*"),
        (permission("ssm", "GetParameter", resource="/accounts"), f"arn:aws:ssm:{PLACE}:parameter/accounts/*"),
        (permission("s3", "GetObject", resource="archive"), "arn:aws:s3:::archive/*"),
        (permission("s3", "ListBucket", resource="archive"), "arn:aws:s3:::archive"),
        (permission("events", "PutEvents", resource="main"), f"arn:aws:events:{PLACE}:event-bus/main"),
        (permission("sts", "AssumeRole", resource="shop-reader"), "arn:aws:iam::000000000000:role/shop-reader"),
    ],
)
def test_each_service_has_arns_of_its_own(granted: ResourcePermission, arn: str) -> None:
    """Requirement: M-09."""
    assert list(resources_by_action(granted).values()) == [arn]


def test_objects_and_their_bucket_are_granted_apart() -> None:
    found = resources_by_action(permission("s3", "GetObject", "PutObject", "ListBucket", resource="archive"))
    assert found == {
        "s3:GetObject": "arn:aws:s3:::archive/*",
        "s3:PutObject": "arn:aws:s3:::archive/*",
        "s3:ListBucket": "arn:aws:s3:::archive",
    }


def test_a_path_covers_what_lies_below_it_and_no_other_path() -> None:
    (policy,) = synthesize([], HOME, others=[permission("ssm", "GetParameter", resource="/accounts")])
    policies = PolicySet([policy])

    def allowed(name: str, action: str = "ssm:GetParameter") -> bool:
        return policies.decide(AccessRequest(action, HOME.parameter(name), {})).allowed

    assert allowed("/accounts/a1/dynamodb/table-name")
    assert not any(map(allowed, ("/accounts", "/accounts-2/a1", "/platform/accounts/a1")))
    assert not allowed("/accounts/a1/cloud-type", "ssm:PutParameter")


def test_a_parameter_without_a_path_is_refused() -> None:
    with pytest.raises(PolicyError, match="granted below a path"):
        synthesize([], HOME, others=[permission("ssm", "GetParameter", resource="accounts")])


@pytest.mark.parametrize(
    ("granted", "problem"),
    [
        (permission("sqs", "SendMessages", resource="jobs"), "did you mean SendMessage"),
        (permission("ssm", "GetParameter*", resource="/a"), "did you mean GetParameter or GetParameterHistory"),
        (permission("s3", "ListAllMyBuckets", resource="archive"), "has no action 'ListAllMyBuckets'"),
        (permission("events", "Frobnicate", resource="main"), "known are DescribeEventBus, PutEvents"),
        (permission("kms", resource="secrets"), "grants nothing of kms"),
    ],
)
def test_an_action_that_a_service_does_not_know_is_refused(granted: ResourcePermission, problem: str) -> None:
    with pytest.raises(PolicyError, match=problem.replace("*", r"\*")):
        synthesize([], HOME, others=[granted])
