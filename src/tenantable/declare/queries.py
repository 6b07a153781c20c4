"""A query as a value: what to find, refined step by step, run only when its results are asked for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from tenantable.declare.references import Condition, EntityT, Reference

ResultT = TypeVar("ResultT")
FirstT = TypeVar("FirstT")
SecondT = TypeVar("SecondT")
ThirdT = TypeVar("ThirdT")
FourthT = TypeVar("FourthT")

PAGE_ITEMS_MAX = 1000


@dataclass(frozen=True, kw_only=True)
class Page(Generic[ResultT]):
    """Some results in order, and the cursor of the page after it; None on the last page."""

    items: tuple[ResultT, ...]
    next: str | None

    def __iter__(self) -> Iterator[ResultT]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class QuerySource(Protocol):
    """What a query reads from: one access pattern with its key values, bound to a repository."""

    def fetch_page(self, query: "Query[Any, Any]", *, limit: int | None, cursor: str | None) -> Page[Any]: ...

    def count(self, query: "Query[Any, Any]") -> int: ...


@dataclass(frozen=True, kw_only=True)
class Query(Generic[EntityT, ResultT]):
    """
    Entities of one access pattern. Nothing is read before `page`, `first`, `count` or iteration.

    Results come in ascending order of the sort key, eventually consistent, unless the query says otherwise.
    """

    source: QuerySource
    span: Condition[EntityT] | None = None
    filter: Condition[EntityT] | None = None
    projection: tuple[Reference[EntityT, Any], ...] | None = None
    descending: bool = False
    strong: bool = False
    with_deleted: bool = False
    comparing_keys: bool = False

    def range(self, span: Condition[EntityT]) -> Self:
        """
        Only a part of the partition: `begins_with`, `between` or a comparison of the first field of the sort key
        that the pattern's parameters leave open. Costs only what it returns, unlike `where`.
        """
        return replace(self, span=span)

    def where(self, condition: Condition[EntityT]) -> Self:
        """Only items for which the condition holds. DynamoDB reads, and bills, the others too."""
        return replace(self, filter=condition if self.filter is None else self.filter & condition)

    def newest_first(self) -> Self:
        """Descending order of the sort key."""
        return replace(self, descending=True)

    def consistent(self) -> Self:
        """See every write acknowledged before; not possible on a global index, and twice the price."""
        return replace(self, strong=True)

    def including_deleted(self) -> Self:
        """Softly deleted entities as well."""
        return replace(self, with_deleted=True)

    @overload
    def only(self, first: Reference[EntityT, FirstT], /) -> "Query[EntityT, tuple[FirstT]]": ...
    @overload
    def only(
        self, first: Reference[EntityT, FirstT], second: Reference[EntityT, SecondT], /
    ) -> "Query[EntityT, tuple[FirstT, SecondT]]": ...
    @overload
    def only(
        self,
        first: Reference[EntityT, FirstT],
        second: Reference[EntityT, SecondT],
        third: Reference[EntityT, ThirdT],
        /,
    ) -> "Query[EntityT, tuple[FirstT, SecondT, ThirdT]]": ...
    @overload
    def only(
        self,
        first: Reference[EntityT, FirstT],
        second: Reference[EntityT, SecondT],
        third: Reference[EntityT, ThirdT],
        fourth: Reference[EntityT, FourthT],
        /,
    ) -> "Query[EntityT, tuple[FirstT, SecondT, ThirdT, FourthT]]": ...
    def only(self, *references: Reference[EntityT, Any]) -> "Query[EntityT, Any]":
        """Read these attributes alone; each result is a tuple of them."""
        return replace(self, projection=references)

    def comparing(self) -> "Query[EntityT, tuple[ResultT, tuple[str, ...]]]":
        """
        Each entity with the names of its key attributes, of the table and of all indexes, that are not what its values
        make them. None are, unless an item was written past this library.
        """
        return replace(self, comparing_keys=True)  # type: ignore[return-value]

    def page(self, limit: int | None = None, cursor: str | None = None) -> Page[ResultT]:
        """
        Read one page.

        Args:
            limit: Results per page, 1 to 1000. None: as many as DynamoDB reads at once (1 MB).
            cursor: `next` of the page before. Good only for the same query of the same tenant: pattern, key values,
                range, filters, order and attributes; the limit may differ.
        Returns:
            At most `limit` results; with a selective filter it may be fewer although `next` is given.
        Raises:
            InvalidCursor: The cursor was altered or belongs to another query.
        """
        if limit is not None and not 1 <= limit <= PAGE_ITEMS_MAX:
            raise ValueError(f"limit must be 1 to {PAGE_ITEMS_MAX}, not {limit}")
        return self.source.fetch_page(self, limit=limit, cursor=cursor)

    def pages(self, limit: int | None = None) -> Iterator[Page[ResultT]]:
        """All pages, one after the other."""
        cursor: str | None = None
        while True:
            page = self.page(limit, cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return

    def __iter__(self) -> Iterator[ResultT]:
        """All results, page by page."""
        for page in self.pages():
            yield from page.items

    def all(self) -> list[ResultT]:
        """All results at once; mind how many there may be."""
        return list(self)

    def first(self) -> ResultT | None:
        """The first result, or None."""
        for page in self.pages(1):
            for result in page.items:
                return result
        return None

    def count(self) -> int:
        """How many there are; reads all of them inside DynamoDB, and bills so."""
        return self.source.count(self)
