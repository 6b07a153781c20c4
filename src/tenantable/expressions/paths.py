"""Operands and paths bound to a request: reading one from an item, holding several of one expression in a tree."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from operator import methodcaller
from typing import Any, NamedTuple

from tenantable.expressions.comparison import rank, type_of
from tenantable.expressions.placeholders import DocumentPath, Scope
from tenantable.expressions.syntax import ExpressionKind, Path, Value, invalid_expression
from tenantable.wire.errors import DynamoError
from tenantable.wire.values import AttributeValue, Item

Reader = Callable[[Item], AttributeValue | None]
"""Reads a value from an item; None when there is nothing."""

_CACHED_PATHS_MAX = 4096
_CACHED_TREES_MAX = 512


class BoundOperand(NamedTuple):
    """
    An operand of an expression.

    `path` is given for a document path and `constant` for a value placeholder. `type` is the type tag that every
    value of the operand has, where it does not depend on the item.
    """

    read: Reader
    path: DocumentPath | None = None
    constant: AttributeValue | None = None
    type: str | None = None

    def check_type(self, operator: str, allowed: frozenset[str], scope: Scope) -> None:
        """Refuse an operand that can never have one of the allowed types."""
        if self.type is not None and self.type not in allowed:
            raise scope.invalid(
                "Incorrect operand type for operator or function; "
                f"operator or function: {operator}, operand type: {self.type}"
            )


@dataclass(kw_only=True, slots=True)
class PathNode:
    """
    A place in the tree of an expression's paths. It has either a leaf or children, and children of one sort only:
    names (a map) or indexes (a list).

    `first` is the path that was the first to pass here, for error messages; `leaf` is the position among the
    expression's paths of the one that ends here. Finished trees are shared between requests and never change.
    """

    first: DocumentPath
    leaf: int | None = None
    children: dict[Any, "PathNode"] = field(default_factory=dict)

    @property
    def is_list(self) -> bool:
        return isinstance(next(iter(self.children)), int)


def bind_path(path: Path, scope: Scope) -> BoundOperand:
    return _operand_of_path(scope.path(path))


def bind_value(value: Value, scope: Scope) -> BoundOperand:
    constant = scope.value(value)
    return BoundOperand(lambda _: constant, None, constant, type_of(constant))


@lru_cache(maxsize=_CACHED_PATHS_MAX)
def _operand_of_path(path: DocumentPath) -> BoundOperand:
    return BoundOperand(path_reader(path), path)


def check_bounds(lower: BoundOperand, upper: BoundOperand, scope: Scope) -> None:
    """Refuse constant bounds of BETWEEN that differ in type or stand in the wrong order."""
    if lower.constant is None or upper.constant is None:
        return
    shown = f"lower bound operand: {_shown(lower.constant)}, upper bound operand: {_shown(upper.constant)}"
    if lower.type != upper.type:
        raise scope.invalid(f"The BETWEEN operator requires same data type for lower and upper bounds; {shown}")
    if rank(lower.constant) > rank(upper.constant):
        raise scope.invalid(
            f"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {shown}"
        )


def path_reader(path: DocumentPath) -> Reader:
    """A function that reads the path from an item."""
    top, rest = str(path[0]), path[1:]
    if not rest:
        return methodcaller("get", top)

    def read(item: Item) -> AttributeValue | None:
        value = item.get(top)
        for element in rest:
            if value is None:
                return None
            value = step(value, element)
        return value

    return read


def step(value: AttributeValue, element: str | int) -> AttributeValue | None:
    """The member of a map or the element of a list; None when the value has none such or is neither."""
    if isinstance(element, str):
        members = value.get("M")
        return None if members is None else members.get(element)
    elements = value.get("L")
    return elements[element] if elements is not None and element < len(elements) else None


@lru_cache(maxsize=_CACHED_TREES_MAX)
def path_tree(paths: tuple[DocumentPath, ...], kind: ExpressionKind) -> PathNode:
    """
    Arrange the paths of an expression in a tree; the root stands for the item. Cached, errors excepted.

    Raises:
        DynamoError: ValidationException when one path is another's beginning, or when two paths take the same value
            once for a map and once for a list.
    """
    root = PathNode(first=())
    for position, path in enumerate(paths):
        node = root
        for element in path:
            node = node.children.get(element) or _add_child(node, element, path, kind)
        if node.leaf is not None or node.children:
            raise _clash("overlap", node.first, path, kind)
        node.leaf = position
    return root


def top_level_tree(names: Iterable[str]) -> PathNode:
    """The tree of paths that are attribute names; each has the position of its name, of equal ones the last."""
    return PathNode(first=(), children={name: PathNode(first=(name,), leaf=leaf) for leaf, name in enumerate(names)})


def show_path(path: DocumentPath) -> str:
    """The path as error messages write it: `[a, b, [0]]`."""
    return f"[{', '.join(element if isinstance(element, str) else f'[{element}]' for element in path)}]"


def _add_child(node: PathNode, element: str | int, path: DocumentPath, kind: ExpressionKind) -> PathNode:
    if node.leaf is not None:
        raise _clash("overlap", node.first, path, kind)
    if node.children and node.is_list != isinstance(element, int):
        raise _clash("conflict", node.first, path, kind)
    child = node.children[element] = PathNode(first=path)
    return child


def _clash(verb: str, first: DocumentPath, second: DocumentPath, kind: ExpressionKind) -> DynamoError:
    return invalid_expression(
        kind,
        f"Two document paths {verb} with each other; must remove or rewrite one of these paths; "
        f"path one: {show_path(first)}, path two: {show_path(second)}",
    )


def _shown(value: AttributeValue) -> str:
    ((tag, content),) = value.items()
    return f"AttributeValue: {{{tag}:{content}}}"
