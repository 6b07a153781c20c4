"""Settings: where they come from and what is refused."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from tenantable.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tenantable.toml").write_text('port = 9000\nprefix = "sit-"\n')
    monkeypatch.setenv("TENANTABLE_PORT", "9001")
    assert (Settings().port, Settings().prefix) == (9001, "sit-")


def test_an_unknown_name_in_the_file_is_refused(folder: Path) -> None:
    (folder / "tenantable.toml").write_text("prot = 9000\n")
    with pytest.raises(ValidationError, match="prot"):
        Settings()


def test_resources_are_created_at_home_and_not_on_aws() -> None:
    assert Settings().creates_resources
    assert not Settings(cloud="aws").creates_resources
    assert Settings(cloud="aws", create_resources=True).creates_resources


def test_a_secret_is_not_shown() -> None:
    assert "operator-token-0123" not in repr(Settings(operator_token=SecretStr("operator-token-0123")))
