"""Projection expressions: which parts of an item to return."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tenantable.expressions.parsing import CACHED_EXPRESSIONS_MAX, Cursor, Grammar, parse_path
from tenantable.expressions.paths import PathNode, path_tree
from tenantable.expressions.placeholders import Placeholders, Scope
from tenantable.expressions.syntax import ExpressionKind, Path
from tenantable.wire.values import AttributeValue, Item

_KIND: ExpressionKind = "ProjectionExpression"
_GRAMMAR = Grammar(title="a projection expression")


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """The parts of an item that a request asks for."""

    tree: PathNode

    @property
    def top_level_names(self) -> frozenset[str]:
        return frozenset(self.tree.children)

    def apply(self, item: Item) -> Item:
        """
        A new item with nothing but the projected parts, in their nesting.

        Maps keep only the members asked for; lists only the elements asked for, in the order of their indexes and
        without gaps. What the item lacks is left out. The values themselves are shared with `item`.
        """
        return project(self.tree, item)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectionExpression:
    """A projection expression, read but not yet bound to a request's placeholders."""

    paths: tuple[Path, ...]
    written_names: frozenset[str]

    def attribute_names(self, placeholders: Placeholders) -> frozenset[str]:
        """The top-level attributes that it names."""
        return Scope(placeholders, _KIND).names(self.written_names)

    def bind(self, placeholders: Placeholders) -> Projection:
        """
        Raises:
            DynamoError: ValidationException for an undefined placeholder and for paths that overlap or conflict.
        """
        scope = Scope(placeholders, _KIND)
        return Projection(tree=path_tree(tuple([scope.path(path) for path in self.paths]), _KIND))


@lru_cache(maxsize=CACHED_EXPRESSIONS_MAX)
def parse_projection(text: str) -> ProjectionExpression:
    """
    Read a projection expression: document paths separated by commas. Cached by text.

    Raises:
        DynamoError: ValidationException with DynamoDB's message for the fault.
    """
    cursor = Cursor(text, _KIND, _GRAMMAR)
    paths = [parse_path(cursor)]
    while cursor.accept(","):
        paths.append(parse_path(cursor))
    cursor.finish()
    return ProjectionExpression(paths=tuple(paths), written_names=frozenset(cursor.top_level_names))


def project(tree: PathNode, item: Item) -> Item:
    """The parts of the item that a tree of paths leads to."""
    return dict(_projected_members(tree.children, item))


def _projected_members(children: Mapping[str, PathNode], members: Item) -> Iterable[tuple[str, AttributeValue]]:
    # Whatever a request names, a page must not take longer than its items are large.
    for name in children if len(children) <= len(members) else members:
        node, value = children.get(name), members.get(name)
        if node is not None and value is not None and (part := _projected(node, value)) is not None:
            yield name, part


def _projected(node: PathNode, value: AttributeValue) -> AttributeValue | None:
    if not node.children:
        return value
    if not node.is_list:
        members = dict(_projected_members(node.children, value.get("M", {})))
        return {"M": members} if members else None
    elements = value.get("L", ())
    parts = [
        _projected(node.children[index], elements[index]) for index in sorted(node.children) if index < len(elements)
    ]
    present = [part for part in parts if part is not None]
    return {"L": present} if present else None
