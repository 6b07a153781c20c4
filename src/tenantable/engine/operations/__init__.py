"""One file per API operation. Each takes the session and the request, whose shape was checked, and gives the answer."""

from collections.abc import Callable, Mapping
from typing import Any

from tenantable.engine.operations.batch_execute_statement import batch_execute_statement
from tenantable.engine.operations.batch_get_item import batch_get_item
from tenantable.engine.operations.batch_write_item import batch_write_item
from tenantable.engine.operations.create_backup import create_backup
from tenantable.engine.operations.create_table import create_table
from tenantable.engine.operations.delete_backup import delete_backup
from tenantable.engine.operations.delete_item import delete_item
from tenantable.engine.operations.delete_resource_policy import delete_resource_policy
from tenantable.engine.operations.delete_table import delete_table
from tenantable.engine.operations.describe_backup import describe_backup
from tenantable.engine.operations.describe_continuous_backups import describe_continuous_backups
from tenantable.engine.operations.describe_contributor_insights import describe_contributor_insights
from tenantable.engine.operations.describe_endpoints import describe_endpoints
from tenantable.engine.operations.describe_export import describe_export
from tenantable.engine.operations.describe_import import describe_import
from tenantable.engine.operations.describe_kinesis_streaming_destination import describe_kinesis_streaming_destination
from tenantable.engine.operations.describe_limits import describe_limits
from tenantable.engine.operations.describe_stream import describe_stream
from tenantable.engine.operations.describe_table import describe_table
from tenantable.engine.operations.describe_time_to_live import describe_time_to_live
from tenantable.engine.operations.execute_statement import execute_statement
from tenantable.engine.operations.execute_transaction import execute_transaction
from tenantable.engine.operations.export_table_to_point_in_time import export_table_to_point_in_time
from tenantable.engine.operations.get_item import get_item
from tenantable.engine.operations.get_records import get_records
from tenantable.engine.operations.get_resource_policy import get_resource_policy
from tenantable.engine.operations.get_shard_iterator import get_shard_iterator
from tenantable.engine.operations.import_table import import_table
from tenantable.engine.operations.list_backups import list_backups
from tenantable.engine.operations.list_contributor_insights import list_contributor_insights
from tenantable.engine.operations.list_exports import list_exports
from tenantable.engine.operations.list_imports import list_imports
from tenantable.engine.operations.list_streams import list_streams
from tenantable.engine.operations.list_tables import list_tables
from tenantable.engine.operations.list_tags_of_resource import list_tags_of_resource
from tenantable.engine.operations.put_item import put_item
from tenantable.engine.operations.put_resource_policy import put_resource_policy
from tenantable.engine.operations.query import query
from tenantable.engine.operations.restore_table_from_backup import restore_table_from_backup
from tenantable.engine.operations.restore_table_to_point_in_time import restore_table_to_point_in_time
from tenantable.engine.operations.scan import scan
from tenantable.engine.operations.tag_resource import tag_resource
from tenantable.engine.operations.transact_get_items import transact_get_items
from tenantable.engine.operations.transact_write_items import transact_write_items
from tenantable.engine.operations.untag_resource import untag_resource
from tenantable.engine.operations.update_continuous_backups import update_continuous_backups
from tenantable.engine.operations.update_contributor_insights import update_contributor_insights
from tenantable.engine.operations.update_item import update_item
from tenantable.engine.operations.update_table import update_table
from tenantable.engine.operations.update_time_to_live import update_time_to_live
from tenantable.engine.session import Session

OPERATIONS: Mapping[str, Callable[[Session, Mapping[str, Any]], dict[str, Any]]] = {
    "BatchExecuteStatement": batch_execute_statement,
    "BatchGetItem": batch_get_item,
    "BatchWriteItem": batch_write_item,
    "CreateBackup": create_backup,
    "CreateTable": create_table,
    "DeleteBackup": delete_backup,
    "DeleteItem": delete_item,
    "DeleteResourcePolicy": delete_resource_policy,
    "DeleteTable": delete_table,
    "DescribeBackup": describe_backup,
    "DescribeContinuousBackups": describe_continuous_backups,
    "DescribeContributorInsights": describe_contributor_insights,
    "DescribeEndpoints": describe_endpoints,
    "DescribeKinesisStreamingDestination": describe_kinesis_streaming_destination,
    "DescribeExport": describe_export,
    "DescribeImport": describe_import,
    "DescribeLimits": describe_limits,
    "DescribeStream": describe_stream,
    "DescribeTable": describe_table,
    "DescribeTimeToLive": describe_time_to_live,
    "ExecuteStatement": execute_statement,
    "ExecuteTransaction": execute_transaction,
    "ExportTableToPointInTime": export_table_to_point_in_time,
    "GetItem": get_item,
    "GetRecords": get_records,
    "GetResourcePolicy": get_resource_policy,
    "GetShardIterator": get_shard_iterator,
    "ListContributorInsights": list_contributor_insights,
    "ImportTable": import_table,
    "ListBackups": list_backups,
    "ListExports": list_exports,
    "ListImports": list_imports,
    "ListStreams": list_streams,
    "ListTables": list_tables,
    "ListTagsOfResource": list_tags_of_resource,
    "PutItem": put_item,
    "PutResourcePolicy": put_resource_policy,
    "Query": query,
    "RestoreTableFromBackup": restore_table_from_backup,
    "RestoreTableToPointInTime": restore_table_to_point_in_time,
    "Scan": scan,
    "TagResource": tag_resource,
    "TransactGetItems": transact_get_items,
    "TransactWriteItems": transact_write_items,
    "UntagResource": untag_resource,
    "UpdateContributorInsights": update_contributor_insights,
    "UpdateContinuousBackups": update_continuous_backups,
    "UpdateItem": update_item,
    "UpdateTable": update_table,
    "UpdateTimeToLive": update_time_to_live,
}
"""Every operation that the engine has, by the API's name for it."""

AUTHORIZED_BY_PARTS = frozenset({"BatchExecuteStatement"})
"""Operations that ask their session before each of their parts: one that is refused stops no other."""
