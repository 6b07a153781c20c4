"""Query parameters that no route has are refused: a filter that is misspelt would otherwise let everything through."""

import difflib
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError

_SHOWN_CHARACTERS = 60

Known = dict[tuple[str, str], frozenset[str]]


class KnownQueries:
    """
    The dependency of routes: refuses a parameter that the route's description in OpenAPI does not have.

    Raises, when it runs:
        RequestValidationError: Names each unknown parameter, and the known one that is nearest.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._known: Known | None = None

    async def __call__(self, request: Request) -> None:
        text: bytes = request.scope["query_string"]
        if not text:
            return
        if self._known is None:
            self._known = await run_in_threadpool(_described, self._app)
        known = self._known.get((request.scope["route"].path, request.method.lower()), frozenset())
        given = dict.fromkeys(name for name, _ in parse_qsl(text.decode("latin-1"), keep_blank_values=True))
        faults = [_fault(name, known) for name in given if name not in known]
        if faults:
            raise RequestValidationError(faults)


def _described(app: FastAPI) -> Known:
    return {
        (path, method): frozenset(
            parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"
        )
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
    }


def _fault(name: str, known: frozenset[str]) -> dict[str, object]:
    shown = name if len(name) <= _SHOWN_CHARACTERS else f"{name[:_SHOWN_CHARACTERS]}..."
    # Letters that changed places are the likeliest slip, and count little in the library's likeness.
    near = [each for each in sorted(known) if sorted(each) == sorted(shown)]
    near += difflib.get_close_matches(shown, sorted(known), n=1)
    if near:
        way_out = f"did you mean {near[0]}?"
    elif known:
        way_out = f"there are {', '.join(sorted(known))}"
    else:
        way_out = "there are none here"
    return {"type": "unknown_parameter", "loc": ("query", shown), "msg": f"Unknown parameter; {way_out}", "input": None}
