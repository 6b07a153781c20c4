"""Generated files in a real folder."""

from pathlib import Path

import pytest

from tenantable.errors import InfrastructureError
from tenantable.infra.folders import FileChange, compare_folder, write_folder

MARKER = "Generated for a test."
FILES = {"a.tf": f"# {MARKER}\na = 1\n", "b.tf": f"# {MARKER}\n"}


def test_files_are_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    assert [each.change for each in write_folder(folder, FILES, marker=MARKER)] == ["new", "new"]
    before = (folder / "a.tf").stat()
    assert [each.change for each in write_folder(folder, FILES, marker=MARKER)] == ["unchanged", "unchanged"]
    assert (folder / "a.tf").stat().st_ino == before.st_ino
    assert sorted(path.name for path in folder.iterdir()) == ["a.tf", "b.tf"]


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    write_folder(tmp_path, FILES, marker=MARKER)
    changed = FILES | {"b.tf": f"# {MARKER}\nb = 2\n"}
    assert write_folder(tmp_path, changed, marker=MARKER) == [
        FileChange(name="a.tf", change="unchanged"),
        FileChange(name="b.tf", change="changed"),
    ]
    assert (tmp_path / "b.tf").read_text() == changed["b.tf"]


def test_a_file_of_somebody_else_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "b.tf").write_text("mine = true\n")
    with pytest.raises(InfrastructureError, match=r"b\.tf is there and was not generated"):
        write_folder(tmp_path, FILES, marker=MARKER)
    assert [path.name for path in tmp_path.iterdir()] == ["b.tf"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text(FILES["a.tf"])
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.tf").symlink_to(target)
    with pytest.raises(InfrastructureError, match=r"a\.tf"):
        write_folder(folder, FILES, marker=MARKER)


def test_other_files_stay_and_generated_ones_that_are_no_more_go(tmp_path: Path) -> None:
    write_folder(tmp_path, FILES, marker=MARKER)
    others = {"own.tf": "x = 1\n", "notes.txt": f"{MARKER}\n", "other.tf": "# Generated for another test.\n"}
    for name, text in others.items():
        (tmp_path / name).write_text(text)
    left = {"a.tf": FILES["a.tf"]}
    assert FileChange(name="b.tf", change="removed") in write_folder(tmp_path, left, marker=MARKER)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == left | others


def test_comparing_changes_nothing(tmp_path: Path) -> None:
    assert [each.change for each in compare_folder(tmp_path / "none", FILES, marker=MARKER)] == ["new", "new"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match="cannot be written"):
        write_folder(tmp_path / "file", FILES, marker=MARKER)
