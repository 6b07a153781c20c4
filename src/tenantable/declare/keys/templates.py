"""
Key templates: `ORG#{org_id}#STATUS#{status}` to key text and back.

Rendering is injective: inside values the delimiters and the escape character are percent-encoded, so a value ends
where the next literal begins and no two different inputs give one key. Values without delimiters appear as they are.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.declare.keys.text import KeyText

ESCAPE = "%"
SEPARATOR = "#"
TENANT = "tenant"
"""The placeholder that only a tenant's scope can fill."""
LAST_CHARACTER = "\U0010ffff"
"""Sorts after every other character, in UTF-8 bytes too."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)(?::([^{}]*))?\}")
_ESCAPED = re.compile(r"%([0-9A-F]{2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Placeholder:
    """One `{name}` or `{name:specification}` and the literal text before it."""

    literal: str
    name: str
    specification: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A template taken apart: placeholders with the literal before each, and the literal at the end."""

    text: str
    placeholders: tuple[Placeholder, ...]
    tail: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(placeholder.name for placeholder in self.placeholders)

    @property
    def head(self) -> str:
        """The literal text with which every key begins."""
        return self.placeholders[0].literal if self.placeholders else self.tail

    @property
    def delimiters(self) -> frozenset[str]:
        """The characters that end a value, and `#` always."""
        following = [placeholder.literal for placeholder in self.placeholders[1:]] + [self.tail]
        return frozenset(literal[0] for literal in following if literal) | {SEPARATOR}


def parse_template(text: str) -> Template:
    """
    Take a template apart.

    Raises:
        ValueError: It is empty, has stray braces, repeats a name, or two values would run into each other.
    """
    if not text:
        raise ValueError("the template is empty")
    placeholders: list[Placeholder] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        literal = text[end : match.start()]
        if placeholders and not literal:
            raise ValueError(f"{{{placeholders[-1].name}}} and {{{match.group(1)}}} need a delimiter between them")
        placeholders.append(Placeholder(literal=literal, name=match.group(1), specification=match.group(2) or ""))
        end = match.end()
    template = Template(text=text, placeholders=tuple(placeholders), tail=text[end:])
    _check_literals(template)
    names = template.names
    if len(set(names)) != len(names):
        raise ValueError("a name stands in it twice")
    return template


def _check_literals(template: Template) -> None:
    literals = [placeholder.literal for placeholder in template.placeholders] + [template.tail]
    for literal in literals:
        if any(character in literal for character in "{}%*?$"):
            raise ValueError(
                f"{literal!r} has one of {{ }} % * ? $, which keys and policies give a meaning of their own"
            )
    for literal in literals[1:]:
        if literal and (literal[0].isalnum() or not literal[0].isascii()):
            raise ValueError(f"{literal!r} after a value must begin with an ASCII delimiter such as '#'")


class BoundTemplate:
    """A template whose placeholders know how their values are written."""

    def __init__(self, template: Template, texts: Mapping[str, KeyText]) -> None:
        self.template = template
        self.text = template.text
        self.names = template.names
        self._texts = texts
        escape = _escape_function(template.delimiters)
        self._parts = tuple(
            (placeholder.literal, placeholder.name, texts[placeholder.name].write, escape)
            for placeholder in template.placeholders
        )
        self._reader = _reader(template)

    def render(self, values: Mapping[str, Any]) -> str | None:
        """
        The key of these values; None when one of them is None, because a half-filled key is worse than none.

        Raises:
            TypeError, ValueError: A value does not fit its attribute; names the placeholder.
        """
        text, open_name = self.prefix(values)
        return None if open_name is not None else text

    def prefix(self, values: Mapping[str, Any]) -> tuple[str, str | None]:
        """The text up to the first value that is missing or None, and that value's name (None: all are there)."""
        pieces = []
        for literal, name, write, escape in self._parts:
            pieces.append(literal)
            value = values.get(name)
            if value is None:
                return "".join(pieces), name
            pieces.append(escape(_written(write, name, value)))
        pieces.append(self.template.tail)
        return "".join(pieces), None

    def value_text(self, name: str, value: Any) -> str:
        """What one value looks like inside the key."""
        for _, part_name, write, escape in self._parts:
            if part_name == name:
                return escape(_written(write, name, value))
        raise KeyError(name)

    def literal_after(self, name: str) -> str:
        """The literal text that follows a placeholder."""
        following = [part[0] for part in self._parts[1:]] + [self.template.tail]
        return following[self.names.index(name)]

    def read(self, key: str) -> dict[str, Any]:
        """
        The values that a key was rendered from.

        Raises:
            ValueError: The key was not made by this template.
        """
        match = self._reader.fullmatch(key)
        if match is None:
            raise ValueError(f"{key!r} does not have the form {self.text!r}")
        texts = zip(self.names, match.groups(), strict=True)
        return {name: self._texts[name].read(_unescape(text)) for name, text in texts}

    def wildcard(self, values: Mapping[str, str]) -> str:
        """The key's pattern in a policy: `values` by placeholder (policy variables), `*` for the others."""
        pieces = [part[0] + values.get(part[1], "*") for part in self._parts]
        return "".join(pieces) + self.template.tail

    def letters(self) -> "list[Letter]":
        """The keys it can make, letter by letter; see `overlap`."""
        delimiters = self.template.delimiters
        letters: list[Letter] = []
        for literal, name, _, _ in self._parts:
            alphabet = self._texts[name].alphabet
            letters.extend(literal)
            letters.append(
                _without(delimiters) if alphabet is None else (alphabet - delimiters | {ESCAPE}).__contains__
            )
        return [*letters, *self.template.tail]


Letter = str | Callable[[str], bool]
"""One literal character, or any number of the characters that the function accepts."""


def anything(_character: str) -> bool:
    """Accepts every character: as the last letter, `any text that begins so`."""
    return True


def overlap(left: list[Letter], right: list[Letter]) -> bool:
    """Is there a text that both can make?"""
    pending, seen = [(0, 0)], set()
    while pending:
        state = pending.pop()
        if state in seen:
            continue
        seen.add(state)
        if state == (len(left), len(right)):
            return True
        pending.extend(_next_states(left, right, state))
    return False


def _next_states(left: list[Letter], right: list[Letter], state: tuple[int, int]) -> list[tuple[int, int]]:
    i, j = state
    one = left[i] if i < len(left) else None
    other = right[j] if j < len(right) else None
    states = []
    if callable(one):
        states.append((i + 1, j))
        if isinstance(other, str) and one(other):
            states.append((i, j + 1))
    if callable(other):
        states.append((i, j + 1))
        if isinstance(one, str) and other(one):
            states.append((i + 1, j))
    if isinstance(one, str) and one == other:
        states.append((i + 1, j + 1))
    return states


def _without(delimiters: frozenset[str]) -> Callable[[str], bool]:
    def accepts(character: str) -> bool:
        return character not in delimiters

    return accepts


def _written(write: Callable[[Any], str], name: str, value: Any) -> str:
    try:
        return write(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{{{name}}}: {error}") from None


def _escape_function(delimiters: frozenset[str]) -> Callable[[str], str]:
    special = re.compile("[" + re.escape("".join(sorted(delimiters | {ESCAPE}))) + "]")
    search = special.search

    def escape(text: str) -> str:
        return text if search(text) is None else special.sub(_encode_character, text)

    return escape


def _encode_character(match: re.Match[str]) -> str:
    return f"%{ord(match.group()):02X}"


def _unescape(text: str) -> str:
    return text if ESCAPE not in text else _ESCAPED.sub(_decode_character, text)


def _decode_character(match: re.Match[str]) -> str:
    return chr(int(match.group(1), 16))


def _reader(template: Template) -> re.Pattern[str]:
    value = "([^" + re.escape("".join(sorted(template.delimiters))) + "]*)"
    pieces = [re.escape(placeholder.literal) + value for placeholder in template.placeholders]
    return re.compile("".join(pieces) + re.escape(template.tail), re.DOTALL)


escape_value = _escape_function(frozenset({SEPARATOR}))
"""Encode `#` and `%` in text that is to stand between `#`s."""
