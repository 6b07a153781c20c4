"""
An engine in a process of its own: each line of its input is a command, each line of its output what came of it.

`python peer.py DIRECTORY`; the commands are the functions below by their names, with keyword arguments in JSON.
"""

import dataclasses
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tenantable.engine import Engine
from tenantable.engine.catalog import Catalog
from tenantable.engine.storage.storage import Storage
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.tables.contents import CatalogCache
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError


class Peer:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._engine = Engine(directory, durability="process")

    def call(self, operation: str, request: dict[str, Any]) -> Any:
        try:
            return {"answer": self._engine.call(operation, request)}
        except DynamoError as error:
            return {"code": error.code, "message": error.message}

    def put_many(self, table: str, name: str, count: int) -> Any:
        """Versions of one item, one commit each."""
        for version in range(count):
            item = {"pk": {"S": name}, "version": {"N": str(version)}}
            self._engine.call("PutItem", {"TableName": table, "Item": item})
        return "done"

    def expire(self, now: float, limit: int) -> int:
        return self._engine.expire(now, limit)

    def checkpoint(self, table: str, consumer: str) -> str | None:
        return self._engine.stream(table).checkpoint(consumer)

    def hold_the_turn(self) -> None:
        """Answer within the turn, and never give it back."""

        def work(transaction: Transaction) -> None:
            transaction.add_relation()
            say("holding")
            time.sleep(600)

        Storage(self._directory).write(work)

    def fork_and_call(self, calls: list[Any]) -> Any:
        """What operations come to in a fork of this process."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(writing, json.dumps([self.call(*call) for call in calls]).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        return json.loads(os.read(reading, 65536))

    def tag_and_die(self, table: str) -> None:
        """Die when a change of the catalog is committed, before anybody is told."""
        storage = Storage(self._directory)
        catalog = Catalog(CatalogCache(storage, Home(), time.time), Home())

        def work(transaction: Transaction) -> None:
            catalog.save(transaction, dataclasses.replace(catalog.table(table), tags={"died": "yes"}))
            transaction.after_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))

        storage.write(work)


def say(answer: Any) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201 - how this process answers


def main() -> None:
    peer = Peer(Path(sys.argv[1]))
    say("ready")
    for line in sys.stdin:
        name, arguments = json.loads(line)
        say(getattr(peer, name)(**arguments))


if __name__ == "__main__":
    main()
