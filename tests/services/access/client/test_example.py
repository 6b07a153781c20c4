"""The example of the README runs as it is printed."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from tests.services.access.conftest import World
from tests.services.access.evaluation.conftest import Organisation, allow

from tenantable.services import access
from tenantable.services.access import declaration


def test_the_example_guards_its_route(world: World, serving: Callable[[FastAPI], httpx.Client]) -> None:
    text = Path(str(access.__file__)).with_name("README.md").read_text()
    example = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "require(" in block)
    acme = Organisation(world)
    acme.role("clerk", allow("invoice:read"))
    acme.member("bob", "clerk")
    database = world.dependencies.database(declaration.decision_service)
    names: dict[str, Any] = {"database": database, "clock": world.clock}
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102 - our own page
    client = serving(names["app"])
    read = {user: client.get("/acme/invoices/i1", headers={"x-user": user}).status_code for user in ("bob", "eve")}
    assert read == {"bob": 200, "eve": 403}
