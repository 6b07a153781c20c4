"""
What requests look like whose parts must fit each other: definitions that are whole, indexes with keys of several
attributes, conditions on keys that there are, names that are free, and whatever earlier answers have named.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from random import Random
from typing import Any

Json = Any

TABLES = ("plain", "sorted")
MADE_TABLES = ("made-0", "made-1", "made-2")
BUCKET = "bucket"
_READS: tuple[Json, ...] = (
    {"KeyConditionExpression": "pk = :a"},
    {"KeyConditionExpression": "pk = :a AND sk > :b"},
    {"KeyConditionExpression": "kind = :a", "IndexName": "by-kind"},
    {"KeyConditionExpression": "pk = :a AND kind BETWEEN :a AND :b", "IndexName": "local"},
    {"KeyConditionExpression": "kind = :a AND deep = :b", "IndexName": "wide"},
)
_IMPORTED = (
    ("rows.csv", "CSV", "NONE"),
    ("rows.json", "DYNAMODB_JSON", "NONE"),
    ("", "DYNAMODB_JSON", "GZIP"),
    ("spoiled", "CSV", "NONE"),
    ("spoiled", "DYNAMODB_JSON", "NONE"),
)
_FILTERS: tuple[Json, ...] = ({}, {"FilterExpression": "contains(deep, :a) OR size(deep) > :b"}, {"Limit": 1})
POLICY = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem",'
    ' "Resource": "arn:aws:dynamodb:us-east-1:000000000000:table/sorted"}]}'
)
_REMEMBERED_MAX = 40
_SAME = {
    "ExclusiveStartBackupArn": "BackupArn",
    "ExclusiveStartKey": "LastEvaluatedKey",
    "ExclusiveStartShardId": "ShardId",
    "ExclusiveStartStreamArn": "StreamArn",
    "ExclusiveStartTableName": "TableName",
    "ExpectedRevisionId": "RevisionId",
    "LastEvaluatedBackupArn": "BackupArn",
    "LastEvaluatedShardId": "ShardId",
    "LatestStreamArn": "StreamArn",
    "NextShardIterator": "ShardIterator",
    "StartingSequenceNumber": "SequenceNumber",
}
_REMEMBERED = frozenset({"ExportArn", "ImportArn", "NextToken", *_SAME.values()} - {"TableName"})
_TYPES = {"pk": "S", "sk": "S", "kind": "S", "grade": "N", "size": "N", "deep": "S"}
_PROJECTIONS: tuple[Json, ...] = (
    {"ProjectionType": "ALL"},
    {"ProjectionType": "KEYS_ONLY"},
    {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["deep", "ttl"]},
)


class Memory:
    """What answers have named, by what requests call it: ARNs, tokens, iterators, keys to go on from."""

    def __init__(self) -> None:
        self._known: dict[str, deque[Json]] = defaultdict(lambda: deque(maxlen=_REMEMBERED_MAX))

    def learn(self, answer: Json) -> None:
        """Remember what an answer names, however deep it stands."""
        if isinstance(answer, list):
            for part in answer[:_REMEMBERED_MAX]:
                self.learn(part)
        elif isinstance(answer, dict):
            for name, content in answer.items():
                member = _SAME.get(name, name)
                if member in _REMEMBERED and content:
                    self._known[member].append(content)
                else:
                    self.learn(content)

    def of(self, member: str) -> tuple[Json, ...]:
        """What may be given for a member of a request; nothing when no answer named such a thing."""
        return tuple(self._known.get(_SAME.get(member, member), ()))


class Definitions:
    """Random parts of plausible requests, by the name of the operation; see `plausible`."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def plausible(self, operation: str) -> dict[str, Json]:
        """Members that a plausible request of an operation has; what else it has may be drawn from its shape."""
        make = getattr(self, f"_{operation}", None)
        made: dict[str, Json] = {} if make is None else make()
        return made

    def table(self) -> dict[str, Json]:
        """A table that nothing is wrong with, under one of few names."""
        sort_key = self._random.choice((None, "sk"))
        indexes = [self.index(name) for name in ("by-kind", "wide") if self._random.random() < 0.5]
        schemas = [_schema(["pk"], [sort_key] if sort_key else []), *(index["KeySchema"] for index in indexes)]
        return {
            "TableName": self._random.choice(MADE_TABLES),
            "KeySchema": schemas[0],
            "AttributeDefinitions": _definitions(schemas),
            "BillingMode": "PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        }

    def index(self, name: str) -> dict[str, Json]:
        """A global index with up to four attributes in each part of its key."""
        names = self._random.sample(("kind", "grade", "size", "deep", "sk", "pk"), 6)
        split = self._random.randrange(1, 4)
        return {
            "IndexName": name,
            "KeySchema": _schema(names[:split], names[split : split + self._random.randrange(4)]),
            "Projection": self._random.choice(_PROJECTIONS),
        }

    def _Query(self) -> dict[str, Json]:  # noqa: N802 - operations are called by their names
        read = {**self._random.choice(_READS), **self._random.choice(_FILTERS)}
        text = " ".join(str(value) for value in read.values())
        values = {name: {"S": name[1:]} for name in (":a", ":b") if name in text}
        return {"TableName": self._any_table(), **read, "ExpressionAttributeValues": values}

    def _CreateTable(self) -> dict[str, Json]:  # noqa: N802
        return self.table()

    def _UpdateTable(self) -> dict[str, Json]:  # noqa: N802
        index = self.index(self._random.choice(("wide", "wider")))
        stream = self._random.choice(({"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}, {"StreamEnabled": False}))
        return {
            "TableName": self._any_table(),
            **self._random.choice(
                (
                    {
                        "AttributeDefinitions": _definitions([index["KeySchema"]]),
                        "GlobalSecondaryIndexUpdates": [{"Create": index}],
                    },
                    {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": index["IndexName"]}}]},
                    {"StreamSpecification": stream},
                    {"DeletionProtectionEnabled": False},
                )
            ),
        }

    def _DeleteTable(self) -> dict[str, Json]:  # noqa: N802
        return {"TableName": self._random.choice(MADE_TABLES)}

    def _UpdateTimeToLive(self) -> dict[str, Json]:  # noqa: N802
        specification = {"Enabled": self._random.random() < 0.5, "AttributeName": "ttl"}
        return {"TableName": self._any_table(), "TimeToLiveSpecification": specification}

    def _UpdateContinuousBackups(self) -> dict[str, Json]:  # noqa: N802
        enabled = self._random.random() < 0.8
        return {
            "TableName": self._any_table(),
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled},
        }

    def _RestoreTableFromBackup(self) -> dict[str, Json]:  # noqa: N802
        return {"TargetTableName": self._random.choice(MADE_TABLES)}

    def _RestoreTableToPointInTime(self) -> dict[str, Json]:  # noqa: N802
        names = {"SourceTableName": self._any_table(), "TargetTableName": self._random.choice(MADE_TABLES)}
        return {**names, "UseLatestRestorableTime": True}

    def _ExportTableToPointInTime(self) -> dict[str, Json]:  # noqa: N802
        return {
            "TableArn": f"arn:aws:dynamodb:us-east-1:000000000000:table/{self._any_table()}",
            "S3Bucket": BUCKET,
            "S3Prefix": self._random.choice(("", "a", "a/b")),
            "ExportFormat": "DYNAMODB_JSON",
        }

    def _ImportTable(self) -> dict[str, Json]:  # noqa: N802
        prefix, form, compression = self._random.choice(_IMPORTED)
        return {
            "S3BucketSource": {"S3Bucket": BUCKET, "S3KeyPrefix": prefix},
            "InputFormat": form,
            "InputCompressionType": compression,
            "TableCreationParameters": self.table(),
        }

    def _PutResourcePolicy(self) -> dict[str, Json]:  # noqa: N802
        return {"Policy": POLICY}

    def _any_table(self) -> str:
        return self._random.choice(("sorted", "sorted", *TABLES, *MADE_TABLES))


def _schema(partition: list[str], sort: list[str]) -> list[Json]:
    kinds = [(name, "HASH") for name in partition] + [(name, "RANGE") for name in sort]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]


def _definitions(schemas: list[list[Mapping[str, str]]]) -> list[Json]:
    names = {element["AttributeName"] for schema in schemas for element in schema}
    return [{"AttributeName": name, "AttributeType": _TYPES[name]} for name in sorted(names)]
