import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from tenantable.engine.storage.files import QUEUE_NAME
from tenantable.engine.storage.turn import MARK, SharedTurn, Turn, settled_mark

fcntl = pytest.importorskip("fcntl", reason="there a data directory belongs to one process")

Turns = tuple[SharedTurn, SharedTurn]


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[Turns]:
    """Those of two engines, as if of two processes: the kernel's locks tell open files apart, not processes."""
    with ExitStack() as opened:
        one, other = SharedTurn(tmp_path), SharedTurn(tmp_path)
        opened.callback(one.close)
        opened.callback(other.close)
        yield one, other


def take_and_give_back(turn: Turn) -> bool:
    assert turn.take(wait=True)
    turn.give_back()
    return turn.is_behind


def is_free(file: IO[str]) -> bool:
    """Whether nobody has locked the file."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


def test_who_has_had_the_turn_alone_is_not_behind(turns: Turns) -> None:
    one, other = turns
    assert [take_and_give_back(turn) for turn in (one, one, one, other, other, one)] == [
        True, False, False, True, False, True
    ]  # fmt: skip


def test_who_is_alone_in_memory_is_behind_at_first_only() -> None:
    turn = Turn()
    assert [take_and_give_back(turn) for _ in range(3)] == [True, False, False]


def test_a_change_that_was_not_finished_puts_everybody_behind(turns: Turns) -> None:
    one, other = turns
    one.take(wait=True)
    one.settle(7)
    one.unsettle()
    one.give_back()  # the process died
    assert other.cells[MARK] % 2 == 1
    assert take_and_give_back(one)
    assert other.take(wait=True)
    assert other.is_behind
    other.settle(8)
    other.give_back()
    assert one.cells[MARK] == settled_mark(8)


def test_one_waits_for_the_other(turns: Turns) -> None:
    one, other = turns
    one.take(wait=True)
    waiting = threading.Thread(target=partial(other.take, wait=True))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    one.give_back()
    waiting.join(60)
    assert not waiting.is_alive()


def test_who_has_just_had_the_turn_stands_behind_who_waits(turns: Turns, tmp_path: Path) -> None:
    one, other = turns
    order: list[str] = []
    one.take(wait=True)

    def come_second() -> None:
        other.take(wait=True)
        order.append("other")
        other.give_back()

    waiting = threading.Thread(target=come_second)
    waiting.start()
    with (tmp_path / QUEUE_NAME).open() as queue:
        while is_free(queue):
            waiting.join(0.001)
    one.give_back()
    one.take(wait=True)
    order.append("one")
    one.give_back()
    waiting.join(60)
    assert order == ["other", "one"]


def test_the_turns_of_a_directory_that_was_closed_go_on(tmp_path: Path) -> None:
    first = SharedTurn(tmp_path)
    first.take(wait=True)
    first.settle(3)
    first.close()
    second = SharedTurn(tmp_path)
    assert take_and_give_back(second)
    assert second.cells[MARK] == settled_mark(3)
    second.close()


def test_whoever_does_not_wait_is_told_that_it_is_not_free(turns: Turns) -> None:
    one, other = turns
    one.take(wait=True)
    assert not other.take(wait=False)
    one.give_back()
    assert other.take(wait=False)
