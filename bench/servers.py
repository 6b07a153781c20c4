"""The servers that are measured: ours in several settings, and each peer that is installed."""

import configparser
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import raw

from tenantable.wire.signatures import Credentials

PEERS = Path(os.environ.get("PEERS", Path(__file__).parent.parent / ".peers")) / "node_modules"
"""Where `make bench` installs the peers that npm has."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """
    A server in one setting.

    `arguments` begin after the program; `{port}` and `{data}` stand for a free port and an empty folder. `items` are
    how many the table holds: moto slows down with more, so it holds a tenth, to its advantage.
    """

    name: str
    program: tuple[str, ...]
    arguments: str
    durable: bool = False
    items: int = 10_000

    @property
    def is_ours(self) -> bool:
        return self.program == OURS

    @property
    def is_there(self) -> bool:
        return all(Path(part).exists() for part in self.program if part.startswith("/"))


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that answers: its address, whose signatures it believes, its process, and how long its start took."""

    endpoint: str
    credentials: Credentials
    pid: int
    start_ms: float

    def memory_mib(self) -> float:
        """What of the process, and of those that it started, lies in memory."""
        return sum(_resident_kib(pid) for pid in (self.pid, *_children(self.pid))) / 1024


OURS = (sys.executable, "-m", "tenantable.cli")
NODE = shutil.which("node") or "/absent/node"
DYNOXIDE = (str(PEERS / "@dynoxide" / "linux-x64" / "dynoxide"),)
DYNALITE = (NODE, str(PEERS / "dynalite" / "cli.js"))
MOTO = (sys.executable, "-m", "moto.server")
_AT_ONCE = "--createTableMs 0 --deleteTableMs 0 --updateTableMs 0"

CONTENDERS = (
    Contender(name="tenantable, memory", program=OURS, arguments="dynamodb --port {port} --data {data} --memory"),
    Contender(name="dynoxide, memory", program=DYNOXIDE, arguments="serve --port {port}"),
    Contender(name="dynalite, memory", program=DYNALITE, arguments=f"--host 127.0.0.1 --port {{port}} {_AT_ONCE}"),
    Contender(name="moto, memory", program=MOTO, arguments="-H 127.0.0.1 -p {port}", items=1_000),
    Contender(name="tenantable, power", program=OURS, arguments="dynamodb --port {port} --data {data}", durable=True),
    Contender(
        name="dynoxide, file", program=DYNOXIDE, arguments="serve --port {port} --db-path {data}/db", durable=True
    ),
    Contender(
        name="tenantable, process",
        program=OURS,
        arguments="dynamodb --port {port} --data {data} --durability process",
        durable=True,
    ),
    Contender(
        name="tenantable, 2 workers",
        program=OURS,
        arguments="dynamodb --port {port} --data {data} --durability process --workers 2",
        durable=True,
    ),
    Contender(
        name="dynalite, file",
        program=DYNALITE,
        arguments=f"--host 127.0.0.1 --port {{port}} --path {{data}}/db {_AT_ONCE}",
        durable=True,
    ),
)
"""In this order. `power` and dynoxide's file wait for the disk with each commit, `process` and dynalite's do not."""


@contextmanager
def running(contender: Contender, folder: Path | None = None) -> Iterator[Running]:
    """Start a server over the data of a folder, or with nothing in it; stop it after the block."""
    with ExitStack() as stack:
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = _free_port()
        arguments = contender.arguments.format(port=port, data=folder).split()
        log = stack.enter_context(tempfile.TemporaryFile())
        began = time.perf_counter()
        process = subprocess.Popen([*contender.program, *arguments], stdout=log, stderr=log)
        stack.callback(stop, process)
        _wait_for(port, process)
        start_ms = (time.perf_counter() - began) * 1000
        credentials = _own_credentials(folder) if contender.is_ours else raw.ANYBODY
        endpoint = f"http://127.0.0.1:{port}"
        yield Running(endpoint=endpoint, credentials=credentials, pid=process.pid, start_ms=start_ms)


def _own_credentials(folder: Path) -> Credentials:
    keys = configparser.ConfigParser(interpolation=None, default_section="none")
    keys.read(folder / "credentials")
    key = keys["default"]
    return Credentials(access_key_id=key["aws_access_key_id"], secret_access_key=key["aws_secret_access_key"])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until it answers an HTTP request, whatever it answers."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if connection.recv(1):
                    return
        except OSError:
            time.sleep(0.001)
    raise SystemExit(f"The server did not start: {' '.join(map(str, process.args))}")  # type: ignore[arg-type]


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, by force when it takes its time."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
