"""One write as a value: its request, what a failed condition means, and the marker writes that belong to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tenantable.data.expressions import Expressions, all_of
from tenantable.data.store import AnyStore
from tenantable.declare.attributes import SCHEMA_VERSION
from tenantable.errors import ConditionFailed, DataError, ItemNotFound, StaleItem
from tenantable.wire.values import AttributeValue, Item

WriteKind = Literal["Put", "Update", "Delete", "ConditionCheck"]


class Outdated(StaleItem):
    """What was read to prepare the write has changed meanwhile; reading again helps."""


class OlderVersion(StaleItem):
    """The stored item has an older schema version; `item` is what is stored in `store`."""

    def __init__(self, message: str, *, store: AnyStore, item: Item) -> None:
        super().__init__(message)
        self.store = store
        self.item = item


@dataclass(frozen=True, kw_only=True)
class Write:
    """
    Args:
        kind: As in TransactWriteItems.
        request: The request's members, condition included.
        explain: From the stored item (None: there is none) to the error that a failed condition means.
        subject: Names the item in messages.
        locked: It demands the version at which the entity was read.
        markers: Writes of unique values' markers, to be carried out in the same transaction.
    """

    kind: WriteKind
    request: Mapping[str, Any]
    explain: Callable[[Item | None], DataError]
    subject: str
    locked: bool = False
    markers: tuple["Write", ...] = ()


@dataclass(kw_only=True)
class Guard:
    """
    The conditions of one write, and how to tell which of them failed.

    `wanted` are values that must be as they were read (by stored name), `lock` the version that must still be there;
    `limits` says in words what else the write demands.
    """

    store: AnyStore
    expressions: Expressions
    wanted: Mapping[str, AttributeValue | None]
    own_reading: bool = False
    lock: int | None = None
    deleted: bool = False
    limits: tuple[str, ...] = ()

    def conditions(self, *, alive: bool) -> list[str]:
        """Texts of the conditions; `alive` demands an item that exists, for this entity's reads."""
        texts = []
        if alive:
            texts.append(self.expressions.exists(self.store.codec.layout.table.partition.name))
            texts += self.store.alive_conditions(self.expressions, deleted=self.deleted)
            if self.store.codec.entity.version > 1:
                version = {"N": str(self.store.codec.entity.version)}
                texts.append(self.expressions.equals(SCHEMA_VERSION, version))
        lock = self.store.codec.entity.lock
        if self.lock is not None and lock is not None:
            texts.append(self._lock_condition(lock.stored_as, alive=alive))
        texts += [self._wanted_condition(name, value) for name, value in self.wanted.items()]
        return texts

    def _lock_condition(self, stored_as: str, *, alive: bool) -> str:
        if self.lock:
            return self.expressions.equals(stored_as, {"N": str(self.lock)})
        if alive:
            return self.expressions.equals(stored_as, None)
        return self.store.free_condition(self.expressions, stored_as)

    def _wanted_condition(self, stored_as: str, value: AttributeValue | None) -> str:
        text = self.expressions.equals(stored_as, value)
        if value is not None and value == self.store.codec.stored_defaults.get(stored_as):
            return f"({text} OR {self.expressions.equals(stored_as, None)})"
        return text

    def explain(self, item: Item | None, subject: str, *, alive: bool) -> DataError:
        """The error that a failed condition means, seen what is stored."""
        if alive and (item is None or not self.store.is_alive(item, deleted=self.deleted)):
            return ItemNotFound(f"{subject} does not exist")
        stored = item or {}
        if alive and self.store.codec.version_of(stored) != self.store.codec.entity.version:
            return OlderVersion(f"{subject} is stored in another schema version", store=self.store, item=stored)
        lock = self.store.codec.entity.lock
        if self.lock is not None and lock is not None:
            found = stored.get(lock.stored_as, {"N": "0"})
            if found != {"N": str(self.lock)}:
                return StaleItem(f"{subject} was changed by somebody else since it was read", hint="read it again")
        defaults = self.store.codec.stored_defaults
        if any(stored.get(name, defaults.get(name)) != value for name, value in self.wanted.items()):
            kind = Outdated if self.own_reading else StaleItem
            return kind(f"{subject} was changed by somebody else since it was read", hint="read it again")
        return ConditionFailed(f"the condition does not hold for {subject}", hint=" and ".join(self.limits) or None)


def request_of(
    store: AnyStore,
    expressions: Expressions,
    *,
    conditions: Sequence[str],
    **members: Any,
) -> dict[str, Any]:
    """The members that all writes share."""
    request = {"TableName": store.table_name, **members}
    if members.get("UpdateExpression") == "":
        del request["UpdateExpression"]  # nothing to change: DynamoDB then only checks the condition
    if conditions:
        request["ConditionExpression"] = all_of(conditions)
    return request | expressions.members()
