"""Numbers: 38 digits, exact, in one notation, within their range."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

NINES = "9" * 38

NOTATIONS = {
    "0": "0",
    "-0": "0",
    "0.0": "0",
    "00012": "12",
    "+5": "5",
    "1.10": "1.1",
    "1e3": "1000",
    "1.5E-3": "0.0015",
    "-12e-1": "-1.2",
    "100": "100",
    "0.000001": "0.000001",
    ".5": "0.5",
    "5.": "5",
    NINES: NINES,
    f"-{NINES}": f"-{NINES}",
    f"0.{NINES}": f"0.{NINES}",
    f"{NINES}00": f"{NINES}00",
    "1E125": "1" + "0" * 125,
    "-1E-130": "-0." + "0" * 129 + "1",
    "9.9999999999999999999999999999999999999E+125": NINES + "0" * 88,
}


@pytest.mark.parametrize(("sent", "stored"), NOTATIONS.items(), ids=[text[:20] for text in NOTATIONS])
def test_a_number_is_answered_in_plain_notation(simple: "Table", pk: dict[str, str], sent: str, stored: str) -> None:
    simple.put({"pk": pk, "n": {"N": sent}})
    assert simple.get({"pk": pk}) == {"pk": pk, "n": {"N": stored}}


REFUSED = {
    "": "The parameter cannot be converted to a numeric value",
    "abc": "The parameter cannot be converted to a numeric value: abc",
    "1,5": "The parameter cannot be converted to a numeric value: 1,5",
    "NaN": "The parameter cannot be converted to a numeric value: NaN",
    "Infinity": "The parameter cannot be converted to a numeric value: Infinity",
    "0x10": "The parameter cannot be converted to a numeric value: 0x10",
    "1E126": "Number overflow. Attempting to store a number with magnitude larger than supported range",
    "-1E126": "Number overflow. Attempting to store a number with magnitude larger than supported range",
    "1E-131": "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    "1E1000000000": "Number overflow. Attempting to store a number with magnitude larger than supported range",
    f"1{NINES}": "Attempting to store more than 38 significant digits in a Number",
}


@pytest.mark.parametrize(("sent", "message"), REFUSED.items(), ids=[text[:20] for text in REFUSED])
def test_what_is_no_number_is_refused(simple: "Table", pk: dict[str, str], sent: str, message: str) -> None:
    error = simple.refusal("PutItem", Item={"pk": pk, "n": {"N": sent}})
    assert (error.code, error.message) == ("ValidationException", message)


SUMS = [
    ("0.1", "0.2", "0.3"),
    (NINES, "-1", "9" * 37 + "8"),
    ("1E20", "1E-17", "100000000000000000000.00000000000000001"),
    ("1E-130", "-1E-130", "0"),
    ("5", "-5.0", "0"),
]


@pytest.mark.parametrize(("first", "second", "total"), SUMS)
def test_a_sum_is_exact(simple: "Table", pk: dict[str, str], first: str, second: str, total: str) -> None:
    simple.put({"pk": pk, "n": {"N": first}})
    for expression in ("SET m = n + :v", "ADD n :v"):
        simple.call(
            "UpdateItem", Key={"pk": pk}, UpdateExpression=expression, ExpressionAttributeValues={":v": {"N": second}}
        )
    found = simple.get({"pk": pk})
    assert found == {"pk": pk, "n": {"N": total}, "m": {"N": total}}


@pytest.mark.parametrize(
    ("stored", "added", "message"),
    [
        (NINES, "0.1", "Attempting to store more than 38 significant digits in a Number"),
        ("9E125", "9E125", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ],
)
def test_a_sum_that_cannot_be_stored_is_refused(
    simple: "Table", pk: dict[str, str], stored: str, added: str, message: str
) -> None:
    simple.put({"pk": pk, "n": {"N": stored}})
    members = {"UpdateExpression": "ADD n :v", "ExpressionAttributeValues": {":v": {"N": added}}}
    assert simple.refusal("UpdateItem", Key={"pk": pk}, **members).message == message


def test_a_number_set_holds_each_value_once(simple: "Table", pk: dict[str, str]) -> None:
    error = simple.refusal("PutItem", Item={"pk": pk, "n": {"NS": ["1", "1.0"]}})
    assert "contains duplicates" in error.message
