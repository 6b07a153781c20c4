"""Each primitive in the hands of an identity: allowed what its policy says, refused anything beside it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenantable.cloud.events.bus import Event
from tenantable.cloud.objects.bucket import Content, ObjectNotFound
from tenantable.cloud.parameters.parameter import NewValue, ParameterNotFound
from tenantable.cloud.queues.queue import Message, QueueSettings
from tenantable.declare import Bucket, Component, EncryptionKey, EventBus, Naming, ParameterTree, Queue, System
from tenantable.declare import allow_resource as grant
from tenantable.declare.resources import Resource
from tenantable.errors import AccessDenied
from tenantable.iam.documents import Policy, parse_policy
from tenantable.local.components import Installation
from tenantable.local.primitives.embedded import embedded_primitives
from tenantable.local.primitives.held import OwnedPrimitives, Primitives, authorized_primitives
from tenantable.local.primitives.identities import PrimitiveAuthorizer, component_primitives
from tenantable.testing import ManualClock
from tenantable.wire.arns import Home

HOME = Home()
ROLE = HOME.role("shop-part")


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[OwnedPrimitives]:
    primitives = embedded_primitives(tmp_path, HOME)
    yield primitives
    primitives.close()


Holder = Callable[..., Primitives]


@pytest.fixture
def holder(owned: OwnedPrimitives) -> Holder:
    """The primitives of whoever has a policy of these statements."""

    def hold(*statements: dict[str, Any], **options: Any) -> Primitives:
        return authorized_primitives(owned, PrimitiveAuthorizer(ROLE, [policy(*statements)], HOME, **options), HOME)

    return hold


def policy(*statements: dict[str, Any]) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str, **condition: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


USES: dict[str, tuple[str, str, Callable[[Primitives], Any]]] = {
    "sqs:SendMessage": ("sqs", "jobs", lambda held: held.queue(QueueSettings(name="jobs")).send([Message(body="a")])),
    "sqs:ReceiveMessage": ("sqs", "jobs", lambda held: held.queue(QueueSettings(name="jobs")).receive()),
    "sqs:DeleteMessage": ("sqs", "jobs", lambda held: held.queue(QueueSettings(name="jobs")).delete([])),
    "sqs:ChangeMessageVisibility": (
        "sqs",
        "jobs",
        lambda held: held.queue(QueueSettings(name="jobs")).change_visibility("1.1", 1),
    ),
    "sqs:GetQueueAttributes": ("sqs", "jobs", lambda held: held.queue(QueueSettings(name="jobs")).depth()),
    "kms:GenerateDataKey": ("kms", "secrets", lambda held: held.keys("secrets").encrypt(b"a", {"b": "c"})),
    "ssm:GetParameter": ("ssm", "/tree", lambda held: held.parameters.get("/tree/there")),
    "ssm:GetParametersByPath": ("ssm", "/tree", lambda held: held.parameters.page("/tree/")),
    "ssm:PutParameter": ("ssm", "/tree", lambda held: held.parameters.put("/tree/new", NewValue(value="a"))),
    "ssm:DeleteParameter": ("ssm", "/tree", lambda held: held.parameters.delete("/tree/there")),
    "s3:PutObject": ("s3", "archive", lambda held: held.bucket("archive").put("new", Content(body=b"a"))),
    "s3:GetObject": ("s3", "archive", lambda held: held.bucket("archive").get("there")),
    "s3:DeleteObject": ("s3", "archive", lambda held: held.bucket("archive").delete("there")),
    "s3:ListBucket": ("s3", "archive", lambda held: held.bucket("archive").page()),
    "events:PutEvents": (
        "events",
        "main",
        lambda held: held.bus("main").put([Event(source="shop", detail_type="Sold", detail={})]),
    ),
}
DECLARED: dict[str, Resource] = {
    "jobs": Queue(name="jobs"),
    "secrets": EncryptionKey(name="secrets"),
    "/tree": ParameterTree(name="/tree"),
    "archive": Bucket(name="archive"),
    "main": EventBus(name="main"),
}


@pytest.mark.parametrize("action", USES)
def test_a_granted_action_is_allowed_and_no_other_grant_replaces_it(owned: OwnedPrimitives, action: str) -> None:
    """A component with the one grant may; one with every grant but this one may not."""
    owned.parameters.put("/tree/there", NewValue(value="a"))
    owned.bucket("archive").put("there", Content(body=b"a"))
    opening = grant("sqs", "GetQueueUrl", resource=DECLARED["jobs"])
    grants = {
        each: grant(service, each.partition(":")[2], resource=DECLARED[resource])
        for each, (service, resource, _) in USES.items()
    }
    granted = Component("granted", [opening, grants[action]])
    others = Component("others", [opening, *(each for name, each in grants.items() if name != action)])
    system = System(name="shop", tables=[], components=[granted, others], resources=list(DECLARED.values()))
    held = component_primitives(Installation(system=system, naming=Naming(), home=HOME), owned)
    use = USES[action][2]
    with pytest.raises(AccessDenied, match=re.escape(f"not authorized to perform: {action} on resource: arn:aws:")):
        use(held(others))
    use(held(granted))


def test_former_versions_are_deleted_by_who_may_list_and_delete_versions(holder: Holder) -> None:
    listing = allow("s3:ListBucketVersions", "arn:aws:s3:::archive")
    deleting = allow("s3:DeleteObjectVersion", "arn:aws:s3:::archive/*")
    with pytest.raises(AccessDenied, match="s3:DeleteObjectVersion"):
        holder(listing).bucket("archive").delete_former_versions("there")
    with pytest.raises(AccessDenied, match="s3:ListBucketVersions"):
        holder(deleting).bucket("archive").delete_former_versions("there")
    holder(listing, deleting).bucket("archive").delete_former_versions("there")


def test_an_object_is_missing_only_for_who_may_list(holder: Holder) -> None:
    read = allow("s3:GetObject", "arn:aws:s3:::archive/*")
    for look in ("get", "head"):
        with pytest.raises(AccessDenied, match="s3:ListBucket"):
            getattr(holder(read).bucket("archive"), look)("none")
        with pytest.raises(ObjectNotFound):
            getattr(holder(read, allow("s3:ListBucket", "arn:aws:s3:::archive")).bucket("archive"), look)("none")


def test_a_list_is_held_to_its_prefix(holder: Holder) -> None:
    listing = allow("s3:ListBucket", "arn:aws:s3:::archive", StringLike={"s3:prefix": "2026/*"})
    bucket = holder(listing).bucket("archive")
    bucket.page("2026/01/")
    with pytest.raises(AccessDenied):
        bucket.page()


def test_an_object_is_held_to_its_key(holder: Holder) -> None:
    bucket = holder(allow("s3:*", "arn:aws:s3:::archive/2026/*")).bucket("archive")
    bucket.put("2026/a", Content(body=b""))
    with pytest.raises(AccessDenied, match=r"s3:PutObject on resource: arn:aws:s3:::archive/2027/a"):
        bucket.put("2027/a", Content(body=b""))


def test_events_are_held_to_their_source_and_type(holder: Holder) -> None:
    """One event that is not allowed keeps the whole put away."""
    bus = holder(
        allow(
            "events:PutEvents",
            HOME.event_bus("main"),
            StringEquals={"events:source": "shop", "events:detail-type": ["Sold", "Returned"]},
        )
    ).bus("main")
    sold = Event(source="shop", detail_type="Sold", detail={})
    bus.put([sold])
    for other in (
        Event(source="bank", detail_type="Sold", detail={}),
        Event(source="shop", detail_type="x", detail={}),
    ):
        with pytest.raises(AccessDenied):
            bus.put([sold, other])


def test_a_path_is_listed_at_the_depth_that_is_allowed(holder: Holder) -> None:
    listing = allow("ssm:GetParametersByPath", HOME.parameter("/tree/*"), Bool={"ssm:Recursive": "false"})
    parameters = holder(listing).parameters
    parameters.page("/tree/a")
    with pytest.raises(AccessDenied):
        parameters.page("/tree/a", recursive=True)


def test_a_path_without_its_slash_is_not_below_itself(holder: Holder) -> None:
    """As on AWS: a grant on `/tree/*` lists `/tree/`, and not `/tree`. Requirement: M-09."""
    parameters = holder(allow("ssm:GetParametersByPath", HOME.parameter("/tree/*"))).parameters
    assert parameters.page("/tree/").parameters == ()
    with pytest.raises(AccessDenied, match=r"parameter/tree because"):
        parameters.page("/tree")


def test_overwriting_can_be_denied(holder: Holder) -> None:
    put = allow("ssm:PutParameter", HOME.parameter("/tree/*"), Bool={"ssm:Overwrite": "false"})
    parameters = holder(put).parameters
    assert parameters.put("/tree/a", NewValue(value="a")) == 1
    with pytest.raises(AccessDenied):
        parameters.put("/tree/a", NewValue(value="b"), overwrite=True)


def test_a_key_is_held_to_its_encryption_context(holder: Holder) -> None:
    keys = holder(
        allow(
            "kms:*",
            HOME.kms_key("key/*"),
            StringEquals={"kms:EncryptionContext:tenant": "t1"},
            **{"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/secrets"}},
        )
    ).keys("secrets")
    assert keys.decrypt(keys.encrypt(b"a", {"tenant": "t1"}), {"tenant": "t1"}) == b"a"
    with pytest.raises(AccessDenied):
        keys.encrypt(b"a", {"tenant": "t2"})


def test_keys_of_two_aliases_are_two_keys(owned: OwnedPrimitives) -> None:
    sealed = owned.keys("one").encrypt(b"a", {"b": "c"})
    assert owned.keys("alias/one").decrypt(sealed, {"b": "c"}) == b"a"
    with pytest.raises(Exception, match="ciphertext"):
        owned.keys("two").decrypt(sealed, {"b": "c"})


def test_a_session_is_held_to_its_tenant(holder: Holder) -> None:
    own = allow("ssm:GetParameter", HOME.parameter("/accounts/${aws:PrincipalTag/tenant}/*"))
    parameters = holder(own, tags={"tenant": "a1"}).parameters
    with pytest.raises(ParameterNotFound):
        parameters.get("/accounts/a1/cloud-type")
    with pytest.raises(AccessDenied):
        parameters.get("/accounts/a2/cloud-type")


def test_time_passes_for_policies(holder: Holder) -> None:
    clock = ManualClock()
    until = allow("ssm:*", "*", NumericLessThan={"aws:EpochTime": str(int(clock.now) + 10)})
    parameters = holder(until, clock=clock).parameters
    parameters.page("/tree")
    clock.now += 11
    with pytest.raises(AccessDenied):
        parameters.page("/tree")


def test_an_explicit_deny_is_told_as_such(holder: Holder) -> None:
    denied = {"Effect": "Deny", "Action": "ssm:GetParameter", "Resource": "*"}
    with pytest.raises(AccessDenied, match="with an explicit deny in an identity-based policy"):
        holder(allow("*", "*"), denied).parameters.get("/a/b")


def test_the_key_of_earlier_folders_opens_what_it_sealed(tmp_path: Path) -> None:
    first = embedded_primitives(tmp_path, HOME)
    sealed = first.keys("secrets").encrypt(b"a", {"b": "c"})
    first.close()
    (tmp_path / "keys" / "secrets").rename(tmp_path / "master-key")
    second = embedded_primitives(tmp_path, HOME)
    assert second.keys("secrets").decrypt(sealed, {"b": "c"}) == b"a"
    second.close()
