"""Condition keys of requests are derived when a policy asks for them, and only then."""

from typing import Any

import pytest

from tenantable.iam.requests.context import READ_KEYS, DerivedContext, Subject
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

KEYS = TableKeys(table=KeyNames(partition=KeyAttribute(name="pk")))


class CountingLookup:
    """A table lookup that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _name: str) -> TableKeys | None:
        self.asked += 1
        return KEYS


def context(lookup: CountingLookup, known: dict[str, str] | None = None, **fields: Any) -> DerivedContext:
    subject = Subject(fields, ({"pk": {"S": "P1"}},), "T", None, lookup, fields, None)
    return DerivedContext(READ_KEYS, subject, known or {})


def test_a_key_is_derived_once_and_when_asked() -> None:
    lookup = CountingLookup()
    derived = context(lookup)
    assert lookup.asked == 0
    assert [derived["dynamodb:leadingkeys"] for _ in range(3)] == [("P1",)] * 3
    assert lookup.asked == 1


def test_an_expression_that_no_policy_asks_about_is_not_read() -> None:
    derived = context(CountingLookup(), ProjectionExpression="((")
    assert derived["dynamodb:leadingkeys"] == ("P1",)
    with pytest.raises(DynamoError, match="Invalid ProjectionExpression"):
        derived.get("dynamodb:attributes")


def test_known_keys_stand_beside_the_derived_ones() -> None:
    derived = context(CountingLookup(), {"aws:username": "ann"})
    assert derived.get("aws:username") == "ann"
    assert set(derived) == {
        "aws:username",
        "dynamodb:attributes",
        "dynamodb:firstpartitionkeyvalues",
        "dynamodb:leadingkeys",
        "dynamodb:returnconsumedcapacity",
        "dynamodb:select",
    }


def test_a_key_that_the_request_lacks_is_absent() -> None:
    derived = context(CountingLookup())
    assert "dynamodb:enclosingoperation" not in derived
    assert derived.get("dynamodb:returnvalues") is None
    with pytest.raises(KeyError):
        derived["dynamodb:enclosingoperation"]


@pytest.mark.parametrize("name", ["status", "a" * 5000])
def test_aliases_of_any_length_are_resolved(name: str) -> None:
    derived = context(CountingLookup(), ProjectionExpression="#n.x", ExpressionAttributeNames={"#n": name})
    assert set(derived["dynamodb:attributes"]) == {"pk", name}
