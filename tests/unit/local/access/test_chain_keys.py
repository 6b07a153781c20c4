"""The key of the audit trail: made for a new trail alone, and missed when there is one."""

from pathlib import Path
from typing import Any

import pytest

from tenantable.errors import SettingsError, StorageError
from tenantable.local.access.chain_keys import CHAIN_KEY_FILE, chain_keys
from tenantable.services.access.changes.chain import key_id_of
from tenantable.settings import Settings

OLD, NEW = "o" * 40, "n" * 40
OLD_ID = key_id_of(OLD.encode())


def keys(folder: Path, trail_key_id: str | None, **given: Any) -> tuple[bytes, tuple[bytes, ...]]:
    found = chain_keys(Settings(data=folder, **given), lambda _count: NEW, trail_key_id=trail_key_id)
    return found.present, found.former


def test_a_new_trail_gets_a_key_and_keeps_it(tmp_path: Path) -> None:
    assert keys(tmp_path, None) == keys(tmp_path, key_id_of(NEW.encode())) == (NEW.encode(), ())


def test_a_key_that_is_gone_is_missed_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=f"{CHAIN_KEY_FILE} is gone.*restore.*lost:{OLD_ID}"):
        keys(tmp_path, OLD_ID)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_set", [True, False])
def test_a_key_of_another_trail_is_refused(tmp_path: Path, *, is_set: bool) -> None:
    (tmp_path / CHAIN_KEY_FILE).write_text(NEW)
    given = {"chain_key": NEW} if is_set else {}
    with pytest.raises(StorageError, match="holds another key than the audit trail was written with") as refused:
        keys(tmp_path, OLD_ID, **given)
    assert NEW not in str(refused.value)


def test_a_former_key_is_a_way_out(tmp_path: Path) -> None:
    former = f"{'a' * 32}\n{OLD}\n"
    assert keys(tmp_path, OLD_ID, former_chain_keys=former) == (NEW.encode(), (b"a" * 32, OLD.encode()))


def test_a_key_that_is_lost_for_good_is_given_up_by_name_alone(tmp_path: Path) -> None:
    assert keys(tmp_path, OLD_ID, former_chain_keys=f"lost:{OLD_ID}") == (NEW.encode(), ())
    with pytest.raises(StorageError, match="another key"):
        keys(tmp_path, OLD_ID, former_chain_keys="lost:0123456789ab")


def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="has no key in line 2") as refused:
        keys(tmp_path, None, former_chain_keys=f"{OLD}\ntoo-short")
    assert "too-short" not in str(refused.value)
