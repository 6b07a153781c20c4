"""The same ports on Amazon's services, or on a stand-in that `AWS_ENDPOINT_URL` names. Needs the extra `aws`."""

import boto3
from botocore.config import Config
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.exceptions import HTTPClientError

from tenantable.cloud.keys.envelope import EnvelopeKeys
from tenantable.cloud.keys.kms import KmsMasterKey
from tenantable.cloud.queues.queue import Queue, QueueSettings
from tenantable.cloud.queues.sqs import SqsQueue, create_queue
from tenantable.data.botocore_client import BotocoreClient
from tenantable.errors import CloudError
from tenantable.local.primitives import Primitives
from tenantable.settings import Settings

_CONNECTIONS_MAX = 64
_RETRIES = Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=_CONNECTIONS_MAX)


def amazon_dynamodb(settings: Settings) -> BotocoreClient:
    """A client with the credentials of this process: on AWS each component runs under a role of its own."""
    client = boto3.client("dynamodb", region_name=settings.region, config=_RETRIES)
    return BotocoreClient(client, connection_errors=(BotocoreConnectionError, HTTPClientError))


def amazon_primitives(settings: Settings) -> Primitives:
    """
    SQS and KMS.

    Raises:
        CloudError: `kms_key_id` is not set.
    """
    if settings.kms_key_id is None:
        hint = "set TENANTABLE_KMS_KEY_ID to the id, ARN or alias of a symmetric KMS key"
        raise CloudError("Secrets at rest need a KMS key", hint=hint)
    sqs = boto3.client("sqs", region_name=settings.region, config=_RETRIES)
    kms = boto3.client("kms", region_name=settings.region, config=_RETRIES)

    def queue(wanted: QueueSettings) -> Queue:
        if settings.creates_resources:
            create_queue(sqs, wanted)
        return SqsQueue(sqs, wanted)

    def close() -> None:
        sqs.close()
        kms.close()

    return Primitives(queue=queue, keys=EnvelopeKeys(KmsMasterKey(kms, settings.kms_key_id)), close=close)
