"""Queues and keys in the hands of each component: it can do what its grants say, and is refused its neighbours'."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from tenantable.cloud.keys.envelope import CannotDecrypt
from tenantable.cloud.queues.queue import Message, QueueSettings
from tenantable.declare.grants import Component
from tenantable.errors import AccessDenied
from tenantable.local.components import Installation
from tenantable.local.primitives.embedded import embedded_primitives
from tenantable.local.primitives.held import Primitives
from tenantable.local.primitives.identities import ComponentPrimitives, component_primitives
from tenantable.services.webhooks.app import queue_settings
from tenantable.services.webhooks.declaration import (
    SYSTEM,
    api,
    authorizer,
    dlq_processor,
    naming,
    receiver,
    secrets_key,
    worker,
)
from tenantable.wire.arns import Home

DELIVERIES, DEAD_LETTERS = queue_settings(naming())
CONTEXT = {"tenant": "t1"}
HOME = Home()

Uses = dict[str, Callable[[Primitives], Any]]

# Everything that a component could try, by its action and the resource's name. A queue whose name it may not look up
# is out of its reach whatever else it may do.
USES: Uses = {}
for _settings in (DELIVERIES, DEAD_LETTERS):

    def _queue(primitives: Primitives, settings: QueueSettings = _settings) -> Any:
        return primitives.queue(settings)

    USES |= {
        f"sqs:GetQueueUrl {_settings.name}": _queue,
        f"sqs:SendMessage {_settings.name}": lambda found, queue=_queue: queue(found).send([Message(body="a")]),  # type: ignore[misc]
        f"sqs:ReceiveMessage {_settings.name}": lambda found, queue=_queue: queue(found).receive(),  # type: ignore[misc]
        f"sqs:DeleteMessage {_settings.name}": lambda found, queue=_queue: queue(found).delete(["1.1"]),  # type: ignore[misc]
        f"sqs:ChangeMessageVisibility {_settings.name}": (
            lambda found, queue=_queue: queue(found).change_visibility("1.1", 0)  # type: ignore[misc]
        ),
        f"sqs:GetQueueAttributes {_settings.name}": lambda found, queue=_queue: queue(found).depth(),  # type: ignore[misc]
    }
USES |= {
    "kms:GenerateDataKey webhook-secrets": lambda found: found.master_key(secrets_key.name).new_data_key(CONTEXT),
    "kms:Decrypt webhook-secrets": lambda found: found.master_key(secrets_key.name).unwrap(b"", CONTEXT),
}

MAY = {
    authorizer.name: set[str](),
    api.name: {
        "sqs:GetQueueUrl webhook-deliveries",
        "sqs:SendMessage webhook-deliveries",
        "kms:GenerateDataKey webhook-secrets",
    },
    worker.name: {
        "sqs:GetQueueUrl webhook-deliveries",
        "sqs:SendMessage webhook-deliveries",
        "sqs:ReceiveMessage webhook-deliveries",
        "sqs:DeleteMessage webhook-deliveries",
        "sqs:ChangeMessageVisibility webhook-deliveries",
        "sqs:GetQueueUrl webhook-dead-letters",
        "sqs:SendMessage webhook-dead-letters",
        "kms:Decrypt webhook-secrets",
    },
    receiver.name: {"kms:Decrypt webhook-secrets"},
    dlq_processor.name: {
        "sqs:GetQueueUrl webhook-dead-letters",
        "sqs:ReceiveMessage webhook-dead-letters",
        "sqs:DeleteMessage webhook-dead-letters",
        "sqs:GetQueueUrl webhook-deliveries",
        "sqs:SendMessage webhook-deliveries",
    },
}


@pytest.fixture(scope="module")
def primitives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComponentPrimitives]:
    owned = embedded_primitives(tmp_path_factory.mktemp("primitives"), HOME)
    yield component_primitives(Installation(system=SYSTEM, naming=naming(), home=HOME), owned)
    owned.close()


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("component", SYSTEM.components, ids=lambda component: component.name)
def test_a_component_does_what_it_was_granted_and_nothing_else(
    primitives: ComponentPrimitives, component: Component, use: str
) -> None:
    """Requirement: W-10."""
    held = primitives(component)
    if use in MAY[component.name]:
        with suppress(CannotDecrypt):  # it got through: what was asked of the key makes no sense to it
            USES[use](held)
        return
    with pytest.raises(AccessDenied, match=re.escape(f"role/webhooks-{component.name} is not authorized to perform: ")):
        USES[use](held)


def test_a_refusal_is_in_the_words_of_iam(primitives: ComponentPrimitives) -> None:
    with pytest.raises(AccessDenied) as refused:
        primitives(api).queue(DELIVERIES).receive()
    assert refused.value.message == (
        "User: arn:aws:iam::000000000000:role/webhooks-api is not authorized to perform: sqs:ReceiveMessage on "
        "resource: arn:aws:sqs:us-east-1:000000000000:webhook-deliveries because no identity-based policy allows the "
        "sqs:ReceiveMessage action"
    )


def test_a_key_under_another_alias_is_refused(primitives: ComponentPrimitives) -> None:
    with pytest.raises(AccessDenied, match="kms:Decrypt"):
        primitives(worker).master_key("other-secrets").unwrap(b"", CONTEXT)


def test_a_refused_component_changes_nothing(primitives: ComponentPrimitives) -> None:
    primitives(api).queue(DELIVERIES).send([Message(body="kept")])
    refused = primitives(api).queue(DELIVERIES)
    with pytest.raises(AccessDenied):
        refused.receive()
    with pytest.raises(AccessDenied):
        refused.delete(["1.0"])
    bodies = [message.body for message in primitives(worker).queue(DELIVERIES).receive(limit=10)]
    assert "kept" in bodies
