"""Tables of an account on AWS, with the credentials of this process. Needs the extra `aws`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tenantable.data.botocore_client import BotocoreClient
from tenantable.errors import SettingsError
from tenantable.infra.normal.descriptions import key_name
from tenantable.infra.normal.forms import MANAGED
from tenantable.infra.normal.running import KeyNameOf
from tenantable.wire.client import DynamoClient

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as BotocoreConnectionError
except ModuleNotFoundError as error:
    raise SettingsError(f"--aws needs {error.name}", hint="pip install 'tenantable[aws]'") from error


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account's tables in one region."""

    client: DynamoClient
    region: str
    key_name_of: KeyNameOf


@contextmanager
def open_account(*, region: str | None) -> Iterator[Account]:
    """
    Args:
        region: None: that of the profile or the environment.
    Raises:
        SettingsError: There are no credentials, or no region.
    """
    session = boto3.Session(region_name=region)
    if session.region_name is None:
        raise SettingsError("No region is named", hint="give --region, or set AWS_REGION")
    try:
        credentials = session.get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        raise SettingsError(f"The credentials cannot be used: {error}", hint="sign in again") from error
    if credentials is None:
        hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role"
        raise SettingsError("There are no AWS credentials", hint=hint)
    dynamodb, kms = session.client("dynamodb"), session.client("kms")
    try:
        client = BotocoreClient(dynamodb, connection_errors=(BotocoreConnectionError, HTTPClientError))
        yield Account(client=client, region=session.region_name, key_name_of=_key_names(kms))
    finally:
        dynamodb.close()
        kms.close()


def _key_names(kms: Any) -> KeyNameOf:
    """
    DynamoDB shows the ARN of a key, also where an alias was given, and also for the key that AWS manages.

    A key whose alias may not be asked for is called by its id.
    """
    names: dict[str, str] = {}

    def name_of(arn: str) -> str:
        if arn not in names:
            names[arn] = _asked(kms, arn)
        return names[arn]

    return name_of


def _asked(kms: Any, arn: str) -> str:
    try:
        if kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyManager"] == "AWS":
            return MANAGED
        aliases = sorted(alias["AliasName"] for alias in kms.list_aliases(KeyId=arn)["Aliases"])
    except (BotoCoreError, ClientError):
        return key_name(arn)
    return aliases[0] if aliases else key_name(arn)
