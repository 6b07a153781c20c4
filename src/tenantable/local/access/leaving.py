"""What leaves the table of access management, for the archiver of the audit trail."""

from tenantable.cloud.objects.bucket import Bucket
from tenantable.engine import Engine
from tenantable.errors import CloudError
from tenantable.services.access.audit.archiving.removals import Removals, ShardedRemovals, SubscriptionRemovals
from tenantable.settings import Settings
from tenantable.wire.client import DynamoClient


def embedded_removals(engine: Engine, table_name: str) -> Removals:
    """Of a table in this process."""
    return SubscriptionRemovals(engine.stream(table_name))


def amazon_removals(client: DynamoClient, table_name: str, settings: Settings, checkpoints: Bucket) -> Removals:
    """
    Of a table on AWS, shard by shard.

    Raises:
        CloudError: The table has no stream.
        SettingsError: There are no credentials.
    """
    from tenantable.local.amazon import amazon_streams  # noqa: PLC0415 - needs the extra `aws`

    stream_arn = client.call("DescribeTable", {"TableName": table_name})["Table"].get("LatestStreamArn")
    if stream_arn is None:
        hint = "enable it with the view type NEW_AND_OLD_IMAGES: audit events that leave the table are archived from it"
        raise CloudError(f"The table {table_name} has no stream", hint=hint)
    return ShardedRemovals(amazon_streams(settings).call, stream_arn, checkpoints)
