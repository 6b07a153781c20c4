"""The same ports on Amazon's services, or on a stand-in that `AWS_ENDPOINT_URL` names. Needs the extra `aws`."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from tenantable.cloud.events.eventbridge import EventBridgeBus
from tenantable.cloud.keys.kms import KmsMasterKey
from tenantable.cloud.objects.s3 import S3Bucket, create_bucket
from tenantable.cloud.parameters.ssm import SsmParameters
from tenantable.cloud.queues.queue import Queue, QueueSettings
from tenantable.cloud.queues.sqs import SqsQueue, create_queue
from tenantable.data.botocore_client import BotocoreClient
from tenantable.errors import CloudError, SettingsError
from tenantable.local.primitives.held import OwnedPrimitives
from tenantable.settings import Settings

_CONNECTIONS_MAX = 64
_RETRIES = Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=_CONNECTIONS_MAX)


def amazon_dynamodb(settings: Settings) -> BotocoreClient:
    """
    A client with the credentials of this process: on AWS each component runs under a role of its own.

    Raises:
        SettingsError: There are no credentials.
    """
    client = _session(settings).client("dynamodb", config=_RETRIES)
    return BotocoreClient(client, connection_errors=(BotocoreConnectionError, HTTPClientError))


def amazon_streams(settings: Settings) -> BotocoreClient:
    """
    The streams of DynamoDB's tables, whose operations DynamoDB itself does not know.

    Raises:
        SettingsError: There are no credentials.
    """
    client = _session(settings).client("dynamodbstreams", config=_RETRIES)
    return BotocoreClient(client, connection_errors=(BotocoreConnectionError, HTTPClientError))


def amazon_primitives(settings: Settings) -> OwnedPrimitives:
    """
    SQS, KMS, the parameter store, S3 and EventBridge.

    Raises:
        CloudError: `kms_key_id` is not set.
        SettingsError: There are no credentials.
    """
    if settings.kms_key_id is None:
        hint = "set TENANTABLE_KMS_KEY_ID to the id, ARN or alias of a symmetric KMS key"
        raise CloudError("Secrets at rest need a KMS key", hint=hint)
    session = _session(settings)
    sqs, kms, ssm, s3, events = (
        session.client("sqs", config=_RETRIES),
        session.client("kms", config=_RETRIES),
        session.client("ssm", config=_RETRIES),
        session.client("s3", config=_RETRIES),
        session.client("events", config=_RETRIES),
    )
    master_key = KmsMasterKey(kms, settings.kms_key_id)

    def queue(wanted: QueueSettings) -> Queue:
        if settings.creates_resources:
            create_queue(sqs, wanted)
        return SqsQueue(sqs, wanted)

    def bucket(name: str) -> S3Bucket:
        if settings.creates_resources:
            create_bucket(s3, name, region=settings.region)
        return S3Bucket(s3, name)

    def close() -> None:
        for client in (sqs, kms, ssm, s3, events):
            client.close()

    return OwnedPrimitives(
        queue=queue,
        master_key=lambda _alias: master_key,
        parameters=SsmParameters(ssm),
        bucket=bucket,
        bus=lambda name: EventBridgeBus(events, name),
        close=close,
    )


def _session(settings: Settings) -> boto3.Session:
    """Finds out at the start, and not at the first call, that nobody said who this process is."""
    hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role"
    try:
        session = boto3.Session(region_name=settings.region)
        credentials = session.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()  # a role is assumed, a session that has expired shows
    except (BotoCoreError, ClientError) as error:
        raise SettingsError(f"The AWS credentials cannot be used: {error}", hint=hint) from error
    if credentials is None:
        raise SettingsError("With cloud = aws this process needs AWS credentials, and there are none", hint=hint)
    return session
