"""The house rules that a machine can check. A number in a table below is an exemption and carries its reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "tenantable"
TESTS = ROOT / "tests"

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
POSITIONAL_MAX = 4
FOLDER_MODULES_MAX = 12
ROOT_ENTRIES_MAX = 14
README_LINES_MAX = 120
PATCHES_PER_100_TESTS_MAX = 5

CROWDED_FOLDERS = {
    "engine/operations": "one file per API operation, so that a path can be guessed",
}
FOREIGN_SIGNATURES = {
    "settings_customise_sources": "the signature is pydantic-settings' own",
}
UNIMPORTED_MODULES: dict[str, str] = {
    "tenantable.cli.__main__": "the entry point",
    "tenantable.testing.plugin": "the entry point of pytest",
    "tenantable.services.accounts.declaration": "declared; its service follows",
    "tenantable.services.academy.declaration": "declared; its services follow",
}

# Written apart, so that this file does not find itself.
LEFTOVERS = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r"|breakpoint\(")
BANNED_SUFFIXES = ("Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Impl")
PLACES = re.compile(r"/(work|root|home)/[a-z]|pypi\.org|--index-url|--extra-index-url|registry\.npmjs")


def python_files(*roots: Path) -> list[Path]:
    return sorted(path for root in roots for path in root.rglob("*.py") if "__pycache__" not in path.parts)


EVERY_FILE = python_files(SOURCE, TESTS, ROOT / "bench", ROOT / "examples")
SOURCE_FILES = python_files(SOURCE)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length_without_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    length = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        assert first.end_lineno is not None
        length -= first.end_lineno - first.lineno + 1
    return length


@pytest.mark.parametrize("path", EVERY_FILE, ids=name_of)
def test_sizes(path: Path) -> None:
    """A file fits 500 lines, a function 60 without its docstring, a signature 4 positional parameters."""
    text = path.read_text()
    assert text.count("\n") <= FILE_LINES_MAX, "split the file by subject"
    for node in functions(ast.parse(text)):
        assert length_without_docstring(node) <= FUNCTION_LINES_MAX, f"{node.name}: extract its parts"
        positional = [argument.arg for argument in node.args.posonlyargs + node.args.args]
        own = [name for name in positional if name not in {"self", "cls"}]
        free = path.is_relative_to(TESTS) or node.name in FOREIGN_SIGNATURES  # a test's fixtures are parameters too
        assert free or len(own) <= POSITIONAL_MAX, f"{node.name}: make parameters keyword-only"


@pytest.mark.parametrize("path", EVERY_FILE, ids=name_of)
def test_no_leftovers(path: Path) -> None:
    """No marker of unfinished work, no path of a machine, no index address."""
    text = path.read_text()
    if path != Path(__file__):
        assert not LEFTOVERS.findall(text)
        assert not PLACES.findall(text)


def test_no_addresses_in_other_files() -> None:
    """Documents, build files and locks name no machine and no index."""
    others = [ROOT / name for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt")]
    others += [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *SOURCE.rglob("*.md")]
    assert [name_of(path) for path in others if PLACES.search(path.read_text())] == []


@pytest.mark.parametrize("path", SOURCE_FILES, ids=name_of)
def test_names_and_errors(path: Path) -> None:
    """No class is named for its vagueness; no error is swallowed."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            assert not node.name.endswith(BANNED_SUFFIXES), node.name
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "BaseException")
            swallowed = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            assert not (broad and swallowed), f"line {node.lineno}"


@pytest.mark.parametrize("path", SOURCE_FILES, ids=name_of)
def test_clock_and_randomness_are_arguments(path: Path) -> None:
    """Nobody calls the wall clock or draws random numbers; everybody is handed them by the composition root."""
    calls = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            if called in {"time.time", "datetime.now", "datetime.utcnow", "uuid.uuid4", "random.random"}:
                calls.append(f"line {node.lineno}: {called}")
    assert calls == []


def test_no_file_is_wider_than_its_folder() -> None:
    """A folder holds at most twelve modules, and says in one line what it is for."""
    folders = {path.parent for path in SOURCE_FILES}
    crowded = []
    for folder in folders:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        if len(modules) > FOLDER_MODULES_MAX:
            crowded.append(str(folder.relative_to(SOURCE)))
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder
    assert sorted(crowded) == sorted(CROWDED_FOLDERS)


def test_every_module_is_imported_somewhere() -> None:
    """A module that no other module imports is dead, or it is an entrance and says so above."""
    text = "\n".join(path.read_text() for path in SOURCE_FILES)
    imported = set(re.findall(r"(?:from|import) (tenantable[\w.]*)", text))
    imported |= {
        f"{module}.{name.strip()}"
        for module, listed, line in re.findall(r"from (tenantable[\w.]*) import (?:\(([^)]*)\)|([^\n]*))", text)
        for name in (listed or line).partition("  #")[0].split(",")
    }
    dead = []
    for path in SOURCE_FILES:
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        if path.name != "__init__.py" and module not in imported:
            dead.append(module)
    assert sorted(dead) == sorted(UNIMPORTED_MODULES)


def test_root_and_readme_are_small() -> None:
    """A newcomer's first look fits one screen."""
    entries = [path.name for path in ROOT.iterdir() if not path.name.startswith(".")]
    assert len(entries) <= ROOT_ENTRIES_MAX, entries
    assert (ROOT / "README.md").read_text().count("\n") <= README_LINES_MAX


def test_patches_are_rare() -> None:
    """Things are passed in, not patched: at most five uses in a hundred tests."""
    text = "\n".join(path.read_text() for path in python_files(TESTS) if path != Path(__file__))
    tests = len(re.findall(r"^\s*(?:async )?def test_", text, re.MULTILINE))
    patches = len(re.findall(r"\b(?:monkeypatch\.|mocker\.|Mock\(|MagicMock\(|patch\()", text))
    assert patches * 100 <= PATCHES_PER_100_TESTS_MAX * tests


def test_changelog_names_the_version() -> None:
    """The changelog's newest entry is the version in the code."""
    version = re.search(r'__version__ = "([^"]+)"', (SOURCE / "__init__.py").read_text())
    newest = re.search(r"^## \[?([0-9.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert version is not None
    assert newest is not None
    assert version[1] == newest[1]
