"""What the OpenAPI document says of every route alike: the errors that follow from what a request may carry."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from tenantable.web.problems import ProblemDocument, problem_responses

BODY = (400, 413)
"""A body may be no JSON in UTF-8, or too large."""
PARAMETERS: Mapping[str, tuple[int, ...]] = {
    "cursor": (400,),
    "if-match": (400, 412),
    "idempotency-key": (400, 422),
}
"""By the name of a parameter: what it is answered with when it is malformed, or does not hold."""

_FRAMEWORKS_OWN = "HTTPValidationError"
"""The schema that the framework documents for 422 where a route says nothing; `install_problems` answers otherwise."""
_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})


def document_problems(app: FastAPI, *, parameters: Mapping[str, tuple[int, ...]] | None = None) -> None:
    """
    Let each operation of the document have the errors that its body and its parameters can lead to.

    Args:
        parameters: The statuses of the application's own parameters, by name, beside `PARAMETERS`.
    """
    generate = app.openapi
    known = {**PARAMETERS, **(parameters or {})}

    def openapi() -> dict[str, Any]:
        document = generate()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for name, definition in _problem_schemas().items():
            schemas.setdefault(name, definition)
        for operation in _operations(document):
            responses = operation.setdefault("responses", {})
            if "422" in responses and _FRAMEWORKS_OWN in str(responses["422"]):
                responses.update({"422": problem_responses(422)[422]})
            for status, response in problem_responses(*_statuses(operation, known)).items():
                responses.setdefault(str(status), response)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        yield from (operation for method, operation in path.items() if method in _METHODS)


def _statuses(operation: Mapping[str, Any], known: Mapping[str, tuple[int, ...]]) -> set[int]:
    found = set(BODY) if "requestBody" in operation else set()
    for parameter in operation.get("parameters", ()):
        found.update(known.get(parameter["name"], ()))
    return found


def _problem_schemas() -> dict[str, object]:
    schema = ProblemDocument.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "ProblemDocument": schema}
