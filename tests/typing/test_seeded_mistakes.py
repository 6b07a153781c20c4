"""Both type checkers accept correct use and find every seeded mistake, without plugin, stub or generated code."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ACCEPTED = HERE / "accepted.py"
MISTAKES = HERE / "seeded_mistakes.py"
SHOP = HERE / "shop.py"

pytestmark = pytest.mark.slow

Errors = Mapping[str, frozenset[int]]
"""Line numbers with errors, by file name."""


def mypy_errors() -> Errors:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", ".mypy_cache/typing"]
    files = [str(path) for path in (SHOP, ACCEPTED, MISTAKES)]
    result = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert result.returncode in {0, 1}, result.stderr + result.stdout
    found = re.findall(r"^(?:.*/)?(\w+\.py):(\d+): error:", result.stdout, re.MULTILINE)
    return lines_by_file((name, int(line)) for name, line in found)


def pyright_errors() -> Errors:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    files = [str(path) for path in (SHOP, ACCEPTED, MISTAKES)]
    result = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert result.returncode in {0, 1}, result.stderr + result.stdout
    return lines_by_file(
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1)
        for found in json.loads(result.stdout)["generalDiagnostics"]
        if found["severity"] == "error"
    )


def lines_by_file(found: Iterable[tuple[str, int]]) -> Errors:
    lines: dict[str, set[int]] = {}
    for name, line in found:
        lines.setdefault(name, set()).add(line)
    return {name: frozenset(numbers) for name, numbers in lines.items()}


def marked_lines() -> dict[int, int]:
    """Line numbers of the seeded mistakes, by the mistake's number."""
    marks = (re.search(r"# mistake (\d+):", line) for line in MISTAKES.read_text().splitlines())
    return {int(mark.group(1)): line for line, mark in enumerate(marks, start=1) if mark}


@pytest.fixture(scope="module", params=[mypy_errors, pyright_errors], ids=["mypy", "pyright"])
def errors(request: pytest.FixtureRequest) -> Errors:
    check = request.param
    found: Errors = check()
    return found


def test_correct_use_is_accepted(errors: Errors) -> None:
    assert {name: sorted(lines) for name, lines in errors.items() if name != MISTAKES.name} == {}


def test_every_seeded_mistake_is_found(errors: Errors) -> None:
    missed = sorted(number for number, line in marked_lines().items() if line not in errors[MISTAKES.name])
    assert missed == []


def test_nothing_but_the_mistakes_is_reported(errors: Errors) -> None:
    assert errors[MISTAKES.name] <= set(marked_lines().values())


def test_at_least_the_fifteen_mistakes_that_were_promised_are_seeded() -> None:
    assert set(range(1, 16)) <= marked_lines().keys()
