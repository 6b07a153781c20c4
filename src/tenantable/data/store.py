"""One entity in one session: what reading and writing it have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

from tenantable.data.codecs.entities import EntityCodec, codec_of
from tenantable.data.expressions import Expressions
from tenantable.data.session import Session
from tenantable.declare.keys.layouts import Key
from tenantable.declare.references import EntityT
from tenantable.errors import DataError
from tenantable.wire.values import AttributeValue, Item


@dataclass(frozen=True, kw_only=True)
class EntityStore(Generic[EntityT]):
    """An entity's codec together with the session in which it is used."""

    session: Session
    codec: EntityCodec[EntityT]
    table_name: str

    def key(self, values: Mapping[str, Any]) -> dict[str, AttributeValue]:
        """The primary key of these field values; DataError when a part is missing or does not fit."""
        return self.codec.table_key(self.session.with_tenant(values))

    def item(self, values: Mapping[str, Any]) -> Item:
        """The item of these field values; DataError when one cannot be stored."""
        return self.codec.encode(self.session.with_tenant(values))

    def decode(self, item: Item) -> EntityT:
        """The entity of an item of this session's tenant; TenancyError for another's."""
        return self.codec.decode(self.session.check_scope(self.codec.layout.table, item))

    def read(self, values: Mapping[str, Any]) -> Item | None:
        """What is stored now, expired and deleted items included."""
        return self.read_key(self.key(values))

    def read_key(self, key: Mapping[str, AttributeValue]) -> Item | None:
        """As `read`, by the primary key itself."""
        request = {"TableName": self.table_name, "Key": key, "ConsistentRead": True}
        item: Item | None = self.session.call("GetItem", request).get("Item")
        return item

    def field_values(self, target: "EntityT | Key[EntityT]") -> Mapping[str, Any]:
        """
        The values that a target brings: all of an entity's, or those of a key.

        Raises:
            DataError: It is of another entity.
        """
        if isinstance(target, Key):
            if target.entity is not self.codec.model:
                raise DataError(f"{target} is no key of {self.codec.entity.name}")
            return target.values
        if type(target) is not self.codec.model:
            raise DataError(f"{type(target).__name__} is not {self.codec.entity.name}")
        return self.codec.as_stored(vars(target))

    def lock_of(self, target: "EntityT | Key[EntityT]") -> int | None:
        """The version at which an entity was read; None without a lock, and for keys."""
        lock = self.codec.entity.lock
        return None if lock is None or isinstance(target, Key) else int(vars(target)[lock.name])

    def alive_conditions(self, expressions: Expressions, *, deleted: bool = False) -> list[str]:
        """That an item has not expired and is not softly deleted (`deleted`: that it is)."""
        texts = []
        ttl, soft_delete = self.codec.entity.ttl, self.codec.entity.soft_delete
        if ttl is not None:
            name, now = expressions.name(ttl.stored_as), expressions.value(self.now())
            texts.append(f"(attribute_not_exists({name}) OR {name} > {now})")
        if soft_delete is not None:
            name = soft_delete.stored_as
            texts.append(expressions.exists(name) if deleted else expressions.equals(name, None))
        return texts

    def free_condition(self, expressions: Expressions, stored_as: str) -> str:
        """That an attribute is not there, or what has it has expired and may be replaced."""
        free = f"attribute_not_exists({expressions.name(stored_as)})"
        ttl = self.codec.entity.ttl
        if ttl is None:
            return free
        return f"({free} OR {expressions.name(ttl.stored_as)} <= {expressions.value(self.now())})"

    def is_alive(self, item: Item, *, deleted: bool = False) -> bool:
        """As `alive_conditions`, for an item that was read."""
        ttl, soft_delete = self.codec.entity.ttl, self.codec.entity.soft_delete
        if ttl is not None:
            expiry = item.get(ttl.stored_as, {}).get("N")
            if expiry is not None and int(expiry) <= int(self.session.clock()):
                return False
        return soft_delete is None or (soft_delete.stored_as in item) == deleted

    def now(self) -> AttributeValue:
        """The time as the TTL attribute has it."""
        return {"N": str(int(self.session.clock()))}


def store_of(session: Session, model: type[EntityT]) -> EntityStore[EntityT]:
    codec = codec_of(model)
    return EntityStore(session=session, codec=codec, table_name=session.physical(codec.layout.table).name)


AnyStore = EntityStore[Any]
