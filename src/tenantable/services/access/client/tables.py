"""The table of access management as an application may read it: the way there, and the key for it."""

import configparser
import secrets
from collections.abc import Callable
from pathlib import Path

from tenantable.data.database import Database
from tenantable.declare.naming import Naming
from tenantable.errors import SettingsError
from tenantable.services.access.decisions.snapshots import Snapshots
from tenantable.wire.client import DynamoClient
from tenantable.wire.signatures import Credentials

PROFILE = "access-decision-service"
"""Under which `tenantable up` keeps the access key of the component that may read what decisions rest on."""
_CURSOR_KEY_BYTES = 32


def snapshots_of(client: DynamoClient, *, naming: Naming, clock: Callable[[], float]) -> Snapshots:
    """Snapshots of the table that a client reaches. No cursor leaves this process, so their key is of this process."""
    database = Database(client, naming=naming, cursor_key=secrets.token_bytes(_CURSOR_KEY_BYTES), clock=clock)
    return Snapshots(database, clock=clock)


def read_profile(path: Path, profile: str) -> Credentials:
    """
    The access key of a profile in an AWS credentials file.

    Raises:
        SettingsError: There is no such file, or it has no such profile with an access key.
    """
    stored = configparser.ConfigParser(interpolation=None)
    try:
        stored.read_string(path.read_text(encoding="utf-8"))
        section = stored[profile]
        return Credentials(
            access_key_id=section["aws_access_key_id"],
            secret_access_key=section["aws_secret_access_key"],
            session_token=section.get("aws_session_token"),
        )
    except KeyError as error:
        hint = f"it has {', '.join(stored.sections()) or 'none'}"
        raise SettingsError(f"{path} has no profile {profile!r} with an access key", hint=hint) from error
    except (OSError, ValueError, configparser.Error) as error:
        hint = "name the file `credentials` in the data folder of `tenantable up`, or another AWS credentials file"
        raise SettingsError(f"{path} cannot be read as a credentials file: {error}", hint=hint) from error
