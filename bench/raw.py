"""
Raw speed of any DynamoDB endpoint: signed requests that were prepared beforehand, sent by wrk over kept connections.

Without an SDK the client costs next to nothing, so that what is measured is the server. wrk has to be installed.
"""

import argparse
import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workload import CREATE_TABLE, ITEMS_PER_PARTITION, OPERATIONS, TABLE, api_name, batch_of_puts, requests

from tenantable.data.http_client import HttpClient
from tenantable.wire.signatures import Credentials, sign_headers

ANYBODY = Credentials(access_key_id="bench", secret_access_key="bench")
REGION = "us-east-1"
_PREPARED_BYTES_MAX = 2_000_000
_PREPARED_MAX = 1_000
_SCRIPT = Path(__file__).parent / "raw.lua"
_CLOCK_TICKS = 100  # of /proc, a second


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What was measured: answers per second, milliseconds, and microseconds of the server's CPU for one answer."""

    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int
    failed: int
    cpu_us: float | None = None


def measure(
    endpoint: str,
    operation: str,
    *,
    connections: int,
    seconds: float,
    items: int = 10_000,
    credentials: Credentials = ANYBODY,
    pid: int | None = None,
) -> Rate:
    """
    Send one operation for a while, over a table that `load` filled.

    Args:
        endpoint: `http://host:port`.
        operation: A name of `workload.OPERATIONS`.
        credentials: An open endpoint, and every peer, takes any.
        pid: The server's process, when its CPU time is wanted.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(b"%d\n%b" % (len(one), one) for one in _prepared(endpoint, operation, items, credentials)))
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s", str(_SCRIPT), endpoint]
        before = 0.0 if pid is None else cpu_seconds(pid)
        done = subprocess.run([*command, "--", file.name], capture_output=True, text=True, check=True)
        used = None if pid is None else cpu_seconds(pid) - before
    made = json.loads(done.stdout.splitlines()[-1])
    return Rate(
        per_second=made["requests"] / made["microseconds"] * 1e6,
        p50_ms=made["p50"] / 1000,
        p99_ms=made["p99"] / 1000,
        refused=made["refused"],
        failed=made["failed"],
        cpu_us=None if used is None else used / max(made["requests"], 1) * 1e6,
    )


def load(endpoint: str, items: int = 10_000, credentials: Credentials = ANYBODY) -> None:
    """Create the table of the workload and fill it."""
    with HttpClient(endpoint, region=REGION, credentials=lambda: credentials) as client:
        client.call("CreateTable", CREATE_TABLE)
        while client.call("DescribeTable", {"TableName": TABLE})["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(0.01)  # some peers take their time, as the service does
        for start in range(0, items, ITEMS_PER_PARTITION):
            client.call(*batch_of_puts(list(range(start, start + ITEMS_PER_PARTITION))))


def cpu_seconds(pid: int) -> float:
    """What all threads of a process have used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS


def _prepared(endpoint: str, operation: str, items: int, credentials: Credentials) -> list[bytes]:
    """Whole requests, signed now: good for a quarter of an hour. Sent in a circle, every put of them is a change."""
    host, name = urlsplit(endpoint).netloc, api_name(operation)
    number = min(_PREPARED_MAX, _PREPARED_BYTES_MAX // len(json.dumps(next(requests(operation, items, seed=1)))))
    rounds = [islice(requests(operation, items, seed=1, first_revision=first), number) for first in (1, number + 1)]
    return [_signed(host, name, request, credentials) for round_ in rounds for request in round_]


def _signed(host: str, name: str, request: dict[str, Any], credentials: Credentials) -> bytes:
    body = json.dumps(request).encode()
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{name}"}
    headers |= sign_headers(
        "POST", host, "/", headers,
        body=body, credentials=credentials, region=REGION, service="dynamodb", timestamp=time.time(),
    )  # fmt: skip
    lines = [f"{name}: {value}" for name, value in {**headers, "Host": host, "Content-Length": len(body)}.items()]
    return "\r\n".join(["POST / HTTP/1.1", *lines, "", ""]).encode() + body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("endpoint")
    parser.add_argument("--operations", nargs="*", default=list(OPERATIONS), choices=list(OPERATIONS))
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--load", action="store_true", help="create and fill the table first")
    parser.add_argument("--key", nargs=2, metavar=("ID", "SECRET"), default=("bench", "bench"))
    parser.add_argument("--pid", type=int, help="the server's process, to measure its CPU time")
    given = parser.parse_args()
    credentials = Credentials(access_key_id=given.key[0], secret_access_key=given.key[1])
    if given.load:
        load(given.endpoint, given.items, credentials)
    for operation in given.operations:
        options = {"connections": given.connections, "seconds": given.seconds, "items": given.items}
        rate = measure(given.endpoint, operation, credentials=credentials, pid=given.pid, **options)
        print(f"{operation:24} {rate}")


if __name__ == "__main__":
    main()
