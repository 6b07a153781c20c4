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
def open_account(*, region: str | None, keys: frozenset[str]) -> Iterator[Account]:
    """
    Args:
        region: None: that of the profile or the environment.
        keys: The names of keys that are declared; of the names of a key one of these is shown.
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
        yield Account(client=client, region=session.region_name, key_name_of=_key_names(kms, keys))
    finally:
        dynamodb.close()
        kms.close()


def _key_names(kms: Any, declared: frozenset[str]) -> KeyNameOf:
    """DynamoDB shows the ARN of a key, also where an alias was given, and also for the key that AWS manages."""
    names: dict[str, str] = {}

    def name_of(arn: str) -> str:
        if arn not in names:
            known = _names(kms, arn)
            names[arn] = next((name for name in known if name in declared), known[0])
        return names[arn]

    return name_of


def _names(kms: Any, arn: str) -> list[str]:
    """All names of a key, its aliases first."""
    try:
        manager = kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyManager"]
    except (BotoCoreError, ClientError) as error:
        hint = "let these credentials use kms:DescribeKey and kms:ListAliases"
        raise SettingsError(f"The key {arn} of a table cannot be looked at: {error}", hint=hint) from error
    if manager == "AWS":
        return [MANAGED]
    try:
        aliases = kms.list_aliases(KeyId=arn)["Aliases"]
    except (BotoCoreError, ClientError):  # the key of another account has none that are shown
        aliases = []
    return [*sorted(key_name(alias["AliasName"]) for alias in aliases), key_name(arn)]
