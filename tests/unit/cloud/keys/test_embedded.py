"""What only the key file promises."""

import stat
from pathlib import Path

import pytest

from tenantable.cloud.keys.embedded import FileMasterKey, rotate_master_key
from tenantable.cloud.keys.envelope import CannotDecrypt, EnvelopeKeys
from tenantable.errors import StorageError

CONTEXT = {"tenant": "t1"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "master.key"


def opened(path: Path) -> EnvelopeKeys:
    return EnvelopeKeys(FileMasterKey(path))


def test_only_the_owner_can_read_the_file(path: Path) -> None:
    opened(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_secrets_survive_reopening(path: Path) -> None:
    ciphertext = opened(path).encrypt(b"a", CONTEXT)
    assert opened(path).decrypt(ciphertext, CONTEXT) == b"a"


def test_another_key_file_does_not_open(path: Path) -> None:
    ciphertext = opened(path).encrypt(b"a", CONTEXT)
    with pytest.raises(CannotDecrypt):
        opened(path.with_name("other.key")).decrypt(ciphertext, CONTEXT)


def test_rotation_keeps_old_secrets_readable(path: Path) -> None:
    before = opened(path).encrypt(b"old", CONTEXT)
    rotate_master_key(path)
    keys = opened(path)
    assert keys.decrypt(before, CONTEXT) == b"old"
    assert keys.decrypt(keys.encrypt(b"new", CONTEXT), CONTEXT) == b"new"


def test_rotation_wraps_with_the_new_key(path: Path) -> None:
    before = path.with_name("before.key")
    opened(path)
    before.write_bytes(path.read_bytes())
    before.chmod(0o600)
    rotate_master_key(path)
    with pytest.raises(CannotDecrypt):
        opened(before).decrypt(opened(path).encrypt(b"new", CONTEXT), CONTEXT)


def test_a_file_that_others_can_read_is_refused(path: Path) -> None:
    opened(path)
    path.chmod(0o640)
    with pytest.raises(StorageError, match="chmod 600"):
        opened(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1, "keys": []}', '{"format": 1, "keys": [{"id": "00"}]}'])
def test_a_damaged_file_is_refused_and_kept(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)
    with pytest.raises(StorageError, match="damaged"):
        opened(path)
    assert path.read_text() == text


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be created"):
        opened(tmp_path / "missing" / "master.key")
