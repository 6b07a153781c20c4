"""The sort key condition of a query: what its parameters fix, and the range asked for within that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tenantable.declare.keys.layouts import FieldPart, KeyPart, TemplatePart
from tenantable.declare.keys.templates import LAST_CHARACTER
from tenantable.declare.references import Comparison, Condition, Reference
from tenantable.errors import DataError
from tenantable.wire.values import AttributeValue

_BEFORE_SURROGATES, _SURROGATES = 0xD7FF, range(0xD800, 0xE000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A sort key condition: operator and operands as in a KeyConditionExpression."""

    operator: Literal["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"]
    operands: tuple[AttributeValue, ...]


def sort_span(part: KeyPart | None, values: Mapping[str, Any], asked: Condition[Any] | None) -> Span | None:
    """
    The condition on the sort key; None: the whole partition.

    Raises:
        DataError: The range is not one comparison of the first field that the parameters leave open.
        TypeError, ValueError: A value does not fit.
    """
    if part is None:
        if asked is not None:
            raise DataError("range() needs a sort key, and there is none")
        return None
    if isinstance(part, FieldPart):
        return _field_span(part, values, asked)
    prefix, open_name = part.template.prefix(values)
    if asked is None:
        return _whole(prefix, complete=open_name is None)
    comparison = _comparison(asked, open_name)
    return _template_span(part, prefix, comparison)


def collection_span(parts: Sequence[KeyPart | None], asked: Condition[Any] | None) -> Span | None:
    """
    From the first to the last sort key that entities of several kinds can have; None: the whole partition.

    Raises:
        DataError: A range is asked for, which would mean another thing for each kind.
    """
    if asked is not None:
        raise DataError("range() does not work on collections")
    heads = sorted(part.template.template.head for part in parts if isinstance(part, TemplatePart))
    if len(heads) < len(parts) or not heads[0]:
        return None
    return _between(heads[0], heads[-1] + LAST_CHARACTER)


def _comparison(asked: Condition[Any], open_name: str | None) -> Comparison[Any]:
    subject = asked.subject if isinstance(asked, Comparison) else None
    if isinstance(subject, Reference) and not subject.path and subject.name == open_name:
        assert isinstance(asked, Comparison), "only comparisons have a subject"
        return asked
    wanted = "nothing, all of it is given" if open_name is None else f"one comparison of {open_name}"
    raise DataError(f"range() takes {wanted} here", hint="other conditions belong into where()")


def _whole(prefix: str, *, complete: bool) -> Span | None:
    if complete:
        return Span(operator="=", operands=({"S": prefix},))
    return Span(operator="begins_with", operands=({"S": prefix},)) if prefix else None


def _field_span(part: FieldPart, values: Mapping[str, Any], asked: Condition[Any] | None) -> Span | None:
    kind = part.attribute.type
    given = values.get(part.of.name)
    if given is not None:
        if asked is not None:
            _comparison(asked, None)
        return Span(operator="=", operands=({kind: part.text(given)},))
    if asked is None:
        return None
    comparison = _comparison(asked, part.of.name)
    if comparison.operator not in {"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}:
        raise DataError(f"range() cannot be {comparison.operator}")
    operands = tuple({kind: part.text(operand)} for operand in comparison.operands)
    return Span(operator=comparison.operator, operands=operands)


def _template_span(part: TemplatePart, prefix: str, comparison: Comparison[Any]) -> Span:
    """Every key of a value begins with `exact`; when more follows in the template, up to `exact` + last character."""
    assert isinstance(comparison.subject, Reference), "checked before"
    template, name = part.template, comparison.subject.name
    more = name != template.names[-1]

    def exact(value: Any) -> str:
        return prefix + template.value_text(name, value) + template.literal_after(name)

    def end(value: Any) -> str:
        return exact(value) + LAST_CHARACTER if more else exact(value)

    operands = comparison.operands
    match comparison.operator:
        case "=" if not more:
            return Span(operator="=", operands=({"S": exact(operands[0])},))
        case "=":
            return Span(operator="begins_with", operands=({"S": exact(operands[0])},))
        case "begins_with":
            return Span(operator="begins_with", operands=({"S": prefix + template.value_text(name, operands[0])},))
        case "BETWEEN":
            return _between(exact(operands[0]), end(operands[1]))
        case ">=":
            return _between(exact(operands[0]), prefix + LAST_CHARACTER)
        case ">":
            return _between(end(operands[0]) + "\0", prefix + LAST_CHARACTER)
        case "<=":
            return _between(prefix, end(operands[0]))
        case "<":
            return _between(prefix, _just_before(exact(operands[0])))
    raise DataError(f"range() cannot be {comparison.operator}")


def _between(low: str, high: str) -> Span:
    if not low:
        return Span(operator="<=", operands=({"S": high},))
    return Span(operator="BETWEEN", operands=({"S": low}, {"S": high}))


def _just_before(text: str) -> str:
    """The last text before `text` that a key can be."""
    last = ord(text[-1])
    if last == 0:
        return text[:-1]
    before = _BEFORE_SURROGATES if last - 1 in _SURROGATES else last - 1
    return text[:-1] + chr(before) + LAST_CHARACTER
