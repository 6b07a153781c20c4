"""What one write consumes: the reads that go before it, its markers and its index entries included."""

from collections.abc import Callable
from typing import Any

from tenantable.data.database import Database
from tenantable.declare.grants.granted import Grant, WriteKind
from tenantable.declare.keys.layouts import Key
from tenantable.declare.references import Change, Reference
from tenantable.declare.systems import System
from tenantable.engine.capacity import write_units
from tenantable.infra.cost.samples import Sampler
from tenantable.infra.cost.traffic import Operation
from tenantable.infra.cost.units import Units
from tenantable.infra.cost.world import World, measure


def write_item(system: System, kind: WriteKind, operation: Operation, sampler: Sampler) -> Units:
    transacted = operation.in_transaction
    if transacted is None:
        transacted = kind == "check" or _only_in_transactions(system, kind, sampler)
    if kind == "put":
        units = _put(operation, sampler, transacted=transacted)
    else:
        work = _preparation(kind, operation, sampler, exists=kind != "create", transacted=transacted)
        units = measure(sampler.layout.table, work)
    if operation.failing_share:
        units = units.scaled(1 - operation.failing_share)
        units.add(_failed(operation, sampler, transacted=transacted), operation.failing_share)
    return units


def _put(operation: Operation, sampler: Sampler, *, transacted: bool) -> Units:
    table, units = sampler.layout.table, Units()
    for exists, share in ((True, operation.replaces_share), (False, 1 - operation.replaces_share)):
        if share:
            work = _preparation("put", operation, sampler, exists=exists, transacted=transacted)
            units.add(measure(table, work), share)
    return units


def _preparation(
    kind: WriteKind, operation: Operation, sampler: Sampler, *, exists: bool, transacted: bool
) -> Callable[[World], Callable[[], object]]:
    def prepare(world: World) -> Callable[[], object]:
        layout = sampler.layout
        entity = sampler.entity(1, absent=operation.absent)
        if exists:
            entity = world.repository(layout, sampler, counted=False).create(entity)
        repository = world.repository(layout, sampler, counted=True)
        changes = _changes(operation, sampler)
        key = Key(entity=layout.entity.model, values={name: vars(entity)[name] for name in layout.table_key.names})
        target = entity if operation.target == "entity" else key
        if kind == "put":
            entity = _changed(entity, changes)
        if transacted:
            return lambda: _in_transaction(world.counted, kind, repository, (entity, target, changes))
        return lambda: _alone(kind, repository, operation, (entity, target, changes))

    return prepare


def _alone(kind: WriteKind, repository: Any, operation: Operation, subject: tuple[Any, Any, list[Change[Any]]]) -> None:
    entity, target, changes = subject
    match kind:
        case "create" | "put":
            getattr(repository, kind)(entity)
        case "update":
            (repository.update if operation.returning else repository.change)(target, *changes)
        case _:
            getattr(repository, kind)(target)


def _in_transaction(
    database: Database, kind: WriteKind, repository: Any, subject: tuple[Any, Any, list[Change[Any]]]
) -> None:
    entity, target, changes = subject
    tenant = repository.store.session.tenant
    scope: Any = database if tenant is None else database.tenant(tenant)
    with scope.transaction() as transaction:
        if kind in {"create", "put"}:
            getattr(transaction, kind)(repository, entity)
        elif kind == "update":
            transaction.update(repository, target, *changes)
        else:
            getattr(transaction, "delete" if kind == "erase" else kind)(repository, target)


def _changes(operation: Operation, sampler: Sampler) -> list[Change[Any]]:
    model = sampler.model
    absent = (sampler.items.absent if operation.absent is None else operation.absent) - set(operation.changes)
    after = sampler.values(1, absent=absent, variant=1)
    made = [Reference(model, name).set(after[name]) for name in operation.changes]
    return made + [Reference(model, name).remove() for name in operation.removes]


def _changed(entity: Any, changes: list[Change[Any]]) -> Any:
    values = {**vars(entity), **{change.subject.name: change.value for change in changes}}
    return type(entity).model_construct(**values)


def _failed(operation: Operation, sampler: Sampler, *, transacted: bool) -> Units:
    """
    A write whose condition fails is charged for the item that is there, and touches no index.

    Source: Developer Guide, "Working with items": failed conditional writes consume write capacity of the table.
    """
    size = sampler.size_bytes(sampler.values(1, absent=operation.absent))
    return Units(writes={(sampler.layout.table.name, None): write_units(size) * (2 if transacted else 1)})


def _only_in_transactions(system: System, kind: WriteKind, sampler: Sampler) -> bool:
    """Do all grants of this write demand a transaction?"""
    grants = [
        grant
        for component in system.components
        for grant in component.grants
        if isinstance(grant, Grant)
        for written in grant.writes
        if written.entity.model is sampler.model and kind in written.kinds
    ]
    return bool(grants) and all(grant.in_transaction for grant in grants)
