"""Whether what routes require fits their paths, looked at when the application starts."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import routing
from fastapi.dependencies.models import Dependant

from tenantable.errors import near_names


@dataclass(frozen=True, kw_only=True, eq=False)
class Guarded:
    """What a route requires: a permission, perhaps for the resource whose id is in a parameter of the path."""

    permission: str
    resource: str | None


def check_routes(routes: Iterable[Any]) -> None:
    """
    Raises:
        RuntimeError: A route requires a permission for a parameter that its path has not got.
    """
    # Newer versions of FastAPI keep included routers as they are; older ones copy their routes into the application.
    every = getattr(routing, "iter_route_contexts", iter)(routes)
    for route in every:
        dependant = getattr(route, "dependant", None)
        if isinstance(dependant, Dependant):
            for guard in _guards(dependant):
                check_parameters(guard, route.param_convertors, route.path)


def check_parameters(guard: Guarded, parameters: Collection[str], path: str) -> None:
    """
    Raises:
        RuntimeError: The path has no parameter of the guard's name; names those that it has.
    """
    if guard.resource is None or guard.resource in parameters:
        return
    known = sorted(parameters)
    near = near_names(guard.resource, known)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    has = f"it has {', '.join(known)}" if known else "it has none"
    raise RuntimeError(
        f"require({guard.permission!r}, resource={guard.resource!r}): the path {path} has no parameter of this name, "
        f"{has}{meant}"
    )


def _guards(dependant: Dependant) -> Iterator[Guarded]:
    for each in dependant.dependencies:
        found: object = each.call
        if isinstance(found, Guarded):
            yield found
        yield from _guards(each)
