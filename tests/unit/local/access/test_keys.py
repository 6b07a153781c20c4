"""Secrets of access management: set, or made once and kept; never half a set of keys."""

import itertools
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tenantable.errors import SettingsError, StorageError
from tenantable.local.access.chain_keys import CHAIN_KEY_FILE
from tenantable.local.access.keys import (
    FORMER_KEYS_MAX,
    PLATFORM_SECRET_FILE,
    SIGNING_KEYS_FILE,
    ChangedKeys,
    access_secrets,
    embedded_issuer,
    rotate_signing_key,
    signing_keys,
)
from tenantable.services.access.identity.tokens import TokenAuthenticator, new_key
from tenantable.settings import Settings
from tenantable.testing import ManualClock

numbers = itertools.count()


def random_text(count: int) -> str:
    return f"{next(numbers):0{count}}"


def settings(folder: Path, **given: Any) -> Settings:
    return Settings(data=folder, **given)


def test_the_same_secrets_come_back_and_are_new_once(tmp_path: Path) -> None:
    first, second = (access_secrets(settings(tmp_path), random_text) for _ in range(2))
    assert (first.platform_secret_is_new, second.platform_secret_is_new) == (True, False)
    assert (first.platform_secret, first.chain_key, first.cursor_key) == (
        second.platform_secret,
        second.chain_key,
        second.cursor_key,
    )
    assert [key.kid for key in first.signing_keys] == [key.kid for key in second.signing_keys]


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    access_secrets(settings(tmp_path), random_text)
    files = (PLATFORM_SECRET_FILE, CHAIN_KEY_FILE, SIGNING_KEYS_FILE)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in files} == {0o600}


@pytest.mark.parametrize("name", [PLATFORM_SECRET_FILE, CHAIN_KEY_FILE, SIGNING_KEYS_FILE])
@pytest.mark.parametrize("content", ["", "short", "{}", '{"keys": []}', "\xff"])
def test_a_damaged_file_is_named_and_not_replaced(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(StorageError, match=name):
        access_secrets(settings(tmp_path), random_text)
    assert (tmp_path / name).read_text() == content


def test_rotation_keeps_the_last_keys_and_the_newest_first(tmp_path: Path) -> None:
    access_secrets(settings(tmp_path), random_text)
    made = [rotate_signing_key(settings(tmp_path)) for _ in range(FORMER_KEYS_MAX + 3)]
    assert [key.kid for key in signing_keys(settings(tmp_path))] == made[::-1][: FORMER_KEYS_MAX + 1]


def test_keys_that_are_set_count(tmp_path: Path) -> None:
    key = new_key()
    given = settings(tmp_path, signing_keys=json.dumps({"keys": [key.as_dict(private=True)]}))
    assert [each.kid for each in signing_keys(given)] == [key.kid]
    assert not (tmp_path / SIGNING_KEYS_FILE).exists()
    with pytest.raises(SettingsError, match="are set"):
        rotate_signing_key(given)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"keys": []}',
        json.dumps({"keys": [new_key().as_dict(private=False)]}),
        json.dumps({"keys": [RSAKey.generate_key(2048).as_dict(private=True)]}),
    ],
)
def test_what_is_no_set_of_private_keys_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="SIGNING_KEYS is no private JSON Web Key Set") as refused:
        signing_keys(settings(tmp_path, signing_keys=text))
    assert len(text) < 20 or text not in str(refused.value)


def test_no_tokens_are_signed_where_a_provider_is_believed(tmp_path: Path) -> None:
    access_secrets(settings(tmp_path), random_text)
    with pytest.raises(SettingsError, match="No tokens are signed here"):
        embedded_issuer(settings(tmp_path, oidc_issuer="https://login.example.com"), clock=ManualClock())


def test_a_running_issuer_takes_up_rotated_keys_by_itself(tmp_path: Path) -> None:
    """To sign, to believe and to publish; and believes the former ones still."""
    made = access_secrets(settings(tmp_path), random_text)
    running, clock = made.issuer(settings(tmp_path), clock=ManualClock()), ManualClock()
    before = running.token("ann")
    key_id = rotate_signing_key(settings(tmp_path))
    after = embedded_issuer(settings(tmp_path), clock=clock).token("ann")
    believing = TokenAuthenticator([running.trusted], clock=clock)
    for token in (before, after, running.token("ann")):
        assert believing.caller(token) is not None
    assert [key["kid"] for key in running.published_keys()["keys"]] == [key_id, made.signing_keys[0].kid]


@pytest.mark.parametrize("content", ["", "{}", None])
def test_a_file_that_is_damaged_while_it_runs_leaves_the_keys(tmp_path: Path, content: str | None) -> None:
    access_secrets(settings(tmp_path), random_text)
    running = embedded_issuer(settings(tmp_path), clock=ManualClock())
    before = running.published_keys()
    (tmp_path / SIGNING_KEYS_FILE).unlink()
    if content is not None:
        (tmp_path / SIGNING_KEYS_FILE).write_text(content)
    assert running.published_keys() == before
    assert running.token("ann")


def test_a_file_that_stays_is_read_once_however_many_keys_strangers_name(tmp_path: Path) -> None:
    access_secrets(settings(tmp_path), random_text)
    changed = ChangedKeys(tmp_path / SIGNING_KEYS_FILE)
    assert [changed() for _ in range(100)] == [None] * 100
    rotate_signing_key(settings(tmp_path))
    assert [changed() is None for _ in range(3)] == [False, True, True]


def test_rotations_at_once_lose_no_key(tmp_path: Path) -> None:
    access_secrets(settings(tmp_path), random_text)
    with ThreadPoolExecutor(FORMER_KEYS_MAX) as pool:
        made = list(pool.map(lambda _: rotate_signing_key(settings(tmp_path)), range(FORMER_KEYS_MAX)))
    kept = [key.kid for key in signing_keys(settings(tmp_path))]
    assert set(made) <= set(kept)
    assert len(kept) == FORMER_KEYS_MAX + 1


def test_a_folder_without_keys_has_none_to_rotate(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="There are no signing keys"):
        rotate_signing_key(settings(tmp_path / "elsewhere"))
    with pytest.raises(SettingsError, match="No tokens are signed here"):
        rotate_signing_key(settings(tmp_path, oidc_issuer="https://login.example.com"))
    assert list(tmp_path.iterdir()) == []
