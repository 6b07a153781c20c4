"""Secrets of a local installation: made once, private, never half written."""

import secrets
import stat
from pathlib import Path

import pytest

from tenantable.errors import StorageError
from tenantable.local.secrets import CREDENTIALS_FILE, SECRETS_FILE, installation_secrets, profile_keys, write_private


def test_the_same_secrets_come_back(tmp_path: Path) -> None:
    assert installation_secrets(tmp_path, secrets.token_urlsafe) == installation_secrets(
        tmp_path, secrets.token_urlsafe
    )


def test_a_profile_keeps_its_key_when_others_are_added(tmp_path: Path) -> None:
    before = profile_keys(tmp_path, ["worker"], secrets.token_urlsafe)
    after = profile_keys(tmp_path, ["worker", "api"], secrets.token_urlsafe)
    assert after["worker"] == before["worker"]
    assert after["api"] != after["worker"]


def test_the_key_of_an_account_has_its_number(tmp_path: Path) -> None:
    keys = profile_keys(tmp_path, ["default", "111122223333"], secrets.token_urlsafe)
    assert keys["111122223333"].access_key_id == "111122223333"
    assert keys["default"].access_key_id.startswith("TENANTABLE")
    assert keys["default"].secret_access_key != keys["111122223333"].secret_access_key


def test_only_the_owner_can_read(tmp_path: Path) -> None:
    installation_secrets(tmp_path, secrets.token_urlsafe)
    profile_keys(tmp_path, ["worker"], secrets.token_urlsafe)
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (SECRETS_FILE, CREDENTIALS_FILE)}
    assert modes == {0o600}


@pytest.mark.parametrize("content", ["{", "[]", '{"operator_token": "x"}'])
def test_a_damaged_file_is_named_with_the_way_out(tmp_path: Path, content: str) -> None:
    (tmp_path / SECRETS_FILE).write_text(content)
    with pytest.raises(StorageError, match=r"secrets\.json does not hold.*restore it"):
        installation_secrets(tmp_path, secrets.token_urlsafe)


def test_a_damaged_credentials_file_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / CREDENTIALS_FILE).write_text("\0\0[")
    with pytest.raises(StorageError, match=r"credentials is not a credentials file.*restore it"):
        profile_keys(tmp_path, ["worker"], secrets.token_urlsafe)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose another folder"):
        write_private(tmp_path / "file" / "inside", b"")


def test_credentials_that_cannot_be_read_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / CREDENTIALS_FILE).mkdir()  # nobody can read a folder as a file, not even root
    with pytest.raises(StorageError, match=r"credentials cannot be read: Is a directory \(let this user read it"):
        profile_keys(tmp_path, ["worker"], secrets.token_urlsafe)
    assert (tmp_path / CREDENTIALS_FILE).is_dir()


def test_a_profile_without_a_secret_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / CREDENTIALS_FILE).write_text("[worker]\naws_access_key_id = a\n")
    with pytest.raises(StorageError, match=r"has a profile without aws_secret_access_key \(restore it"):
        profile_keys(tmp_path, ["worker"], secrets.token_urlsafe)
