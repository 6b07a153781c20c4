from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from tenantable.data import Database, Repository
from tenantable.data.reading.queries import ROUNDS_PER_PAGE_MAX
from tenantable.declare import Attr, Entity, Index, Table, attr, collection
from tenantable.errors import DataError, InvalidCursor

START = datetime(2026, 1, 1, tzinfo=UTC)
gsi1 = Index("gsi1")
teams = Table("teams", gsi1, ttl="expires_at")


class Team(Entity, table=teams):
    org_id: Attr[str]
    team_id: Attr[str]
    name: Attr[str]
    size: Attr[int] = attr(default=0)
    since: Attr[datetime] = attr(default=START)
    division: Attr[str | None] = attr(default=None)
    expires_at: Attr[datetime | None] = attr(default=None)
    closed_at: Attr[datetime | None] = attr(default=None, soft_delete=True)


class TeamName(BaseModel):
    team_id: str
    name: str


class Teams(Repository[Team]):
    @Team.key(pk="ORG#{org_id}", sk="TEAM#{team_id}")
    def get(self, *, org_id: str, team_id: str) -> None:
        """One team."""

    @Team.query()
    def of_organisation(self, *, org_id: str) -> None:
        """The teams of an organisation."""

    @Team.query(view=TeamName)
    def names(self, *, org_id: str) -> None:
        """The names of an organisation's teams."""

    @Team.query(gsi1, pk="ORG#{org_id}#DIV#{division}", sk="{since}#{team_id}")
    def of_division(self, *, org_id: str, division: str, since: datetime | None = None) -> None:
        """The teams of a division, oldest first."""


class TeamRole(Entity, table=teams):
    org_id: Attr[str]
    role_id: Attr[str]


class TeamRoles(Repository[TeamRole]):
    @TeamRole.key(pk="ORG#{org_id}", sk="TEAMROLE#{role_id}")
    def get(self, *, org_id: str, role_id: str) -> None:
        """One role."""

    @collection(Team, TeamRole, pk="ORG#{org_id}")
    def with_teams(self, *, org_id: str) -> None:
        """Teams and roles of an organisation."""


class Visit(Entity, table=Table("visits", discriminator="_kind")):
    at: Attr[datetime]
    visit_id: Attr[str]


class Visits(Repository[Visit]):
    @Visit.key(pk="DAY#{at:date}", sk="{at}#{visit_id}")
    def get(self, *, at: datetime, visit_id: str) -> None:
        """One visit."""

    @Visit.query()
    def of_day(self, *, at: date) -> None:
        """The visits of a day."""


@pytest.fixture
def database(open_database: Callable[..., Database]) -> Database:
    return open_database(teams)


@pytest.fixture
def repository(database: Database) -> Teams:
    found = database.repository(Teams)
    for number in range(12):
        found.create(
            Team(
                org_id="o",
                team_id=f"t{number:02}",
                name=f"n{number}",
                size=number,
                since=START + timedelta(days=number),
                division="d" if number % 2 else None,
            )
        )
    return found


def ids(teams_found: Any) -> list[str]:
    return [team.team_id for team in teams_found]


def test_results_come_in_the_order_of_the_sort_key(repository: Teams) -> None:
    assert ids(repository.of_organisation(org_id="o")) == [f"t{number:02}" for number in range(12)]


def test_newest_first_turns_the_order(repository: Teams) -> None:
    assert ids(repository.of_organisation(org_id="o").newest_first().page(2)) == ["t11", "t10"]


def test_nothing_is_read_before_results_are_asked_for(repository: Teams, client: Any) -> None:
    client.operations()
    repository.of_organisation(org_id="o").where(Team.size > 3).newest_first()
    assert client.operations() == []


def test_pages_hang_together(repository: Teams) -> None:
    query = repository.of_organisation(org_id="o")
    pages = list(query.pages(5))
    assert [len(page) for page in pages] == [5, 5, 2]
    assert ids(team for page in pages for team in page) == ids(query)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 100])
def test_filtered_pages_lose_and_repeat_nothing(repository: Teams, limit: int) -> None:
    query = repository.of_organisation(org_id="o").where(Team.size.in_([1, 4, 5, 6, 11]))
    pages = list(query.pages(limit))
    assert ids(team for page in pages for team in page) == ["t01", "t04", "t05", "t06", "t11"]
    assert all(len(page) <= limit for page in pages)


def test_pages_of_an_index_hang_together(repository: Teams) -> None:
    query = repository.of_division(org_id="o", division="d").where(Team.size > 1)
    assert ids(team for page in query.pages(2) for team in page) == ["t03", "t05", "t07", "t09", "t11"]


def test_a_page_that_finds_little_is_handed_out_short(repository: Teams, client: Any) -> None:
    def one_item_at_a_time(operation: str, request: Any) -> None:
        if operation == "Query":
            request["Limit"] = 1

    for number in range(12, 20):
        repository.create(Team(org_id="o", team_id=f"t{number}", name="n"))
    client.operations()
    client.before = one_item_at_a_time
    page = repository.of_organisation(org_id="o").where(Team.size > 100).page(5)
    assert client.operations() == ["Query"] * ROUNDS_PER_PAGE_MAX
    assert page.items == ()
    assert page.next is not None


def test_a_cursor_belongs_to_its_query(repository: Teams) -> None:
    cursor = repository.of_organisation(org_id="o").page(1).next
    for query in (
        repository.of_organisation(org_id="p"),
        repository.of_organisation(org_id="o").newest_first(),
        repository.of_organisation(org_id="o").range(Team.team_id > "t03"),
        repository.of_division(org_id="o", division="d"),
    ):
        with pytest.raises(InvalidCursor):
            query.page(1, cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_one_to_a_thousand_results(repository: Teams, limit: int) -> None:
    with pytest.raises(ValueError, match="limit must be 1 to 1000"):
        repository.of_organisation(org_id="o").page(limit)


def test_a_range_reads_a_part_of_the_partition(repository: Teams) -> None:
    after = START + timedelta(days=4)
    query = repository.of_division(org_id="o", division="d").range(Team.since > after)
    assert ids(query) == ["t05", "t07", "t09", "t11"]


def test_a_leading_part_of_the_sort_key_may_be_given(repository: Teams) -> None:
    query = repository.of_division(org_id="o", division="d", since=START + timedelta(days=3))
    assert ids(query) == ["t03"]


def test_entities_of_one_partition_do_not_mix(database: Database, repository: Teams) -> None:
    database.repository(TeamRoles).create(TeamRole(org_id="o", role_id="r1"))
    assert all(isinstance(team, Team) for team in repository.of_organisation(org_id="o"))
    assert repository.of_organisation(org_id="o").count() == 12


def test_a_collection_gives_entities_of_several_kinds(database: Database, repository: Teams) -> None:
    roles = database.repository(TeamRoles)
    roles.create(TeamRole(org_id="o", role_id="r1"))
    found = roles.with_teams(org_id="o")
    assert [type(member).__name__ for member in found] == ["Team"] * 12 + ["TeamRole"]
    assert found.count() == 13
    assert [len(page) for page in found.pages(10)] == [10, 3]


def test_a_collection_takes_no_filter(database: Database) -> None:
    query: Any = database.repository(TeamRoles).with_teams(org_id="o")
    with pytest.raises(DataError, match=r"where\(\) does not work on collections"):
        query.where(Team.size > 1).all()


def test_first_gives_one_or_none(repository: Teams) -> None:
    first = repository.of_organisation(org_id="o").first()
    assert first is not None
    assert first.team_id == "t00"
    assert repository.of_organisation(org_id="nobody").first() is None


def test_only_some_attributes_may_be_read(repository: Teams, client: Any) -> None:
    client.operations()
    rows = repository.of_organisation(org_id="o").only(Team.team_id, Team.size).page(2)
    assert rows.items == (("t00", 0), ("t01", 1))
    rows = repository.of_organisation(org_id="o").only(Team.team_id, Team.size).page(2, rows.next)
    assert rows.items == (("t02", 2), ("t03", 3))


def test_a_view_reads_its_own_fields(repository: Teams, client: Any) -> None:
    names = repository.names(org_id="o").page(1)
    _, request = client.requests[-1]
    assert names.items == (TeamName(team_id="t00", name="n0"),)
    assert sorted(request["ExpressionAttributeNames"].values()) == sorted(
        {"PK", "SK", "team_id", "name", "expires_at", "closed_at"}
    )


def test_counting_reads_no_items(repository: Teams, client: Any) -> None:
    assert repository.of_organisation(org_id="o").where(Team.size >= 10).count() == 2
    assert client.requests[-1][1]["Select"] == "COUNT"


def test_expired_items_are_not_returned(repository: Teams, clock: Any) -> None:
    expiry = datetime.fromtimestamp(clock.now + 60, UTC)
    repository.update(Teams.get.key(org_id="o", team_id="t00"), Team.expires_at.set(expiry))
    assert repository.of_organisation(org_id="o").count() == 12
    clock.now += 61
    assert repository.of_organisation(org_id="o").count() == 11
    assert repository.get(org_id="o", team_id="t00") is None


def test_softly_deleted_items_are_returned_only_when_asked_for(repository: Teams) -> None:
    repository.delete(Teams.get.key(org_id="o", team_id="t00"))
    query = repository.of_organisation(org_id="o")
    assert (query.count(), query.including_deleted().count()) == (11, 12)


def test_a_strong_query_is_asked_as_such(repository: Teams, client: Any) -> None:
    repository.of_organisation(org_id="o").consistent().page(1)
    assert client.requests[-1][1]["ConsistentRead"] is True
    repository.consistent.of_organisation(org_id="o").page(1)
    assert client.requests[-1][1]["ConsistentRead"] is True


def test_a_day_selects_the_partition_of_instants(open_database: Callable[..., Database]) -> None:
    visits = open_database(Visit.__entity__.table).repository(Visits)
    for hours in (1, 13, 25):
        visits.create(Visit(at=START + timedelta(hours=hours), visit_id="v"))
    assert len(visits.of_day(at=START.date()).all()) == 2
    afternoon = visits.of_day(at=START.date()).range(Visit.at >= START + timedelta(hours=12))
    assert [visit.at.hour for visit in afternoon] == [13]


def test_a_query_with_a_wrong_value_is_refused(repository: Teams) -> None:
    wrong: Any = ["o"]
    with pytest.raises(DataError, match=r"Teams\.of_organisation: \{org_id\}: \['o'\] is not str"):
        repository.of_organisation(org_id=wrong).all()


def test_a_projection_takes_whole_attributes(repository: Teams) -> None:
    nested: Any = Team.name
    reference = type(nested)(Team, "name", ("x",))
    with pytest.raises(DataError, match=r"only\(\) takes whole attributes"):
        repository.of_organisation(org_id="o").only(reference).all()
    unnamed: Any = "name"
    with pytest.raises(DataError, match=r"not 'name' \(write only\(Team\.<attribute>, "):
        repository.of_organisation(org_id="o").only(unnamed).all()


@pytest.mark.parametrize(
    "other",
    [
        lambda query: query,
        lambda query: query.where(Team.size >= 4),
        lambda query: query.where(Team.size >= 3).only(Team.name),
        lambda query: query.where(Team.size >= 3).newest_first(),
        lambda query: query.where(Team.size >= 3).including_deleted(),
        lambda query: query.where(Team.size >= 3).where(Team.name.in_(["a"])),
    ],
)
def test_a_cursor_belongs_to_one_query_with_all_that_refines_it(repository: Teams, other: Any) -> None:
    query = repository.of_organisation(org_id="o")
    cursor = query.where(Team.size >= 3).page(1).next
    with pytest.raises(InvalidCursor, match="belongs to another query"):
        other(query).page(1, cursor)


def test_a_cursor_stays_good_while_time_passes_and_whatever_the_order_of_a_set(repository: Teams, clock: Any) -> None:
    names = [team.name for team in repository.of_organisation(org_id="o")]
    query = repository.of_organisation(org_id="o")
    first = query.where(Team.name.in_(names)).page(5)
    clock.now += 1
    rest = query.where(Team.name.in_(reversed(names))).page(20, first.next)
    assert len(first) + len(rest) == len(names)


def test_a_collection_reads_from_its_first_kind_to_its_last_alone(repository: Teams, database: Database) -> None:
    """Other kinds of the partition, before and behind it, cost nothing."""
    query = database.repository(TeamRoles).with_teams(org_id="o")
    request = query.source._request(query)  # type: ignore[attr-defined]  # noqa: SLF001
    values = sorted(value["S"] for value in request["ExpressionAttributeValues"].values())
    assert values == ["ORG#o", "TEAM#", "TEAMROLE#\U0010ffff"]


def test_keys_that_were_altered_past_the_library_are_named(
    open_database: Callable[..., Database], client: Any, stored: Callable[[Table], list[dict[str, Any]]]
) -> None:
    repository = open_database(teams).repository(Teams)
    for team_id in ("a", "b", "c"):
        repository.create(Team(org_id="o", team_id=team_id, name="x", division="north"))
    altered, removed, _ = stored(teams)
    for item in ({**altered, "GSI1SK": {"S": "2019"}}, {name: removed[name] for name in removed if name != "GSI1PK"}):
        client.client.call("PutItem", {"TableName": "teams-test", "Item": item})
    found = [(team.team_id, names) for team, names in repository.of_organisation(org_id="o").comparing()]
    assert found == [("a", ("GSI1SK",)), ("b", ("GSI1PK",)), ("c", ())]


def test_an_entity_that_is_in_no_index_has_no_key_of_it(open_database: Callable[..., Database]) -> None:
    repository = open_database(teams).repository(Teams)
    repository.create(Team(org_id="o", team_id="a", name="x"))
    assert [names for _, names in repository.of_organisation(org_id="o").comparing()] == [()]


@pytest.mark.parametrize("query", ["names", "only", "collection"])
def test_keys_are_compared_with_whole_entities_alone(open_database: Callable[..., Database], query: str) -> None:
    database = open_database(teams)
    repository = database.repository(Teams)
    made: Any = {
        "names": repository.names(org_id="o"),
        "only": repository.of_organisation(org_id="o").only(Team.name),
        "collection": database.repository(TeamRoles).with_teams(org_id="o"),
    }[query]
    with pytest.raises(DataError, match="keys are compared"):
        made.comparing().all()
