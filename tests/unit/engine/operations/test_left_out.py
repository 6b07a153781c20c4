from typing import TYPE_CHECKING

import pytest

from tenantable.engine.operations.left_out import LEFT_OUT

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Refusal


@pytest.mark.parametrize("operation", LEFT_OUT)
def test_what_is_left_out_says_why_and_what_to_use_instead(refusal: "Refusal", operation: str) -> None:
    error = refusal(operation)
    assert (error.code, error.message) == (
        "ValidationException",
        f"{operation} is left out here: {LEFT_OUT[operation]}",
    )


def test_what_nobody_has_is_unknown(refusal: "Refusal") -> None:
    assert refusal("MakeCoffee").code == "UnknownOperationException"
