"""Conditions of any shape mean the same to DynamoDB, in filters and in writes, as to Python."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenantable.data import Database, Repository
from tenantable.declare import Attr, Condition, Entity, Naming, System, Table, attr
from tenantable.engine import Engine
from tenantable.errors import ConditionFailed

table = Table("tasks")


class Task(Entity, table=table):
    number: Attr[int]
    title: Attr[str] = attr(default="a")
    note: Attr[str | None] = attr(default=None)
    hours: Attr[Decimal] = attr(default=Decimal(0))


class Tasks(Repository[Task]):
    @Task.key(pk="TASKS", sk="{number}")
    def get(self, *, number: int) -> None:
        """One task."""

    @Task.query()
    def every(self) -> None:
        """All tasks."""


TASKS = [
    Task(number=number, title=title, note=note, hours=Decimal(number))
    for number, (title, note) in enumerate([("a", None), ("a", "x"), ("b", None), ("b", "x"), ("ab", "y")])
]
Test = Callable[[Task], bool]
Claim = tuple[Condition[Task], Test]
CLAIMS: list[Claim] = [
    (Task.title == "a", lambda task: task.title == "a"),
    (Task.note == None, lambda task: task.note is None),  # noqa: E711 - a condition
    (Task.note != None, lambda task: task.note is not None),  # noqa: E711 - a condition
    (Task.hours.between(Decimal(1), Decimal(3)), lambda task: 1 <= task.hours <= 3),
    (Task.hours > Decimal("2.5"), lambda task: task.hours > 2.5),
    (Task.title.in_(["a", "ab"]), lambda task: task.title in {"a", "ab"}),
    (Task.title.begins_with("a"), lambda task: task.title.startswith("a")),
    (Task.title.contains("b"), lambda task: "b" in task.title),
    (Task.note.missing(), lambda task: task.note is None),
    (Task.title.size >= 2, lambda task: len(task.title) >= 2),
]


def both(left: Claim, right: Claim) -> Claim:
    return left[0] & right[0], lambda task: left[1](task) and right[1](task)


def either(left: Claim, right: Claim) -> Claim:
    return left[0] | right[0], lambda task: left[1](task) or right[1](task)


def opposite(claim: Claim) -> Claim:
    return ~claim[0], lambda task: not claim[1](task)


claims: st.SearchStrategy[Claim] = st.recursive(
    st.sampled_from(CLAIMS),
    lambda inner: st.one_of(st.builds(both, inner, inner), st.builds(either, inner, inner), st.builds(opposite, inner)),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def tasks() -> Iterator[Tasks]:
    with Engine(":memory:") as engine:
        for request in System(name="tasks", tables=[table]).create_table_requests(Naming()):
            engine.call("CreateTable", request)
        repository = Database(engine, naming=Naming(), cursor_key=bytes(16)).repository(Tasks)
        repository.put_many(TASKS)
        yield repository


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(claims, min_size=1, max_size=3))
def test_a_query_finds_that_for_which_every_condition_holds(tasks: Tasks, asked: list[Claim]) -> None:
    query = tasks.every()
    for condition, _ in asked:
        query = query.where(condition)
    assert query.all() == [task for task in TASKS if all(test(task) for _, test in asked)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claims, st.sampled_from(TASKS))
def test_a_write_happens_when_its_condition_holds(tasks: Tasks, claim: Claim, task: Task) -> None:
    condition, test = claim
    writes: list[Callable[[], object]] = [
        lambda: tasks.put(task, when=condition),
        lambda: tasks.update(task, Task.title.set(task.title), when=condition),
    ]
    for write in writes:
        if test(task):
            write()
        else:
            with pytest.raises(ConditionFailed):
                write()
