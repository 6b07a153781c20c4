"""A workload made from a traffic file, carried out by the real repositories on one engine that has the whole system."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from tenantable.data.database import Database, TenantId
from tenantable.data.reading.queries import BoundQuery
from tenantable.declare.grants import Grant
from tenantable.declare.keys.layouts import Key
from tenantable.declare.naming import Naming
from tenantable.declare.patterns import KeyPattern, Pattern
from tenantable.declare.queries import Query
from tenantable.declare.references import Reference
from tenantable.declare.systems import System
from tenantable.engine import Engine
from tenantable.infra.cost.samples import NOW, Sampler
from tenantable.infra.cost.traffic import Operation, Traffic, patterns_by_place
from tenantable.infra.cost.world import samplers

Place = tuple[str, str | None, str]
TENANT = 7


class Meter:
    """Sums what DynamoDB says that requests consumed; `off` while nothing is to be counted."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.units: dict[Place, float] = defaultdict(float)
        self.is_on = False

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.engine.call(operation, {**request, "ReturnConsumedCapacity": "INDEXES"})
        consumed = answer.get("ConsumedCapacity", [])
        for table in consumed if isinstance(consumed, list) else [consumed]:
            kind = "reads" if operation in {"GetItem", "Query"} else "writes"
            parts = {None: table.get("Table", {"CapacityUnits": 0})}
            parts |= table.get("GlobalSecondaryIndexes", {}) | table.get("LocalSecondaryIndexes", {})
            for index, part in parts.items():
                if self.is_on and part["CapacityUnits"]:
                    self.units[table["TableName"], index, kind] += part["CapacityUnits"]
        return answer


class Workload:
    def __init__(self, system: System, traffic: Traffic, meter: Meter) -> None:
        self.system = system
        self.meter = meter
        self.samplers = samplers(system, traffic)
        self.patterns = patterns_by_place(system)
        self.database = Database(meter, naming=Naming(), cursor_key=bytes(32), clock=NOW.timestamp)
        self.number = 1000

    def run(self, place: str, operation: Operation, times: int) -> None:
        """Carry the operation out so often, with fresh items each time; what was stored for it goes afterwards."""
        name = place.partition("[")[0]
        pattern = self.patterns.get(name)
        for turn in range(times):
            self.number += 10_000 if pattern is not None else 10
            share = (turn + 0.5) / times
            if isinstance(pattern, KeyPattern):
                self._get(pattern, operation, exists=share < operation.found_share)
            elif pattern is not None:
                self._query(pattern, operation)
                self._clean()  # the next query may be of the same partition
            else:
                entity, _, kind = name.rpartition(".")
                exists = kind != "create" and (kind != "put" or share < operation.replaces_share)
                self._write(kind, operation, self.samplers[entity], exists=exists)
        self._clean()

    @contextmanager
    def counted(self) -> Iterator[None]:
        self.meter.is_on = True
        yield
        self.meter.is_on = False

    def repository(self, sampler: Sampler, tenant: int = TENANT) -> Any:
        owner = next(each.owner for each in sampler.layout.table.patterns if each.entities == (sampler.model,))
        if sampler.layout.table.tenancy is None:
            return self.database.repository(owner)
        return self.database.tenant(TenantId(sampler.tenant(tenant))).repository(owner)

    def _get(self, pattern: KeyPattern[..., Any, Any], operation: Operation, *, exists: bool) -> None:
        sampler = self.samplers[pattern.entity.__name__]
        repository = self.repository(sampler, tenant=self.number)
        if exists:
            repository.create(sampler.entity(self.number))
        if operation.consistent:
            repository = repository.consistent
        values = sampler.values(self.number)
        with self.counted():
            found = getattr(repository, pattern.name)(**{name: values[name] for name in pattern.parameters})
        assert (found is not None) == exists, pattern.place

    def _query(self, pattern: Pattern, operation: Operation) -> None:
        made = [self.samplers[each.entity.model.__name__] for each in pattern.resolution.layouts]
        sampler = made[0]
        given = {name for name, each in pattern.parameters.items() if each.default is each.empty} | operation.given
        across = pattern.index is not None and pattern.index.across_tenants
        alike = sampler.values(self.number, absent=sampler.items.absent - pattern.resolution.key.names)
        for each, count in zip(made, self._counts(made, operation), strict=True):
            standing = each.items.absent - pattern.resolution.key.names
            for turn in range(count):
                values = each.values(self.number + turn, absent=standing) | {name: alike[name] for name in given}
                owner = self.repository(each, tenant=self.number + turn if across else TENANT)
                owner.create(each.model.model_construct(**values))
        arguments = {name: alike[name] for name in given}
        for name, value in arguments.items():
            if pattern.annotations[name] is date and hasattr(value, "date"):
                arguments[name] = value.date()
        with self.counted():
            found = self._asked(pattern, sampler, arguments, across=across, consistent=operation.consistent).all()
        assert len(found) == sum(self._counts(made, operation)), pattern.place

    def _counts(self, made: Sequence[Sampler], operation: Operation) -> list[int]:
        """How many items a query finds of each kind."""
        if isinstance(operation.items, int):
            (_,) = made
            return [operation.items]
        return [operation.items[each.model.__name__] for each in made]

    def _asked(
        self, pattern: Any, sampler: Sampler, arguments: dict[str, Any], *, across: bool, consistent: bool
    ) -> Query[Any, Any]:
        repository = self.repository(sampler)
        if across:  # administrators read over all tenants; a tenant's scope refuses
            session = replace(repository.store.session, tenant=None)
            return Query(source=BoundQuery(session, pattern, pattern.arguments((), arguments)))
        if len(pattern.entities) > 1:
            repository = self.database.repository(pattern.owner)
        query: Query[Any, Any] = getattr(repository, pattern.name)(**arguments)
        return query.consistent() if consistent else query

    def _write(self, kind: str, operation: Operation, sampler: Sampler, *, exists: bool) -> None:
        repository = self.repository(sampler, tenant=self.number)
        entity = sampler.entity(self.number, absent=operation.absent)
        if exists:
            entity = repository.create(entity)
        key = Key(entity=sampler.model, values={name: vars(entity)[name] for name in sampler.layout.table_key.names})
        target = entity if operation.target == "entity" else key
        other = sampler.values(
            self.number, variant=1, absent=(operation.absent or sampler.items.absent) - {*operation.changes}
        )
        values = {name: other[name] for name in operation.changes} | dict.fromkeys(operation.removes)
        changes = [Reference(sampler.model, name).set(value) for name, value in values.items()]
        if kind == "put":
            target = type(entity).model_construct(**{**vars(entity), **values})
        if kind == "create":
            target = entity
        arguments = (target, *changes) if kind == "update" else (target,)
        with self.counted():
            self._carry_out(kind, operation, repository, arguments)

    def _carry_out(self, kind: str, operation: Operation, repository: Any, arguments: tuple[Any, ...]) -> None:
        transacted = operation.in_transaction
        if transacted is None:
            transacted = kind == "check" or self._is_granted_in_transactions_alone(kind, repository)
        if not transacted:
            getattr(repository, kind)(*arguments)
            return
        session = repository.store.session
        scope: Any = self.database if session.tenant is None else self.database.tenant(session.tenant)
        with scope.transaction() as transaction:
            getattr(transaction, kind)(repository, *arguments)

    def _is_granted_in_transactions_alone(self, kind: str, repository: Any) -> bool:
        found = [
            grant.in_transaction
            for component in self.system.components
            for grant in component.grants
            if isinstance(grant, Grant)
            for written in grant.writes
            if written.entity.model is type(repository).entity and kind in written.kinds
        ]
        return bool(found) and all(found)

    def _clean(self) -> None:
        for table in self.system.tables:
            for item in self.meter.engine.call("Scan", {"TableName": table.name})["Items"]:
                key = {name: item[name] for name in table.keys.names}
                self.meter.engine.call("DeleteItem", {"TableName": table.name, "Key": key})


def measured(system: System, traffic: Traffic, times: Callable[[Operation], int]) -> dict[Place, float]:
    """What the engine says that the whole workload consumed."""
    with Engine(":memory:", clock=NOW.timestamp) as engine:
        for table in system.physical_tables(Naming()):
            engine.call("CreateTable", table.create_request())
        meter = Meter(engine)
        workload = Workload(system, traffic, meter)
        for place, operation in traffic.each_operation():
            workload.run(place, operation, times(operation))
        return dict(meter.units)
