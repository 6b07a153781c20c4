"""Commands on a data folder whose engine is not served by them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tenantable.engine.accounts.homes import data_directories
from tenantable.engine.integrity.backup import back_up, restore
from tenantable.engine.integrity.checking import check
from tenantable.engine.integrity.findings import Findings, Report
from tenantable.engine.integrity.repair import Repaired, repair
from tenantable.engine.storage.copies import is_database
from tenantable.engine.storage.files import DATABASE_NAME, LOCK_NAMES
from tenantable.engine.storage.inspection import file_problems
from tenantable.engine.storage.salvage import is_left_over
from tenantable.errors import StorageError

DataFolder = Annotated[Path, typer.Option(envvar="TENANTABLE_DATA", help="Folder of the tables and the access key.")]

_DAMAGE_FOUND = 1


def add_commands(group: typer.Typer) -> None:
    """Add the commands to `tenantable dynamodb`."""
    for name, command in (("check", check_command), ("backup", backup_command), ("restore", restore_command)):
        group.command(name)(command)


def check_command(
    *,
    data: DataFolder = Path(".tenantable"),
    repair_: Annotated[
        bool,
        typer.Option("--repair", help="Write indexes, counts, checksums and the order of expiry anew from the items."),
    ] = False,
    set_aside: Annotated[
        bool,
        typer.Option("--set-aside", help="With --repair: leave out what is damaged itself, and keep it in a file."),
    ] = False,
) -> None:
    """Check a data folder: files, checksums, indexes, counts, streams. Ends with 0 when all is well, else with 1."""
    if set_aside and not repair_:
        raise typer.BadParameter("--set-aside says how to repair: check --repair --set-aside")
    console = Console(highlight=False, soft_wrap=True)
    found, faults = _check(console, data)
    wanting = [folder for folder, findings in found.items() if len(findings) or findings.notes]
    if repair_ and wanting:
        for folder in wanting:
            with _progress() as report:
                repaired = repair(folder, report, set_aside=set_aside)
            _say_repaired(console, repaired, where=_where(folder, data))
        _, faults = _check(console, data)
    raise typer.Exit(_DAMAGE_FOUND if faults else 0)


def _check(console: Console, data: Path) -> tuple[Mapping[Path, Findings], int]:
    """
    Check and say what was found.

    Returns:
        What was found in each folder of tables, which can be repaired, and the number of faults with those elsewhere.
    """
    with _progress() as report:
        found = {folder: check(folder, report) for folder in data_directories(data)}
    others = _check_other_databases(data)
    for folder, findings in found.items():
        for sentence in (*findings, *findings.notes):
            console.print(f"{_where(folder, data)}{sentence}", markup=False)
    for finding in others:
        console.print(str(finding), markup=False)
    faults = sum(map(len, found.values())) + len(others)
    console.print(f"{faults} fault{'' if faults == 1 else 's'} found" if faults else "No damage found")
    return found, faults


def _where(folder: Path, data: Path) -> str:
    """What a sentence about tables of another account or region begins with."""
    return "" if folder == data else f"{folder.relative_to(data).as_posix()}: "


def backup_command(
    target: Annotated[Path, typer.Argument(help="Where the copy goes: a new or an empty folder.")],
    *,
    data: DataFolder = Path(".tenantable"),
) -> None:
    """Copy a data folder with everything in it, also while it is in use."""
    with _progress() as report:
        count = back_up(data, target, report)
    Console(highlight=False, soft_wrap=True).print(f"{count} files of {data} are backed up in {target}", markup=False)


def restore_command(
    source: Annotated[Path, typer.Argument(help="What `tenantable dynamodb backup` wrote.")],
    *,
    data: DataFolder = Path(".tenantable"),
) -> None:
    """Bring a backup back, into a new or an empty folder."""
    with _progress() as report:
        count = restore(data, source, report)
    Console(highlight=False, soft_wrap=True).print(f"{count} files of {source} are restored to {data}", markup=False)


@contextmanager
def _progress() -> Iterator[Report]:
    """A bar on the error stream for each task, while it takes."""
    from rich.progress import Progress, TaskID  # noqa: PLC0415 - serving needs none of it

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bars: dict[str, TaskID] = {}

        def report(task: str, done: int, total: int) -> None:
            if task not in bars:
                bars[task] = progress.add_task(task)
            progress.update(bars[task], completed=done, total=total)

        yield report


def _check_other_databases(data: Path) -> Findings:
    """What SQLite says of the databases of the folder that hold no tables, that of the queues for one."""
    findings = Findings()
    for path in sorted(data.iterdir()):
        if path.name in {DATABASE_NAME, *LOCK_NAMES} or is_left_over(path.name) or not path.is_file():
            continue
        if path.suffix == ".db" or is_database(path):
            for problem in file_problems(path):
                findings.add(path.name, problem, is_lost=True)
    return findings


def _say_repaired(console: Console, repaired: Repaired, *, where: str) -> None:
    for finding in repaired.lost:
        console.print(f"{where}{finding}", markup=False)
    if repaired.kept is None:
        raise StorageError(
            f"{where}Nothing was changed, because {repaired.lost.lost_count} damaged rows or places would be left out",
            hint="restore a backup, or repair with --set-aside, which keeps what is damaged in a file",
        )
    console.print(
        f"{where}Repaired: a new database holds {repaired.items} items, {repaired.entries} index entries and "
        f"{repaired.records} stream records; the old one is kept as {repaired.kept.name}",
        markup=False,
    )
    if repaired.aside is not None:
        console.print(f"{where}What is damaged was written to {repaired.aside.name}", markup=False)
