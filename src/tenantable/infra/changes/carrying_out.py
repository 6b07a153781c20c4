"""
Carrying out plans.

After each step the table is read and planned anew. So an apply that was killed is resumed by the next, a call whose
answer was lost is not made twice, and what somebody else did meanwhile is not done again.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from tenantable.declare.tables import PhysicalTable
from tenantable.errors import InfrastructureError
from tenantable.infra.changes.planning import plan_table
from tenantable.infra.changes.settling import Patience, settle
from tenantable.infra.changes.steps import Call, Flags, Plan, Step
from tenantable.infra.normal.descriptions import key_name
from tenantable.infra.normal.running import KeyNameOf, RunningTable, read_running, table_names
from tenantable.wire.client import DynamoClient
from tenantable.wire.errors import DynamoError

State = Literal["began", "waits", "done", "postponed"]
_ATTEMPTS_MAX = 3
"""As often is a step carried out before it counts as one that does not stay done."""
_BUSY_SECONDS_MAX = {
    "ContinuousBackupsUnavailableException": 60.0,
    "LimitExceededException": 60.0,
    "ResourceInUseException": 60.0,
    "ResourceNotFoundException": 5.0,
}
"""What DynamoDB answers about a table that is still changing, or that not all of it knows yet, and how long at most."""
_INTERVAL = "multiple times within a fixed interval"
_SWITCHING = "is active on a different AttributeName"
"""How DynamoDB refuses to change the expiry of a table twice within an hour."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """
    What happens to one step of one table.

    Args:
        step: None: the table is waited for before anything is changed.
        detail: What it waits for, or why it is postponed.
        seconds: Since it began.
    """

    table: str
    step: Step | None
    state: State
    detail: str = ""
    seconds: float = 0.0


Report = Callable[[Event], None]
ReadTable = Callable[[DynamoClient, str], RunningTable | None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was done, what was put off, and what remains of the plan because its flags were not given."""

    table: str
    done: tuple[Step, ...]
    postponed: tuple[Step, ...]
    refused: tuple[Step, ...]


def plan_tables(
    client: DynamoClient,
    tables: Iterable[PhysicalTable],
    *,
    allowed: Flags = frozenset(),
    key_name_of: KeyNameOf = key_name,
) -> Plan:
    """
    Compare declared tables with those that run; nothing is changed.

    Raises:
        DynamoError: The client may not look.
    """
    physical = list(tables)
    plans = [
        plan_table(table, read_running(client, table.name, key_name_of=key_name_of), allowed=allowed)
        for table in physical
    ]
    ours = {table.name for table in physical}
    return Plan(tables=tuple(plans), undeclared=tuple(name for name in _all_names(client) if name not in ours))


def apply_table(
    client: DynamoClient,
    physical: PhysicalTable,
    *,
    patience: Patience,
    allowed: Flags = frozenset(),
    report: Report = lambda _: None,
    read: ReadTable = read_running,
    wanted: Callable[[Step], bool] = lambda _: True,
) -> Outcome:
    """
    Bring one table to what is declared, and wait until it can be used.

    Args:
        report: Told of every step.
        read: How the table is read; one that reads less sees fewer steps.
        wanted: Which steps are carried out at all.
    Raises:
        InfrastructureError: The table does not get ready, or a step does not stay done.
        DynamoError: DynamoDB refuses a step.
    """
    done: list[Step] = []
    postponed: dict[str, Step] = {}
    attempts: Counter[str] = Counter()
    while True:
        _settle(client, physical.name, patience, report, step=None)
        plan = plan_table(physical, read(client, physical.name), allowed=allowed)
        step = next((each for each in plan.steps if wanted(each) and each.path not in postponed), None)
        if step is None:
            refused = tuple(filter(wanted, plan.refused))
            return Outcome(table=physical.name, done=tuple(done), postponed=tuple(postponed.values()), refused=refused)
        attempts[step.path] += 1
        if attempts[step.path] > _ATTEMPTS_MAX:
            hint = "somebody else changes it too, or the endpoint does not keep it"
            raise InfrastructureError(f"{physical.name}: {step} does not stay done", hint=hint)
        report(Event(table=physical.name, step=step, state="began"))
        reason = _carry_out(client, physical, step, patience=patience, report=report)
        if reason is None:
            done = [each for each in done if each.path != step.path] + [step]
            report(Event(table=physical.name, step=step, state="done"))
        else:
            postponed[step.path] = step
            report(Event(table=physical.name, step=step, state="postponed", detail=reason))


def _carry_out(
    client: DynamoClient, physical: PhysicalTable, step: Step, *, patience: Patience, report: Report
) -> str | None:
    """
    Returns:
        Why it cannot be done before some time has passed; None when it is done, or must be looked at anew.
    """
    for call in step.calls:
        try:
            _make(client, call, physical.name, patience)
        except DynamoError as error:
            if call.operation == "UpdateTimeToLive" and (_INTERVAL in error.message or _SWITCHING in error.message):
                return "DynamoDB changes the expiry of a table once an hour; apply again then"
            if _is_there_already(error):
                return None
            raise
        _settle(client, physical.name, patience, report, step=step)
    return None


def _make(client: DynamoClient, call: Call, name: str, patience: Patience) -> None:
    """Make a call, again and again while the table is not ready for it."""
    refusal: DynamoError | None = None
    for passed in patience.pauses():
        try:
            client.call(call.operation, call.request)
        except DynamoError as error:
            if call.operation == "DeleteTable" and error.code == "ResourceNotFoundException":
                return
            exists = call.operation == "CreateTable" and error.code == "ResourceInUseException"
            if exists or passed >= _BUSY_SECONDS_MAX.get(error.code, 0.0):
                raise
            refusal = error
            settle(client, name, patience, lambda _busy, _seconds: None)
        else:
            return
    if refusal is not None:
        raise refusal


def _is_there_already(error: DynamoError) -> bool:
    """The answer to a call that was carried out before: by an attempt whose answer was lost, or by somebody else."""
    if error.code in {"ResourceInUseException", "ResourceNotFoundException"}:
        return True
    return error.code == "ValidationException" and ("already" in error.message or "will not change" in error.message)


def _settle(client: DynamoClient, name: str, patience: Patience, report: Report, *, step: Step | None) -> None:
    def tell(busy: tuple[str, ...], seconds: float) -> None:
        report(Event(table=name, step=step, state="waits", detail=", ".join(busy), seconds=seconds))

    settle(client, name, patience, tell)


def _all_names(client: DynamoClient) -> tuple[str, ...]:
    """Nothing where the client may not list: the names of others are only mentioned."""
    try:
        return table_names(client)
    except DynamoError as error:
        if error.code == "AccessDeniedException":
            return ()
        raise
