"""Ctrl-C in the middle of a write: the one who is interrupted hears of it, and holds nobody up."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import pytest

from tenantable.engine.storage.queries import ItemRelation
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="the platform cannot signal one thread")


class Interrupted(BaseException):
    """As KeyboardInterrupt, which would end the test run."""


@pytest.fixture(autouse=True)
def signal_that_interrupts() -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


def interrupt_soon() -> threading.Timer:
    """Signal this thread when it has had time to begin what it does next."""
    timer = threading.Timer(0.1, signal.pthread_kill, (threading.get_ident(), signal.SIGUSR1))
    timer.start()
    return timer


def put(storage: Storage, items: ItemRelation, key: bytes) -> None:
    storage.write(lambda transaction: transaction.put_item(items, key, (1, key), replaced=None))


def is_stored(storage: Storage, items: ItemRelation, key: bytes) -> bool:
    with storage.read() as reader:
        return reader.get(items, key) is not None


def test_a_waiting_operation_is_called_off(storage: Storage, items: ItemRelation) -> None:
    begun, release = threading.Event(), threading.Event()

    def block(_transaction: Transaction) -> None:
        begun.set()
        release.wait(60)

    with ThreadPoolExecutor(1) as threads:
        blocking = threads.submit(storage.write, block)
        begun.wait(60)
        timer = interrupt_soon()
        with pytest.raises(Interrupted):
            put(storage, items, b"a")
        timer.join()
        release.set()
        blocking.result(60)
    put(storage, items, b"b")
    assert (is_stored(storage, items, b"a"), is_stored(storage, items, b"b")) == (False, True)


def test_an_interrupted_leader_undoes_its_own_and_hands_over(storage: Storage, items: ItemRelation) -> None:
    with ThreadPoolExecutor(1) as threads:

        def work(transaction: Transaction) -> None:
            transaction.put_item(items, b"a", (1, b"a"), replaced=None)
            threads.submit(put, storage, items, b"b")
            threading.Event().wait(60)

        timer = interrupt_soon()
        with pytest.raises(Interrupted):
            storage.write(work)
        timer.join()
    assert (is_stored(storage, items, b"a"), is_stored(storage, items, b"b")) == (False, True)
