"""What a hostile expression may cost: counted work, not time."""

from typing import Any

import pytest

from tenantable.expressions.conditions import parse_condition
from tenantable.expressions.placeholders import Placeholders
from tenantable.expressions.updates import parse_update
from tenantable.wire.errors import ITEM_UPDATE_TOO_LARGE, DynamoError


class CountedText(str):
    """A text that counts how often it is compared."""

    comparisons = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        CountedText.comparisons += 1
        return str.__eq__(self, other)


@pytest.mark.parametrize("text", [" OR ".join(["v = :v"] * 140), f"v IN ({', '.join([':v'] * 100)})"])
def test_a_repeated_comparison_is_made_once(text: str) -> None:
    CountedText.comparisons = 0
    holds = parse_condition(text, "FilterExpression").bind(Placeholders(None, {":v": {"S": "other"}}))
    assert not holds({"v": {"S": CountedText("text")}})
    assert CountedText.comparisons == 1


def test_a_list_that_no_item_can_hold_is_refused_before_it_is_built() -> None:
    item: dict[str, Any] = {"v": {"L": [{"S": ""}] * 300_000}}
    update = parse_update("SET w = list_append(v, v)").bind(Placeholders())
    with pytest.raises(DynamoError, match=ITEM_UPDATE_TOO_LARGE):
        update.apply(item)
