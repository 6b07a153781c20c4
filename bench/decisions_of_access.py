"""
Decisions of access management: in process beside other engines, and over HTTP at a steady rate.

With the argument `serve` it is the server of the second part: the service with the same organisations.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import structlog
from decisions_timing import timed
from decisions_workload import ORGANISATIONS, ROLES, USERS, organisation, questions, role, role_of, thing, user
from report import Section

from tenantable.data.database import Database
from tenantable.declare.grants import Component
from tenantable.engine import Engine
from tenantable.services.access.app import Dependencies, create_app
from tenantable.services.access.client import Ask, LocalDecider
from tenantable.services.access.decisions.snapshots import Snapshots
from tenantable.services.access.declaration import (
    SYSTEM,
    Member,
    Members,
    OrganisationHead,
    OrganisationHeads,
    OrganisationRole,
    OrganisationRoles,
    PermissionEntry,
    PermissionSet,
    PermissionSets,
    UserRoleAssignment,
    UserRoleAssignments,
    naming,
)
from tenantable.web.serving import BackgroundServer
from tenantable.wire.client import DynamoClient

PEERS = Path(os.environ.get("PEERS", Path(__file__).parent.parent / ".peers")) / "venv" / "bin" / "python"
"""The environment in which `make bench` installs the engines to compare with."""
GOAL = "100,000/s, p99 50 us"
HTTP_RATE = 200
HTTP_SECONDS = 10
HTTP_GOAL_MS = 10
SECRET = "platform-secret-of-the-bench"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sections(advance: Callable[[str], None]) -> list[Section]:
    advance("decisions in process")
    rows = [["tenantable", *_shown(_in_process()), GOAL]]
    rows += [[each["name"], *_shown(each), "-"] for each in _peers(advance)]
    advance("decisions over HTTP")
    http = asyncio.run(_over_http())
    return [
        Section(
            title="Decisions in process",
            note=f"One core and one thread, warm: {ORGANISATIONS} organisations of {ROLES} roles and {USERS} users "
            "each, half of the questions allowed and half denied, every answer checked. casbin is indexed by "
            "organisation and thing; cedarpy gets the policies and the user of one organisation, parsed before.",
            columns=["engine", "decisions/s", "p50, us", "p99, us", "goal"],
            rows=rows,
        ),
        Section(
            title="Decisions over HTTP",
            note=f"{HTTP_RATE} requests a second for {HTTP_SECONDS} seconds over kept connections, sent at their time "
            "whatever became of those before; client and server share two cores. "
            f"The goal is a p99 of {HTTP_GOAL_MS} ms.",
            columns=["asked", "p50, ms", "p99, ms", "highest, ms"],
            rows=[[name, *(f"{_percentile(taken, part):.2f}" for part in (0.5, 0.99, 1))] for name, taken in http],
        ),
    ]


def fill(database: Database) -> None:
    """The organisations of the workload."""
    for of in map(organisation, range(ORGANISATIONS)):
        database.repository(OrganisationHeads).create(OrganisationHead(organisation_id=of))
        for each in range(ROLES):
            permission_set = PermissionSet(
                organisation_id=of,
                permission_set_id=role(each),
                name=role(each),
                entries=[PermissionEntry(key=f"{thing(each)}:read")],
                date_created=_NOW,
            )
            database.repository(PermissionSets).create(permission_set)
            made = OrganisationRole(
                organisation_id=of,
                role_id=role(each),
                name=role(each),
                permission_set_ids=[role(each)],
                date_created=_NOW,
            )
            database.repository(OrganisationRoles).create(made)
        for who in range(USERS):
            names = {"organisation_id": of, "user_id": user(who)}
            member = Member(**names, email=f"{user(who)}@example.com", date_joined=_NOW)
            database.repository(Members).create(member)
            assignment = UserRoleAssignment(
                **names, role_id=role(role_of(who)), assigned_by="bench", date_assigned=_NOW
            )
            database.repository(UserRoleAssignments).create(assignment)


@contextmanager
def filled() -> Iterator[tuple[Engine, Database]]:
    names = naming("dev")
    with Engine(":memory:") as engine:
        for table in SYSTEM.physical_tables(names):
            engine.call("CreateTable", table.create_request())
        database = Database(engine, naming=names, cursor_key=bytes(32))
        fill(database)
        yield engine, database


def _in_process() -> dict[str, Any]:
    with filled() as (_, database):
        decider = LocalDecider(Snapshots(database, clock=time.time), clock=time.time)

        def decide(of: str, who: str, what: str) -> bool:
            return decider.allows_now(Ask(organisation_id=of, user_id=who, permission=f"{what}:read"))

        return timed(decide, questions())


def _peers(advance: Callable[[str], None]) -> list[dict[str, Any]]:
    """What the other engines came to; those that are not installed say so."""
    advance("decisions of other engines")
    if not PEERS.exists():
        return [{"name": "casbin, cedarpy", "missing": "not installed: run make bench"}]
    script = Path(__file__).with_name("decisions_of_peers.py")
    finished = subprocess.run([PEERS, script], capture_output=True, text=True, check=True)
    measured: list[dict[str, Any]] = json.loads(finished.stdout)
    return measured


def _shown(measured: dict[str, Any]) -> list[str]:
    if "missing" in measured:
        return [measured["missing"], "-", "-"]
    return [f"{measured['rate']:,.0f}", f"{measured['p50_us']:.1f}", f"{measured['p99_us']:.1f}"]


async def _over_http() -> list[tuple[str, list[float]]]:
    """How long each request took from the moment when it was due, in milliseconds, in order; by what was asked."""
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            headers = {"authorization": f"Bearer {SECRET}"}
            async with aiohttp.ClientSession(address, headers=headers) as session:
                await asyncio.gather(*(_ask(session, number) for number in range(USERS)))
                return [
                    ("a decision", await _steady(session, _ask)),
                    ("nothing (`/healthz`)", await _steady(session, _ask_nothing)),
                ]
        finally:
            server.terminate()


async def _steady(
    session: aiohttp.ClientSession, ask: Callable[[aiohttp.ClientSession, int], Awaitable[None]]
) -> list[float]:
    loop = asyncio.get_running_loop()
    began = loop.time() + 0.1

    async def at_its_time(number: int) -> float:
        due = began + number / HTTP_RATE
        await asyncio.sleep(due - loop.time())
        await ask(session, number)
        return (loop.time() - due) * 1000

    return sorted(await asyncio.gather(*(at_its_time(number) for number in range(HTTP_RATE * HTTP_SECONDS))))


async def _ask(session: aiohttp.ClientSession, number: int) -> None:
    """Of one organisation: a decision point behind one application."""
    _, who, what, allowed = _ASKED[number % len(_ASKED)]
    body = {
        "subject": {"type": "user", "id": who},
        "action": {"name": "read"},
        "resource": {"type": what, "id": "t1"},
    }
    async with session.post(f"/organisations/{organisation(0)}/access/v1/evaluation", json=body) as answer:
        if (await answer.json())["decision"] is not allowed:
            raise AssertionError(f"a wrong decision: {body}")


async def _ask_nothing(session: aiohttp.ClientSession, _number: int) -> None:
    """What the server and this client cost alone."""
    async with session.get("/healthz") as answer:
        await answer.read()


def _percentile(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def serve() -> None:
    """Serve until standard input ends, with whoever started it; the address is printed first."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with filled() as (engine, _), socket.create_server(("127.0.0.1", 0)) as listener:

        def client(_component: Component) -> DynamoClient:
            return engine

        dependencies = Dependencies(
            client=client,
            naming=naming("dev"),
            cursor_key=bytes(32),
            chain_key=bytes(32),
            platform_secret=SECRET,
            issuers=[],
            random=Random(1),
        )
        server = BackgroundServer("access", create_app(dependencies), listener)
        server.start()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        sys.stdin.read()
        server.stop()


_ASKED = questions()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        from report import show

        show(sections(print))
