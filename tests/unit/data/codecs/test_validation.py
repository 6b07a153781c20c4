from typing import Annotated, Any, NewType, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tenantable.data.codecs.validation import FieldValidation

Score = NewType("Score", int)
Small = Annotated[int, Field(lt=9)]


class Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(alias="called", default="x")
    children: "list[Node]" = []
    score: Annotated[Score, Field(ge=1)] | None = None
    small: Annotated[Small, Field(gt=2)] = 3
    counts: dict[str, Annotated[int, Field(le=3)]] = {}

    @model_validator(mode="before")
    @classmethod
    def _take(cls, given: Any) -> Any:
        return given

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name == "whole":
            raise ValueError("only the whole is checked here")
        return self


@pytest.fixture(scope="module")
def validation() -> FieldValidation:
    return FieldValidation(Node)


def test_one_field_is_validated_without_the_others(validation: FieldValidation) -> None:
    assert validation.field("name", "whole", {}) == "whole"
    assert validation.field("children", [Node(called="y")], {"name": "z", "tenant": "t"}) == [Node(called="y")]
    for name, wrong in [("name", 8), ("children", ["y"]), ("score", 0), ("small", 9), ("small", 2)]:
        with pytest.raises(ValidationError):
            validation.field(name, wrong, {})


def test_the_models_settings_hold_for_its_fields(validation: FieldValidation) -> None:
    with pytest.raises(ValidationError, match="valid integer"):
        validation.field("small", "4", {})


def test_what_lies_below_a_field_is_validated_by_its_type(validation: FieldValidation) -> None:
    assert validation.below("counts", ("a",), 3) == 3
    with pytest.raises(ValidationError, match="less than or equal to 3"):
        validation.below("counts", ("b",), 4)


def test_bounds_are_found_under_aliases_and_beside_none(validation: FieldValidation) -> None:
    assert validation.bounds("score") == {"ge": 1}
    assert validation.bounds("small") == {"lt": 9, "gt": 2}
    assert validation.bounds("counts", ("a",)) == {"le": 3}
    assert validation.bounds("name") == {}
