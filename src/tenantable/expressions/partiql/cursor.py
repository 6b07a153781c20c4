"""A position in the tokens of one statement, and what a statement that is not well formed is answered with."""

import re
from typing import Final, NoReturn

from tenantable.expressions.partiql.templates import Constant, Template
from tenantable.expressions.syntax import Path, Value
from tenantable.expressions.tokens import END, IDENTIFIER, Token, tokenize
from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.limits import NESTING_DEPTH_MAX

QUOTED = "quoted"
STRING = "string"
NUMBER = "number"

_WORDS = re.compile(
    r"""
    (?P<identifier> [A-Za-z_$][A-Za-z0-9_$]* )
  | (?P<number>     (?: [0-9]+ (?: \.[0-9]+ )? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
  | (?P<quoted>     "(?: [^"] | "" )+" )
  | (?P<string>     '(?: [^'] | '' )*' )
  | (?P<space>      [ \t\r\n]+ | --[^\r\n]* )
  | (?P<symbol>     << | >> | <> | != | <= | >= | [=<>()\[\]{},.:;*?+-] )
  | (?P<unknown>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = frozenset(
    """
    ALL ALTER AND AS ASC BETWEEN BY CASE CREATE CROSS DELETE DESC DISTINCT DROP ELSE END EXCEPT EXISTS FALSE FROM
    GROUP HAVING IN INNER INSERT INTERSECT INTO IS JOIN KEY LEFT LIKE LIMIT MISSING MODIFIED NEW NOT NULL OFFSET OLD ON
    OR ORDER OUTER PRIMARY REMOVE RETURNING RIGHT SELECT SET TABLE THEN TRUE UNION UNIQUE UNPIVOT UPDATE VALUE VALUES
    WHEN WHERE WITH
    """.split()
)
"""Words of the language: an attribute or table of such a name must be quoted."""

_UNSUPPORTED_CLAUSES = frozenset({"GROUP", "HAVING", "JOIN", "LIMIT", "OFFSET", "UNION"})
_SOFT_KEYWORDS = frozenset({"ALL", "MODIFIED", "NEW", "OLD"})
"""Keywords only behind RETURNING; elsewhere names like any other."""

_OPERATORS: Final = frozenset({"=", "<>", "!=", "<", "<=", ">", ">=", "+", "-", "*"})
_LIST_INDEX_MAX = 2**32 - 2


class StatementCursor:
    """
    A position in the tokens of one statement. `names` collects the top-level attributes that it mentions; `templates`
    the values, in the order of the text: the placeholder `:3` stands for the one with index 3.
    """

    def __init__(self, text: str) -> None:
        self.names: set[str] = set()
        self.templates: list[Template] = []
        self.parameter_count = 0
        self.operator_count = 0
        self._tokens = tokenize(text, _KEYWORDS, _WORDS)
        self._position = 0

    @property
    def upcoming(self) -> str:
        """The kind of the token that comes next."""
        return self._tokens[self._position].kind

    def comes(self, *kinds: str) -> bool:
        """Whether the next tokens are of these kinds, in this order."""
        coming = self._tokens[self._position : self._position + len(kinds)]
        return tuple(token.kind for token in coming) == kinds

    def peek(self) -> Token:
        """The next token, which is not stepped over."""
        return self._tokens[self._position]

    def take(self) -> Token:
        """Step over the next token, which must not be the end."""
        self._position += 1
        return self._tokens[self._position - 1]

    def accept(self, *kinds: str) -> bool:
        """Step over the next tokens if they are of these kinds."""
        if not self.comes(*kinds):
            return False
        self._position += len(kinds)
        return True

    def expect(self, *kinds: str) -> Token:
        """Step over the next token, which must be of one of these kinds."""
        if self.upcoming not in kinds:
            self.refuse_token()
        return self.take()

    def name(self) -> str:
        """A table, index or attribute name: an identifier, or anything between double quotes."""
        if self.upcoming == QUOTED:
            return self.take().text[1:-1].replace('""', '"')
        if self.upcoming in _SOFT_KEYWORDS:
            return self.take().text
        return self.expect(IDENTIFIER).text

    def path(self) -> Path:
        """A document path such as `a."b c"[3]`."""
        elements: list[str | int] = [self.name()]
        self.names.add(str(elements[0]))
        while True:
            if self.accept("."):
                elements.append(self.name())
            elif self.accept("["):
                elements.append(self._index())
                self.expect("]")
            else:
                break
        if len(elements) > NESTING_DEPTH_MAX:
            raise not_well_formed("The document path has too many nesting elements")
        return Path(elements=tuple(elements), has_placeholders=False)

    def hold(self, template: Template) -> Value:
        """What stands in the tree for a value of the statement."""
        self.templates.append(template)
        return Value(placeholder=f":{len(self.templates) - 1}")

    def constant(self, text: str) -> Value:
        return self.hold(Constant(value={"S": text}))

    def refuse_token(self) -> NoReturn:
        """Raise the error for a token that cannot stand where it does."""
        token = self._tokens[self._position]
        if token.kind in _UNSUPPORTED_CLAUSES:
            raise not_well_formed(f"Unsupported clause: {token.kind}")
        if token.kind in _KEYWORDS:
            raise not_well_formed("Unexpected keyword")
        if token.kind in _OPERATORS:
            raise not_well_formed("Unexpected operator")
        raise not_well_formed("Unexpected term" if token.kind in {END, "unknown"} else "Unexpected token")

    def finish(self) -> None:
        """Refuse whatever follows the statement; one semicolon may."""
        self.accept(";")
        if self.upcoming != END:
            self.refuse_token()

    def _index(self) -> int:
        text = self.expect(NUMBER).text
        if not text.isdecimal() or len(text) > 10 or int(text) > _LIST_INDEX_MAX:
            raise not_well_formed("Unexpected path component")
        return int(text)


def not_well_formed(detail: str) -> DynamoError:
    """Source of the sentence: what users quote, for example awsdocs/aws-sdk-for-javascript-v3, issue 98."""
    return validation_error(f"Statement wasn't well formed, can't be processed: {detail}")
