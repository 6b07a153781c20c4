"""
YAML in and out: one document, without aliases, duplicate keys or deep nesting, and the line of everything in it.

Aliases are refused because a few of them make a document that is endless; duplicate keys because the last one would
win silently.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from tenantable.services.access.errors import Unprocessable

DEPTH_MAX = 12
Place = tuple[str | int, ...]
"""Keys and positions from the document to something in it."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast, and not everywhere
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What a document says, and where."""

    value: Any
    root: yaml.Node

    def line(self, place: Place) -> int:
        """The line, from 1, of what is at a place, or of the nearest thing around it."""
        node = self.root
        for step in place:
            inner = _inner(node, step)
            if inner is None:
                break
            node = inner
        return int(node.start_mark.line) + 1


def load(text: bytes) -> Loaded:
    """
    Raises:
        Unprocessable: It is no YAML, or of a kind that is refused; says at which line.
    """
    try:
        _check_events(yaml.parse(text, Loader=_Loader))
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise Unprocessable(f"The document is no YAML: {_told(error)}") from error
    if root is None:
        raise Unprocessable("The document is empty")
    try:
        return Loaded(value=_value(root), root=root)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise Unprocessable(f"The document is no YAML: {_told(error)}") from error


def dump(value: Any) -> str:
    """A document, in the order of the value."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def _check_events(events: Iterable[yaml.Event]) -> None:
    """Before anything is built, because building goes as deep as the document."""
    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            raise _refused(event.start_mark, f"*{event.anchor} is an alias; write what it stands for")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_MAX:
                raise _refused(event.start_mark, f"nested more than {DEPTH_MAX} deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(each) for each in node.value]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str) or key in found:
                shown = f"{key} stands there twice" if isinstance(key, str) else "a key is no text"
                raise _refused(key_node.start_mark, shown)
            found[key] = _value(value_node)
        return found
    return yaml.SafeLoader("").construct_object(node)


def _inner(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None


def _refused(mark: Any, problem: str) -> Unprocessable:
    return Unprocessable(f"line {mark.line + 1}: {problem}")


def _told(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)[:200]
    return problem if mark is None else f"line {mark.line + 1}: {problem}"
