"""Which grants are exercised: each request counts for the narrowest grants that allow it."""

import threading
from typing import Any

from pydantic import BaseModel

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, allow_resource, writes
from tenantable.iam.use.counting import Counter, GrantId, declared_grants
from tenantable.local.systems import RunningSystem, count_uses, run_embedded
from tenantable.wire.errors import DynamoError

by_day = Index("by-day")
diary = Table("diary", by_day)


class Title(BaseModel):
    title: str


class Page(Entity, table=diary):
    name: Attr[str]
    day: Attr[str]
    title: Attr[str]
    text: Attr[str]


class Note(Entity, table=diary):
    name: Attr[str]


class Pages(Repository[Page]):
    @Page.key(pk="PAGE#{name}", sk="PAGE")
    def get(self, *, name: str) -> None:
        """One page."""

    @Page.key(view=Title)
    def title(self, *, name: str) -> None:
        """The title of a page."""

    @Page.query(by_day, pk="DAY#{day}", sk="{name}")
    def of_day(self, *, day: str) -> None:
        """The pages of a day."""

    @Page.query(by_day)
    def again_of_day(self, *, day: str) -> None:
        """The same, which no policy can tell apart."""


class Notes(Repository[Note]):
    @Note.key(pk="NOTE#{name}", sk="NOTE")
    def get(self, *, name: str) -> None:
        """One note."""


editor = Component(
    "editor",
    grants=[
        allow(Pages.get, Pages.title, Notes.get, Pages.of_day, Pages.again_of_day),
        allow(writes(Page, "create", "delete"), writes(Note, "create")),
        allow(writes(Page, "update"), attributes=[Page.title]),
        allow(writes(Note, "create"), in_transaction=True),
        allow_resource("sqs", "SendMessage", resource="jobs"),
    ],
)
system = System(name="diary", tables=[diary], components=[editor])
PAGE = Page(name="a", day="monday", title="t", text="x")
UNCOUNTED = 'allow_resource("sqs", "SendMessage", resource="jobs")'


def used(running: RunningSystem) -> dict[str, int]:
    return {each.grant.words: each.count for each in running.uses.counts() if each.count}


def test_nothing_is_used_before_anything_was_asked_for() -> None:
    with run_embedded(system) as running:
        assert used(running) == {}
        assert len(running.uses.unused()) == len(running.uses.counts()) - 1


def test_a_request_counts_for_the_narrowest_grant_that_allows_it() -> None:
    with run_embedded(system) as running:
        pages = running.database(editor).repository(Pages)
        pages.create(PAGE)
        pages.get(name="a")
        pages.title(name="a")
        pages.title(name="a")
        running.database(editor).repository(Notes).get(name="a")
        assert used(running) == {
            'allow(writes(Page, "create"))': 1,
            "allow(Pages.get)": 1,
            "allow(Pages.title)": 2,
            "allow(Notes.get)": 1,
        }


def test_grants_that_no_policy_can_tell_apart_count_together() -> None:
    with run_embedded(system) as running:
        list(running.database(editor).repository(Pages).of_day(day="monday"))
        assert used(running) == {"allow(Pages.of_day)": 1, "allow(Pages.again_of_day)": 1}


def test_parts_of_a_transaction_count_for_what_may_stand_in_one() -> None:
    with run_embedded(system) as running:
        client = running.client(editor)
        item = {"PK": {"S": "NOTE#a"}, "SK": {"S": "NOTE"}}
        client.call("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "diary", "Item": item}}]})
        assert used(running) == {'allow(writes(Note, "create"), in_transaction=True)': 1}
        client.call("PutItem", {"TableName": "diary", "Item": item})
        assert used(running)['allow(writes(Note, "create"))'] == 1


def test_what_is_denied_does_not_count() -> None:
    with run_embedded(system) as running:
        for operation in ("Scan", "GetItem"):
            request: dict[str, Any] = {"TableName": "diary", "Key": {"PK": {"S": "OTHER#a"}, "SK": {"S": "NOTE"}}}
            try:
                running.client(editor).call(operation, request)
            except DynamoError as error:
                assert error.code == "AccessDeniedException"  # noqa: PT017
        assert used(running) == {}


def test_sessions_of_a_role_count_for_its_component() -> None:
    with run_embedded(system) as running:
        session = "arn:aws:sts::000000000000:assumed-role/diary-editor/one"
        key = {"PK": {"S": "NOTE#a"}, "SK": {"S": "NOTE"}}
        running.engine.as_principal(session).call("GetItem", {"TableName": "diary", "Key": key})
        assert used(running) == {"allow(Notes.get)": 1}


def test_different_requests_on_one_key_are_told_apart_though_they_are_remembered() -> None:
    with run_embedded(system) as running:
        call = running.client(editor).call
        read = {"TableName": "diary", "Key": {"PK": {"S": "PAGE#a"}, "SK": {"S": "PAGE"}}}
        for _ in range(3):
            call("GetItem", read)
            call("GetItem", {**read, "ProjectionExpression": "#0", "ExpressionAttributeNames": {"#0": "title"}})
            call("GetItem", {**read, "ProjectionExpression": "#0", "ExpressionAttributeNames": {"#0": "text"}})
            call("GetItem", {**read, "AttributesToGet": ["title"]})
        assert used(running) == {"allow(Pages.get)": 6, "allow(Pages.title)": 6}


def test_several_runs_may_count_together() -> None:
    counted = count_uses(system)
    for name in ("a", "b"):
        with run_embedded(system, uses=counted) as running:
            running.database(editor).repository(Notes).get(name=name)
    assert [each.count for each in counted.counts() if each.count] == [2]


def test_what_is_taken_is_what_came_since_the_last_time() -> None:
    with run_embedded(system) as running:
        notes = running.database(editor).repository(Notes)
        grant = GrantId(system="diary", component="editor", words="allow(Notes.get)")
        notes.get(name="a")
        assert running.uses.take() == {grant: 1}
        assert running.uses.take() == {}
        notes.get(name="a")
        notes.get(name="a")
        assert running.uses.take() == {grant: 2}


def test_actions_of_other_services_are_listed_and_never_called_unused() -> None:
    counts = {each.grant.words: each.count for each in declared_grants(system)}
    assert counts.pop(UNCOUNTED) is None
    assert set(counts.values()) == {0}
    with run_embedded(system) as running:
        assert UNCOUNTED not in {grant.words for grant in running.uses.unused()}


def test_a_counter_loses_nothing_between_threads() -> None:
    counter = Counter()

    def add() -> None:
        for _ in range(10_000):
            counter.add()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert 0 <= counter.total <= 40_000
    for thread in threads:
        thread.join()
    assert (counter.total, counter.total) == (40_000, 40_000)
