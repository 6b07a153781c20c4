"""Transactions: writes of several entities that happen together or not at all."""

from typing import Any

from tenantable.data.repositories import Operations
from tenantable.data.session import Session
from tenantable.data.store import AnyStore
from tenantable.data.writing.execution import run_together
from tenantable.data.writing.plans import plan_check
from tenantable.data.writing.preparation import (
    Preparation,
    prepare_create,
    prepare_delete,
    prepare_put,
    prepare_update,
    until_current,
)
from tenantable.declare.keys.layouts import Key
from tenantable.declare.references import Change, Condition, EntityT
from tenantable.errors import DataError, TenancyError


class Transaction:
    """
    Collects writes and carries them out when its `with` block ends without an error.

    Each write names the repository of its entity, so that a tenant's items are reached through the tenant's scope.
    At most 100 items, markers of unique values included; no item twice.
    """

    def __init__(self, session: Session, *, token: str | None = None) -> None:
        self._session = session
        self._token = token
        self._preparations: list[Preparation] = []

    def __enter__(self) -> "Transaction":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.commit()

    def put(self, repository: Operations[EntityT], entity: EntityT, *, when: Condition[EntityT] | None = None) -> None:
        """As `Repository.put`."""
        store = self._store(repository)
        self._preparations.append(lambda: prepare_put(store, entity, when))

    def create(self, repository: Operations[EntityT], entity: EntityT) -> None:
        """As `Repository.create`."""
        store = self._store(repository)
        self._preparations.append(lambda: prepare_create(store, entity))

    def update(
        self,
        repository: Operations[EntityT],
        target: EntityT | Key[EntityT],
        *changes: Change[EntityT],
        when: Condition[EntityT] | None = None,
    ) -> None:
        """As `Repository.change`."""
        store = self._store(repository)
        self._preparations.append(lambda: prepare_update(store, target, changes, when))

    def delete(
        self,
        repository: Operations[EntityT],
        target: EntityT | Key[EntityT],
        *,
        when: Condition[EntityT] | None = None,
    ) -> None:
        """As `Repository.delete`."""
        store = self._store(repository)
        self._preparations.append(lambda: prepare_delete(store, target, when))

    def check(
        self,
        repository: Operations[EntityT],
        target: EntityT | Key[EntityT],
        *,
        when: Condition[EntityT] | None = None,
    ) -> None:
        """Demand that an entity exists, and that `when` holds, without changing it."""
        store = self._store(repository)
        self._preparations.append(lambda: plan_check(store, store.field_values(target), when))

    def commit(self) -> None:
        """
        Carry the writes out. Called by the end of the `with` block.

        Raises:
            ItemNotFound, ConditionFailed, StaleItem, DuplicateValue: What the first write that failed means; it is
                named in the message, and nothing was changed.
            Unavailable: Others kept on writing the same items.
        """
        if not self._preparations:
            return
        preparations, self._preparations = self._preparations, []

        def attempt() -> None:
            run_together(self._session, [prepare() for prepare in preparations], token=self._token)

        until_current(attempt)

    def _store(self, repository: Operations[Any]) -> AnyStore:
        session = repository.store.session
        if session.client is not self._session.client:
            hint = "share one: take repositories and transaction from the same Database, or from its tenants"
            raise DataError(f"{type(repository).__name__} belongs to another Database object", hint=hint)
        if session.tenant not in {None, self._session.tenant}:
            raise TenancyError("the repository belongs to another tenant than the transaction")
        return repository.store
