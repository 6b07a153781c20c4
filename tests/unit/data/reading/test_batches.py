from collections.abc import Callable
from typing import Any

import pytest

from tenantable.data import Database, Repository
from tenantable.declare import Attr, Entity, Table, attr
from tenantable.errors import DataError, Unavailable

table = Table("words")


class Word(Entity, table=table):
    text: Attr[str]
    count: Attr[int] = attr(default=0)


class Words(Repository[Word]):
    @Word.key(pk="WORD#{text}", sk="WORD")
    def get(self, *, text: str) -> None:
        """One word."""


class Locked(Entity, table=table):
    text: Attr[str]
    revision: Attr[int] = attr(default=0, lock=True)


class Lockeds(Repository[Locked]):
    @Locked.key(pk="LOCKED#{text}", sk="LOCKED")
    def get(self, *, text: str) -> None:
        """One locked word."""


@pytest.fixture
def database(open_database: Callable[..., Database]) -> Database:
    return open_database(table)


@pytest.fixture
def words(database: Database) -> Words:
    return database.repository(Words)


def keys(*texts: str) -> list[Any]:
    return [Words.get.key(text=text) for text in texts]


def test_more_than_one_batch_is_read_and_written(words: Words, client: Any) -> None:
    words.put_many(Word(text=f"w{number}", count=number) for number in range(130))
    found = words.get_many(Words.get.key(text=f"w{number}") for number in range(130))
    assert [word.count for word in found if word] == list(range(130))
    assert client.operations() == ["BatchWriteItem"] * 6 + ["BatchGetItem"] * 2


def test_results_keep_the_order_of_the_keys_and_gaps_are_none(words: Words) -> None:
    words.put_many([Word(text="a"), Word(text="b")])
    found = words.get_many(keys("b", "x", "a", "b"))
    assert [word and word.text for word in found] == ["b", None, "a", "b"]


def test_of_several_with_one_key_the_last_counts(words: Words) -> None:
    words.put_many([Word(text="a", count=1), Word(text="a", count=2)])
    assert words.get(text="a") == Word(text="a", count=2)


def test_many_are_deleted(words: Words) -> None:
    words.put_many([Word(text="a"), Word(text="b")])
    words.delete_many(keys("a", "b", "a", "never"))
    assert words.get_many(keys("a", "b")) == [None, None]


def test_what_was_left_over_is_tried_again_after_growing_waits(words: Words, client: Any, waits: list[float]) -> None:
    answers = [3, 2, 1]

    def leave_over(operation: str, request: Any) -> dict[str, Any] | None:
        if operation == "BatchWriteItem" and answers:
            answers.pop()
            return {"UnprocessedItems": request["RequestItems"]}
        return None

    client.before = leave_over
    words.put_many([Word(text="a")])
    assert words.get(text="a") is not None
    assert [0 <= wait <= 0.025 * 2**attempt for attempt, wait in enumerate(waits)] == [True] * 3


@pytest.mark.parametrize(
    ("operation", "member"), [("BatchWriteItem", "UnprocessedItems"), ("BatchGetItem", "UnprocessedKeys")]
)
def test_trying_again_has_an_end(words: Words, client: Any, waits: list[float], operation: str, member: str) -> None:
    client.before = lambda asked, request: {member: request["RequestItems"]} if asked == operation else None
    with pytest.raises(Unavailable, match="after 8 attempts"):
        words.put_many([Word(text="a")]) if operation == "BatchWriteItem" else words.get_many(keys("a"))
    assert len(waits) == 7


def test_a_lock_cannot_be_kept_in_a_batch(database: Database) -> None:
    with pytest.raises(DataError, match="which a batch cannot keep"):
        database.repository(Lockeds).put_many([Locked(text="a")])


def test_a_strong_read_of_many_is_asked_as_such(words: Words, client: Any) -> None:
    words.consistent.get_many(keys("a"))
    assert client.requests[-1][1]["RequestItems"]["words-test"]["ConsistentRead"] is True
