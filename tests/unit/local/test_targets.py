"""Which tables a command line means, and which access key it signs with."""

from pathlib import Path

import pytest

from tenantable.errors import SettingsError
from tenantable.local.targets.target import TargetOptions, endpoint_credentials, open_target

LOCAL, ELSEWHERE = "http://127.0.0.1:8000", "https://dynamodb.example.com"
KEY = {"AWS_ACCESS_KEY_ID": "of-environment", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a data folder, another one, and a file of profiles."""
    monkeypatch.chdir(tmp_path)
    for place, profiles in {
        ".tenantable/credentials": ["default"],
        "other/credentials": ["default"],
        "profiles": ["default", "team"],
        "home/.aws/credentials": ["default"],
    }.items():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"[{name}]\naws_access_key_id = {name}-of-{place}\naws_secret_access_key = s%\n" for name in profiles]
        path.write_text("".join(lines))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


CASES: dict[str, tuple[TargetOptions, dict[str, str], str]] = {
    "a folder that is named": (TargetOptions(endpoint=LOCAL, data=Path("other")), KEY, "default-of-other/credentials"),
    "the environment": (TargetOptions(endpoint=LOCAL), KEY, "of-environment"),
    "a profile that is named": (
        TargetOptions(endpoint=LOCAL),
        {"AWS_SHARED_CREDENTIALS_FILE": "profiles", "AWS_PROFILE": "team"},
        "team-of-profiles",
    ),
    "a file that is named": (
        TargetOptions(endpoint=LOCAL),
        {"AWS_SHARED_CREDENTIALS_FILE": "profiles"},
        "default-of-profiles",
    ),
    "the default folder, on this machine": (TargetOptions(endpoint=LOCAL), {}, "default-of-.tenantable/credentials"),
    "the default profile, elsewhere": (TargetOptions(endpoint=ELSEWHERE), {}, "default-of-home/.aws/credentials"),
}


@pytest.mark.parametrize(("options", "environment", "key"), CASES.values(), ids=CASES)
def test_the_key_is_that_of_the_nearest_place(options: TargetOptions, environment: dict[str, str], key: str) -> None:
    assert endpoint_credentials(options, environment).access_key_id == key


def test_on_this_machine_any_key_will_do_when_there_is_none(folder: Path) -> None:
    (folder / ".tenantable" / "credentials").unlink()
    (folder / "home" / ".aws" / "credentials").unlink()
    assert endpoint_credentials(TargetOptions(endpoint=LOCAL), {}).access_key_id == "any"
    with pytest.raises(SettingsError, match="no access key"):
        endpoint_credentials(TargetOptions(endpoint=ELSEWHERE), {})


@pytest.mark.parametrize("endpoint", ["", "here", "127.0.0.1:8000", "http://127.0.0.1:port", "http://", "ftp://a"])
def test_an_endpoint_that_is_no_url_is_named(endpoint: str) -> None:
    with pytest.raises(SettingsError, match="no URL"), open_target(TargetOptions(endpoint=endpoint), {}):
        pass


def test_a_region_is_no_path(folder: Path) -> None:
    options = TargetOptions(data=folder / "data", region="../other", creates=True)
    with pytest.raises(SettingsError, match="no region"), open_target(options, {}):
        pass
    assert not (folder / "data").exists()


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match="no profile 'nobody'"):
        endpoint_credentials(TargetOptions(endpoint=LOCAL), {"AWS_PROFILE": "nobody"})


def test_looking_at_a_folder_that_is_not_there_makes_none(folder: Path) -> None:
    with open_target(TargetOptions(data=folder / "new"), {}) as target:
        assert target.client.call("ListTables", {}) == {"TableNames": []}
        assert "not there yet" in target.place
    assert not (folder / "new").exists()


def test_each_region_has_tables_of_its_own(folder: Path) -> None:
    request = {
        "TableName": "notes",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    data = folder / "new"
    with open_target(TargetOptions(data=data, creates=True), {"AWS_REGION": "eu-west-1"}) as target:
        target.client.call("CreateTable", request)
    found = {}
    for region in ("eu-west-1", "us-east-1"):
        with open_target(TargetOptions(data=data, region=region), {}) as target:
            found[region] = target.client.call("ListTables", {})["TableNames"]
    assert found == {"eu-west-1": ["notes"], "us-east-1": []}
