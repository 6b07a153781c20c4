"""
Text with wildcards and policy variables, as actions, resources and condition values are written.

A pattern is parsed once into parts: literal text, `*`, `?` and variables such as `${aws:PrincipalTag/tenant}`. What a
variable stands for is literal, whatever it contains: a tag whose value is `*` must not widen a match.
Source: IAM User Guide, "IAM policy elements: Variables and tags" and "IAM JSON policy elements: Resource".
"""

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tenantable.errors import PolicyError

ContextValue = str | tuple[str, ...]
"""One text for a single-valued key; a tuple for a multivalued key, however many values the request gives it."""

Context = Mapping[str, ContextValue]
"""What is known of a request, by condition key in lower case."""

TextTest = Callable[[str], bool]


class Wildcard(enum.Enum):
    """`*` stands for any text, `?` for any one character."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """A context key in lower case whose single value is put in; `default` stands in where the key is absent."""

    key: str
    default: str | None = None


Part = str | Wildcard | Variable
Pattern = tuple[Part, ...]

_WILDCARD = re.compile(r"[*?]")
_WILDCARD_OR_VARIABLE = re.compile(r"\$\{[^{}]*\}|[*?]")
_VARIABLE = re.compile(r"\s*([A-Za-z][\w:/.@=+-]*)\s*(?:,\s*'([^']*)'\s*)?")
_LITERAL_CHARACTERS = frozenset("*?$")
ARN_SEGMENTS = 6


def parse_pattern(text: str, *, wildcards: bool, variables: bool) -> Pattern:
    """
    Split a text into its parts.

    Args:
        wildcards: False where `*` and `?` are ordinary characters, as in StringEquals.
        variables: False for policies of version 2008-10-17, in which `${` is ordinary text.
    Raises:
        PolicyError: A `${` opens no well-formed variable.
    """
    parts: list[Part] = []
    position = 0
    for special in (_WILDCARD_OR_VARIABLE if variables else _WILDCARD).finditer(text):
        parts.append(_plain(text[position : special.start()], variables=variables))
        parts.append(_special_part(special.group(), wildcards=wildcards))
        position = special.end()
    parts.append(_plain(text[position:], variables=variables))
    return _joined(parts)


def resolve(pattern: Pattern, context: Context) -> Pattern | None:
    """The pattern with every variable replaced by what it stands for; None when one stands for nothing."""
    resolved: list[Part] = []
    for part in pattern:
        if not isinstance(part, Variable):
            resolved.append(part)
            continue
        # A multivalued key has no one value to put in.
        value = context.get(part.key)
        text = value if isinstance(value, str) else part.default
        if text is None:
            return None
        resolved.append(text)
    return _joined(resolved)


def has_variables(pattern: Pattern) -> bool:
    return any(isinstance(part, Variable) for part in pattern)


def variable_keys(patterns: Iterable[Pattern]) -> frozenset[str]:
    """The context keys, in lower case, that the patterns read."""
    return frozenset(part.key for pattern in patterns for part in pattern if isinstance(part, Variable))


@lru_cache(maxsize=4096)
def text_test(pattern: Pattern) -> TextTest:
    """The test of a pattern without variables against a whole text, case-sensitive."""
    if all(isinstance(part, str) for part in pattern):
        return "".join(part for part in pattern if isinstance(part, str)).__eq__
    if pattern == (Wildcard.ANY,):
        return lambda _text: True
    if len(pattern) == 2 and isinstance(pattern[0], str) and pattern[1] is Wildcard.ANY:
        prefix = pattern[0]
        return lambda text: text.startswith(prefix)
    expression = _expression(pattern)
    return lambda text: expression.fullmatch(text) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class ArnPattern:
    """The ARNs that a resource element covers: compared segment by segment, variables in the sixth only."""

    head: tuple[TextTest, ...]
    resource: Pattern

    def matches(self, arn: tuple[str, ...], context: Context) -> bool:
        """Whether the ARN, split by `split_arn`, is covered; never when a variable stands for nothing."""
        if len(arn) != ARN_SEGMENTS:
            # Actions that name no resource are asked for on `*`, which nothing but `*` covers.
            return arn == ("*",) and self.resource == (Wildcard.ANY,) and all(matches("") for matches in self.head)
        for matches, segment in zip(self.head, arn, strict=False):
            if not matches(segment):
                return False
        resolved = resolve(self.resource, context)
        return resolved is not None and text_test(resolved)(arn[-1])


def split_arn(arn: str) -> tuple[str, ...]:
    """The six segments of an ARN; the last keeps its colons. Fewer when it is no ARN."""
    return tuple(arn.split(":", ARN_SEGMENTS - 1))


def parse_arn_pattern(text: str, *, variables: bool) -> ArnPattern:
    """
    Compile a resource element: `*`, or an ARN with wildcards.

    An ARN with fewer than six segments is completed with `*`, as IAM does.

    Raises:
        PolicyError: The text is neither, or a variable is malformed or stands before the fifth colon.
    """
    segments = _split_pattern(parse_pattern(text, wildcards=True, variables=variables))
    if text != "*" and (segments[0] != ("arn",) or len(segments) < 2):
        raise PolicyError(f"{text!r} is not an ARN", hint='write "*" or arn:partition:service:region:account:resource')
    segments += [(Wildcard.ANY,)] * (ARN_SEGMENTS - len(segments))
    *head, resource = segments
    if any(has_variables(segment) for segment in head):
        raise PolicyError(
            f"{text!r} has a variable before the fifth colon", hint="IAM replaces variables in the resource part only"
        )
    return ArnPattern(head=tuple(text_test(segment) for segment in head), resource=resource)


def arn_test(pattern: Pattern) -> TextTest:
    """The test of a resolved condition value against an ARN: no wildcard of the first five segments crosses a colon."""
    if pattern == (Wildcard.ANY,):
        return text_test(pattern)
    tests = [text_test(segment) for segment in _split_pattern(pattern)]

    def matches(text: str) -> bool:
        segments = split_arn(text)
        if len(segments) != ARN_SEGMENTS or len(tests) != ARN_SEGMENTS:
            return False
        return all(test(segment) for test, segment in zip(tests, segments, strict=True))

    return matches


def _split_pattern(pattern: Pattern) -> list[Pattern]:
    """The pattern split at its first five literal colons; those inside a variable's name separate nothing."""
    segments: list[list[Part]] = [[]]
    for part in pattern:
        if not isinstance(part, str):
            segments[-1].append(part)
            continue
        first, *others = part.split(":", ARN_SEGMENTS - len(segments))
        segments[-1].append(first)
        segments.extend([text] for text in others)
    return [_joined(segment) for segment in segments]


def _plain(text: str, *, variables: bool) -> str:
    if variables and "${" in text:
        raise _malformed(text[text.index("${") :])
    return text


def _special_part(text: str, *, wildcards: bool) -> Part:
    if text in {"*", "?"}:
        return Wildcard(text) if wildcards else text
    inner = text[2:-1]
    if inner in _LITERAL_CHARACTERS:
        return inner
    variable = _VARIABLE.fullmatch(inner)
    if variable is None:
        raise _malformed(text)
    return Variable(key=variable.group(1).lower(), default=variable.group(2))


def _joined(parts: Iterable[Part]) -> Pattern:
    """The parts with neighbouring literals made one, and empty ones left out."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)


def _malformed(text: str) -> PolicyError:
    return PolicyError(
        f"{text!r} is not a policy variable",
        hint="write ${key} or ${key, 'default'}, and ${$} where a dollar sign is meant before a brace",
    )


def _expression(pattern: Pattern) -> re.Pattern[str]:
    """
    The regular expression of a pattern.

    Text between two `*` may be taken at its first occurrence, so each such group is atomic: matching costs length
    times length at worst, however many `*` a pattern has and whatever text a caller sends.
    """
    chunks = [""]
    for part in pattern:
        if part is Wildcard.ANY:
            chunks.append("")
        else:
            assert not isinstance(part, Variable), "variables are resolved before"
            chunks[-1] += "." if part is Wildcard.ONE else re.escape(str(part))
    first, *middle, last = chunks if len(chunks) > 1 else (chunks[0], "")
    anywhere = "".join(f"(?>.*?{chunk})" for chunk in middle if chunk)
    tail = f".*{last}" if len(chunks) > 1 else ""
    return re.compile(first + anywhere + tail, re.DOTALL)
