"""Answering queries: one access pattern with its key values, bound to a session."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from tenantable.data.codecs.entities import EntityCodec
from tenantable.data.expressions import Expressions, all_of, condition_text, field_of
from tenantable.data.reading.cursors import read_cursor, write_cursor
from tenantable.data.reading.spans import Span, collection_span, sort_span
from tenantable.data.session import Session
from tenantable.data.store import store_of
from tenantable.declare.keys.layouts import TemplatePart
from tenantable.declare.patterns import QueryPattern
from tenantable.declare.queries import Page, Query
from tenantable.declare.references import Reference
from tenantable.errors import DataError
from tenantable.wire.values import AttributeValue, Item

ROUNDS_PER_PAGE_MAX = 16
"""DynamoDB pages read for one page of ours before it is handed out short."""
_FILTERED_READ_FACTOR = 4  # with a filter, read this many times the items still wanted at once


class BoundQuery:
    """
    The source of one query; see `declare.queries.QuerySource`.

    Raises:
        DataError: A parameter of the sort key is given, and one before it is not.
    """

    def __init__(self, session: Session, pattern: QueryPattern[..., Any, Any], values: Mapping[str, Any]) -> None:
        self._session = session
        self._pattern = pattern
        self._values = session.with_tenant(values)
        self._key = pattern.resolution.key
        self._stores = tuple(store_of(session, layout.entity.model) for layout in pattern.resolution.layouts)
        self._table = session.physical(self._stores[0].codec.layout.table)
        self._check_leading()

    def fetch_page(self, query: Query[Any, Any], *, limit: int | None, cursor: str | None) -> Page[Any]:
        """As `Query.page`."""
        request = self._request(query)
        context = self._context(query)
        if cursor is not None:
            request["ExclusiveStartKey"] = read_cursor(self._session.cursor_key, context, cursor)
        results: list[Any] = []
        position: Mapping[str, AttributeValue] | None = None
        for _ in range(ROUNDS_PER_PAGE_MAX):
            if limit is not None:
                request["Limit"] = self._read_limit(request, limit - len(results))
            answer = self._session.call("Query", request)
            position = answer.get("LastEvaluatedKey")
            last = self._collect(query, answer["Items"], results, limit)
            if last is not None and last is not answer["Items"][-1]:
                position = self._position(last)
            if position is None or limit is None or last is not None:
                break
            request["ExclusiveStartKey"] = position
        following = None if position is None else write_cursor(self._session.cursor_key, context, position)
        return Page(items=tuple(results), next=following)

    def count(self, query: Query[Any, Any]) -> int:
        """As `Query.count`."""
        if len(self._stores) > 1:
            return sum(1 for _ in query)
        request = self._request(query, counting=True)
        total: int = 0
        while True:
            answer = self._session.call("Query", request)
            total += int(answer["Count"])
            if "LastEvaluatedKey" not in answer:
                return total
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _request(self, query: Query[Any, Any], *, counting: bool = False) -> dict[str, Any]:
        expressions = Expressions()
        partition, span = self._key_condition(query)
        conditions = [expressions.equals(self._key.partition.attribute.name, partition)]
        if span is not None:
            assert self._key.sort is not None, "a span is a range of a sort key"
            conditions.append(_span_text(span, self._key.sort.attribute.name, expressions))
        request: dict[str, Any] = {"TableName": self._table.name, "KeyConditionExpression": all_of(conditions)}
        if self._pattern.index is not None:
            request["IndexName"] = self._table.index_names[self._pattern.index.name]
        if query.descending:
            request["ScanIndexForward"] = False
        if query.strong:
            request["ConsistentRead"] = True
        filters = list(self._filters(query, expressions))
        if filters:
            request["FilterExpression"] = all_of(filters)
        names = None if counting else self._projected(query)
        if counting:
            request["Select"] = "COUNT"
        elif names is not None:
            request["ProjectionExpression"] = expressions.projection(names)
        return request | expressions.members()

    def _key_condition(self, query: Query[Any, Any]) -> tuple[AttributeValue, Span | None]:
        try:
            partition = self._key.partition.value(self._values)
            span = self._collection_span(query) if len(self._stores) > 1 else self._entity_span(query)
        except (TypeError, ValueError) as error:
            raise DataError(f"{self._pattern.place}: {error}") from error
        if partition is None:
            raise DataError(f"{self._pattern.place}: a part of the partition key is None")
        return partition, span

    def _entity_span(self, query: Query[Any, Any]) -> Span | None:
        return sort_span(self._key.sort, self._sort_values(), query.span)

    def _collection_span(self, query: Query[Any, Any]) -> Span | None:
        keys = [store.codec.layout.key(self._pattern.index) for store in self._stores]
        return collection_span([key.sort for key in keys if key is not None], query.span)

    def _sort_values(self) -> Mapping[str, Any]:
        """What fixes the sort key. A day that selects the partition leaves the instant in the sort key open."""
        part = self._key.partition
        days = (
            [name for name in part.days if type(self._values[name]) is date] if isinstance(part, TemplatePart) else []
        )
        return {name: value for name, value in self._values.items() if name not in days} if days else self._values

    def _check_leading(self) -> None:
        """DataError for a parameter that could not narrow the query: it would find more than was asked for."""
        values = self._sort_values()
        gap = self._pattern.sort_key_gap([name for name, value in values.items() if value is not None])
        if gap is not None:
            missing, given = gap
            raise DataError(
                f"{self._pattern.place}: {given}={values[given]!r} is given, and {missing}, which stands before it in "
                f"the sort key {str(self._key.sort)!r}, is open",
                hint=f"give {missing} too, or leave {given} out and ask for it in where()",
            )

    def _filters(self, query: Query[Any, Any], expressions: Expressions) -> Iterator[str]:
        if len(self._stores) > 1:
            if query.filter is not None:
                raise DataError(f"{self._pattern.place}: where() does not work on collections")
            return
        (store,) = self._stores
        codec = store.codec
        if not query.with_deleted:
            yield from store.alive_conditions(expressions)
        discriminator = codec.entity.table.discriminator
        if discriminator is not None:
            yield expressions.equals(discriminator, {"S": codec.entity.name})
        if query.filter is not None:
            yield condition_text(query.filter, codec, expressions)  # brings its own parentheses

    def _projected(self, query: Query[Any, Any]) -> Sequence[str] | None:
        """Stored names to read, those of the keys included; None: whole items."""
        codec = self._stores[0].codec
        if query.comparing_keys and (len(self._stores) > 1 or query.projection or self._pattern.view):
            raise DataError(f"{self._pattern.place}: keys are compared with whole entities of one kind")
        if query.projection is not None:
            wanted = [_whole_field(reference, codec) for reference in query.projection]
        elif self._pattern.view is not None:
            wanted = list(self._pattern.view.model_fields)
        else:
            return None
        if codec.entity.version > 1:
            return None  # upgrades need the whole item
        keys = (*self._table.table.keys.names, *self._key_attribute_names())
        return list(dict.fromkeys([*(codec.fields[name].stored_as for name in wanted), *keys]))

    def _key_attribute_names(self) -> tuple[str, ...]:
        return self._table.table.keys_of(self._pattern.index).names

    def _collect(
        self, query: Query[Any, Any], items: Sequence[Item], results: list[Any], limit: int | None
    ) -> Item | None:
        """Add results; the item at which `limit` was reached, or None."""
        for item in items:
            result = self._result(query, item)
            if result is None:
                continue
            results.append(result)
            if limit is not None and len(results) >= limit:
                return item
        return None

    def _result(self, query: Query[Any, Any], item: Item) -> Any:
        self._session.check_scope(self._table.table, item)
        if len(self._stores) > 1:
            return self._member(item)
        codec = self._stores[0].codec
        if query.comparing_keys:
            entity = codec.decode(item)
            return entity, codec.misplaced(item, self._session.with_tenant(vars(entity)))
        if query.projection is not None:
            return _projected_values(query, codec, item)
        if self._pattern.view is not None:
            return codec.decode_view(self._pattern.view, item)
        return codec.decode(item)

    def _member(self, item: Item) -> Any:
        """The entity of a collection's item; None for items of other kinds, expired and deleted ones."""
        for store in self._stores:
            if store.codec.owns(item):
                return store.codec.decode(item) if store.is_alive(item) else None
        return None

    def _read_limit(self, request: Mapping[str, Any], missing: int) -> int:
        filtered = "FilterExpression" in request or len(self._stores) > 1
        return min(1000, missing * _FILTERED_READ_FACTOR) if filtered else missing

    def _position(self, item: Item) -> dict[str, AttributeValue]:
        """Where to go on after an item: its keys in the table and in the index."""
        names = dict.fromkeys((*self._table.table.keys.names, *self._key_attribute_names()))
        return {name: item[name] for name in names}

    def _context(self, query: Query[Any, Any]) -> dict[str, Any]:
        """What a cursor is bound to."""
        partition, span = self._key_condition(query)
        return {
            "pattern": self._pattern.place,
            "partition": partition,
            "span": None if span is None else [span.operator, *span.operands],
            "descending": query.descending,
            "with_deleted": query.with_deleted,
            "filter": self._filter_context(query),
            "projection": query.projection and [reference.name for reference in query.projection],
            "tenant": self._session.tenant,
        }

    def _filter_context(self, query: Query[Any, Any]) -> Any:
        """What was asked for by `where`: not the filter as it is sent, which knows the time."""
        if query.filter is None:
            return None
        expressions = Expressions()
        return [condition_text(query.filter, self._stores[0].codec, expressions), expressions.members()]


def _span_text(span: Span, attribute: str, expressions: Expressions) -> str:
    name = expressions.name(attribute)
    operands = [expressions.value(operand) for operand in span.operands]
    if span.operator == "BETWEEN":
        return f"{name} BETWEEN {operands[0]} AND {operands[1]}"
    if span.operator == "begins_with":
        return f"begins_with({name}, {operands[0]})"
    return f"{name} {span.operator} {operands[0]}"


def _whole_field(reference: object, codec: EntityCodec[Any]) -> str:
    if not isinstance(reference, Reference) or reference.path:
        hint = f"write only({codec.model.__name__}.<attribute>, ...)"
        raise DataError(f"only() takes whole attributes, not {reference!r}", hint=hint)
    return field_of(reference, codec)


def _projected_values(query: Query[Any, Any], codec: EntityCodec[Any], item: Item) -> tuple[Any, ...]:
    """The asked attributes, validated one by one as the entity would."""
    names = [reference.name for reference in query.projection or ()]
    return codec.validated(item, names)
