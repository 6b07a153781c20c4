"""Whatever is changed in whatever order, an item is what a put of its entity would have stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.data import Database, Repository
from tenantable.data.codecs.entities import codec_of
from tenantable.declare import Attr, Change, Entity, Index, Naming, System, Table, attr
from tenantable.engine import Engine

START = datetime(2026, 1, 1, tzinfo=UTC)
gsi1, gsi2 = Index("gsi1"), Index("gsi2")
by_city = Index("by-city", partition="city")
table = Table("people", gsi1, gsi2, by_city, ttl="expires_at")


class Person(Entity, table=table):
    person_id: Attr[str]
    team: Attr[str | None] = attr(default=None)
    rank: Attr[int] = attr(default=1)
    joined: Attr[datetime | None] = attr(default=START)
    city: Attr[str | None] = attr(default=None)
    email: Attr[str | None] = attr(default=None, unique=True)
    expires_at: Attr[datetime | None] = attr(default=None)


class People(Repository[Person]):
    @Person.key(pk="PERSON#{person_id}", sk="PERSON")
    def get(self, *, person_id: str) -> None:
        """One person."""

    @Person.query(gsi1, pk="TEAM#{team}", sk="{rank:03}#{joined}")
    def of_team(self, *, team: str) -> None:
        """A team by rank."""

    @Person.query(gsi2, pk="MONTH#{joined:date}", sk="{team}#{person_id}")
    def of_day(self, *, joined: datetime) -> None:
        """Who joined on a day."""

    @Person.query(by_city)
    def of_city(self, *, city: str) -> None:
        """Who lives in a city."""


texts = st.none() | st.sampled_from(["a", "b#", "%"])
instants = st.none() | st.integers(0, 3).map(lambda days: START + timedelta(days=days))
expiries = st.none() | st.integers(10, 12).map(lambda years: START + timedelta(days=365 * years))
changes: st.SearchStrategy[Change[Person]] = st.one_of(
    texts.map(Person.team.set),
    texts.map(Person.city.set),
    texts.map(Person.email.set),
    instants.map(Person.joined.set),
    expiries.map(Person.expires_at.set),
    st.integers(0, 5).map(Person.rank.set),
    st.integers(1, 3).map(Person.rank.add),
    st.sampled_from(["a", "c"]).map(Person.team.set_default),
)
updates = st.lists(changes, min_size=1, max_size=3, unique_by=lambda change: change.subject.name)


def markers(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in items if item["PK"]["S"].startswith("UNIQUE#")]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(updates, st.booleans()), max_size=6))
def test_an_updated_item_is_what_a_put_would_have_stored(rounds: list[tuple[list[Change[Person]], bool]]) -> None:
    with Engine(":memory:") as engine:
        naming = Naming()
        for request in System(name="people", tables=[table]).create_table_requests(naming):
            engine.call("CreateTable", request)
        people = Database(engine, naming=naming, cursor_key=bytes(16)).repository(People)
        person = people.create(Person(person_id="p"))
        for changed, by_key in rounds:
            person = people.update(People.get.key(person_id="p") if by_key else person, *changed)
            items = engine.call("Scan", {"TableName": "people"})["Items"]
            held = markers(items)
            assert [item for item in items if item not in held] == [codec_of(Person).encode(vars(person))]
            assert len(held) == (person.email is not None)
            assert all(item.get("expires_at") == items[-1].get("expires_at") for item in items)
