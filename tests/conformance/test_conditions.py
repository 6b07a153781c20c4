"""Conditions: what each operator and function says of an item. One item, many sentences about it."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

Item = dict[str, Any]

ITEM: Item = {
    "five": {"N": "5"},
    "text": {"S": "hello"},
    "umlaut": {"S": "ü"},
    "empty": {"S": ""},
    "bytes": {"B": "AQID"},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "list": {"L": [{"S": "a"}, {"N": "1"}, {"L": [{"S": "in"}]}]},
    "map": {"M": {"inner": {"N": "7"}, "a.b": {"S": "dotted"}, "none": {"NULL": True}}},
    "strings": {"SS": ["x", "y"]},
    "numbers": {"NS": ["1", "2.50"]},
    "binaries": {"BS": ["AQ==", "Ag=="]},
}
VALUES: Item = {
    ":four": {"N": "4"}, ":five": {"N": "5.0"}, ":six": {"N": "6"}, ":ten": {"N": "10"}, ":two": {"N": "2"},
    ":three": {"N": "3"}, ":one": {"N": "1"},
    ":hello": {"S": "hello"}, ":he": {"S": "he"}, ":z": {"S": "z"}, ":x": {"S": "x"}, ":a": {"S": "a"},
    ":ell": {"S": "ell"}, ":five_text": {"S": "5"}, ":blank": {"S": ""},
    ":bytes": {"B": "AQID"}, ":byte": {"B": "AQ=="}, ":middle": {"B": "Ag=="},
    ":true": {"BOOL": True}, ":false": {"BOOL": False}, ":null": {"NULL": True},
    ":list": {"L": [{"S": "a"}, {"N": "1.0"}, {"L": [{"S": "in"}]}]},
    ":map": {"M": {"a.b": {"S": "dotted"}, "inner": {"N": "7"}, "none": {"NULL": True}}},
    ":strings": {"SS": ["y", "x"]}, ":fewer": {"SS": ["x"]}, ":numbers": {"NS": ["2.5", "1"]},
    ":S": {"S": "S"}, ":N": {"S": "N"}, ":B": {"S": "B"}, ":BOOL": {"S": "BOOL"}, ":NULL": {"S": "NULL"},
    ":L": {"S": "L"}, ":M": {"S": "M"}, ":SS": {"S": "SS"}, ":NS": {"S": "NS"}, ":BS": {"S": "BS"},
}  # fmt: skip

TRUE = """
five = :five
five <> :four
five > :four
five >= :five
five < :six
five <= :five
text = :hello
text > :he
text < :z
bytes = :bytes
bytes > :byte
yes = :true
yes <> :false
nothing = :null
list = :list
map = :map
strings = :strings
numbers = :numbers
five <> :five_text
missing <> :five
:four < :six
five BETWEEN :four AND :six
five BETWEEN :five AND :five
text BETWEEN :he AND :z
five IN (:four, :five)
five IN (:five)
text IN (:five, :hello)
map.inner BETWEEN :five AND :ten
attribute_exists(five)
attribute_exists(map.inner)
attribute_exists(#map.#dotted)
attribute_exists(list[2][0])
attribute_exists(nothing)
attribute_not_exists(missing)
attribute_not_exists(map.missing)
attribute_not_exists(list[9])
attribute_not_exists(text.inner)
attribute_not_exists(text[0])
attribute_type(five, :N)
attribute_type(text, :S)
attribute_type(bytes, :B)
attribute_type(yes, :BOOL)
attribute_type(nothing, :NULL)
attribute_type(#list, :L)
attribute_type(#map, :M)
attribute_type(strings, :SS)
attribute_type(numbers, :NS)
attribute_type(binaries, :BS)
begins_with(text, :he)
begins_with(text, :blank)
begins_with(bytes, :byte)
contains(text, :ell)
contains(text, :blank)
contains(strings, :x)
contains(numbers, :one)
contains(binaries, :byte)
contains(#list, :a)
contains(#list, :one)
contains(bytes, :middle)
size(text) = :five
size(umlaut) = :one
size(empty) < :one
size(bytes) = :three
size(#list) = :three
size(#map) = :three
size(strings) = :two
size(numbers) = :two
size(binaries) < :three
size(map.inner) > :five OR text = :hello
NOT five = :four
NOT attribute_exists(missing)
NOT (five = :five AND text = :z)
five = :five AND text = :hello
five = :four OR text = :hello
five = :five OR five = :four AND five = :six
(five = :four OR five = :five) AND text = :hello
NOT five = :four AND text = :hello
five = :five AND NOT text = :z
(five = :five)
five=:five AND(text=:hello)
list[0] = :a
list[2][0] <> :a
map.inner > :five
#map.#dotted <> :a
""".strip().splitlines()

FALSE = """
five = :four
five <> :five
five > :five
five = :five_text
five < :hello
five > :hello
text < :five
missing = :five
missing < :five
strings = :fewer
list = :map
five BETWEEN :six AND :ten
missing BETWEEN :four AND :six
text IN (:z, :five)
missing IN (:five)
attribute_exists(missing)
attribute_exists(map.missing)
attribute_not_exists(five)
attribute_type(five, :S)
attribute_type(missing, :S)
begins_with(text, :ell)
begins_with(missing, :he)
begins_with(five, :he)
contains(text, :z)
contains(strings, :ell)
contains(#list, :z)
contains(missing, :a)
contains(five, :a)
contains(strings, :one)
size(missing) = :five
size(text) > :ten
NOT text = :hello
five = :five AND text = :z
five = :four AND five = :five OR text = :z
NOT (five = :five OR text = :z)
yes = :false
map.inner = text
""".strip().splitlines()

NAMES = {"#map": "map", "#list": "list", "#dotted": "a.b"}
RESERVED = {"list": "#list", "map": "#map", "text": "#text", "empty": "#empty", "bytes": "#bytes", "yes": "#yes",
            "missing": "#missing", "numbers": "#numbers", "strings": "#strings"}  # fmt: skip


def placeholders(text: str) -> tuple[str, dict[str, Any]]:
    """The condition with its names as placeholders, so that no word of it is reserved, and what they stand for."""
    names: dict[str, str] = {}

    def name(word: str) -> str:
        names[f"#{word}"] = word
        return f"#{word}"

    words: list[str] = []
    for word in _split(text):
        words.append(name(word) if word in ITEM or word in {"missing", "other", "inner"} else word)
        if word in NAMES:
            names[word] = NAMES[word]
    condition = "".join(words)
    used = {value: VALUES[value] for value in _split(condition) if value in VALUES}
    members: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
    return condition, members | ({"ExpressionAttributeValues": used} if used else {})


def _split(text: str) -> list[str]:
    """The words of a condition and what stands between them."""
    parts = [""]
    for character in text:
        is_word = character.isalnum() or character in "_#:"
        was_word = parts[-1] != "" and (parts[-1][-1].isalnum() or parts[-1][-1] in "_#:")
        if is_word != was_word or (is_word and character in "#:"):
            parts.append("")
        parts[-1] += character
    return parts


def holds(table: "Table", pk: dict[str, str], text: str) -> bool:
    condition, members = placeholders(text)
    try:
        table.call("UpdateItem", Key={"pk": pk}, ConditionExpression=condition, **members)
    except DynamoError as error:
        if error.code != "ConditionalCheckFailedException":
            raise
        return False
    return True


@pytest.mark.parametrize("text", TRUE)
def test_the_condition_holds(simple: "Table", pk: dict[str, str], text: str) -> None:
    simple.put({"pk": pk, **ITEM})
    assert holds(simple, pk, text)


@pytest.mark.parametrize("text", FALSE)
def test_the_condition_does_not_hold(simple: "Table", pk: dict[str, str], text: str) -> None:
    simple.put({"pk": pk, **ITEM})
    assert not holds(simple, pk, text)


@pytest.mark.parametrize("text", [*TRUE[:12], "attribute_exists(#map.#dotted)"])
def test_a_filter_says_the_same_as_a_condition(composite: "Table", pk: dict[str, str], text: str) -> None:
    composite.put({"pk": pk, "sk": {"S": "a"}, **ITEM}, {"pk": pk, "sk": {"S": "b"}})
    condition, members = placeholders(text)
    values = {**members.get("ExpressionAttributeValues", {}), ":pk": pk}
    answer = composite.call(
        "Query",
        KeyConditionExpression="pk = :pk",
        FilterExpression=condition,
        **{**members, "ExpressionAttributeValues": values},
    )
    found = {item["sk"]["S"] for item in answer["Items"]}
    assert "a" in found
    assert answer["ScannedCount"] == 2
