"""Select, ProjectionExpression and AttributesToGet: which attributes a Query or Scan shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.engine.tables.table import ALL, Index
from tenantable.expressions.partiql.columns import Columns
from tenantable.expressions.projections import Projection
from tenantable.wire.errors import invalid_parameter_values, validation_error


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """
    What a page shows of its items.

    `fetches` says that an index does not hold all of it, so that the items themselves must be read.
    """

    counts_only: bool = False
    projection: Projection | Columns | None = None
    fetches: bool = False

    @property
    def shows_stored_items(self) -> bool:
        return not self.counts_only and self.projection is None


_EVERYTHING = Selection()
_PROJECTIONS = ("ProjectionExpression", "AttributesToGet")


def check_select(request: Mapping[str, Any], *, contradiction: str = "") -> None:
    """
    Refuse a Select that contradicts the other parameters. The service says `Querying` for a Scan too.

    Args:
        contradiction: What the message begins with when a ProjectionExpression goes with another Select.
    """
    select = request.get("Select")
    projection = next((name for name in _PROJECTIONS if request.get(name) is not None), None)
    if select == "ALL_PROJECTED_ATTRIBUTES" and request.get("IndexName") is None:
        raise validation_error("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    if select == "SPECIFIC_ATTRIBUTES" and projection is None:
        raise validation_error(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if projection is not None and select not in {None, "SPECIFIC_ATTRIBUTES"}:
        chosen = "only the Count" if select == "COUNT" else select
        beginning = contradiction if projection == "ProjectionExpression" else ""
        raise validation_error(f"{beginning}Cannot specify the {projection} when choosing to get {chosen}")


def select_attributes(
    request: Mapping[str, Any], index: Index | None, projection: Projection | Columns | None
) -> Selection:
    """
    What the request asks to see of the items of a table or index.

    Raises:
        DynamoError: ValidationException when a global index does not hold what is asked for.
    """
    select = request.get("Select")
    if select == "COUNT":
        return Selection(counts_only=True)
    missing = _not_projected(select, index, projection)
    if not missing:
        return _EVERYTHING if projection is None else Selection(projection=projection)
    assert index is not None
    if not index.is_global:
        return Selection(projection=projection, fetches=True)
    if projection is None:
        raise invalid_parameter_values(
            f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} "
            f"because its projection type is not {ALL}"
        )
    raise invalid_parameter_values(f"Global secondary index {index.name} does not project [{', '.join(missing)}]")


def _not_projected(select: str | None, index: Index | None, projection: Projection | Columns | None) -> list[str]:
    """What is asked for and not in the index: names, or `*` for everything."""
    if index is None or index.projected is None:
        return []
    if projection is not None:
        return sorted(projection.top_level_names - index.projected)
    return ["*"] if select == "ALL_ATTRIBUTES" else []
