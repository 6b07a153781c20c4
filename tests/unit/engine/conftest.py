"""An engine in memory whose time stands still until a test moves it, and short ways to call it."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import pytest

from tenantable.engine import Engine
from tenantable.testing import ManualClock
from tenantable.wire.errors import DynamoError

KEY_TYPES = {"count": "N", "blob": "B"}


class Call(Protocol):
    """One operation on the engine, its request as keyword arguments."""

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]: ...


class Refusal(Protocol):
    """The error that an operation raises."""

    def __call__(self, operation: str, **request: Any) -> DynamoError: ...


class Create(Protocol):
    """Creates a table of a shape; see `table_request`. Gives its description."""

    def __call__(self, name: str, **shape: Any) -> dict[str, Any]: ...


class TableRequest(Protocol):
    """
    A CreateTable request. Attributes named `count` are numbers, `blob` binaries, all others strings.

    Args:
        keys: The names of the key attributes, `pk` and `sk` unless said otherwise.
        local: Index names to sort key and projection: `("date", "ALL")`; a list of names means INCLUDE.
        global_: Index names to one or two key attributes; everything is projected.
        more: Other members of the request.
    """

    def __call__(
        self,
        name: str,
        *,
        keys: tuple[str, ...] = ...,
        local: Mapping[str, tuple[str, str | list[str]]] | None = None,
        global_: Mapping[str, tuple[str, ...]] | None = None,
        **more: Any,
    ) -> dict[str, Any]: ...


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def engine(clock: ManualClock) -> Iterator[Engine]:
    with Engine(":memory:", clock=clock) as engine:
        yield engine


@pytest.fixture
def call(engine: Engine) -> Call:
    def call(operation: str, **request: Any) -> dict[str, Any]:
        return engine.call(operation, request)

    return call


@pytest.fixture
def refusal(engine: Engine) -> Refusal:
    def refusal(operation: str, **request: Any) -> DynamoError:
        with pytest.raises(DynamoError) as caught:
            engine.call(operation, request)
        return caught.value

    return refusal


@pytest.fixture
def create(call: Call, table_request: TableRequest) -> Create:
    def create(name: str, **shape: Any) -> dict[str, Any]:
        description: dict[str, Any] = call("CreateTable", **table_request(name, **shape))["TableDescription"]
        return description

    return create


@pytest.fixture
def table_request() -> TableRequest:
    return _table_request


def _table_request(
    name: str,
    *,
    keys: tuple[str, ...] = ("pk", "sk"),
    local: Mapping[str, tuple[str, str | list[str]]] | None = None,
    global_: Mapping[str, tuple[str, ...]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    indexes: dict[str, list[dict[str, Any]]] = {}
    for index_name, (sort, projection) in (local or {}).items():
        indexes.setdefault("LocalSecondaryIndexes", []).append(_index(index_name, (keys[0], sort), projection))
    for index_name, index_keys in (global_ or {}).items():
        indexes.setdefault("GlobalSecondaryIndexes", []).append(_index(index_name, index_keys, "ALL"))
    schemas = [_key_schema(keys), *(index["KeySchema"] for group in indexes.values() for index in group)]
    names = dict.fromkeys(element["AttributeName"] for schema in schemas for element in schema)
    return {
        "TableName": name,
        "KeySchema": schemas[0],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": KEY_TYPES.get(name, "S")} for name in names],
        "BillingMode": "PAY_PER_REQUEST",
        **indexes,
        **more,
    }


def _index(name: str, keys: tuple[str, ...], projection: str | list[str]) -> dict[str, Any]:
    if isinstance(projection, str):
        shown: dict[str, Any] = {"ProjectionType": projection}
    else:
        shown = {"ProjectionType": "INCLUDE", "NonKeyAttributes": projection}
    return {"IndexName": name, "KeySchema": _key_schema(keys), "Projection": shown}


def _key_schema(names: tuple[str, ...]) -> list[dict[str, str]]:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)]
