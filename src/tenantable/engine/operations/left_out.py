"""Operations of the API that are left out on purpose, and those that only keep or tell what they are told."""

from collections.abc import Mapping

from tenantable.wire.errors import DynamoError, validation_error

_BULK = "bulk operations read from S3; use BatchWriteItem or ImportTable"
_GLOBAL_TABLES = "it belongs to global tables of version 2017.11.29; use UpdateTable with ReplicaUpdates"
_KINESIS = "there is no Kinesis here; enable a stream with UpdateTable and read it with GetRecords"
_AUTO_SCALING = "nothing scales by itself here; use UpdateTable with ProvisionedThroughput"

LEFT_OUT: Mapping[str, str] = {
    "CancelBulkOperation": _BULK,
    "CreateGlobalTable": _GLOBAL_TABLES,
    "DescribeBulkOperation": _BULK,
    "DescribeGlobalTable": f"{_GLOBAL_TABLES}, which DescribeTable shows",
    "DescribeGlobalTableSettings": f"{_GLOBAL_TABLES}, which DescribeTable shows",
    "DescribeTableReplicaAutoScaling": "nothing scales by itself here; DescribeTable shows replicas and throughput",
    "DisableKinesisStreamingDestination": _KINESIS,
    "EnableKinesisStreamingDestination": _KINESIS,
    "ListBulkOperations": _BULK,
    "ListGlobalTables": f"{_GLOBAL_TABLES}, which DescribeTable shows",
    "SearchVectors": "there are no vector indexes here; keep vectors in a store that has them",
    "StartBulkPutItems": _BULK,
    "UpdateGlobalTable": _GLOBAL_TABLES,
    "UpdateGlobalTableSettings": _GLOBAL_TABLES,
    "UpdateKinesisStreamingDestination": _KINESIS,
    "UpdateTableReplicaAutoScaling": _AUTO_SCALING,
}
"""By the API's name: why, and what to use instead."""

METADATA: Mapping[str, str] = {
    "DescribeEndpoints": "tells the address that was reached; in process the service's regional name",
    "DescribeKinesisStreamingDestination": "a table has none; clients that only look are answered",
    "DescribeLimits": "tells the service's default quotas",
}
"""Operations that answer and have no effect on any other."""


def unavailable(operation: str) -> DynamoError:
    """The answer to an operation that the engine does not have: one of DynamoDB's that is left out, or of nobody's."""
    reason = LEFT_OUT.get(operation)
    if reason is None:
        return DynamoError("UnknownOperationException", "")
    return validation_error(f"{operation} is left out here: {reason}")
