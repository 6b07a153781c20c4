"""
A process to be killed: four threads write through an engine of its own, two consumers read the stream.

Each writer notes what was acknowledged, and each consumer what it has dealt with, in files of their own: a killed
process loses nothing that it has handed to the system. Started by test_crash_consumers.py with the data folder and a
folder for the notes.
"""

import sys
import threading
from itertools import count
from pathlib import Path

from tenantable.engine import Engine

TABLE = "ledger"
WRITERS = 4
CONSUMERS = ("archive", "mail")


def write(engine: Engine, name: str, notes: Path) -> None:
    with (notes / name).open("ab", buffering=0) as acknowledged:
        begun = sum(1 for _ in (notes / name).open("rb"))
        for number in count(begun + 1):
            text = f"{name}-{number}"
            engine.call("PutItem", {"TableName": TABLE, "Item": {"pk": {"S": text}, "n": {"N": str(number)}}})
            acknowledged.write(f"{text}\n".encode())


def consume(engine: Engine, name: str, notes: Path) -> None:
    with (notes / name).open("ab", buffering=0) as dealt_with:
        while True:
            for record in engine.stream(TABLE).consume(name, limit=7):
                dealt_with.write(f"{record['dynamodb']['Keys']['pk']['S']}\n".encode())


def main() -> None:
    data, notes = Path(sys.argv[1]), Path(sys.argv[2])
    engine = Engine(data, durability="process")
    if not engine.call("ListTables", {})["TableNames"]:
        engine.call(
            "CreateTable",
            {
                "TableName": TABLE,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
            },
        )
    work = [(write, f"writer-{number}") for number in range(WRITERS)] + [(consume, name) for name in CONSUMERS]
    threads = [threading.Thread(target=target, args=[engine, name, notes]) for target, name in work]
    for thread in threads:
        thread.start()
    print("at work", flush=True)  # noqa: T201 - the test waits for it


if __name__ == "__main__":
    main()
