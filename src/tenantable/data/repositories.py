"""Repositories: the typed reads and writes of one entity, by its declared access patterns."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self, cast

from tenantable.data.reading.batches import batch_get, batch_write
from tenantable.data.reading.queries import BoundQuery
from tenantable.data.session import Session
from tenantable.data.store import EntityStore, store_of
from tenantable.data.writing.plans import raised_version
from tenantable.data.writing.preparation import (
    prepare_create,
    prepare_delete,
    prepare_erase,
    prepare_put,
    prepare_restore,
    prepare_update,
    run,
)
from tenantable.declare.access import AccessPatterns
from tenantable.declare.keys.layouts import Key
from tenantable.declare.patterns import KeyPattern, QueryPattern
from tenantable.declare.queries import Query
from tenantable.declare.references import Change, Condition, EntityT
from tenantable.errors import DataError, TenancyError


class Operations(AccessPatterns[EntityT]):
    """What `Repository` and `TenantRepository` have in common: every operation."""

    def __init__(self, session: Session, *, consistent: bool = False) -> None:
        self.store: EntityStore[EntityT] = store_of(session, cast("type[EntityT]", type(self).entity))
        self._consistent = consistent

    @property
    def consistent(self) -> Self:
        """The same repository, whose patterns see every write acknowledged before, at twice the price."""
        return type(self)(self.store.session, consistent=True)

    def run_key(self, pattern: KeyPattern[..., Any, Any], values: Mapping[str, Any]) -> Any:
        """Called by the patterns themselves."""
        store = self.store
        request: dict[str, Any] = {"TableName": store.table_name, "Key": store.key(values)}
        if self._consistent:
            request["ConsistentRead"] = True
        if pattern.view is not None:
            request |= store.codec.view_projection(pattern.view)
        item = store.session.call("GetItem", request).get("Item")
        if item is None or not store.is_alive(item):
            return None
        if pattern.view is None:
            return store.decode(item)
        return store.codec.decode_view(pattern.view, store.session.check_scope(store.codec.layout.table, item))

    def run_query(self, pattern: QueryPattern[..., Any, Any], values: Mapping[str, Any]) -> Query[Any, Any]:
        """Called by the patterns themselves; TenancyError for one that reads across tenants."""
        if pattern.index is not None and pattern.index.across_tenants:
            raise TenancyError(f"{pattern.place} reads across tenants, and this is the scope of one")
        return Query(source=BoundQuery(self.store.session, pattern, values), strong=self._consistent)

    def get_many(self, keys: Iterable[Key[EntityT]]) -> list[EntityT | None]:
        """
        The entities of several keys, in the keys' order; None where there is none.

        Raises:
            Unavailable: DynamoDB left keys over after all attempts.
        """
        store = self.store
        asked = [store.key(store.field_values(key)) for key in keys]
        distinct = {store.codec.described(key): key for key in asked}
        items = batch_get(store.session, store.table_name, list(distinct.values()), consistent=self._consistent)
        found = {store.codec.described(item): store.decode(item) for item in items if store.is_alive(item)}
        return [found.get(store.codec.described(key)) for key in asked]

    def put(self, entity: EntityT, *, when: Condition[EntityT] | None = None) -> EntityT:
        """
        Write the whole entity, whether it exists or not.

        Args:
            when: Must hold for what is stored.
        Returns:
            The entity as stored: its lock is raised by one.
        Raises:
            StaleItem: The entity has a lock, and somebody else wrote it since it was read.
            ConditionFailed: `when` does not hold.
            DuplicateValue: A unique value is taken.
        """
        run(self.store, lambda: prepare_put(self.store, entity, when))
        return self._as_stored(entity)

    def create(self, entity: EntityT) -> EntityT:
        """
        Write the entity if there is none with its key.

        Returns:
            The entity as stored: its lock is raised by one.
        Raises:
            ConditionFailed: There is one.
            DuplicateValue: A unique value is taken.
        """
        run(self.store, lambda: prepare_create(self.store, entity))
        return self._as_stored(entity)

    def update(
        self, target: EntityT | Key[EntityT], *changes: Change[EntityT], when: Condition[EntityT] | None = None
    ) -> EntityT:
        """
        Change some attributes of an entity that exists. Index keys and unique values follow.

        Args:
            target: The entity as it was read: the update fails when somebody changed it since (its lock, or without
                one the values that index keys and unique values need). Or its key: what must be known is read first.
            changes: Such as `Order.total.add(Decimal(5))`, one for each attribute. Values are validated as the entity
                validates its fields. Of what `add` makes, the bounds (`ge`, `gt`, `le`, `lt`) are kept by a condition;
                other validators see neither sums nor what lists and sets become.
            when: Must hold for what is stored.
        Returns:
            The whole entity afterwards.
        Raises:
            ItemNotFound: It does not exist, has expired or is deleted.
            StaleItem: Somebody else changed it.
            ConditionFailed: `when` does not hold, or a sum would leave its bounds.
            DuplicateValue: A unique value is taken.
            DataError: A value does not fit its attribute.
        """
        item = run(self.store, lambda: prepare_update(self.store, target, changes, when), returning=True)
        assert item is not None, "an updated item exists"
        return self.store.decode(item)

    def change(
        self, target: EntityT | Key[EntityT], *changes: Change[EntityT], when: Condition[EntityT] | None = None
    ) -> None:
        """As `update`, and nothing comes back: for components that may not see every attribute."""
        run(self.store, lambda: prepare_update(self.store, target, changes, when))

    def delete(self, target: EntityT | Key[EntityT], *, when: Condition[EntityT] | None = None) -> None:
        """
        Delete an entity; softly when it has a `soft_delete` attribute.

        Args:
            target: The entity as it was read (its lock must still be there), or its key.
            when: Must hold for what is stored.
        Raises:
            StaleItem, ConditionFailed: As for `update`. Without lock and `when` the entity need not exist.
            ItemNotFound: An entity to be deleted softly does not exist.
        """
        run(self.store, lambda: prepare_delete(self.store, target, when))

    def restore(self, target: EntityT | Key[EntityT]) -> EntityT:
        """Take back a soft deletion; ItemNotFound when the entity is not softly deleted."""
        if self.store.codec.entity.soft_delete is None:
            raise DataError(f"{self.store.codec.entity.name} has no soft_delete attribute")
        item = run(self.store, lambda: prepare_restore(self.store, target), returning=True)
        assert item is not None, "a restored item exists"
        return self.store.decode(item)

    def erase(self, target: EntityT | Key[EntityT], *, when: Condition[EntityT] | None = None) -> None:
        """As `delete`, and gone even where deletion is soft."""
        run(self.store, lambda: prepare_erase(self.store, target, when))

    def put_many(self, entities: Iterable[EntityT]) -> None:
        """
        Write many entities, not atomically; of several with one key the last one counts.

        Raises:
            DataError: The entity has a lock or unique values, which a batch cannot keep.
            Unavailable: DynamoDB left writes over after all attempts.
        """
        self._check_batch()
        items = [self.store.item(self.store.field_values(entity)) for entity in entities]
        distinct = {self.store.codec.described(item): {"PutRequest": {"Item": item}} for item in items}
        batch_write(self.store.session, self.store.table_name, list(distinct.values()))

    def delete_many(self, keys: Iterable[Key[EntityT]]) -> None:
        """Delete many entities, not atomically, existing or not; errors as for `put_many`."""
        self._check_batch()
        rendered = [self.store.key(self.store.field_values(key)) for key in keys]
        distinct = {self.store.codec.described(key): {"DeleteRequest": {"Key": key}} for key in rendered}
        batch_write(self.store.session, self.store.table_name, list(distinct.values()))

    def _as_stored(self, entity: EntityT) -> EntityT:
        """The entity as it is stored now: with its lock raised, and whole seconds in its time of expiry."""
        codec, values = self.store.codec, vars(entity)
        stored, _ = raised_version(codec, codec.as_stored(values))
        changed = {name: value for name, value in stored.items() if value is not values[name]}
        return entity.model_copy(update=changed) if changed else entity

    def _check_batch(self) -> None:
        entity = self.store.codec.entity
        if entity.lock is not None or entity.unique or entity.soft_delete is not None:
            problem = f"{entity.name} has a lock, unique values or soft deletion, which a batch cannot keep"
            raise DataError(problem, hint="write one by one, or in a transaction")


class Repository(Operations[EntityT]):
    """
    Typed access to an entity of a table without tenants. Subclass it as `Repository[Order]` and decorate its methods
    with `@Order.key` and `@Order.query`; get one from `Database.repository`.
    """

    tenant_scoped: ClassVar[bool] = False


class TenantRepository(Operations[EntityT]):
    """As `Repository`, for a table that tenants share; only a tenant's scope gives one (`Database.tenant`)."""

    tenant_scoped: ClassVar[bool] = True
