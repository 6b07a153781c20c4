"""
Terraform's language: values, expressions and blocks as text, laid out as `terraform fmt` lays them out.

A Python value becomes the literal of the same meaning; text is escaped, so that nothing in it is read as an expression.
An `Expression` stands as it is.

Source: "HCL Native Syntax Specification"; "terraform fmt" for the layout.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LINE_WIDTH = 100
_COMMENT_WIDTH = 116


@dataclass(frozen=True)
class Expression:
    """An expression, as it is written: `var.environment`."""

    text: str


@dataclass(frozen=True)
class Call:
    """A function and its arguments: `Call("merge", {...}, Expression("var.tags"))`."""

    function: str
    arguments: tuple[Any, ...]

    def __init__(self, function: str, *arguments: Any) -> None:
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "arguments", arguments)


@dataclass(frozen=True)
class WhereGiven:
    """A list with the value in it, or an empty one where a variable is null; it may be unknown until apply."""

    variable: str
    value: Any


@dataclass(frozen=True)
class Comment:
    """A comment; empty text is a line with the sign alone. `wide` keeps the line as it is, however long."""

    text: str
    wide: bool = False


@dataclass(frozen=True)
class Block:
    """A block: `Block("variable", "tags", body=arguments(type=Expression("map(string)")))`."""

    kind: str
    labels: tuple[str, ...]
    body: Sequence["Part"]

    def __init__(self, kind: str, *labels: str, body: Sequence["Part"]) -> None:
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "body", tuple(body))


@dataclass(frozen=True)
class Argument:
    """One argument of a block, or one member of an object."""

    name: str
    value: Any


@dataclass(frozen=True)
class Object:
    """An object whose members stand in groups, with comments between them; a plain `dict` has one group."""

    parts: Sequence["Part"]


@dataclass(frozen=True)
class Gap:
    """An empty line."""


Part = Argument | Block | Comment | Gap


def arguments(**values: Any) -> list[Part]:
    """Arguments of a block, in this order."""
    return [Argument(name, value) for name, value in values.items()]


def separated(groups: Iterable[Sequence[Part]]) -> list[Part]:
    """The groups that hold something, with an empty line between them."""
    parts: list[Part] = []
    for group in groups:
        if group:
            parts += [*([Gap()] if parts else []), *group]
    return parts


def template(*pieces: "str | Expression") -> Expression:
    """
    Quoted text with expressions in it: `template("a-", Expression("var.x"))` is `"a-${var.x}"`. An expression alone
    stays as it is.
    """
    pieces = tuple(piece for piece in pieces if piece != "")
    if len(pieces) == 1 and isinstance(pieces[0], Expression):
        return pieces[0]
    shown = [f"${{{piece.text}}}" if isinstance(piece, Expression) else _escaped(piece) for piece in pieces]
    return Expression(f'"{"".join(shown)}"')


def embedded(expression: Expression) -> "list[str | Expression]":
    """What an expression gives, as pieces for `template`: quoted text without its quotes, another as it is."""
    text = expression.text
    return [_Ready(text[1:-1])] if text.startswith('"') and text.endswith('"') else [expression]


class _Ready(str):
    """Text that is escaped already."""

    __slots__ = ()


def member(of: str, *names: str) -> Expression:
    """`local.gsi_names.gsi1`, or `local.gsi_names["by-time"]` where a name needs quotes."""
    shown = [f".{name}" if _PLAIN_NAME.fullmatch(name) else f"[{_quoted(name)}]" for name in names]
    return Expression(of + "".join(shown))


def render(parts: Sequence[Part]) -> str:
    """The text of a file."""
    return "\n".join(line.rstrip() for line in _lines(parts, 0)) + "\n"


def literal(value: Any, depth: int = 0) -> str:
    """A value as an expression; lines after the first are indented for `depth`."""
    match value:
        case Expression():
            return value.text
        case Call():
            return _call(value, depth)
        case WhereGiven():
            return f"[for given in [{value.variable}] : {literal(value.value, depth)} if given != null]"
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int() | float():
            return str(value)
        case str():
            return _quoted(value)
        case Object():
            return _object(value.parts, depth)
        case Mapping():
            return _object([Argument(str(name), each) for name, each in value.items()], depth)
        case _:
            return _list(list(value), depth)


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    if isinstance(text, _Ready):
        return str(text)
    escaped = "".join(_ESCAPES.get(character) or _visible(character) for character in text)
    return escaped.replace("${", "$${").replace("%{", "%%{")


def _visible(character: str) -> str:
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _call(call: Call, depth: int) -> str:
    shown = [literal(argument, depth) for argument in call.arguments]
    several_lines = sum("\n" in text for text in shown)
    if several_lines == 0 or (several_lines == 1 and len(shown) == 1):
        return f"{call.function}({', '.join(shown)})"
    inside = "  " * (depth + 1)
    shown = [inside + literal(argument, depth + 1) for argument in call.arguments]
    return f"{call.function}(\n" + ",\n".join(shown) + f"\n{'  ' * depth})"


def _list(values: list[Any], depth: int) -> str:
    shown = [literal(value, depth + 1) for value in values]
    line = f"[{', '.join(shown)}]"
    if "\n" not in line and len(line) + 2 * depth <= _LINE_WIDTH:
        return line
    inside = "  " * (depth + 1)
    return "[\n" + "".join(f"{inside}{text},\n" for text in shown) + "  " * depth + "]"


def _object(parts: Sequence[Part], depth: int) -> str:
    if not parts:
        return "{}"
    return "\n".join(["{", *_lines(parts, depth + 1), "  " * depth + "}"])


def _lines(parts: Sequence[Part], depth: int) -> Iterator[str]:
    indent = "  " * depth
    group: list[tuple[str, str]] = []
    for part in parts:
        if isinstance(part, Argument):
            name = part.name if _IDENTIFIER.fullmatch(part.name) else _quoted(part.name)
            text = literal(part.value, depth)
            if "\n" not in text:
                group.append((name, text))
                continue
        yield from _aligned(group, indent)
        group = []
        if isinstance(part, Argument):
            yield from f"{indent}{name} = {text}".split("\n")
        elif isinstance(part, Block):
            yield from _block(part, depth)
        elif isinstance(part, Comment):
            yield from _comment(part, indent)
        else:
            yield ""
    yield from _aligned(group, indent)


def _aligned(group: Sequence[tuple[str, str]], indent: str) -> Iterator[str]:
    """Lines that follow each other have their signs below each other."""
    width = max((len(name) for name, _ in group), default=0)
    yield from (f"{indent}{name.ljust(width)} = {text}" for name, text in group)


def _block(block: Block, depth: int) -> Iterator[str]:
    indent = "  " * depth
    head = " ".join([block.kind, *(_quoted(label) for label in block.labels)])
    if not block.body:
        yield f"{indent}{head} {{}}"
        return
    yield f"{indent}{head} {{"
    yield from _lines(block.body, depth + 1)
    yield f"{indent}}}"


def _comment(comment: Comment, indent: str) -> Iterator[str]:
    text = " ".join(comment.text.split()) if not comment.wide else comment.text.translate({10: " ", 13: " "})
    width = _COMMENT_WIDTH - len(indent)
    lines = [text] if comment.wide else textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    yield from (f"{indent}# {line}" for line in lines or [""])
