"""Reference pages of access management and of problems over HTTP equal what the code says."""

import importlib
import os
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from tenantable.errors import ServiceError
from tenantable.services import access
from tenantable.services.access import errors as access_errors
from tenantable.services.access.directory.platform import BUILT_IN, BUILT_IN_SETS
from tenantable.services.access.http.requests import permission_taken
from tenantable.services.access.rights.own_permissions import OWN_PERMISSIONS
from tenantable.services.webhooks import errors as webhook_errors
from tenantable.web import etags, idempotency
from tenantable.web.problems import OWN_PROBLEMS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
GENERATED = "<!-- Generated from the code by `make golden`; do not edit. -->"


def permissions_page() -> str:
    lines = [
        "# Permissions of access management",
        "",
        GENERATED,
        "",
        "What access management itself asks about, in the organisation of the request. All of them begin with",
        "`access:`, so that a set with `access:*` allows them all; yours begin with something else, such as",
        "`billing:invoice:read`. [The platform's sets](platform-roles.md) hand them out. The administrator needs none.",
        "",
        "| permission | allows | taken by (behind `/v1/organisations/{id}`) |",
        "|---|---|---|",
    ]
    taken = routes_by_permission()
    for key, meaning in OWN_PERMISSIONS.items():
        lines.append(f"| `{key}` | {meaning} | {', '.join(f'`{route}`' for route in taken[key])} |")
    return "\n".join(lines) + "\n"


def routes_by_permission() -> dict[str, list[str]]:
    """The routes of access management that take each permission, as the application is put together."""
    found: dict[str, list[str]] = {"access:decision:read": ["POST /access/v1/..."]}
    for module in pkgutil.walk_packages(access.__path__, f"{access.__name__}."):
        router = getattr(importlib.import_module(module.name), "router", None)
        for route in router.routes if isinstance(router, APIRouter) else ():
            if not isinstance(route, APIRoute):
                continue
            for dependency in route.dependant.dependencies:
                key = permission_taken(dependency.call)
                if key is not None:
                    path = re.sub(r"^/v1/organisations/\{organisation_id\}", "", route.path) or "/"
                    found.setdefault(key, []).extend(f"{method} {path}" for method in sorted(route.methods or ()))
    return found


def platform_roles_page() -> str:
    lines = [
        "# The platform's roles and permission sets",
        "",
        GENERATED,
        "",
        "What every organisation has from the start. They belong to the platform: `GET /v1/platform/roles` and",
        "`GET /v1/platform/permission-sets` list them, the administrator may change them, and their ids are taken in",
        "every organisation. [What the permissions allow](permissions.md).",
        "",
        "| permission set | role of the same id | allows |",
        "|---|---|---|",
    ]
    for set_id, keys in BUILT_IN_SETS.items():
        role = "yes" if set_id in BUILT_IN else "no: for service keys"
        lines.append(f"| `{set_id}` | {role} | {', '.join(f'`{key}`' for key in keys)} |")
    lines += [
        "",
        "`owner` allows everything, in your applications too. `admin` allows everything about access management and",
        "nothing in your applications, and so hands out nothing there: nobody hands out more than they hold.",
        "`decision` is what a service key needs that an application or a gateway asks for decisions with. A platform",
        "that was founded by an earlier version gets the sets that it lacks when it is started again.",
    ]
    return "\n".join(lines) + "\n"


def problems_page() -> str:
    lines = [
        "# Problems",
        "",
        GENERATED,
        "",
        "Each error over HTTP is a problem document (RFC 9457, `application/problem+json`). `code` is for programs and",
        "stays as it is, `detail` is for people, `hint` says the way out where the service knows it, `errors` names",
        "each part of a request that is malformed, and `requestId` leads to the log.",
    ]
    of_web = [*classes_of(etags), *classes_of(idempotency)]
    named = {
        "Access management": classes_of(access_errors),
        "Webhooks": classes_of(webhook_errors),
        "Every service": of_web,
    }
    for title, classes in named.items():
        rows = [(each.code, each.status, (each.__doc__ or "").strip(), each.way_out) for each in classes]
        if classes is of_web:
            rows += [(code, *known) for code, known in OWN_PROBLEMS.items()]
        lines += ["", f"## {title}", "", "| code | status | meaning | way out |", "|---|---|---|---|"]
        lines += [
            f"| `{code}` | {status} | {meaning.rstrip('.')} | {way} |" for code, status, meaning, way in sorted(rows)
        ]
    return "\n".join(lines) + "\n"


def classes_of(module: ModuleType) -> list[type[ServiceError]]:
    """The errors that a module declares."""
    found = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    return [each for each in found if issubclass(each, ServiceError)]


def test_every_problem_has_a_way_out_and_is_listed() -> None:
    modules = (access_errors, webhook_errors, etags, idempotency)
    assert [each.__name__ for module in modules for each in classes_of(module) if not each.way_out] == []
    web = Path(str(etags.__file__)).parent
    said = {code for page in web.glob("*.py") for code in re.findall(r'code="([a-z-]+)"', page.read_text())}
    assert said - OWN_PROBLEMS.keys() == set()


def test_every_permission_of_access_management_is_taken_by_a_route() -> None:
    assert routes_by_permission().keys() == OWN_PERMISSIONS.keys()


@pytest.mark.parametrize("page", [permissions_page, platform_roles_page, problems_page])
def test_a_reference_page_says_what_the_code_says(page: Callable[[], str]) -> None:
    path = REFERENCE / f"{page.__name__.removesuffix('_page').replace('_', '-')}.md"
    if os.environ.get("REWRITE_GOLDEN") == "1":
        path.write_text(page())
    assert path.read_text() == page(), "run `make golden` and review the difference"
