"""
What a decision depends on beside the request and its sender's policies: the resource, the time, and the way it came.

Sources: IAM User Guide, "AWS global condition context keys"; Developer Guide, "DynamoDB API operations supported by
resource-based policies".
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tenantable.iam.patterns import ARN_SEGMENTS, Context, ContextValue, split_arn
from tenantable.wire.keys import TableKeys, TableKeysLookup
from tenantable.wire.principals import Sender

RESOURCE_TAG = "aws:resourcetag/"

_WITH_POLICY = frozenset({"table", "index", "stream"})
_CROSSING_ACTIONS = frozenset(
    f"dynamodb:{action}"
    for action in (
        "BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem GetItem PutItem Query Scan UpdateItem "
        "DeleteTable DescribeTable UpdateTable ListTagsOfResource TagResource UntagResource "
        "DeleteResourcePolicy GetResourcePolicy PutResourcePolicy DescribeStream GetRecords GetShardIterator"
    ).split()
)


class Surroundings(NamedTuple):
    """
    `table` is what is known of the table or stream, None where there is none; `sender` is None for a request that came
    by no network.
    """

    table: TableKeys | None
    sender: Sender | None
    clock: Callable[[], float]

    def value(self, key: str) -> str | None:
        """The value of a condition key, in lower case; None when it has none here."""
        if key.startswith(RESOURCE_TAG):
            return resource_tags(self.table).get(key)
        if key in _TIMES:
            return _TIMES[key](self.clock())
        return None if self.sender is None or key not in _SENDERS else _SENDERS[key](self.sender)


class SurroundedContext(Mapping[str, ContextValue]):
    """The condition keys of a request together with those of its surroundings, each found when it is asked for."""

    __slots__ = ("_context", "_surroundings")

    def __init__(self, context: Context, surroundings: Surroundings) -> None:
        self._context = context
        self._surroundings = surroundings

    def get(self, key: str, default: Any = None) -> Any:
        value = self._context.get(key)
        if value is None:
            value = self._surroundings.value(key)
        return default if value is None else value

    def __getitem__(self, key: str) -> ContextValue:
        value: ContextValue | None = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        known = {**dict.fromkeys(self._context), **resource_tags(self._surroundings.table)}
        return (key for key in {**known, **_TIMES, **_SENDERS} if self.get(key) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def resource_tags(table: TableKeys | None) -> dict[str, str]:
    """The tags of a table as condition keys; its indexes have them too."""
    return {} if table is None else {RESOURCE_TAG + key.lower(): value for key, value in table.tags.items()}


def described(resource: str, tables: TableKeysLookup) -> TableKeys | None:
    """What is known of the table, index or stream that an ARN names; None for what no policy can hang on."""
    segments = split_arn(resource)
    if len(segments) != ARN_SEGMENTS or segments[2] != "dynamodb":
        return None
    kinds = segments[-1].split("/")[::2]
    return tables(resource) if kinds[0] == "table" and kinds[-1] in _WITH_POLICY else None


def crosses_accounts(action: str) -> bool:
    """Whether a resource policy can allow an action to another account; settings and PartiQL it cannot."""
    return action in _CROSSING_ACTIONS


def iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_TIMES: Mapping[str, Callable[[float], str]] = {
    "aws:currenttime": iso_time,
    "aws:epochtime": lambda seconds: str(int(seconds)),
}
_SENDERS: Mapping[str, Callable[[Sender], str | None]] = {
    "aws:sourceip": lambda sender: sender.source_ip,
    "aws:securetransport": lambda sender: "true" if sender.is_secure else "false",
    "aws:useragent": lambda sender: sender.user_agent,
}
SURROUNDING_KEYS = frozenset({*_TIMES, *_SENDERS})
"""The keys, beside tags, that come from the surroundings."""
