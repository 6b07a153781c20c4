"""
DynamoDB's actions: the kinds of resources that each acts on, and the condition keys that its requests have.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB".
"""

import difflib
from collections.abc import Mapping
from functools import lru_cache

from tenantable.iam.patterns import parse_pattern, text_test

PREFIX = "dynamodb:"

UNNAMED = "unnamed"
"""The kind of resource of actions that act on none: they are granted on `*` alone."""

_KINDS = {
    "table": """
        AssociateTableReplica BatchGetItem BatchWriteItem ConditionCheckItem CreateBackup CreateGlobalTableWitness
        CreateTable CreateTableReplica DeleteGlobalTableWitness DeleteItem DeleteTable DeleteTableReplica
        DescribeContinuousBackups DescribeKinesisStreamingDestination DescribeTable DescribeTableReplicaAutoScaling
        DescribeTimeToLive DisableKinesisStreamingDestination EnableKinesisStreamingDestination
        ExportTableToPointInTime GetItem ImportTable PartiQLDelete PartiQLInsert PartiQLUpdate PutItem
        ReadDataForReplication ReplicateSettings RestoreTableFromAwsBackup RestoreTableToPointInTime StartAwsBackupJob
        UpdateContinuousBackups UpdateItem UpdateKinesisStreamingDestination UpdateTable UpdateTableReplicaAutoScaling
        UpdateTimeToLive WriteDataForReplication""",
    "table index": """
        DescribeContributorInsights PartiQLSelect Query Scan SearchVectors UpdateContributorInsights""",
    "table stream": """
        DeleteResourcePolicy GetResourcePolicy ListTagsOfResource PutResourcePolicy TagResource UntagResource""",
    "stream": "DescribeStream GetRecords GetShardIterator",
    "backup": "DeleteBackup DescribeBackup",
    "table backup": "RestoreTableFromBackup",
    "export": "DescribeExport",
    "import": "DescribeImport",
    "global-table": "DescribeGlobalTable DescribeGlobalTableSettings",
    "table global-table": """
        CreateGlobalTable UpdateGlobalTable UpdateGlobalTableSettings UpdateGlobalTableVersion""",
    "table unnamed": "ListExports ListImports",
    UNNAMED: """
        DescribeEndpoints DescribeLimits DescribeReservedCapacity DescribeReservedCapacityOfferings GetAbacStatus
        InjectError ListBackups ListContributorInsights ListGlobalTables ListStreams ListTables
        PurchaseReservedCapacityOfferings UpdateAbacStatus""",
}
ACTIONS: Mapping[str, frozenset[str]] = {
    PREFIX + name: frozenset(kinds.split()) for kinds, names in _KINDS.items() for name in names.split()
}
"""Every action, and the kinds of resources it acts on: table, index, stream, backup, export, import, global-table."""

GHOSTS: Mapping[str, tuple[str, ...]] = {
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "dynamodb:TransactWriteItems": (
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
    "dynamodb:ExecuteStatement": (
        "dynamodb:PartiQLDelete",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLSelect",
        "dynamodb:PartiQLUpdate",
    ),
    "dynamodb:BatchExecuteStatement": (
        "dynamodb:PartiQLDelete",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLSelect",
        "dynamodb:PartiQLUpdate",
    ),
    "dynamodb:ExecuteTransaction": (
        "dynamodb:PartiQLDelete",
        "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLSelect",
        "dynamodb:PartiQLUpdate",
    ),
}
"""Operations of the API that IAM has no action for, with the actions that it asks for instead."""

LEADING_KEYS = "dynamodb:leadingkeys"
ATTRIBUTES = "dynamodb:attributes"
SELECT = "dynamodb:select"
RETURN_VALUES = "dynamodb:returnvalues"
ENCLOSING = "dynamodb:enclosingoperation"
FULL_SCAN = "dynamodb:fulltablescan"
CAPACITY = "dynamodb:returnconsumedcapacity"
PARTITION_VALUES = tuple(f"dynamodb:{rank}partitionkeyvalues" for rank in ("first", "second", "third", "fourth"))
MULTIVALUED = frozenset({LEADING_KEYS, ATTRIBUTES, *PARTITION_VALUES, "aws:tagkeys"})

_ITEM = {LEADING_KEYS, PARTITION_VALUES[0], ATTRIBUTES, CAPACITY}
KEYS: Mapping[str, frozenset[str]] = {
    PREFIX + name: frozenset(keys)
    for name, keys in {
        "BatchGetItem": {*_ITEM, SELECT},
        "BatchWriteItem": _ITEM,
        "ConditionCheckItem": {*_ITEM, RETURN_VALUES, ENCLOSING},
        "DeleteItem": {*_ITEM, RETURN_VALUES, ENCLOSING},
        "GetItem": {*_ITEM, SELECT, ENCLOSING},
        "PartiQLDelete": {LEADING_KEYS, PARTITION_VALUES[0], ATTRIBUTES, RETURN_VALUES, ENCLOSING},
        "PartiQLInsert": {LEADING_KEYS, PARTITION_VALUES[0], ATTRIBUTES, ENCLOSING},
        "PartiQLSelect": {LEADING_KEYS, PARTITION_VALUES[0], ATTRIBUTES, SELECT, ENCLOSING, FULL_SCAN},
        "PartiQLUpdate": {LEADING_KEYS, PARTITION_VALUES[0], ATTRIBUTES, RETURN_VALUES, ENCLOSING},
        "PutItem": {*_ITEM, RETURN_VALUES, ENCLOSING},
        "Query": {*_ITEM, *PARTITION_VALUES, SELECT},
        "Scan": {ATTRIBUTES, CAPACITY, SELECT},
        "UpdateItem": {*_ITEM, RETURN_VALUES, ENCLOSING},
    }.items()
}
"""DynamoDB's own condition keys, in lower case, that requests for an action may have; all others have none."""

READS = frozenset(PREFIX + name for name in ("BatchGetItem", "GetItem", "PartiQLSelect", "Query", "Scan"))
ITEM_ACTIONS = frozenset(
    PREFIX + name for name in ("BatchGetItem", "BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem")
)
"""What is often granted on indexes as well, where it has no effect."""
STREAM_READS = frozenset({"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"})

_HARM = (
    "DeleteTable PutResourcePolicy DeleteResourcePolicy RestoreTableToPointInTime UpdateTable DeleteBackup DeleteItem "
    "BatchWriteItem PutItem UpdateItem PartiQLDelete PartiQLUpdate PartiQLInsert Scan GetRecords PartiQLSelect Query "
    "BatchGetItem GetItem ExportTableToPointInTime"
).split()
BY_HARM = tuple(PREFIX + name for name in _HARM) + tuple(sorted(ACTIONS.keys() - {PREFIX + name for name in _HARM}))
"""All actions, those that do the most harm first."""

_LOWER = {name.lower(): name for name in (*ACTIONS, *GHOSTS)}


def is_pattern(action: str) -> bool:
    return "*" in action or "?" in action


@lru_cache(maxsize=1024)
def matching(pattern: str) -> tuple[str, ...]:
    """The actions of DynamoDB that an action element covers, those that do the most harm first."""
    return tuple(action for action in BY_HARM if covers(pattern, action))


def covers(pattern: str, action: str) -> bool:
    """Whether an action element covers an action, or another element as written; case does not count."""
    return text_test(parse_pattern(pattern.lower(), wildcards=True, variables=False))(action.lower())


def known_spelling(action: str) -> str | None:
    """The action or ghost as AWS writes it; None when it is neither."""
    return _LOWER.get(action.lower())


def nearest(action: str) -> str | None:
    """The action that was probably meant, going by its name alone: one that is merely likely would be a new grant."""
    names = [name.removeprefix(PREFIX) for name in _LOWER]
    found = difflib.get_close_matches(action.lower().rpartition(":")[2], names, n=1, cutoff=0.8)
    return _LOWER[f"{PREFIX}{found[0]}"] if found else None


def ghosts_in(element: str) -> tuple[str, ...]:
    """The operations without an action of their own that an action element means; none where it covers an action."""
    return () if matching(element) else tuple(ghost for ghost in GHOSTS if covers(element, ghost))
