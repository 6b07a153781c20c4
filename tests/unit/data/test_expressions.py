from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tenantable.data.codecs.entities import codec_of
from tenantable.data.expressions import Expressions, UpdateClauses, condition_text
from tenantable.declare import AccessPatterns, Attr, Change, Condition, Entity, Table, attr
from tenantable.errors import DataError

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Thing(Entity, table=Table("things", ttl="expires_at")):
    thing_id: Attr[str]
    name: Attr[str] = attr(default="")
    size: Attr[int] = attr(default=0)
    limit: Attr[int | None] = attr(default=3)
    tags: Attr[set[str]] = attr(default_factory=set)
    lines: Attr[list[str]] = attr(default_factory=list)
    sizes: Attr[dict[str, int]] = attr(default_factory=dict)
    expires_at: Attr[datetime | None] = attr(default=None)


class Things(AccessPatterns[Thing]):
    @Thing.key(pk="THING#{thing_id}", sk="THING")
    def get(self, *, thing_id: str) -> None:
        """One thing."""


class Other(Entity, table=Table("others")):
    name: Attr[str]


def spelled(text: str, expressions: Expressions) -> str:
    """The expression with its placeholders replaced, to be read."""
    members = expressions.members()
    given = {**members.get("ExpressionAttributeNames", {}), **members.get("ExpressionAttributeValues", {})}
    for placeholder in sorted(given, key=len, reverse=True):
        shown = given[placeholder]
        text = text.replace(placeholder, shown if isinstance(shown, str) else str(next(iter(shown.values()))))
    return text


def condition(asked: Condition[Any]) -> str:
    expressions = Expressions()
    return spelled(condition_text(asked, codec_of(Thing), expressions), expressions)


def update(*changes: Change[Any]) -> str:
    expressions = Expressions()
    clauses = UpdateClauses(codec_of(Thing), expressions)
    for change in changes:
        clauses.change(change)
    return spelled(clauses.text(), expressions)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (Thing.size == 1, "size = 1"),
        (Thing.size != 1, "size <> 1"),
        (Thing.size.between(1, 2), "(size BETWEEN 1 AND 2)"),
        (Thing.size.in_([1, 2]), "size IN (1, 2)"),
        (Thing.name == Thing.thing_id, "name = thing_id"),
        (Thing.name.begins_with("a"), "begins_with(name, a)"),
        (Thing.tags.contains("a"), "contains(tags, a)"),
        (Thing.name.exists(), "attribute_exists(name)"),
        (Thing.name.missing(), "attribute_not_exists(name)"),
        (Thing.lines.size >= 2, "size(lines) >= 2"),
        (Thing.limit == None, "(attribute_not_exists(limit) OR limit = True)"),  # noqa: E711 - a condition
        (Thing.limit != None, "(attribute_exists(limit) AND limit <> True)"),  # noqa: E711 - a condition
        (Thing.expires_at > AT, "expires_at > 1767225600"),
        (Thing.lines[0] == "a", "lines[0] = a"),
        (Thing.sizes["a b"] < 3, "sizes.a b < 3"),
        ((Thing.size > 1) & (Thing.size < 3) | ~(Thing.name == "a"), "((size > 1 AND size < 3) OR (NOT name = a))"),
    ],
)
def test_a_condition_becomes_an_expression(asked: Condition[Any], text: str) -> None:
    assert condition(asked) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ([Thing.name.set("a"), Thing.size.set(2)], "SET name = a, size = 2"),
        ([Thing.name.set_default("a")], "SET name = if_not_exists(name, a)"),
        ([Thing.size.add(2)], "SET size = if_not_exists(size, 0) + 2"),
        ([Thing.limit.add(2)], "SET limit = if_not_exists(limit, 3) + 2"),
        ([Thing.sizes["a"].add(2)], "SET sizes.a = if_not_exists(sizes.a, 0) + 2"),
        ([Thing.lines.append("a")], "SET lines = list_append(if_not_exists(lines, []), [{'S': 'a'}])"),
        ([Thing.lines.prepend("a")], "SET lines = list_append([{'S': 'a'}], if_not_exists(lines, []))"),
        ([Thing.tags.add_to_set("b", "a")], "ADD tags ['a', 'b']"),
        ([Thing.tags.remove_from_set("a")], "DELETE tags ['a']"),
        ([Thing.tags.set(set())], "REMOVE tags"),
        ([Thing.expires_at.set(None), Thing.size.add(1)], "SET size = if_not_exists(size, 0) + 1 REMOVE expires_at"),
        ([Thing.limit.remove()], "SET limit = True"),
        ([Thing.expires_at.set(AT)], "SET expires_at = 1767225600"),
    ],
)
def test_changes_become_an_update_expression(changes: list[Change[Any]], text: str) -> None:
    assert update(*changes) == text


def test_one_attribute_has_one_placeholder() -> None:
    expressions = Expressions()
    condition_text((Thing.size > 1) & (Thing.size < 3), codec_of(Thing), expressions)
    assert expressions.members()["ExpressionAttributeNames"] == {"#0": "size"}


def test_without_placeholders_there_are_no_members() -> None:
    assert Expressions().members() == {}


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        (lambda: condition(Other.name == "x"), r"Other\.name is no attribute of Thing"),
        (lambda: update(Other.name.set("x")), r"Other\.name is no attribute of Thing"),
        (lambda: condition(Thing.expires_at > AT.replace(tzinfo=None)), "cannot be stored"),
    ],
)
def test_what_does_not_fit_is_refused(use: Callable[[], str], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        use()
