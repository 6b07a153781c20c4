"""
The actions of other services that can be granted, by what they are done to.

Source: Service Authorization Reference, the pages of each service; actions that no resource can be named for are left
out.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType

_QUEUE = (
    "AddPermission", "CancelMessageMoveTask", "ChangeMessageVisibility", "CreateQueue", "DeleteMessage", "DeleteQueue",
    "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues", "ListMessageMoveTasks", "ListQueueTags",
    "PurgeQueue", "ReceiveMessage", "RemovePermission", "SendMessage", "SetQueueAttributes", "StartMessageMoveTask",
    "TagQueue", "UntagQueue",
)  # fmt: skip
_KEY = (
    "CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "ListGrants", "ReEncryptFrom",
    "ReEncryptTo", "RetireGrant", "RevokeGrant",
)  # fmt: skip
_PARAMETER = (
    "AddTagsToResource", "DeleteParameter", "DeleteParameters", "GetParameter", "GetParameterHistory", "GetParameters",
    "GetParametersByPath", "LabelParameterVersion", "ListTagsForResource", "PutParameter", "RemoveTagsFromResource",
    "UnlabelParameterVersion",
)  # fmt: skip
_OBJECT = (
    "AbortMultipartUpload", "DeleteObject", "DeleteObjectTagging", "DeleteObjectVersion", "GetObject",
    "GetObjectAttributes", "GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging", "GetObjectVersion",
    "GetObjectVersionAttributes", "GetObjectVersionTagging", "ListMultipartUploadParts", "PutObject",
    "PutObjectLegalHold", "PutObjectRetention", "PutObjectTagging", "RestoreObject",
)  # fmt: skip
_BUCKET = (
    "GetBucketLocation", "GetBucketTagging", "GetBucketVersioning", "GetEncryptionConfiguration",
    "GetLifecycleConfiguration", "ListBucket", "ListBucketMultipartUploads", "ListBucketVersions",
)  # fmt: skip
_TABLE = ("DescribeTable", "ExportTableToPointInTime", "Scan")  # what no access pattern stands for
_STREAM = ("DescribeStream", "GetRecords", "GetShardIterator")
_BUS = ("DescribeEventBus", "PutEvents")
_ROLE = ("AssumeRole", "SetSourceIdentity", "TagSession")

ACTIONS: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "dynamodb": {"stream": frozenset(_STREAM), "table": frozenset(_TABLE)},
        "events": {"event bus": frozenset(_BUS)},
        "kms": {"key": frozenset(_KEY)},
        "s3": {"bucket": frozenset(_BUCKET), "object": frozenset(_OBJECT)},
        "sqs": {"queue": frozenset(_QUEUE)},
        "ssm": {"parameter": frozenset(_PARAMETER)},
        "sts": {"role": frozenset(_ROLE)},
    }
)
"""By service and kind of resource."""


def grant_problems(service: str, actions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a grant of actions of a service: pairs of problem and hint."""
    kinds = ACTIONS.get(service)
    if kinds is None:
        yield f"no policies are made for the service {service!r}", f"known are {', '.join(sorted(ACTIONS))}"
        return
    known = frozenset[str]().union(*kinds.values())
    names = sorted(actions)
    if not names:
        yield f"grants nothing of {service}", f"name actions such as {min(known)}"
    for name in names:
        if name not in known:
            near = _near(name, service, known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(sorted(known))}"
            yield f"{service} has no action {name!r} that can be granted on a resource", hint


def _near(name: str, service: str, known: Iterable[str]) -> list[str]:
    """The actions that a wrong name may stand for: those of a wildcard, or those of much the same letters."""
    bare = name.removeprefix(f"{service}:")
    if bare.endswith("*"):
        return sorted(each for each in known if each.lower().startswith(bare[:-1].lower()))
    by_letters = {each.lower(): each for each in known}
    return [by_letters[each] for each in get_close_matches(bare.lower(), sorted(by_letters), n=3, cutoff=0.7)]
