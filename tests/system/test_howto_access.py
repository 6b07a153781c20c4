"""The walks through access management do what they say: their commands, run one after the other, page after page."""

import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest
from tests.system.conftest import Start, Up

from tenantable.settings import Settings

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
PAGES = ("access.md", "protecting-an-application.md", "access-rules.md", "access-operating.md")
END_OF_PAGE = "=== end of page ==="
READ, PAID = '{"organisation":"acme","invoice":"i-1"}\n', '{"paid":"i-2"}\n'
MAY_NOT_READ, MAY_NOT_PAY = (f"This takes the permission billing:invoice:{action}" for action in ("read", "pay"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")]


def walk(up: Up, *pages: str) -> list[str]:
    """Run the commands of these pages in one shell, beside their Python files; gives what each page printed."""
    folder, port = up.data.parent, free_port()
    program = [f'tenantable() {{ TENANTABLE_DATA={up.data} {sys.executable} -m tenantable.cli "$@"; }}']
    program += [f'python() {{ exec {sys.executable} "$@"; }}', "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT"]
    for page in pages:
        text = (HOWTO / page).read_text()
        for name, block in re.findall(r"^`(\w+\.py)`:\n\n```python\n(.*?)```", text, re.DOTALL | re.MULTILINE):
            (folder / name).write_text(in_this_world(block, up, port))
        blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        program += [in_this_world(block, up, port) for block in blocks if not is_done_already(block)]
        program.append(f"echo '{END_OF_PAGE}'")
    run = subprocess.run(
        ["timeout", "400", "bash", "-euo", "pipefail", "-c", "\n".join(program)],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout.split(END_OF_PAGE)


def is_done_already(block: str) -> bool:
    """Starting it, and where commands are found."""
    return block == "tenantable up\n" or block.startswith("export PATH")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def in_this_world(text: str, up: Up, port: int) -> str:
    """With the addresses and the folder of this test."""
    served = {"http://127.0.0.1:8081": up.access, "http://127.0.0.1:8000": up.dynamodb, ".tenantable": str(up.data)}
    for shown, meant in {**served, "--port 8090": f"--port {port}", ":8090/": f":{port}/"}.items():
        text = text.replace(shown, meant)
    return text


def assert_in_order(printed: str, *parts: str) -> None:
    place = 0
    for part in parts:
        found = printed.find(part, place)
        assert found >= 0, f"{part!r} is not in\n{printed[place:]}"
        place = found + len(part)


@pytest.mark.timeout(600)
def test_the_pages_work_one_after_the_other(start: Start) -> None:
    """A backup, too, has all keys: what was written before it verifies where it is brought back."""
    up = start()
    first, protecting, rules, operating, _end = walk(up, *PAGES)
    assert_in_order(first, "The role clerk is created", "No changes", '"joined":true')
    assert_in_order(first, '{"decision":false}', '"reason":"no-grant"', "signs tokens from now on")
    assert_in_order(protecting, READ, MAY_NOT_READ, MAY_NOT_PAY, PAID, MAY_NOT_PAY, MAY_NOT_READ, READ, MAY_NOT_READ)
    answers = re.findall(r'"decision":(true|false)', rules.partition("2099-12-31")[2])
    assert answers == ["true", "false", "false", "true", "false", "true"]
    assert_in_order(rules, "The role payer is in use, by 1 user", '{"users":1,"roles":0,"invitations":0,"left":0}')
    assert_in_order(operating, '"type":"ROLE_CHANGE"', '"action":"role.create"', '"verified":true', '"items"')
    assert up.stop() == 0
    restored = start("--data", str(up.data.parent / "restored"))
    with httpx.Client(base_url=restored.access) as client:
        client.headers["authorization"] = f"Bearer {up.platform_secret}"
        verified = client.post("/v1/organisations/acme/audit/verifications").json()
        assert verified["verified"], verified
        assert client.get("/v1/organisations/acme/roles/clerk").status_code == 200


def test_settings_that_pages_show_exist() -> None:
    for page in HOWTO.glob("access*.md"):
        for block in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL):
            assert tomllib.loads(block).keys() <= Settings.model_fields.keys()
