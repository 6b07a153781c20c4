"""The master key in a file of the data directory that only its owner can read."""

import base64
import binascii
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenantable.cloud.keys.envelope import (
    DATA_KEY_BYTES,
    NONCE_BYTES,
    CannotDecrypt,
    Context,
    DataKey,
    context_bytes,
    open_sealed,
)
from tenantable.errors import StorageError

KEY_ID_BYTES = 8
MASTER_KEYS_MAX = 100

Entropy = Callable[[int], bytes]


class FileMasterKey:
    """
    Implements `MasterKey`. New data keys are wrapped by the newest master key; older ones still unwrap.

    Args:
        path: The key file; created with a first key when it is not there. Losing it loses every secret.
    Raises:
        StorageError: The file cannot be read or created, others may read it, or it is damaged.
    """

    def __init__(self, path: Path, *, entropy: Entropy = os.urandom) -> None:
        self._entropy = entropy
        if not path.exists():
            _create(path, [_new_key(entropy)])
        self._keys = _load(path)

    def new_data_key(self, context: Context) -> DataKey:
        key_id, key = next(reversed(self._keys.items()))
        plain, nonce = self._entropy(DATA_KEY_BYTES), self._entropy(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, plain, key_id + context_bytes(context))
        return DataKey(plain=plain, wrapped=key_id + nonce + sealed)

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        key_id, rest = wrapped[:KEY_ID_BYTES], wrapped[KEY_ID_BYTES:]
        if key_id not in self._keys or len(rest) < NONCE_BYTES:
            raise CannotDecrypt
        bound_to = key_id + context_bytes(context)
        return open_sealed(self._keys[key_id], rest[:NONCE_BYTES], rest[NONCE_BYTES:], bound_to)


def rotate_master_key(path: Path, *, entropy: Entropy = os.urandom) -> None:
    """Add a new master key, which wraps from the next opening on; what older ones wrapped can still be read."""
    keys = [*_load(path).items(), _new_key(entropy)]
    if len(keys) > MASTER_KEYS_MAX:
        raise StorageError(f"{path} holds {MASTER_KEYS_MAX} master keys already")
    _write(path.with_name(path.name + ".new"), keys)
    path.with_name(path.name + ".new").replace(path)
    _flush_directory(path.parent)


def _new_key(entropy: Entropy) -> tuple[bytes, bytes]:
    return entropy(KEY_ID_BYTES), entropy(DATA_KEY_BYTES)


def _create(path: Path, keys: list[tuple[bytes, bytes]]) -> None:
    """Write beside the final place, then link: a file that is there is whole, and the first of two creators wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        _write(draft, keys)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        _flush_directory(path.parent)
    except OSError as error:
        raise StorageError(f"{path} cannot be created: {error.strerror}", hint="check the data directory") from error


def _write(path: Path, keys: list[tuple[bytes, bytes]]) -> None:
    entries = [{"id": key_id.hex(), "key": base64.b64encode(key).decode()} for key_id, key in keys]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"format": 1, "keys": entries}, file)
        file.flush()
        os.fsync(file.fileno())


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load(path: Path) -> dict[bytes, bytes]:
    try:
        mode = path.stat().st_mode
        text = path.read_text()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", hint="check its owner") from error
    if stat.S_IMODE(mode) & 0o077:
        raise StorageError(f"{path} can be read by others than its owner", hint=f"chmod 600 {path}")
    try:
        document = json.loads(text)
        keys = {bytes.fromhex(entry["id"]): base64.b64decode(entry["key"]) for entry in document["keys"]}
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise StorageError(f"{path} is damaged", hint="restore it from a backup; secrets need it") from error
    sound = all(len(key_id) == KEY_ID_BYTES and len(key) == DATA_KEY_BYTES for key_id, key in keys.items())
    if document.get("format") != 1 or not keys or not sound:
        raise StorageError(f"{path} is damaged or of a newer format", hint="restore it, or upgrade tenantable")
    return keys
