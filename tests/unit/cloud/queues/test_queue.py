"""Values of the port refuse what no queue takes."""

import pytest

from tenantable.cloud.queues.queue import DeadLetters, InvalidMessage, Message, QueueSettings
from tenantable.errors import CloudError


@pytest.mark.parametrize("name", ["", "a" * 81, "a.b", "a/b", "ä"])
def test_refuses_names_that_sqs_refuses(name: str) -> None:
    with pytest.raises(CloudError, match="queue name"):
        QueueSettings(name=name)


@pytest.mark.parametrize("seconds", [0, -1, 43_201])
def test_refuses_a_visibility_out_of_range(seconds: float) -> None:
    with pytest.raises(CloudError, match="visibility"):
        QueueSettings(name="a", visibility_seconds=seconds)


@pytest.mark.parametrize("receives_max", [0, 1001])
def test_refuses_a_receive_count_out_of_range(receives_max: int) -> None:
    with pytest.raises(CloudError, match="receives_max"):
        DeadLetters(queue="dead", receives_max=receives_max)


def test_refuses_a_queue_that_buries_in_itself() -> None:
    with pytest.raises(CloudError, match="own dead-letter queue"):
        QueueSettings(name="a", dead_letters=DeadLetters(queue="a", receives_max=1))


@pytest.mark.parametrize("delay_seconds", [-1, 7 * 24 * 3600 + 1, float("nan")])
def test_refuses_a_delay_out_of_range(delay_seconds: float) -> None:
    with pytest.raises(InvalidMessage, match="delay"):
        Message(body="a", delay_seconds=delay_seconds)
