"""Secrets that a local installation makes once and keeps in its data folder, readable by its owner alone."""

import configparser
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path

import orjson
from pydantic import SecretStr

from tenantable.engine.accounts.callers import ACCOUNT
from tenantable.errors import StorageError

RandomText = Callable[[int], str]
"""From a number of bytes to that much randomness as URL-safe text: `secrets.token_urlsafe`."""

SECRETS_FILE = "secrets.json"
CREDENTIALS_FILE = "credentials"
_NEW_KEYS = "restore it from a backup, or remove it: new access keys are made then"
_SECRET_BYTES = 32
ADMINISTRATOR = "default"
"""The profile whose key no policy restricts: for operators and their tools, never for a component."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallationSecrets:
    """`operator_token` may create tenants; `cursor_key` signs page cursors, so that they stay valid over a restart."""

    operator_token: str
    cursor_key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileKey:
    """The access key of one principal, as an AWS credentials file holds it."""

    access_key_id: str
    secret_access_key: str


def installation_secrets(folder: Path, random_text: RandomText) -> InstallationSecrets:
    """
    The secrets of this folder; made and stored at the first call.

    Raises:
        StorageError: The file cannot be read or written, or is not what this program wrote.
    """
    path = folder / SECRETS_FILE
    if not path.exists():
        made = InstallationSecrets(operator_token=random_text(24), cursor_key=random_text(32))
        write_private(path, orjson.dumps(asdict(made), option=orjson.OPT_INDENT_2))
    try:
        found = orjson.loads(path.read_bytes())
        return InstallationSecrets(operator_token=str(found["operator_token"]), cursor_key=str(found["cursor_key"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        hint = "restore it from a backup, or remove it: new secrets are made then"
        raise StorageError(f"{path} does not hold this installation's secrets", hint=hint) from error


def profile_keys(folder: Path, profiles: Iterable[str], random_text: RandomText) -> Mapping[str, ProfileKey]:
    """
    One access key for each profile, in the AWS credentials file of this folder; a profile that has none yet gets one.

    Order as in `profiles`. With `AWS_SHARED_CREDENTIALS_FILE` set to it, `aws --profile NAME` acts as that principal.

    Raises:
        StorageError: The file cannot be read or written, or is no credentials file.
    """
    path = folder / CREDENTIALS_FILE
    stored = _stored_profiles(path)
    missing = [profile for profile in profiles if not stored.has_section(profile)]
    for profile in missing:
        stored[profile] = {
            "aws_access_key_id": _access_key_id(profile, random_text),
            "aws_secret_access_key": random_text(30),
        }
    if missing:
        text = StringIO()
        stored.write(text)
        write_private(path, text.getvalue().encode())
    try:
        return {
            profile: ProfileKey(
                access_key_id=stored[profile]["aws_access_key_id"],
                secret_access_key=stored[profile]["aws_secret_access_key"],
            )
            for profile in profiles
        }
    except KeyError as error:
        raise StorageError(f"{path} has a profile without {error.args[0]}", hint=_NEW_KEYS) from error


def _stored_profiles(path: Path) -> configparser.ConfigParser:
    stored = configparser.ConfigParser(interpolation=None)
    try:
        # `ConfigParser.read` takes a file that it may not read for none, and its keys would be replaced.
        stored.read_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", hint="let this user read it") from error
    except (ValueError, configparser.Error) as error:
        raise StorageError(f"{path} is not a credentials file", hint=_NEW_KEYS) from error
    return stored


def _access_key_id(profile: str, random_text: RandomText) -> str:
    """A new id; the key of a profile that is named for an account has the account's number as its id."""
    if ACCOUNT.fullmatch(profile):
        return profile
    return "TENANTABLE" + "".join(filter(str.isalnum, random_text(24)))[:14].upper()


def prepare_folder(folder: Path) -> None:
    """
    Create the data folder, for its owner alone, if it is not there.

    Raises:
        StorageError: It cannot be created, or is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is not a folder", hint="choose another one with --data")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_private(path: Path, content: bytes) -> None:
    """
    Replace a file as a whole: a crash leaves the old one or the new one, and nobody else can read either.

    Raises:
        StorageError: The folder cannot be written.
    """
    draft = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def made_once(path: Path, make: Callable[[], bytes]) -> tuple[bytes, bool]:
    """
    What the file holds, and whether it was made now. Of several processes that start at once, one makes it.

    Raises:
        StorageError: The file cannot be read or written.
    """
    is_new = False
    try:
        if not path.exists():
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            write_private(draft, make())
            try:
                os.link(draft, path)
                is_new = True
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_bytes(), is_new
    except OSError as error:
        raise StorageError(f"{path} cannot be used: {error.strerror}", hint="let this user read it") from error


def kept_secret(given: SecretStr | None, path: Path, random_text: RandomText) -> tuple[str, bool]:
    """
    A secret that is set, else what the file holds, and whether it was made now.

    Raises:
        StorageError: The file cannot be read or written, or holds no secret.
    """
    if given is not None:
        return given.get_secret_value(), False
    content, is_new = made_once(path, lambda: random_text(_SECRET_BYTES).encode())
    text = content.decode(errors="replace").strip()
    if len(text) < _SECRET_BYTES:
        hint = "restore it from a backup, or remove it: a new one is made then"
        raise StorageError(f"{path} does not hold a secret of this installation", hint=hint)
    return text, is_new


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written: {error.strerror}", hint="choose another folder with --data")
