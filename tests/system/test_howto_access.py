"""The walk through access management does what it says: its commands, run one after the other."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.system.conftest import Start

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "access.md"
pytestmark = pytest.mark.slow


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_of_the_page_work(start: Start) -> None:
    up = start()
    first, *blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert first == "tenantable up\n"
    program = "\n".join(blocks).replace("http://127.0.0.1:8081", up.access).replace(".tenantable/", f"{up.data}/")
    command = f'tenantable() {{ TENANTABLE_DATA={up.data} {sys.executable} -m tenantable.cli "$@"; }}'
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{command}\n{program}"],
        check=False,
        capture_output=True,
        text=True,
        cwd=up.data.parent,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "The role clerk is created" in run.stdout
    assert "No changes" in run.stdout
    assert '"joined":true' in run.stdout
    assert '{"decision":false}' in run.stdout
    assert '"reason":"no-grant"' in run.stdout
    assert "signs tokens from the next start on" in run.stdout
