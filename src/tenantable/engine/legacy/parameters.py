"""Which parameters of an operation are legacy ones and which expressions, and the rule that a request has one kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.wire.errors import validation_error


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """The parameters of an operation that come in two kinds, each in the order of the service's message."""

    legacy: tuple[str, ...]
    expressions: tuple[str, ...]

    def refuse_mixture(self, request: Mapping[str, Any]) -> None:
        """
        Refuse a request that has parameters of both kinds.

        KeyConditions alone goes with every expression but KeyConditionExpression, which it stands for (observed).
        """
        given = [name for name in self.legacy if request.get(name) is not None]
        if not given:
            return
        expressions = [name for name in self.expressions if request.get(name) is not None]
        if "KeyConditionExpression" not in expressions and "KeyConditions" in given:
            given.remove("KeyConditions")
        if given and expressions:
            raise validation_error(
                "Can not use both expression and non-expression parameters in the same request: "
                f"Non-expression parameters: {{{', '.join(given)}}} Expression parameters: {{{', '.join(expressions)}}}"
            )


GET = Parameters(legacy=("AttributesToGet",), expressions=("ProjectionExpression",))
WRITE = Parameters(legacy=("Expected", "ConditionalOperator"), expressions=("ConditionExpression",))
UPDATE = Parameters(
    legacy=("AttributeUpdates", "Expected", "ConditionalOperator"),
    expressions=("UpdateExpression", "ConditionExpression"),
)
SCAN = Parameters(
    legacy=("AttributesToGet", "ScanFilter", "ConditionalOperator"),
    expressions=("ProjectionExpression", "FilterExpression"),
)
QUERY = Parameters(
    legacy=("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"),
    expressions=("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
)
