"""Parameters of the sort key narrow a query from the front; one behind an open part is refused, never ignored."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tenantable.data import Database, Repository
from tenantable.declare import Attr, Entity, Index, Table
from tenantable.errors import DataError

by_agent, by_day = Index("by-agent"), Index("by-day")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


TICKETS = Table("tickets", by_agent, by_day)


class Ticket(Entity, table=TICKETS):
    number: Attr[int]
    agent: Attr[str]
    status: Attr[str]
    opened_at: Attr[datetime]


class Tickets(Repository[Ticket]):
    @Ticket.key(pk="TICKET#{number}", sk="TICKET")
    def get(self, *, number: int) -> None:
        """One ticket."""

    @Ticket.query(by_agent, pk="AGENT#{agent}", sk="{status}#{agent}#{opened_at}#{number}")
    def of_agent(
        self,
        *,
        agent: str,
        status: str | None = None,
        opened_at: datetime | None = None,
        number: int | None = None,
    ) -> None:
        """Tickets of an agent."""

    @Ticket.query(by_day, pk="DAY#{opened_at:date}", sk="{opened_at}#{number}")
    def of_day(self, *, opened_at: date, number: int | None = None) -> None:
        """Tickets of a day."""


@pytest.fixture
def tickets(open_database: Callable[..., Database]) -> Tickets:
    repository = open_database(TICKETS).repository(Tickets)
    for number, status in enumerate(("open", "open", "done")):
        repository.create(Ticket(number=number, agent="ada", status=status, opened_at=NOON))
    return repository


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, [2, 0, 1]),
        ({"status": "open"}, [0, 1]),
        ({"status": "open", "opened_at": NOON}, [0, 1]),
        ({"status": "open", "opened_at": NOON, "number": 1}, [1]),
        ({"status": "open", "opened_at": None, "number": None}, [0, 1]),
    ],
)
def test_leading_parts_narrow_the_query(tickets: Tickets, given: dict[str, Any], found: list[int]) -> None:
    assert [ticket.number for ticket in tickets.of_agent(agent="ada", **given)] == found


@pytest.mark.parametrize(
    ("given", "missing", "behind"),
    [
        ({"number": 1}, "status", "number=1"),
        ({"opened_at": NOON, "number": 1}, "status", "opened_at="),
        ({"status": "open", "number": 0}, "opened_at", "number=0"),
        ({"status": None, "number": 1}, "status", "number=1"),
    ],
)
def test_a_part_behind_an_open_one_is_refused_where_it_is_given(
    tickets: Tickets, given: dict[str, Any], missing: str, behind: str
) -> None:
    with pytest.raises(DataError) as refused:
        tickets.of_agent(agent="ada", **given)
    assert "Tickets.of_agent" in refused.value.message
    assert behind in refused.value.message
    assert f"{missing}, which stands before it" in refused.value.message
    assert refused.value.hint is not None
    assert f"give {missing} too" in refused.value.hint


def test_a_day_leaves_the_instant_open_and_so_nothing_behind_it_can_be_given(tickets: Tickets) -> None:
    assert [ticket.number for ticket in tickets.of_day(opened_at=NOON.date())] == [0, 1, 2]
    assert [ticket.number for ticket in tickets.of_day(opened_at=NOON, number=1)] == [1]
    with pytest.raises(DataError, match="number=1 is given, and opened_at"):
        tickets.of_day(opened_at=NOON.date(), number=1)
