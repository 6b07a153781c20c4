"""How plans, their progress and drift are shown: for people on a terminal, as plain lines in a pipe, as JSON."""

import json
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from tenantable.declare.tables import PhysicalTable
from tenantable.errors import SettingsError
from tenantable.infra.changes.carrying_out import Event, Outcome, Report, apply_table
from tenantable.infra.changes.settling import Patience
from tenantable.infra.changes.steps import Flags, Plan, Step, TablePlan, disabling, dropping, replacing
from tenantable.infra.normal.comparison import Difference
from tenantable.infra.normal.running import read_running

if TYPE_CHECKING:
    from tenantable.local.targets.target import Target

_MARKS = {
    "create": ("+", "green"),
    "change": ("~", "yellow"),
    "drop": ("-", "red"),
    "replace": ("-/+", "red"),
}
_UNDECLARED_SHOWN_MAX = 20
_TOLD_SECONDS = 10.0


def allowed_flags(
    tables: Sequence[PhysicalTable],
    *,
    replaces: Iterable[str] | None,
    drops: Iterable[str] | None,
    disables: Iterable[str] | None,
) -> Flags:
    """
    The flags that were given, with physical names; a table may be named by its logical name too.

    Raises:
        SettingsError: A flag names no table of the system, or no thing of it.
    """
    names = {name: table.name for table in tables for name in (table.table.name, table.name)}
    flags = set()
    for given in replaces or ():
        flags.add(replacing(_named(given, names, "--allow-replace")))
    for option, make, values in (("--allow-drop", dropping, drops), ("--allow-disable", disabling, disables)):
        for given in values or ():
            table, slash, thing = given.partition("/")
            if not slash or not thing:
                raise SettingsError(f"{option} {given}: what of the table is meant?", hint="write TABLE/THING")
            flags.add(make(_named(table, names, option), thing))
    return frozenset(flags)


def _named(table: str, names: dict[str, str], option: str) -> str:
    if table not in names:
        known = ", ".join(sorted(set(names.values())))
        raise SettingsError(f"{option}: the system has no table {table!r}", hint=f"its tables are {known}")
    return names[table]


def show_plan(plan: Plan, *, place: str, as_json: bool) -> None:
    """Group by table; a table that is as declared is one line."""
    if as_json:
        _print_json(
            {
                "place": place,
                "clean": plan.is_clean,
                "tables": [_table_json(table) for table in plan.tables],
                "undeclared_tables": list(plan.undeclared),
            }
        )
        return
    console = _console()
    console.print(f"Tables on {place}", markup=False, style="bold")
    for table in plan.tables:
        _show_table(console, table)
    _show_undeclared(console, plan.undeclared)
    steps = [step for table in plan.tables for step in table.steps]
    refused = [step for table in plan.tables for step in table.refused]
    if plan.is_clean:
        console.print("The tables are as declared.", style="green")
    elif steps:
        console.print(f"apply carries out {_counted(len(steps), 'step')}.", style="bold")
    _show_refused(console, refused)


def apply_and_show(
    target: "Target", tables: Sequence[PhysicalTable], *, allowed: Flags, wait_seconds: float, as_json: bool
) -> bool:
    """
    Bring each table to what is declared, and say what happens.

    Returns:
        Whether all tables are as declared now.
    """
    console = _console(stderr=as_json)
    patience = Patience(seconds_max=wait_seconds, sleep=time.sleep, stopwatch=time.monotonic)
    read = partial(read_running, key_name_of=target.key_name_of)
    with console.status("") as status:
        report = _silent if as_json else _reporter(console, status)
        outcomes = [
            apply_table(target.client, table, patience=patience, allowed=allowed, report=report, read=read)
            for table in tables
        ]
    complete = not any(outcome.refused or outcome.postponed for outcome in outcomes)
    if as_json:
        _print_json({"place": target.place, "complete": complete, "tables": [_outcome_json(each) for each in outcomes]})
        return complete
    done = sum(len(outcome.done) for outcome in outcomes)
    _show_refused(console, [step for outcome in outcomes for step in outcome.refused])
    postponed = sum(len(outcome.postponed) for outcome in outcomes)
    if postponed:
        console.print(f"{_counted(postponed, 'step')} must wait: apply again later.", style="yellow")
    if done:
        console.print(f"{_counted(done, 'step')} done on {target.place}.", markup=False, style="green")
    elif complete:
        console.print(f"Nothing to do: the tables on {target.place} are as declared.", markup=False, style="green")
    return complete


def show_drift(found: Sequence[Difference], *, place: str, as_json: bool) -> None:
    """One line for each fact that is otherwise."""
    if as_json:
        _print_json({"place": place, "clean": not found, "differences": [_difference_json(each) for each in found]})
        return
    console = _console()
    for table in dict.fromkeys(each.table for each in found):
        console.print(table, markup=False, style="bold")
        for each in found:
            if each.table == table:
                console.print("  " + str(each).removeprefix(f"{table}: "), markup=False)
    if not found:
        console.print(f"No drift between the declaration and {place}.", markup=False, style="green")


def _show_table(console: Console, table: TablePlan) -> None:
    console.print(f"\n{table.table}", markup=False, style="bold", end="")
    console.print("  as declared" if table.is_clean else "", style="green")
    for step in (*table.steps, *table.refused):
        mark, style = _MARKS[step.action]
        console.print(f"  {mark} {step}", markup=False, style=style)
        for detail in step.details:
            console.print(f"      {detail}", markup=False, style="dim")
        if step.loses:
            left_out = "; left out" if step in table.refused else ""
            console.print(f"      loses {step.loses}{left_out}", markup=False, style="dim")
    for each in table.foreign:
        console.print(f"  not ours: {each.path} {each.found or 'is not there'}; it stays", markup=False, style="dim")
    for busy in table.busy:
        console.print(f"  {busy}; apply waits for it", markup=False, style="dim")


def _show_undeclared(console: Console, names: Sequence[str]) -> None:
    console.print()
    if names:
        shown = ", ".join(names[:_UNDECLARED_SHOWN_MAX])
        more = f" and {len(names) - _UNDECLARED_SHOWN_MAX} more" if len(names) > _UNDECLARED_SHOWN_MAX else ""
        console.print(f"Not declared here, never touched: {shown}{more}", markup=False, style="dim")


def _show_refused(console: Console, steps: Sequence[Step]) -> None:
    if not steps:
        return
    console.print("Left out, because something is lost. To do it, give", style="red")
    for step in steps:
        console.print(f"  {' '.join(step.flags)}", markup=False, style="bold")
        console.print(f"      {step.action} {step.path}: loses {step.loses}", markup=False)


def _reporter(console: Console, status: Any) -> Report:
    """Steps as lines; what is waited for in the status line of a terminal, in a pipe every ten seconds."""
    told = {"seconds": 0.0}

    def report(event: Event) -> None:
        step = "" if event.step is None else f" {event.step.action} {event.step.path}"
        if event.state == "waits":
            text = f"{event.table}{step}: {event.detail} ({event.seconds:.0f} s)"
            if console.is_terminal:
                status.update(text)
            elif event.seconds - told["seconds"] >= _TOLD_SECONDS:
                told["seconds"] = event.seconds
                console.print(f"  … {text}", markup=False)
            return
        told["seconds"] = 0.0
        if event.state == "began" and event.step is not None:
            mark, style = _MARKS[event.step.action]
            console.print(f"{event.table}  {mark} {event.step}", markup=False, style=style)
        elif event.state == "postponed":
            console.print(f"{event.table}  put off: {event.detail}", markup=False, style="yellow")
        elif console.is_terminal:
            status.update("")

    return report


def _silent(_event: Event) -> None:
    """For JSON, which is printed once."""


def _console(*, stderr: bool = False) -> Console:
    return Console(highlight=False, soft_wrap=True, stderr=stderr)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "action": step.action,
        "path": step.path,
        "before": step.before,
        "after": step.after,
        "loses": step.loses,
        "flags": list(step.flags),
        "operations": [call.operation for call in step.calls],
    }


def _table_json(table: TablePlan) -> dict[str, Any]:
    return {
        "table": table.table,
        "clean": table.is_clean,
        "steps": [_step_json(step) for step in table.steps],
        "refused": [_step_json(step) for step in table.refused],
        "not_ours": [_difference_json(each) for each in table.foreign],
        "busy": list(table.busy),
    }


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "table": outcome.table,
        "done": [_step_json(step) for step in outcome.done],
        "postponed": [_step_json(step) for step in outcome.postponed],
        "refused": [_step_json(step) for step in outcome.refused],
    }


def _difference_json(each: Difference) -> dict[str, str | None]:
    return {"table": each.table, "path": each.path, "declared": each.declared, "found": each.found}
