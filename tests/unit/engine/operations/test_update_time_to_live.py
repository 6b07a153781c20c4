"""UpdateTimeToLive and DescribeTimeToLive."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal


@pytest.fixture(autouse=True)
def orders(create: "Create") -> None:
    create("orders")


def specification(*, enabled: bool, attribute: str = "ttl") -> dict[str, Any]:
    return {"TableName": "orders", "TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": attribute}}


def test_it_is_off_until_an_attribute_is_named(call: "Call") -> None:
    assert call("DescribeTimeToLive", TableName="orders") == {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    enable = specification(enabled=True)
    assert call("UpdateTimeToLive", **enable) == {"TimeToLiveSpecification": enable["TimeToLiveSpecification"]}
    assert call("DescribeTimeToLive", TableName="orders") == {
        "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    }


def test_it_can_be_switched_off(call: "Call") -> None:
    call("UpdateTimeToLive", **specification(enabled=True))
    call("UpdateTimeToLive", **specification(enabled=False))
    assert call("DescribeTimeToLive", TableName="orders")["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"


def test_what_changes_nothing_is_refused(call: "Call", refusal: "Refusal") -> None:
    error = refusal("UpdateTimeToLive", **specification(enabled=False))
    assert (error.code, error.message) == ("ValidationException", "TimeToLive is already disabled")
    call("UpdateTimeToLive", **specification(enabled=True))
    assert refusal("UpdateTimeToLive", **specification(enabled=True)).message == "TimeToLive is already enabled"


@pytest.mark.parametrize("enabled", [True, False])
def test_another_attribute_needs_disabling_first(call: "Call", refusal: "Refusal", enabled: bool) -> None:
    call("UpdateTimeToLive", **specification(enabled=True))
    error = refusal("UpdateTimeToLive", **specification(enabled=enabled, attribute="expires"))
    assert error.message == "TimeToLive is active on a different AttributeName: current AttributeName is ttl"


@pytest.mark.parametrize("operation", ["UpdateTimeToLive", "DescribeTimeToLive"])
def test_a_missing_table_is_named(refusal: "Refusal", operation: str) -> None:
    error = refusal(operation, **(specification(enabled=True) | {"TableName": "missing"}))
    assert error.message == "Requested resource not found: Table: missing not found"
