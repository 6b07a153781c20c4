"""Every call on a primitive in the hands of an identity is asked for first: a denied one does no work at all."""

from collections.abc import Callable
from typing import Any

import pytest

from tenantable.cloud.authorization import NOTHING, Context
from tenantable.cloud.events.authorized import AuthorizedBus
from tenantable.cloud.events.bus import Event
from tenantable.cloud.keys.authorized import AuthorizedMasterKey
from tenantable.cloud.objects.authorized import AuthorizedBucket
from tenantable.cloud.objects.bucket import Content
from tenantable.cloud.parameters.authorized import AuthorizedParameters
from tenantable.cloud.parameters.parameter import NewValue
from tenantable.cloud.queues.authorized import AuthorizedQueue, open_authorized
from tenantable.cloud.queues.queue import Message, QueueSettings
from tenantable.errors import AccessDenied
from tenantable.wire.arns import Home

HOME = Home()
PLACE = "us-east-1:000000000000"
QUEUE, TREE, OBJECT = f"arn:aws:sqs:{PLACE}:q", f"arn:aws:ssm:{PLACE}:parameter", "arn:aws:s3:::archive"


class Denying:
    """Allows nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Context]] = []

    def authorize(self, action: str, resource: str, context: Context = NOTHING) -> None:
        self.asked.append((action, resource, context))
        raise AccessDenied


class Untouched:
    """Stands for any primitive; it has a name, and whoever asks for more of it has begun to work."""

    name = "archive"

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was called")


EVENT = Event(source="shop", detail_type="Sold", detail={})
ANYTHING: Any = Untouched()

Call = Callable[[Denying], Any]


def queue(denying: Denying) -> AuthorizedQueue:
    return AuthorizedQueue(ANYTHING, authorizer=denying, resource=QUEUE)


def key(denying: Denying) -> AuthorizedMasterKey:
    return AuthorizedMasterKey(ANYTHING, authorizer=denying, home=HOME, alias="secrets")


def parameters(denying: Denying) -> AuthorizedParameters:
    return AuthorizedParameters(ANYTHING, authorizer=denying, home=HOME)


def bucket(denying: Denying) -> AuthorizedBucket:
    return AuthorizedBucket(ANYTHING, authorizer=denying, home=HOME)


CALLS: list[tuple[Call, str, str, Context]] = [
    (lambda d: queue(d).send([Message(body="a")]), "sqs:SendMessage", QUEUE, {}),
    (lambda d: queue(d).receive(wait_seconds=20), "sqs:ReceiveMessage", QUEUE, {}),
    (lambda d: queue(d).delete(["a"]), "sqs:DeleteMessage", QUEUE, {}),
    (lambda d: queue(d).change_visibility("a", 1), "sqs:ChangeMessageVisibility", QUEUE, {}),
    (lambda d: queue(d).depth(), "sqs:GetQueueAttributes", QUEUE, {}),
    (lambda d: parameters(d).get("/a/b"), "ssm:GetParameter", f"{TREE}/a/b", {}),
    (lambda d: parameters(d).page("/a"), "ssm:GetParametersByPath", f"{TREE}/a", {"ssm:Recursive": "false"}),
    (
        lambda d: parameters(d).put("/a/b", NewValue(value="c"), overwrite=True),
        "ssm:PutParameter",
        f"{TREE}/a/b",
        {"ssm:Overwrite": "true"},
    ),
    (lambda d: parameters(d).delete("/a/b"), "ssm:DeleteParameter", f"{TREE}/a/b", {}),
    (lambda d: bucket(d).put("a/b", Content(body=b"")), "s3:PutObject", f"{OBJECT}/a/b", {}),
    (lambda d: bucket(d).get("a/b"), "s3:GetObject", f"{OBJECT}/a/b", {}),
    (lambda d: bucket(d).head("a/b"), "s3:GetObject", f"{OBJECT}/a/b", {}),
    (lambda d: bucket(d).delete("a/b"), "s3:DeleteObject", f"{OBJECT}/a/b", {}),
    (lambda d: bucket(d).page("a/", limit=5), "s3:ListBucket", OBJECT, {"s3:prefix": "a/", "s3:max-keys": "5"}),
    (lambda d: bucket(d).delete_former_versions("a/b"), "s3:ListBucketVersions", OBJECT, {"s3:prefix": "a/b"}),
    (
        lambda d: AuthorizedBus(ANYTHING, authorizer=d, home=HOME).put([EVENT]),
        "events:PutEvents",
        f"arn:aws:events:{PLACE}:event-bus/archive",
        {"events:source": "shop", "events:detail-type": "Sold"},
    ),
]


@pytest.mark.parametrize(("call", "action", "resource", "context"), CALLS, ids=[call[1] for call in CALLS])
def test_a_denied_call_does_nothing(call: Call, action: str, resource: str, context: Context) -> None:
    denying = Denying()
    with pytest.raises(AccessDenied):
        call(denying)
    assert denying.asked == [(action, resource, context)]


def test_a_key_is_asked_for_by_its_alias_and_context() -> None:
    for use, action in (("new_data_key", "kms:GenerateDataKey"), ("unwrap", "kms:Decrypt")):
        denying = Denying()
        arguments = [{"tenant": "t1"}] if use == "new_data_key" else [b"", {"tenant": "t1"}]
        with pytest.raises(AccessDenied):
            getattr(key(denying), use)(*arguments)
        ((asked, resource, context),) = denying.asked
        assert asked == action
        assert resource.startswith(f"arn:aws:kms:{PLACE}:key/")
        assert context == {
            "kms:ResourceAliases": ("alias/secrets",),
            "kms:EncryptionContextKeys": ("tenant",),
            "kms:EncryptionContext:tenant": "t1",
        }


def test_a_queue_is_not_opened_for_who_may_not_look_it_up() -> None:
    denying = Denying()
    settings = QueueSettings(name="q")
    with pytest.raises(AccessDenied):
        open_authorized(lambda _settings: ANYTHING.open(), settings, authorizer=denying, home=HOME)
    assert denying.asked == [("sqs:GetQueueUrl", QUEUE, {})]
