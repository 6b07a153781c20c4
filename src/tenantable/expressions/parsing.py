"""What every grammar of this package shares: a cursor over tokens, document paths, operands, function calls."""

from dataclasses import dataclass
from typing import NoReturn

from tenantable.expressions.syntax import Call, ExpressionKind, Operand, Path, Value, invalid_expression
from tenantable.expressions.tokens import END, IDENTIFIER, INDEX, NAME, VALUE, Token, tokenize
from tenantable.wire.limits import EXPRESSION_BYTES_MAX, EXPRESSION_OPERATORS_MAX, NESTING_DEPTH_MAX
from tenantable.wire.reserved_words import RESERVED_WORDS

CACHED_EXPRESSIONS_MAX = 512
"""How many parsed texts each grammar remembers; a full cache of 4 KiB texts stays in the tens of megabytes."""

PREDICATES = frozenset({"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"})

_OPERAND_COUNTS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
    "if_not_exists": 2,
    "list_append": 2,
}
_PATH_FIRST = frozenset({"attribute_exists", "attribute_not_exists", "attribute_type", "if_not_exists"})
_LIST_INDEX_MAX = 2**32 - 2  # observed: the service refuses 4294967295
_CALL_DEPTH_MAX = NESTING_DEPTH_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class Grammar:
    """The keywords and functions of one kind of expression; `title` names it in messages."""

    title: str
    keywords: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()


class Cursor:
    """
    A position in the tokens of one expression.

    A syntax error ends parsing where it stands. Any other fault of the text is only noted, because DynamoDB reports a
    syntax error further on before it: `finish` raises the first one noted.
    """

    def __init__(self, text: str, kind: ExpressionKind, grammar: Grammar) -> None:
        size_bytes = len(text.encode("utf-8", "surrogatepass"))
        if size_bytes > EXPRESSION_BYTES_MAX:
            raise invalid_expression(
                kind, f"Expression size has exceeded the maximum allowed size; expression size: {size_bytes}"
            )
        self.grammar = grammar
        self.top_level_names: set[str] = set()
        self._text = text
        self._kind: ExpressionKind = kind
        self._tokens = tokenize(text, grammar.keywords)
        self._position = 0
        self._operators = 0
        self._innermost_group: tuple[int, int] | None = None
        self._fault: str | None = None
        if len(self._tokens) == 1:
            raise invalid_expression(kind, "The expression can not be empty;")

    @property
    def upcoming(self) -> str:
        """The kind of the token that comes next."""
        return self._tokens[self._position].kind

    @property
    def calls_next(self) -> bool:
        """Whether a function call comes next."""
        return self.upcoming == IDENTIFIER and self._tokens[self._position + 1].kind == "("

    def take(self) -> Token:
        """Step over the next token, which must not be the end."""
        self._position += 1
        return self._tokens[self._position - 1]

    def accept(self, kind: str) -> bool:
        """Step over the next token if it is of this kind."""
        if self.upcoming != kind:
            return False
        self._position += 1
        return True

    def expect(self, *kinds: str) -> Token:
        if self.upcoming not in kinds:
            self.refuse_token()
        return self.take()

    def open_group(self) -> int:
        """Step over `(`; the result is for `close_group`."""
        self.expect("(")
        return self._position - 1

    def close_group(self, opened: int) -> None:
        """Step over `)`. Parentheses directly around parentheses are a fault."""
        self.expect(")")
        closed = self._position - 1
        if self._innermost_group == (opened + 1, closed - 1):
            self.note("The expression has redundant parentheses;")
        self._innermost_group = (opened, closed)

    def count_operator(self) -> None:
        self._operators += 1

    def note(self, fault: str) -> None:
        """Remember what is wrong with the text, unless something was noted before."""
        self._fault = self._fault or fault

    def refuse(self, fault: str) -> NoReturn:
        raise invalid_expression(self._kind, fault)

    def refuse_token(self) -> NoReturn:
        """Raise the syntax error for the next token, quoting the text from the token before to the one after it."""
        last = len(self._tokens) - 1
        before = self._tokens[max(self._position - 1, 0)]
        after = self._tokens[min(self._position + 1, last)]
        near = self._text[before.start : after.end]
        self.refuse(f'Syntax error; token: "{self._tokens[self._position].text}", near: "{near}"')

    def finish(self) -> None:
        """Raise what is wrong with the text, if anything, once all of it has been read."""
        if self.upcoming != END:
            self.refuse_token()
        if self._fault is not None:
            self.refuse(self._fault)
        if self._operators > EXPRESSION_OPERATORS_MAX:
            self.refuse(f"The expression contains too many operators; operator count: {self._operators}")


def parse_path(cursor: Cursor) -> Path:
    """A document path: names joined by dots, list indexes in brackets."""
    elements: list[str | int] = [_parse_name(cursor)]
    while True:
        if cursor.accept("."):
            elements.append(_parse_name(cursor))
        elif cursor.accept("["):
            elements.append(_parse_index(cursor))
            cursor.expect("]")
        else:
            break
    if len(elements) > NESTING_DEPTH_MAX:
        cursor.note(f"The document path has too many nesting elements; nesting levels: {len(elements)}")
    cursor.top_level_names.add(str(elements[0]))
    has_placeholders = any(isinstance(element, str) and element[0] == "#" for element in elements)
    return Path(elements=tuple(elements), has_placeholders=has_placeholders)


def parse_operand(cursor: Cursor, depth: int = 0) -> Operand:
    """
    A path, a value placeholder or a call, each possibly in parentheses; `depth` counts the calls around it.

    Predicates yield no value: they are a fault here.
    """
    opened = []
    while cursor.upcoming == "(":
        opened.append(cursor.open_group())
    operand = parse_bare_operand(cursor, depth)
    while opened:
        cursor.close_group(opened.pop())
    note_predicate(cursor, operand)
    return operand


def parse_bare_operand(cursor: Cursor, depth: int = 0) -> Operand:
    """An operand that does not begin with a parenthesis; it may be a predicate."""
    if cursor.upcoming == VALUE:
        return Value(placeholder=cursor.take().text)
    if cursor.calls_next:
        return _parse_call(cursor, depth)
    return parse_path(cursor)


def note_predicate(cursor: Cursor, operand: Operand) -> None:
    """A predicate where a value is wanted is a fault."""
    if isinstance(operand, Call) and operand.function in PREDICATES:
        note_misplaced(cursor, operand)


def note_misplaced(cursor: Cursor, call: Call) -> None:
    cursor.note(f"The function is not allowed to be used this way in an expression; function: {call.function}")


def _parse_name(cursor: Cursor) -> str:
    token = cursor.expect(IDENTIFIER, NAME)
    if token.kind == IDENTIFIER and token.text.upper() in RESERVED_WORDS:
        cursor.note(f"Attribute name is a reserved keyword; reserved keyword: {token.text}")
    return token.text


def _parse_index(cursor: Cursor) -> int:
    index = int(cursor.expect(INDEX).text)
    if index > _LIST_INDEX_MAX:
        cursor.note(f"List index is not within the allowable range; index: [{index}]")
    return index


def _parse_call(cursor: Cursor, depth: int) -> Call:
    if depth >= _CALL_DEPTH_MAX:
        cursor.refuse(f"Functions are nested too deeply; nesting levels: {depth + 1}")
    cursor.count_operator()
    function = cursor.take().text
    _note_unknown_function(cursor, function)
    cursor.expect("(")
    operands = [parse_operand(cursor, depth + 1)]
    while cursor.accept(","):
        operands.append(parse_operand(cursor, depth + 1))
    cursor.expect(")")
    _note_wrong_operands(cursor, function, operands)
    return Call(function=function, operands=tuple(operands))


def _note_unknown_function(cursor: Cursor, function: str) -> None:
    if function not in _OPERAND_COUNTS:
        cursor.note(f"Invalid function name; function: {function}")
    elif function not in cursor.grammar.functions:
        cursor.note(f"The function is not allowed in {cursor.grammar.title}; function: {function}")


def _note_wrong_operands(cursor: Cursor, function: str, operands: list[Operand]) -> None:
    if len(operands) != _OPERAND_COUNTS.get(function, len(operands)):
        cursor.note(
            f"Incorrect number of operands for operator or function; operator or function: {function}, "
            f"number of operands: {len(operands)}"
        )
    elif function in _PATH_FIRST and not isinstance(operands[0], Path):
        cursor.note(f"Operator or function requires a document path; operator or function: {function}")
