"""
From a declared table and the one that runs to the steps between them, in an order that DynamoDB permits.

What a declaration cannot say (a table class, ceilings, a policy, another recovery period, further tags) is not changed.
"""

from collections.abc import Iterator

from tenantable.declare.tables import PhysicalTable
from tenantable.infra.changes.options import (
    PROTECTION,
    STREAM,
    billing,
    encryption,
    expiry,
    protection,
    recovery,
    stream,
    tags,
)
from tenantable.infra.changes.requests import (
    creation_calls,
    index_creation,
    index_deletion,
    replica_creation,
    replica_deletion,
    update,
)
from tenantable.infra.changes.steps import Call, Flags, Step, TablePlan, disabling, dropping, replacing
from tenantable.infra.normal.comparison import Difference, differences, facts
from tenantable.infra.normal.declared import declared_form
from tenantable.infra.normal.forms import TableForm
from tenantable.infra.normal.running import RunningTable

_TABLE = "table"
_NOBODY: Flags = frozenset()


def plan_table(physical: PhysicalTable, running: RunningTable | None, *, allowed: Flags = _NOBODY) -> TablePlan:
    """
    Args:
        running: None: there is no such table.
        allowed: The flags that were given.
    """
    declared = declared_form(physical)
    if running is None or running.form is None:
        busy = () if running is None else running.busy
        return TablePlan(table=physical.name, steps=(_creation(physical, declared),), busy=busy)
    found = running.form
    if declared.keys != found.keys or declared.local_indexes != found.local_indexes:
        steps = [_replacement(physical, declared, found)]
    else:
        steps = list(_steps(physical, declared, running, allowed))
    return TablePlan(
        table=physical.name,
        steps=tuple(step for step in steps if not step.missing_flags(allowed)),
        refused=tuple(step for step in steps if step.missing_flags(allowed)),
        foreign=tuple(_foreign(declared, found)),
        busy=running.busy,
    )


def _creation(physical: PhysicalTable, declared: TableForm) -> Step:
    details = (f"{path}: {value}" for path, value in facts(declared).items() if path not in {"name", "keys"})
    return Step(
        path=_TABLE,
        action="create",
        before=None,
        after=f"keys {declared.keys}",
        calls=tuple(creation_calls(physical)),
        details=tuple(details),
    )


def _replacement(physical: PhysicalTable, declared: TableForm, found: TableForm) -> Step:
    name = physical.name
    before = [replica_deletion(name, region) for region in sorted(found.replicas)]
    flags = [replacing(name)]
    if found.deletion_protection:
        before.append(update(name, DeletionProtectionEnabled=False))
        flags.append(disabling(name, PROTECTION))
    before.append(Call(operation="DeleteTable", request={"TableName": name}))
    changed = [
        f"{each.path} {each.found or 'nothing'} -> {each.declared or 'nothing'}"
        for each in differences(declared, found)
        if each.path == "keys" or each.path.startswith("local index ")
    ]
    return Step(
        path=_TABLE,
        action="replace",
        before="the table with its items",
        after="an empty one: " + "; ".join(changed),
        calls=(*before, *creation_calls(physical)),
        loses="all items, because keys and local indexes are made with their table",
        flags=tuple(flags),
    )


def _steps(physical: PhysicalTable, declared: TableForm, running: RunningTable, allowed: Flags) -> Iterator[Step]:
    """Protection goes first and comes last; what is in the way of billing and streams goes before them."""
    found = running.form
    assert found is not None
    name = physical.name
    yield from protection(name, declared, found, off=True)
    for region in sorted(found.replicas - declared.replicas):
        yield Step(
            path=f"replica {region}",
            action="drop",
            before="there",
            after=None,
            calls=(replica_deletion(name, region),),
            loses=f"the copy in {region}",
            flags=(dropping(name, region),),
        )
    drops = list(_index_drops(name, declared, found))
    yield from drops
    gone = {step.path for step in drops if not step.missing_flags(allowed)}
    staying = {index for index in found.global_indexes if f"index {index}" not in gone}
    yield from billing(physical, declared, found, staying=staying)
    yield from _index_creations(physical, declared, found)
    yield from stream(name, declared, found)
    yield from encryption(physical, declared, found)
    yield from expiry(name, declared, found)
    yield from recovery(name, declared, found)
    yield from _replica_creations(physical, declared, found)
    yield from tags(running.arn, declared, found)
    yield from protection(name, declared, found, off=False)


def _replica_creations(physical: PhysicalTable, declared: TableForm, found: TableForm) -> Iterator[Step]:
    """Replication reads a stream of both images: where there is another one, that must go first."""
    waits = found.stream is not None and found.stream != declared.stream
    for region in sorted(declared.replicas - found.replicas):
        yield Step(
            path=f"replica {region}",
            action="create",
            before=None,
            after="a copy",
            calls=(replica_creation(physical, region),),
            loses="the stream that consumers read" if waits else None,
            flags=(disabling(physical.name, STREAM),) if waits else (),
        )


def _index_drops(name: str, declared: TableForm, found: TableForm) -> Iterator[Step]:
    for index, form in sorted(found.global_indexes.items()):
        if index not in declared.global_indexes:
            yield Step(
                path=f"index {index}",
                action="drop",
                before=str(form),
                after=None,
                calls=(index_deletion(name, index),),
                loses="the index, and every query of it fails",
                flags=(dropping(name, index),),
            )


def _index_creations(physical: PhysicalTable, declared: TableForm, found: TableForm) -> Iterator[Step]:
    for index, form in declared.global_indexes.items():
        there = found.global_indexes.get(index)
        creation = index_creation(physical, index)
        if there is None:
            path = f"index {index}"
            yield Step(path=path, action="create", before=None, after=str(form), calls=(creation,))
        elif str(there) != str(form):
            yield Step(
                path=f"index {index}",
                action="replace",
                before=str(there),
                after=str(form),
                calls=(index_deletion(physical.name, index), creation),
                loses="the index until it is filled anew, and every query of it fails meanwhile",
                flags=(dropping(physical.name, index),),
            )


def _foreign(declared: TableForm, found: TableForm) -> Iterator[Difference]:
    for each in differences(declared, found):
        unsaid = each.path in {"table class", "resource policy"} or each.path.endswith("ceilings")
        added = each.path.startswith("tag ") and each.declared is None
        period = each.path == "recovery" and each.declared is not None and each.found is not None
        if unsaid or added or period:
            yield each
