"""
What growth costs: the latency of reads at rising numbers of items, memory, and pages at both ends of a large table.

The engine runs on disk in a process of its own for each size, so that its memory is its own too.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import raw
from report import Section
from servers import CONTENDERS, running
from workload import CREATE_TABLE, TABLE, batch_of_puts, item, requests

from tenantable.engine import Engine

SIZES = (1_000, 10_000, 200_000, 2_000_000)
SAMPLES = 4_000
WARM_UP = 1_000
MEMORY_MIB_MAX = 150
SERVER = next(contender for contender in CONTENDERS if contender.name == "tenantable, process")
_BATCH = 25
_DISTINCT = 40  # batches that are made; the others are made of them by other keys


def sections(advance: Callable[[str], None]) -> list[Section]:
    measured = []
    for size in SIZES:
        advance(f"growth: {size:,} items")
        finished = subprocess.run([sys.executable, __file__, str(size)], capture_output=True, text=True, check=True)
        measured.append(json.loads(finished.stdout))
    first = measured[0]
    rows = [
        [
            f"{one['items']:,}",
            f"{one['get_us']:.1f}",
            f"{one['get_us'] / first['get_us']:.2f} x",
            f"{one['query_us']:.0f}",
            f"{one['query_us'] / first['query_us']:.2f} x",
            f"{one['http_get_ms']:.3f}",
            f"{one['http_get_ms'] / first['http_get_ms']:.2f} x",
            f"{one['http_query_ms']:.3f}",
            f"{one['http_query_ms'] / first['http_query_ms']:.2f} x",
            f"{one['memory_mib']:.0f} / {one['http_memory_mib']:.0f}",
            f"{one['first_page_ms']:.1f} / {one['last_page_ms']:.1f}",
            f"{one['file_mib']:,.0f}",
            f"{one['loaded_per_second']:,.0f}",
        ]
        for one in measured
    ]
    return [
        Section(
            title="Growth, on disk",
            note=f"p50 in process over {SAMPLES:,} reads of items drawn at random, and over HTTP at one connection; "
            f"the goal is 1.5 times the first row, and {MEMORY_MIB_MAX} MiB in process and of the server. The pages "
            "are 1 MB of a Scan, the first and the last of the table.",
            columns=[
                "items", "get, us", "to the first", "query 25, us", "to the first", "HTTP get, ms", "to the first",
                "HTTP query 25, ms", "to the first", "memory, MiB",
                "first / last page, ms", "file, MiB", "loaded/s",
            ],
            rows=rows,
        )
    ]  # fmt: skip


def measure(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        with Engine(folder, durability="none") as engine:
            engine.call("CreateTable", CREATE_TABLE)
            began = time.perf_counter()
            _load(engine, size)
            loaded_per_second = size / (time.perf_counter() - began)
        with Engine(folder, durability="process") as engine:
            made = {
                "items": size,
                "loaded_per_second": loaded_per_second,
                "get_us": _p50_us(engine, "GetItem", "get", size),
                "query_us": _p50_us(engine, "Query", "query 25", size),
                **_pages(engine, size),
            }
            made["memory_mib"] = _memory_mib()
            made["file_mib"] = sum(file.stat().st_size for file in Path(folder).iterdir()) / 2**20
        return made | _over_http(Path(folder), size)


def _over_http(folder: Path, size: int) -> dict[str, float]:
    """What a caller of a server sees of it, and the server's memory."""
    with running(SERVER, folder) as server:
        rates = {
            name: raw.measure(
                server.endpoint, name, connections=1, seconds=3, items=size, credentials=server.credentials
            )
            for name in ("get", "query 25")
        }
        return {
            "http_get_ms": rates["get"].p50_ms,
            "http_query_ms": rates["query 25"].p50_ms,
            "http_memory_mib": server.memory_mib(),
        }


def _load(engine: Engine, size: int) -> None:
    template = [batch_of_puts(list(range(start * _BATCH, start * _BATCH + _BATCH))) for start in range(_DISTINCT)]
    for batch in range(size // _BATCH):
        name, request = template[batch % _DISTINCT]
        for place, put in enumerate(request["RequestItems"][TABLE]):
            put["PutRequest"]["Item"] |= _keys(batch * _BATCH + place)
        engine.call(name, request)


def _keys(number: int) -> dict[str, Any]:
    partition, place = divmod(number, _BATCH)
    return {
        "pk": {"S": f"ORG#{partition:06}"},
        "sk": {"S": f"ORDER#{place:04}"},
        "gsi1pk": {"S": f"STATUS#{partition:06}"},
        "gsi1sk": {"S": f"2026-11-{place % 28 + 1:02}T00:00:00Z#{number:08}"},
    }


def _p50_us(engine: Engine, name: str, operation: str, size: int) -> float:
    seconds = []
    for request, _ in zip(requests(operation, size, seed=7), range(WARM_UP + SAMPLES), strict=False):
        began = time.perf_counter()
        engine.call(name, request)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[WARM_UP:]) * 1e6


def _pages(engine: Engine, size: int) -> dict[str, float]:
    """Milliseconds of the first page of a scan, and of the last, which begins behind some item near the end."""
    segments = max(1, size // 4_000)
    last = {"TableName": TABLE, "Segment": segments - 1, "TotalSegments": segments}
    return {"first_page_ms": _page_ms(engine, {"TableName": TABLE}), "last_page_ms": _page_ms(engine, last)}


def _page_ms(engine: Engine, request: dict[str, Any]) -> float:
    body, seconds = json.dumps(request).encode(), []
    for _ in range(20):
        began = time.perf_counter()
        engine.call_json("Scan", body, principal=None)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1000


def _memory_mib() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


assert set(_keys(0)) < set(item(0)), "the load and the workload name the same keys"

if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
