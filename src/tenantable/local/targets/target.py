"""Where the tables are that a command compares and changes: a data folder, an endpoint, or an account on AWS."""

import configparser
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.connections import Limits
from tenantable.engine import Engine
from tenantable.engine.accounts.homes import Homes
from tenantable.engine.storage.files import DATABASE_NAME
from tenantable.errors import SettingsError
from tenantable.infra.normal.descriptions import key_name
from tenantable.infra.normal.running import KeyNameOf
from tenantable.local.secrets import ADMINISTRATOR, CREDENTIALS_FILE, prepare_folder
from tenantable.wire.arns import Home
from tenantable.wire.client import DynamoClient
from tenantable.wire.signatures import Credentials

DEFAULT_DATA = Path(".tenantable")
DEFAULT_REGION = "us-east-1"
_AWS_FILE = Path("~/.aws/credentials")
_REGION = re.compile("[a-z0-9-]{1,64}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# The embedded engine fills an index before it answers.
_LIMITS = Limits(answer_timeout_seconds=900.0)


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    Args:
        place: What the tables are on, for people.
        key_name_of: From the ARN of a table's key to its name.
    """

    client: DynamoClient
    place: str
    key_name_of: KeyNameOf = key_name


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """
    Which target a command line names.

    Args:
        endpoint: The URL of a DynamoDB endpoint, or None.
        data: A data folder, or None where none was named.
        region: None: what the environment says, else us-east-1.
        on_aws: The account that the process's credentials belong to.
        creates: Whether a data folder may be made.
        keys: The names of keys that tables are declared to be encrypted with.
    """

    endpoint: str | None = None
    data: Path | None = None
    region: str | None = None
    on_aws: bool = False
    creates: bool = False
    keys: frozenset[str] = frozenset()


@contextmanager
def open_target(options: TargetOptions, environment: Mapping[str, str] = os.environ) -> Iterator[Target]:
    """
    Open what was named: with nothing named, the data folder `.tenantable`, also while it is served.

    Raises:
        SettingsError: Two places are named, the endpoint is no URL, or there are no credentials.
        StorageError: The data folder cannot be used.
    """
    region = options.region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    if not _REGION.fullmatch(region):
        raise SettingsError(f"--region {region}: no region", hint="write it as in us-east-1")
    if options.on_aws:
        if options.endpoint is not None:
            raise SettingsError("--aws and --endpoint name two places", hint="give one of them")
        # Here, because boto3 takes a second to import and may be absent.
        from tenantable.local.targets.account import open_account  # noqa: PLC0415

        with open_account(region=options.region or environment.get("AWS_REGION"), keys=options.keys) as opened:
            yield Target(client=opened.client, place=f"AWS, {opened.region}", key_name_of=opened.key_name_of)
    elif options.endpoint is not None:
        _check_url(options.endpoint)
        credentials = partial(endpoint_credentials, options, environment)
        credentials()
        with HttpClient(options.endpoint, region=region, credentials=credentials, limits=_LIMITS) as client:
            yield Target(client=client, place=options.endpoint)
    else:
        with _opened_folder(options, Home(region=region)) as target:
            yield target


@contextmanager
def _opened_folder(options: TargetOptions, home: Home) -> Iterator[Target]:
    """The engine itself: several processes may have one data folder open, so it does not matter who serves it."""
    folder = options.data or DEFAULT_DATA
    place = str(folder.resolve())
    if options.creates:
        prepare_folder(folder)
    elif not (folder / DATABASE_NAME).exists():
        place += " (which is not there yet)"

    def open_engine(path: Path | str, home: Home) -> Engine:
        return Engine(path, home=home, objects=folder / "objects")

    exists = options.creates or (folder / DATABASE_NAME).exists()
    homes = Homes(folder if exists else ":memory:", open_engine, clock=time.time)
    try:
        yield Target(client=homes.engine_for(home), place=place)
    finally:
        homes.close()


def _check_url(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"--endpoint {endpoint}: no URL", hint="write it as in http://127.0.0.1:8000")


def endpoint_credentials(options: TargetOptions, environment: Mapping[str, str]) -> Credentials:
    """
    The access key to sign with: that of a folder that was named, of the environment, of a profile that was named there,
    of the default data folder (for an endpoint on this machine), of the default profile. On this machine any key will
    do in the end.
    """
    assert options.endpoint is not None
    shared = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE", _AWS_FILE)).expanduser()
    profile = environment.get("AWS_PROFILE")
    found = None if options.data is None else _profile(options.data / CREDENTIALS_FILE, ADMINISTRATOR)
    if found is None and environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        found = Credentials(
            access_key_id=environment["AWS_ACCESS_KEY_ID"],
            secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            session_token=environment.get("AWS_SESSION_TOKEN") or None,
        )
    if found is None and (profile is not None or "AWS_SHARED_CREDENTIALS_FILE" in environment):
        found = _profile(shared, profile or ADMINISTRATOR)
        if found is None:
            raise SettingsError(
                f"{shared} has no profile {profile or ADMINISTRATOR!r} with an access key", hint="check AWS_PROFILE"
            )
    if found is None and urlsplit(options.endpoint).hostname in _LOOPBACK:
        found = _profile(DEFAULT_DATA / CREDENTIALS_FILE, ADMINISTRATOR)
    found = found or _profile(shared, ADMINISTRATOR)
    if found is None and urlsplit(options.endpoint).hostname in _LOOPBACK:
        # What is served with --open takes any key; whatever else is on this machine says itself that it takes this not.
        found = Credentials(access_key_id="any", secret_access_key="any")  # noqa: S106
    if found is None:
        hint = "name the folder of the served tables with --data, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise SettingsError(f"There is no access key for {options.endpoint}", hint=hint)
    return found


def _profile(path: Path, name: str) -> Credentials | None:
    """The access key of a profile in an AWS credentials file; None where there is none."""
    stored = configparser.ConfigParser(interpolation=None)
    try:
        stored.read_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, configparser.Error) as error:
        raise SettingsError(f"{path} cannot be read as a credentials file: {error}") from error
    if not stored.has_section(name):
        return None
    section = stored[name]
    key_id, secret = section.get("aws_access_key_id"), section.get("aws_secret_access_key")
    if not key_id or not secret:
        return None
    token = section.get("aws_session_token")
    return Credentials(access_key_id=key_id, secret_access_key=secret, session_token=token)
