"""Splitting expression text into tokens: one tokenizer for every grammar of this package."""

import re
from typing import NamedTuple

END = "end"
IDENTIFIER = "identifier"
INDEX = "index"
NAME = "name"
VALUE = "value"

EXPRESSION_WORDS = re.compile(
    r"""
    (?P<identifier> [A-Za-z][A-Za-z0-9_]* )
  | (?P<index>      [0-9]+ )
  | (?P<name>       \#[A-Za-z0-9_]+ )
  | (?P<value>      :[A-Za-z0-9_]+ )
  | (?P<symbol>     <> | <= | >= | [=<>()\[\],.+-] )
  | (?P<space>      [ \t\r\n]+ )
  | (?P<unknown>    . )
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """
    A word of an expression and where it stands.

    `kind` is one of the constants above, a symbol itself (`<=`), a keyword in capitals (`BETWEEN`), or `unknown` for a
    character that no grammar has. `start` and `end` are offsets into the text.
    """

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str, keywords: frozenset[str], words: re.Pattern[str] = EXPRESSION_WORDS) -> list[Token]:
    """
    Every token of the text in order, closed by one of kind `END`.

    Args:
        keywords: The grammar's own words, in capitals; in the text they may be written in any case.
        words: What the language is made of: each alternative is a named group, which becomes the token's kind but for
            `symbol` and `space`. It matches every character.

    Never fails: a character that has no meaning becomes a token, so that the parser can refuse it where it stands.
    """
    tokens: list[Token] = []
    for match in words.finditer(text):
        kind, word = match.lastgroup, match.group()
        if kind == "space":
            continue
        assert kind is not None
        if kind == "symbol":
            kind = word
        elif kind == IDENTIFIER and word.upper() in keywords:
            kind = word.upper()
        tokens.append(Token(kind, word, match.start(), match.end()))
    end = tokens[-1].end if tokens else 0
    tokens.append(Token(END, "<EOF>", end, end))
    return tokens
