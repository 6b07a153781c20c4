"""The tokenizer: what a token is, and that it never fails."""

from hypothesis import given
from hypothesis import strategies as st

from tenantable.expressions.tokens import END, IDENTIFIER, INDEX, NAME, VALUE, tokenize


def kinds(text: str, *keywords: str) -> list[str]:
    return [token.kind for token in tokenize(text, frozenset(keywords))][:-1]


def texts(text: str) -> list[str]:
    return [token.text for token in tokenize(text, frozenset())][:-1]


def test_each_sort_of_token() -> None:
    assert kinds("a1_b #n_1 :v2 17") == [IDENTIFIER, NAME, VALUE, INDEX]


def test_two_character_symbols_win_over_one() -> None:
    assert kinds("<> <= >= < > = ( ) [ ] , . + -") == "<> <= >= < > = ( ) [ ] , . + -".split()


def test_keywords_in_any_case_and_only_the_grammars_own() -> None:
    assert kinds("set SET seT setting add", "SET") == ["SET", "SET", "SET", IDENTIFIER, IDENTIFIER]


def test_names_begin_with_a_letter() -> None:
    """An underscore or digit in front is a token of its own, as in the service's messages."""
    assert texts("_id 2fa") == ["_", "id", "2", "fa"]


def test_a_lone_hash_or_colon_is_unknown() -> None:
    assert kinds("# : é @") == ["unknown"] * 4


def test_offsets_point_into_the_text() -> None:
    token = tokenize("  a.b", frozenset())[2]
    assert (token.text, token.start, token.end) == ("b", 4, 5)


def test_the_end_follows_the_last_token() -> None:
    end = tokenize("a  ", frozenset())[-1]
    assert (end.kind, end.text, end.start) == (END, "<EOF>", 1)


@given(st.text())
def test_every_character_but_white_space_is_in_a_token(text: str) -> None:
    for white in " \t\r\n":
        text = text.replace(white, " ")
    assert "".join(texts(text)) == text.replace(" ", "")
