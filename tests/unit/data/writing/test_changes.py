"""Changes are validated before anything is sent: no update stores what its entity would refuse."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationInfo, field_validator

from tenantable.data import Database, Repository
from tenantable.declare import Attr, Entity, Table, attr
from tenantable.errors import ConditionFailed, DataError

AT = datetime(2030, 1, 1, tzinfo=UTC)
Word = Annotated[str, Field(min_length=2)]
table = Table("tasks", ttl="expires_at")


class Task(Entity, table=table):
    number: Attr[int]
    title: Attr[str] = attr(default="a")
    state: Attr[Literal["open", "done"]] = attr(default="open")
    score: Attr[Annotated[int, Field(ge=0, le=10)]] = attr(default=0)
    rank: Attr[Annotated[int, Field(gt=2)] | None] = attr(default=None)
    share: Attr[Annotated[Decimal, Field(lt=1.5)]] = attr(default=Decimal(1))
    hours: Attr[Decimal] = attr(default=Decimal(0))
    words: Attr[list[Word]] = attr(default_factory=list)
    tags: Attr[set[Word]] = attr(default_factory=set)
    counts: Attr[dict[str, Annotated[int, Field(le=3)]]] = attr(default_factory=dict)
    expires_at: Attr[datetime | None] = attr(default=None)

    @field_validator("title")
    @classmethod
    def _name_no_number(cls, title: str, known: ValidationInfo) -> str:
        if title == str(known.data["number"]):
            raise ValueError("a title is no number")
        return title.strip()


class Tasks(Repository[Task]):
    @Task.key(pk="TASK#{number}", sk="TASK")
    def get(self, *, number: int) -> None:
        """One task."""


KEY = Tasks.get.key(number=1)
ANY: Any = Task  # for mistakes that the type checkers find


@pytest.fixture
def tasks(open_database: Callable[..., Database]) -> Tasks:
    repository = open_database(table).repository(Tasks)
    repository.create(Task(number=1))
    return repository


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda: ANY.state.set("nope"),
            r"state\.set does not take this str: Input should be 'open' or 'done' .* as Literal\['open', 'done'\]",
        ),
        (lambda: ANY.title.set(8), r"Task\.title\.set does not take this int: .*declared as str"),
        (lambda: ANY.title.set("1"), r"Task\.title\.set does not take this str: Value error, a title is no number"),
        (lambda: ANY.score.set(11), r"Task\.score\.set .* less than or equal to 10"),
        (lambda: ANY.rank.set(2), r"Task\.rank\.set .* greater than 2"),
        (lambda: ANY.rank.set_default(2), r"Task\.rank\.set_default .* greater than 2"),
        (lambda: ANY.score.set_default(None), r"Task\.score\.set_default does not take this NoneType"),
        (lambda: ANY.counts["a"].set(4), r"Task\.counts\['a'\]\.set .* less than or equal to 3"),
        (lambda: ANY.words.append("ab", "c"), r"Task\.words\.append does not take this str: .* at least 2"),
        (lambda: ANY.words.prepend(1), r"Task\.words\.prepend does not take this int"),
        (lambda: ANY.tags.add_to_set("c"), r"Task\.tags\.add_to_set does not take this str"),
        (lambda: ANY.tags.remove_from_set(1), r"Task\.tags\.remove_from_set does not take this int"),
        (lambda: ANY.score.add(1.5), r"Task\.score\.add does not take this float: .* fractional part"),
        (lambda: ANY.hours.add("x"), r"Task\.hours\.add does not take this str"),
        (lambda: ANY.title.add(1), r"add is for numbers, and Task\.title cannot take int so \(use set\)"),
        (lambda: ANY.title.append("x"), r"append is for lists, and Task\.title cannot take str so"),
        (lambda: ANY.words.add_to_set("xy"), r"add_to_set is for sets, and Task\.words cannot take str so"),
        (lambda: {"title": "x"}, r"a dict is no change of Task \(write Task\.<attribute>\.set"),
    ],
)
def test_what_the_entity_would_refuse_is_not_sent(
    tasks: Tasks, client: Any, change: Callable[[], Any], problem: str
) -> None:
    client.operations()
    for write in (tasks.update, tasks.change):
        with pytest.raises(DataError, match=problem):
            write(KEY, change())
    assert client.operations() == []


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        (lambda: ANY.hours.set(1.5), "hours", Decimal("1.5")),
        (lambda: ANY.hours.add(1.5), "hours", Decimal("1.5")),
        (lambda: ANY.hours.add(2), "hours", Decimal(2)),
        (lambda: ANY.title.set(" b "), "title", "b"),
        (lambda: ANY.score.set("7"), "score", 7),
        (lambda: ANY.words.append("ab"), "words", ["ab"]),
        (lambda: ANY.counts.set({"a": "3"}), "counts", {"a": 3}),
        (lambda: ANY.rank.set_default(None), "rank", None),
        (lambda: ANY.tags.set_default(set()), "tags", set()),
        (lambda: ANY.expires_at.set(AT.replace(microsecond=7)), "expires_at", AT),
    ],
)
def test_a_value_is_stored_as_the_entity_would_hold_it(
    tasks: Tasks, change: Callable[[], Any], field: str, value: object
) -> None:
    updated = tasks.update(KEY, change())
    assert getattr(updated, field) == value
    assert tasks.get(number=1) == updated


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Task.score.add(11), "Task.score stays <= 10"),
        (Task.score.add(-1), "Task.score stays >= 0"),
        (Task.share.add(Decimal("0.5")), "Task.share stays < 1.5"),
        (Task.rank.add(2), "Task.rank stays > 2"),
        (Task.counts["a"].add(4), "Task.counts['a'] stays <= 3"),
    ],
)
def test_a_sum_stays_in_its_bounds(tasks: Tasks, change: Any, words: str) -> None:
    before = tasks.get(number=1)
    with pytest.raises(ConditionFailed) as raised:
        tasks.update(KEY, change)
    assert words in (raised.value.hint or "")
    assert tasks.get(number=1) == before


def test_a_sum_may_reach_its_bound(tasks: Tasks) -> None:
    assert tasks.update(KEY, Task.score.add(4)).score == 4
    assert tasks.update(KEY, Task.score.add(6)).score == 10
    assert tasks.update(KEY, Task.rank.set(3)).rank == 3
    assert tasks.update(KEY, Task.rank.add(5)).rank == 8


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (lambda: "x = 1", r"a str is no condition of Task \(write one such as Task\.number == "),
        (lambda: ANY.title, "a Reference is no condition of Task"),
        (lambda: (ANY.title == "a") & "b", "a str is no condition of Task"),
        (lambda: ANY.title == 8, r"Task\.title =: a value of type int does not fit; it is compared with str"),
        (lambda: ANY.score > "8", r"Task\.score >: a value of type str does not fit"),
        (lambda: ANY.score == True, r"Task\.score =: a value of type bool does not fit"),  # noqa: E712 - a condition
        (lambda: ANY.title < None, r"Task\.title <: a value of type NoneType does not fit"),
        (lambda: ANY.title.begins_with(8), r"Task\.title begins_with: a value of type int does not fit"),
        (lambda: ANY.title.size > "x", r"Task\.title\.size is an int, and compared with 'x'"),
        (
            lambda: ANY.expires_at > AT.date(),
            r"Task\.expires_at >: a value of type date does not fit; it is compared with datetime",
        ),
    ],
)
def test_what_is_no_condition_is_refused(tasks: Tasks, condition: Callable[[], Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        tasks.update(KEY, Task.score.add(1), when=condition())


def test_a_number_may_be_compared_with_any_number(tasks: Tasks) -> None:
    tasks.update(KEY, Task.title.set("x"), when=ANY.score < 0.5)
    tasks.update(KEY, Task.title.set("y"), when=ANY.hours <= 0)
    assert tasks.update(KEY, Task.title.set("z"), when=Task.counts.size == 0).title == "z"
