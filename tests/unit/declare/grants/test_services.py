"""Grants on resources beside tables, checked where they are written."""

import pytest

from tenantable.declare import Bucket, Component, EventBus, Naming, ParameterTree, Queue, System, allow_resource
from tenantable.errors import DeclarationError

jobs = Queue(name="jobs")


def test_a_declared_resource_is_granted_by_its_name() -> None:
    assert allow_resource("sqs", "SendMessage", resource=jobs) == allow_resource("sqs", "SendMessage", resource="jobs")


@pytest.mark.parametrize("resource", [Bucket(name="archive"), EventBus(name="main"), ParameterTree(name="/accounts")])
def test_a_resource_of_another_service_is_refused(resource: Bucket | EventBus | ParameterTree) -> None:
    with pytest.raises(DeclarationError, match=f"is a resource of {resource.service} .hint: write allow_resource"):
        allow_resource("sqs", "SendMessage", resource=resource)


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"service 'sns' .hint: known are events, kms, s3, sqs, ssm, sts"):
        allow_resource("sns", "Publish", resource="topic")


@pytest.mark.parametrize(
    ("action", "near"),
    [
        ("sendmessage", "did you mean SendMessage"),
        ("SendMessageBatch", "did you mean SendMessage"),
        ("sqs:SendMessage", "did you mean SendMessage"),
        ("Receive*", "did you mean ReceiveMessage"),
        ("Fly", "known are AddPermission"),
    ],
)
def test_an_unknown_action_is_refused_with_what_it_may_stand_for(action: str, near: str) -> None:
    with pytest.raises(DeclarationError, match=near):
        allow_resource("sqs", action, resource=jobs)


def test_every_fault_of_a_grant_is_told() -> None:
    with pytest.raises(DeclarationError) as refused:
        allow_resource("sqs", "Fly", "Swim", resource=Bucket(name="archive"))
    assert len(refused.value.faults) == 3


def test_a_grant_of_nothing_is_refused() -> None:
    with pytest.raises(DeclarationError, match="grants nothing of sqs"):
        allow_resource("sqs", resource=jobs)


def test_a_role_is_one_of_the_same_system() -> None:
    vendor = Component("vendor", [allow_resource("sts", "AssumeRole", resource="shop-reader")])
    System(name="shop", tables=[], components=[vendor, Component("reader")])
    with pytest.raises(DeclarationError, match=r"is granted the role 'shop-reader' of no component"):
        System(name="shop", tables=[], components=[vendor])


def test_names_are_styled_and_paths_stay_paths() -> None:
    naming = Naming(resource="{stage}-{resource}", values={"stage": "dev"})
    granted = [
        allow_resource("sqs", "SendMessage", resource=jobs),
        allow_resource("ssm", "GetParameter", resource=ParameterTree(name="/accounts")),
        allow_resource("sts", "AssumeRole", resource="shop-reader"),
    ]
    names = [each.resource for each in Component("part", granted).resource_permissions(naming)]
    assert names == ["dev-jobs", "/dev-accounts", "shop-reader"]
