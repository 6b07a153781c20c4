"""Expression attribute names and values: what `#name` and `:value` stand for in one request."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from tenantable.expressions.syntax import ExpressionKind, Path, Value, invalid_expression
from tenantable.wire.errors import DynamoError, validation_error
from tenantable.wire.limits import EXPRESSION_PLACEHOLDER_BYTES_MAX, EXPRESSION_VALUE_BYTES_MAX
from tenantable.wire.values import TOO_DEEP, AttributeValue, Item, check_value, text_size_bytes

DocumentPath = tuple[str | int, ...]
"""A path with its placeholders resolved: attribute names, and list indexes as integers."""

_NAMES = "ExpressionAttributeNames"
_VALUES = "ExpressionAttributeValues"
_WITHOUT_VALUES: tuple[list[str], ...] = ([], ["ProjectionExpression"])
_KNOWN_KEYS_MAX = 1024
_KNOWN_KEYS: dict[str, set[str]] = {_NAMES: set(), _VALUES: set()}
"""Placeholders that were found well-formed before: programs use few."""
_KEYS = {_NAMES: re.compile("#[A-Za-z0-9_]+"), _VALUES: re.compile(":[A-Za-z0-9_]+")}


class Placeholders:
    """
    The names and values of one request, shared by all its expressions, and which of them were used.

    Args:
        names: From `#placeholder` to attribute name; None when the request has none.
        values: From `:placeholder` to a canonical attribute value; None when the request has none.
    Raises:
        DynamoError: ValidationException for an empty map or a malformed placeholder.
    """

    def __init__(self, names: Mapping[str, str] | None = None, values: Mapping[str, AttributeValue] | None = None):
        _check_keys(_NAMES, names)
        _check_keys(_VALUES, values)
        self._names = names or {}
        self._values = values or {}
        self._used: set[str] = set()

    def name(self, placeholder: str, kind: ExpressionKind) -> str:
        """The attribute name that `#placeholder` stands for."""
        name = self._names.get(placeholder)
        if name is None:
            raise invalid_expression(
                kind,
                f"An expression attribute name used in the document path is not defined; attribute name: {placeholder}",
            )
        self._used.add(placeholder)
        return name

    def value(self, placeholder: str, kind: ExpressionKind) -> AttributeValue:
        """The attribute value that `:placeholder` stands for."""
        value = self._values.get(placeholder)
        if value is None:
            raise invalid_expression(
                kind,
                f"An expression attribute value used in expression is not defined; attribute value: {placeholder}",
            )
        self._used.add(placeholder)
        return value

    def check_all_used(self) -> None:
        """
        To be called when every expression of the request is bound.

        Raises:
            DynamoError: ValidationException when a name or a value was given that no expression mentions.
        """
        if len(self._used) == len(self._names) + len(self._values):
            return
        for member, given in ((_NAMES, self._names), (_VALUES, self._values)):
            unused = [placeholder for placeholder in given if placeholder not in self._used]
            if unused:
                raise validation_error(
                    f"Value provided in {member} unused in expressions: keys: {{{', '.join(unused)}}}"
                )


class Scope(NamedTuple):
    """What one expression is bound in: the request's placeholders, and the kind that its errors name."""

    placeholders: Placeholders
    kind: ExpressionKind

    def name(self, written: str) -> str:
        return self.placeholders.name(written, self.kind) if written[0] == "#" else written

    def names(self, written: frozenset[str]) -> frozenset[str]:
        return frozenset(map(self.name, written))

    def path(self, path: Path) -> DocumentPath:
        if not path.has_placeholders:
            return path.elements
        if len(path.elements) == 1:
            return (self.placeholders.name(str(path.elements[0]), self.kind),)
        return tuple([self.name(element) if isinstance(element, str) else element for element in path.elements])

    def value(self, value: Value) -> AttributeValue:
        return self.placeholders.value(value.placeholder, self.kind)

    def invalid(self, detail: str) -> DynamoError:
        return invalid_expression(self.kind, detail)


def read_placeholders(request: Mapping[str, Any], *, expressions: Sequence[str]) -> Placeholders:
    """
    The placeholders of a request, checked.

    Args:
        request: The operation's input, or one entry of a batch or transaction.
        expressions: The expression members that the operation has, in the order of the service's message, such as
            `UpdateExpression`, `ConditionExpression`. Values can serve all of them but `ProjectionExpression`.
    Raises:
        DynamoError: ValidationException for placeholders without an expression, malformed ones and wrong values;
            SerializationException for a value of a wrong JSON type.
    """
    names, values = request.get(_NAMES), request.get(_VALUES)
    given = [member for member in expressions if request.get(member) is not None]
    if names is not None and not given:
        raise validation_error(f"{_NAMES} can only be specified when using expressions")
    if values is not None:
        if given in _WITHOUT_VALUES:
            _refuse_values([name for name in expressions if name != "ProjectionExpression"])
        _check_keys(_NAMES, names)
        _check_keys(_VALUES, values)  # before any value is read: https://github.com/ExtendDB/extenddb/pull/201
    return Placeholders(names, None if values is None else _canonical_values(values))


def _refuse_values(expressions: list[str]) -> NoReturn:
    plural = "is" if len(expressions) == 1 else "are"
    raise validation_error(
        f"{_VALUES} can only be specified when using expressions: {' and '.join(expressions)} {plural} null"
    )


def _check_keys(member: str, given: Mapping[str, Any] | None) -> None:
    if given is None:
        return
    if not given:
        raise validation_error(f"{member} must not be empty")
    known = _KNOWN_KEYS[member]
    for key, value in given.items():
        if key not in known:
            _check_key(member, key)
            if len(known) < _KNOWN_KEYS_MAX:
                known.add(key)
        if not value and member == _NAMES:
            raise validation_error(f"{member} contains invalid value: Attribute name must not be empty for key {key}")


def _check_key(member: str, key: str) -> None:
    if not _KEYS[member].fullmatch(key):
        raise validation_error(f'{member} contains invalid key: Syntax error; key: "{key}"')
    if len(key) > EXPRESSION_PLACEHOLDER_BYTES_MAX:
        raise validation_error(
            f"{member} contains invalid key: Key must not be longer than {EXPRESSION_PLACEHOLDER_BYTES_MAX} "
            f'characters; key: "{key}"'
        )


def _canonical_values(values: Mapping[str, Any]) -> Item:
    canonical: Item = {}
    size_bytes = 0
    for placeholder, value in values.items():
        try:
            canonical[placeholder], value_size_bytes = check_value(value)
        except DynamoError as error:
            if error.code != "ValidationException" or error.message == TOO_DEEP:
                raise
            raise validation_error(
                f"{_VALUES} contains invalid value: {error.message} for key {placeholder}"
            ) from error
        size_bytes += value_size_bytes + text_size_bytes(placeholder)
    if size_bytes > EXPRESSION_VALUE_BYTES_MAX:
        raise validation_error(
            f"{_VALUES} exceeds the maximum size of {EXPRESSION_VALUE_BYTES_MAX} bytes; size: {size_bytes}"
        )
    return canonical
