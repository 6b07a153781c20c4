"""
The check of a request's shape: which members an operation takes, of what type and within which limits.

A wrong JSON type ends the check at once with a SerializationException, as the service fails while it still reads the
body. Everything else is collected, so that one ValidationException names all faults of a request.
"""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.shapes.compilation import COMPILED, MODEL, compile_operation
from tenantable.wire.errors import validation_error
from tenantable.wire.values import refuse_wrong_types


def check_request(operation: str, request: Mapping[str, Any]) -> None:
    """
    Check the shape of a request. Unknown members are ignored; a member that is null counts as absent.

    Args:
        operation: The API's name for it, such as `PutItem`.
        request: DynamoDB JSON. Attribute values inside are not looked into.
    Raises:
        DynamoError: SerializationException for a wrong JSON type, ValidationException that lists every other
            violation, UnknownOperationException for an operation without a shape.
    """
    read = COMPILED.get(operation) or compile_operation(operation)
    violations: list[str] = []
    read(request if isinstance(request, dict) else dict(request), None, violations)
    if violations:
        refuse_wrong_attribute_types(operation, request)
        plural = "error" if len(violations) == 1 else "errors"
        raise validation_error(f"{len(violations)} validation {plural} detected: {'; '.join(violations)}")


def refuse_wrong_attribute_types(operation: str, request: Mapping[str, Any]) -> None:
    """
    To be called before a request is refused for anything else: the service reads all of it before it checks any of it.

    Raises:
        DynamoError: SerializationException for a wrong JSON type in an attribute value.
    """
    waiting: list[tuple[str, Any]] = [(MODEL["operations"][operation], request)]
    while waiting:
        name, value = waiting.pop()
        model = MODEL["shapes"][name]
        match model["type"], value:
            case "attribute_value", _:
                refuse_wrong_types(value)
            case ("attribute_map", dict()) | ("attribute_list", list()):
                for each in value.values() if isinstance(value, dict) else value:
                    refuse_wrong_types(each)
            case "structure", dict():
                members = model.get("members", {})
                waiting += [(members[member], content) for member, content in value.items() if member in members]
            case "map", dict():
                waiting += [(model["value"], content) for content in value.values()]
            case "list", list():
                waiting += [(model["member"], content) for content in value]
