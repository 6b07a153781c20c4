from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create


@pytest.fixture(autouse=True)
def tables(create: "Create") -> None:
    for name in ("ccc", "aaa", "bbb"):
        create(name)


def test_names_are_sorted(call: "Call") -> None:
    assert call("ListTables") == {"TableNames": ["aaa", "bbb", "ccc"]}


def test_a_page_tells_where_the_next_begins(call: "Call") -> None:
    assert call("ListTables", Limit=2) == {"TableNames": ["aaa", "bbb"], "LastEvaluatedTableName": "bbb"}
    assert call("ListTables", Limit=2, ExclusiveStartTableName="bbb") == {"TableNames": ["ccc"]}
    assert call("ListTables", Limit=3) == {"TableNames": ["aaa", "bbb", "ccc"]}


def test_a_page_may_begin_behind_a_name_that_is_gone(call: "Call") -> None:
    assert call("ListTables", ExclusiveStartTableName="bba") == {"TableNames": ["bbb", "ccc"]}
