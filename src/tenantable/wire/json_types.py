"""
SerializationExceptions: what the service says of a JSON value that is not of the type that its model wants there.

It names the kind of token that it met, or the Java type that it would have built. Source: quoted in public threads,
among them https://github.com/JuliaCloud/AWS.jl/issues/673 (a map given as text) and
https://github.com/aws/aws-sdk-js-v3/issues/7102 (a list given as a structure).
"""

from typing import Any

from tenantable.wire.errors import DynamoError, serialization_error

MODEL_PACKAGE = "com.amazonaws.dynamodb.v20120810"
_MISPLACED_STRUCTURE = "Start of structure or map found where not expected."


def wrong_structure(value: Any, name: str) -> DynamoError:
    """Args: name: The shape's name in the service model."""
    if isinstance(value, list):
        return serialization_error(f"Unrecognized collection type class {MODEL_PACKAGE}.{name}")
    return serialization_error("Unexpected value type in payload")


def wrong_map(value: Any, java_type: str) -> DynamoError:
    if isinstance(value, list):
        return serialization_error(f"Unrecognized collection type {java_type}")
    return serialization_error("Unexpected field type")


def wrong_list(value: Any) -> DynamoError:
    return serialization_error(_MISPLACED_STRUCTURE if isinstance(value, dict) else "Unexpected field type")


def wrong_scalar(value: Any, wanted: str) -> DynamoError:
    """Args: wanted: A class of `java.lang`, such as `String` or `Long`; or any class by its full name."""
    if isinstance(value, dict):
        return serialization_error(_MISPLACED_STRUCTURE)
    if isinstance(value, list):
        java_class = wanted if "." in wanted else f"java.lang.{wanted}"
        return serialization_error(f"Unrecognized collection type class {java_class}")
    if isinstance(value, str) and wanted == "Boolean":
        return serialization_error("Unexpected token received from parser")
    kinds = {bool: f"{str(value).upper()}_VALUE", str: "STRING_VALUE", float: "DECIMAL_VALUE", type(None): "NULL_VALUE"}
    return serialization_error(f"{kinds.get(type(value), 'NUMBER_VALUE')} cannot be converted to {wanted}")
