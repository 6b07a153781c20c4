"""The attributes of queues: which there are, what they may be, and what they are when nobody says."""

from collections.abc import Mapping

import orjson

from tenantable.aws.calls import Call
from tenantable.aws.refusals import Refusal

NUMBERS: dict[str, tuple[int, int, int]] = {
    "DelaySeconds": (0, 0, 900),
    "MaximumMessageSize": (262_144, 1024, 1_048_576),
    "MessageRetentionPeriod": (345_600, 60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 0, 20),
    "VisibilityTimeout": (30, 0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (300, 60, 86_400),
}
"""By name: the default, the least, the most."""

_FLAGS = ("SqsManagedSseEnabled", "FifoQueue", "ContentBasedDeduplication")
_DOCUMENTS = ("Policy", "RedrivePolicy", "RedriveAllowPolicy")
_CHOICES = {"DeduplicationScope": ("messageGroup", "queue"), "FifoThroughputLimit": ("perQueue", "perMessageGroupId")}
_FIXED = "FifoQueue"  # decided when the queue is made
RECEIVES_MAX = 1000
SUFFIX_FIFO = ".fifo"


def read_attributes(call: Call, *, is_new: bool) -> dict[str, str]:
    """
    The attributes of a request, checked. An empty text removes an attribute that has no default.

    Raises:
        Refusal: InvalidAttributeName or InvalidAttributeValue.
    """
    attributes = call.text_map("Attributes")
    for name, value in attributes.items():
        known = name in NUMBERS or name in _FLAGS or name in _DOCUMENTS or name in _CHOICES or name == "KmsMasterKeyId"
        if not known or (name == _FIXED and not is_new):
            raise Refusal("InvalidAttributeName", f"Unknown Attribute {name}.")
        if value != "" or name in NUMBERS:
            _check(name, value)
    return attributes


def defaults() -> dict[str, str]:
    numbers = {name: str(default) for name, (default, _, _) in NUMBERS.items() if not name.startswith("Kms")}
    return {**numbers, "SqsManagedSseEnabled": "true"}


def changed(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The attributes after some were set."""
    after = {**before, **given}
    if given.get("KmsMasterKeyId"):  # a queue is encrypted with one or the other
        after["SqsManagedSseEnabled"] = "false"
        after.setdefault("KmsDataKeyReusePeriodSeconds", str(NUMBERS["KmsDataKeyReusePeriodSeconds"][0]))
    return {name: value for name, value in after.items() if value != ""}


def _check(name: str, value: str) -> None:
    if name in NUMBERS:
        _, least, most = NUMBERS[name]
        if not (value.isascii() and value.isdigit() and least <= int(value[:10]) <= most):
            raise wrong(name, f"must be a whole number from {least} to {most}")
    elif name in _FLAGS and value not in {"true", "false"}:
        raise wrong(name, "must be true or false")
    elif name in _CHOICES and value not in _CHOICES[name]:
        raise wrong(name, f"must be one of {', '.join(_CHOICES[name])}")
    elif name in _DOCUMENTS:
        content = _object(name, value)
        if name == "RedrivePolicy":
            _check_redrive(content)


def _check_redrive(content: Mapping[str, object]) -> None:
    arn, receives = content.get("deadLetterTargetArn"), str(content.get("maxReceiveCount"))
    if not isinstance(arn, str) or ":sqs:" not in arn:
        raise wrong("RedrivePolicy", "deadLetterTargetArn must be the ARN of a queue")
    if not (receives.isascii() and receives.isdigit() and 1 <= int(receives[:6]) <= RECEIVES_MAX):
        raise wrong("RedrivePolicy", f"maxReceiveCount must be from 1 to {RECEIVES_MAX}")


def _object(name: str, value: str) -> Mapping[str, object]:
    try:
        content = orjson.loads(value)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise wrong(name, "must be a JSON object")
    return content


def wrong(name: str, reason: str) -> Refusal:
    return Refusal("InvalidAttributeValue", f"Invalid value for the parameter {name}. Reason: {reason}.")
