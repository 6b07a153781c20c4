"""Bodies that services share: camel case, strict on the way in, and pages with an opaque cursor."""

from collections.abc import Callable, Iterable
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

ShownT = TypeVar("ShownT", bound=BaseModel)
FoundT = TypeVar("FoundT")

LIMIT_MAX = 200
LIMIT_DEFAULT = 50

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=2048, description="`next` of the page before.")]


class RequestBody(BaseModel):
    """A body that comes in: camel case, strict types, no unknown members."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)


class ResponseBody(BaseModel):
    """A body that goes out, in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, frozen=True)


class Listing(ResponseBody, Generic[ShownT]):
    """A page of a listing."""

    items: list[ShownT]
    next: str | None = Field(default=None, description="The cursor of the page after this one; null on the last.")


def listing(found: Iterable[FoundT], show: Callable[[FoundT], ShownT], *, following: str | None) -> Listing[ShownT]:
    return Listing[ShownT](items=[show(each) for each in found], next=following)
