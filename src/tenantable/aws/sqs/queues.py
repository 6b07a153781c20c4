"""Queues: made, found, changed, tagged, deleted."""

from collections.abc import Mapping
from typing import Any

import orjson

from tenantable.aws.calls import Answer, Call
from tenantable.aws.pages import page
from tenantable.aws.refusals import Refusal
from tenantable.aws.sqs.attributes import SUFFIX_FIFO, changed, defaults, read_attributes, wrong
from tenantable.aws.tags import add_tags, checked_tags, remove_tags

QUEUE = "sqs/queue"
NAME = r"[\w-]{1,75}\.fifo|[\w-]{1,80}"
PAGE_MAX = 1000
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed",
           "ApproximateNumberOfMessagesNotVisible")  # fmt: skip


def create_queue(call: Call) -> Answer:
    name = call.text("QueueName", limit=80, pattern=NAME)
    given = read_attributes(call, is_new=True)
    if name.endswith(SUFFIX_FIFO) != (given.get("FifoQueue") == "true"):
        raise call.invalid("The name of a FIFO queue, and of no other, ends with .fifo")
    attributes = changed(defaults(), given)
    _check_dead_letters(call, name, attributes)
    queue = call.records.find(QUEUE, name)
    if queue is not None:
        if any(queue["Attributes"].get(member) != value for member, value in given.items()):
            raise Refusal("QueueNameExists", f"A queue already exists with the same name and a different value: {name}")
        return {"QueueUrl": url(call, name)}
    queue = {"Attributes": attributes, "Created": call.now, "Changed": call.now}
    add_tags(queue, checked_tags(call, call.text_map("tags")))
    call.records.put(QUEUE, name, queue)
    return {"QueueUrl": url(call, name)}


def get_queue_url(call: Call) -> Answer:
    name = call.text("QueueName", limit=80)
    owner = call.optional_text("QueueOwnerAWSAccountId") or call.home.account_id
    if owner != call.home.account_id or call.records.find(QUEUE, name) is None:
        raise missing()
    return {"QueueUrl": url(call, name)}


def list_queues(call: Call) -> Answer:
    beginning = call.optional_text("QueueNamePrefix", limit=80) or ""
    named = ((name, name) for name, _ in call.records.all(QUEUE, beginning))
    shown, token = page(call, named, cursor="NextToken", limit="MaxResults", most=PAGE_MAX)
    return {"QueueUrls": [url(call, name) for name in shown], "NextToken": token}


def get_attributes(call: Call) -> Answer:
    name, queue = queue_of(call)
    wanted = call.texts("AttributeNames")
    shown = {
        "QueueArn": arn_of(call, name),
        "CreatedTimestamp": str(int(queue["Created"])),
        "LastModifiedTimestamp": str(int(queue["Changed"])),
        **dict.fromkeys(_COUNTS, "0"),
        **queue["Attributes"],
    }
    if "All" not in wanted:
        shown = {member: value for member, value in shown.items() if member in wanted}
    return {"Attributes": shown or None}


def set_attributes(call: Call) -> Answer:
    name, queue = queue_of(call)
    queue["Attributes"] = changed(queue["Attributes"], read_attributes(call, is_new=False))
    _check_dead_letters(call, name, queue["Attributes"])
    queue["Changed"] = call.now
    call.records.put(QUEUE, name, queue)
    return None


def delete_queue(call: Call) -> Answer:
    name, _ = queue_of(call)
    call.records.remove(QUEUE, name)
    return None


def list_dead_letter_sources(call: Call) -> Answer:
    name, _ = queue_of(call)
    arn = arn_of(call, name)
    sources = [
        (source, source)
        for source, queue in call.records.all(QUEUE)
        if orjson.loads(queue["Attributes"].get("RedrivePolicy", "{}")).get("deadLetterTargetArn") == arn
    ]
    shown, token = page(call, sources, cursor="NextToken", limit="MaxResults", most=PAGE_MAX)
    return {"queueUrls": [url(call, source) for source in shown], "NextToken": token}


def tag_queue(call: Call) -> Answer:
    name, queue = queue_of(call)
    add_tags(queue, checked_tags(call, call.text_map("Tags")))
    call.records.put(QUEUE, name, queue)
    return None


def untag_queue(call: Call) -> Answer:
    name, queue = queue_of(call)
    remove_tags(queue, call.texts("TagKeys"))
    call.records.put(QUEUE, name, queue)
    return None


def list_tags(call: Call) -> Answer:
    return {"Tags": queue_of(call)[1]["Tags"] or None}


def queue_of(call: Call) -> tuple[str, dict[str, Any]]:
    """
    The name and the record of the queue that a call names by its URL.

    Raises:
        Refusal: QueueDoesNotExist.
    """
    name = _name_in_url(call)
    queue = None if name is None else call.records.find(QUEUE, name)
    if name is None or queue is None:
        raise missing()
    return name, queue


def queue_arn(call: Call) -> str:
    """For policies: the ARN of the queue that a call names by its URL or its name."""
    return arn_of(call, call.optional_text("QueueName") or _name_in_url(call) or "")


def arn_of(call: Call, name: str) -> str:
    return call.home.queue(name)


def url(call: Call, name: str) -> str:
    return f"{call.address}/{call.home.account_id}/{name}"


def missing() -> Refusal:
    return Refusal("QueueDoesNotExist", "The specified queue does not exist.")


def _name_in_url(call: Call) -> str | None:
    """None for a queue of another account."""
    path = call.text("QueueUrl", limit=2048).partition("://")[2].split("/")
    return path[-1] if len(path) >= 3 and path[-2] == call.home.account_id else None


def _check_dead_letters(call: Call, name: str, attributes: Mapping[str, str]) -> None:
    """Dead letters go to a queue that is there, of the same kind."""
    if "RedrivePolicy" not in attributes:
        return
    arn = orjson.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
    target = arn.rpartition(":")[2]
    if arn != arn_of(call, target) or call.records.find(QUEUE, target) is None:
        raise wrong("RedrivePolicy", "Dead letter target does not exist")
    if target.endswith(SUFFIX_FIFO) != name.endswith(SUFFIX_FIFO):
        raise wrong("RedrivePolicy", "Dead-letter queue must be same type of queue as the source")
