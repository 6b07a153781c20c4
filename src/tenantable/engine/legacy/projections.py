"""AttributesToGet: the top-level attributes that a read returns."""

from collections.abc import Mapping
from typing import Any

from tenantable.expressions.paths import top_level_tree
from tenantable.expressions.projections import Projection
from tenantable.wire.errors import invalid_parameter_values


def read_attributes_to_get(request: Mapping[str, Any]) -> Projection | None:
    """
    What a read without ProjectionExpression returns; None for whole items.

    Raises:
        DynamoError: ValidationException when an attribute is named twice.
    """
    names = request.get("AttributesToGet")
    if names is None:
        return None
    tree = top_level_tree(names)
    if len(tree.children) != len(names):
        twice = next(name for position, name in enumerate(names) if tree.children[name].leaf != position)
        raise invalid_parameter_values(f"Duplicate value in attribute name: {twice}")
    return Projection(tree=tree)
