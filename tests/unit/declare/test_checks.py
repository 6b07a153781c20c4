"""What a view of an index with a partial projection must find there."""

from datetime import datetime

import pytest
from pydantic import BaseModel

from tenantable.declare.access import AccessPatterns
from tenantable.declare.attributes import Attr, attr
from tenantable.declare.entities import Entity
from tenantable.declare.tables import Index, LocalIndex, Table
from tenantable.errors import DeclarationError


class Summary(BaseModel):
    user: str
    note: str | None = None


def declare_listing(index: Index) -> None:
    table = Table("sessions", index, partition="user", sort="started", ttl="expires")

    class Session(Entity, table=table):
        user: Attr[str]
        started: Attr[str]
        expires: Attr[datetime]
        note: Attr[str | None] = attr(default=None)

    class Sessions(AccessPatterns[Session]):
        @Session.key()
        def get(self, *, user: str, started: str) -> None:
            """One session."""

        @Session.query(index, view=Summary)
        def listed(self, *, user: str) -> None:
            """Sessions in short."""


@pytest.mark.parametrize(
    ("projection", "missing"), [(("note",), "expires"), (("expires",), "note")], ids=["bookkeeping", "optional"]
)
def test_a_global_index_holds_all_that_a_view_asks_for(projection: tuple[str, ...], missing: str) -> None:
    """DynamoDB refuses to project what a global index does not hold, and reads look at the time of expiry."""
    with pytest.raises(DeclarationError, match=rf"listed: Index\('brief'\) does not hold {missing}"):
        declare_listing(Index("brief", partition="user", projection=projection))


def test_a_local_index_fetches_what_it_does_not_hold() -> None:
    declare_listing(LocalIndex("brief", sort="note", projection="keys"))


def test_a_projection_with_all_of_it_serves_the_view() -> None:
    declare_listing(Index("brief", partition="user", projection=("note", "expires")))
