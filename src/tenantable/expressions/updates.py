"""Update expressions: their grammar, and what one makes of an item."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tenantable.expressions.effects import Effect, compile_effect
from tenantable.expressions.parsing import (
    CACHED_EXPRESSIONS_MAX,
    Cursor,
    Grammar,
    parse_operand,
    parse_path,
)
from tenantable.expressions.paths import PathNode, path_tree
from tenantable.expressions.placeholders import DocumentPath, Placeholders, Scope
from tenantable.expressions.projections import project
from tenantable.expressions.syntax import (
    AddAction,
    Arithmetic,
    DeleteAction,
    ExpressionKind,
    Operand,
    RemoveAction,
    SetAction,
    UpdateAction,
    Value,
)
from tenantable.expressions.tokens import END, VALUE
from tenantable.wire.errors import validation_error
from tenantable.wire.values import AttributeValue, Item

_KIND: ExpressionKind = "UpdateExpression"
_GRAMMAR = Grammar(
    title="an update expression",
    keywords=frozenset({"SET", "REMOVE", "ADD", "DELETE"}),
    functions=frozenset({"if_not_exists", "list_append"}),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """
    The changes that a request makes to an item.

    `changed_paths` has the path of each action in the order of the text, those of REMOVE included. Every method takes
    the item as it was before the update, `{}` or None when it did not exist, and leaves it untouched. `creates_item`
    says whether an item that does not exist comes into being.
    """

    changed_paths: tuple[DocumentPath, ...]
    effects: tuple[Effect, ...]
    tree: PathNode
    creates_item: bool = True

    def apply(self, item: Item | None) -> Item:
        """
        The item after the update. Every operand reads the item as it was before; unchanged values are shared with it.

        Raises:
            DynamoError: ValidationException when an operand is missing or of a wrong type, when a path leads nowhere,
                or when a number goes out of range.
        """
        before = item or {}
        return self._changed_members(self.tree, before, before)

    def updated_old(self, item: Item | None) -> Item:
        """What the changed paths held before: the answer to `ReturnValues=UPDATED_OLD`."""
        return project(self.tree, item or {})

    def updated_new(self, item: Item | None) -> Item:
        """
        What the changed paths hold afterwards: the answer to `ReturnValues=UPDATED_NEW`.

        Removed values are left out, and so are elements appended to a list by an index past its end (observed).
        """
        before = item or {}
        return self._new_members(self.tree, before, before)

    def _changed(self, node: PathNode, current: AttributeValue | None, item: Item) -> AttributeValue | None:
        """What stands at a place after the update; None when nothing does."""
        if node.leaf is not None:
            return self.effects[node.leaf](current, item)
        if node.is_list:
            return {"L": self._changed_elements(node, _content(current, "L"), item)}
        return {"M": self._changed_members(node, _content(current, "M"), item)}

    def _changed_members(self, node: PathNode, members: Item, item: Item) -> Item:
        changed = dict(members)
        for name, child in node.children.items():
            value = self._changed(child, members.get(name), item)
            if value is not None:
                changed[name] = value
            elif name in changed:
                del changed[name]
        return changed

    def _changed_elements(self, node: PathNode, elements: list[AttributeValue], item: Item) -> list[AttributeValue]:
        """All indexes are those before the update; elements past the end are appended in the order of their indexes."""
        changed: list[AttributeValue | None] = list(elements)
        for index in sorted(node.children):
            if index < len(elements):
                changed[index] = self._changed(node.children[index], elements[index], item)
            else:
                changed.append(self._changed(node.children[index], None, item))
        return [element for element in changed if element is not None]

    def _new(self, node: PathNode, current: AttributeValue | None, item: Item) -> AttributeValue | None:
        """The new value at a place, or of a map or list only the parts that have new values; None when none has."""
        if node.leaf is not None:
            return self.effects[node.leaf](current, item)
        if not node.is_list:
            members = self._new_members(node, _content(current, "M"), item)
            return {"M": members} if members else None
        elements = _content(current, "L")
        indexes = [index for index in sorted(node.children) if index < len(elements)]
        new = [self._new(node.children[index], elements[index], item) for index in indexes]
        present = [element for element in new if element is not None]
        return {"L": present} if present else None

    def _new_members(self, node: PathNode, members: Item, item: Item) -> Item:
        new = ((name, self._new(child, members.get(name), item)) for name, child in node.children.items())
        return {name: value for name, value in new if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateExpression:
    """An update expression, read but not yet bound to a request's placeholders."""

    actions: tuple[UpdateAction, ...]
    written_names: frozenset[str]

    def attribute_names(self, placeholders: Placeholders) -> frozenset[str]:
        """The top-level attributes that it reads or changes."""
        return Scope(placeholders, _KIND).names(self.written_names)

    def bind(self, placeholders: Placeholders) -> Update:
        """
        Raises:
            DynamoError: ValidationException for an undefined placeholder, for paths that overlap or conflict, and for
                operands that no item could make right.
        """
        scope = Scope(placeholders, _KIND)
        paths = tuple([scope.path(action.path) for action in self.actions])
        tree = path_tree(paths, _KIND)
        effects = tuple([compile_effect(action, scope) for action in self.actions])
        return Update(changed_paths=paths, effects=effects, tree=tree)


@lru_cache(maxsize=CACHED_EXPRESSIONS_MAX)
def parse_update(text: str) -> UpdateExpression:
    """
    Read an update expression: SET, REMOVE, ADD and DELETE sections in any order, each at most once. Cached by text.

    Raises:
        DynamoError: ValidationException with DynamoDB's message for the fault.
    """
    cursor = Cursor(text, _KIND, _GRAMMAR)
    actions: list[UpdateAction] = []
    seen: set[str] = set()
    while not seen or cursor.upcoming != END:
        section = cursor.expect(*_SECTIONS).kind
        if section in seen:
            cursor.note(f'The "{section}" section can only be used once in an update expression;')
        seen.add(section)
        parse_action = _SECTIONS[section]
        actions.append(parse_action(cursor))
        while cursor.accept(","):
            actions.append(parse_action(cursor))
    cursor.finish()
    return UpdateExpression(actions=tuple(actions), written_names=frozenset(cursor.top_level_names))


def _parse_set(cursor: Cursor) -> SetAction:
    path = parse_path(cursor)
    cursor.expect("=")
    return SetAction(path=path, value=_parse_set_value(cursor))


def _parse_set_value(cursor: Cursor) -> Operand | Arithmetic:
    """An operand, or a sum or difference of two; parentheses may stand around either and around the whole."""
    opened = []
    while cursor.upcoming == "(":
        opened.append(cursor.open_group())
    value: Operand | Arithmetic = parse_operand(cursor)
    while True:
        if opened and cursor.upcoming == ")":
            cursor.close_group(opened.pop())
        elif cursor.upcoming in {"+", "-"} and not isinstance(value, Arithmetic):
            cursor.count_operator()
            value = Arithmetic(operator=cursor.take().kind, left=value, right=parse_operand(cursor))
        else:
            break
    if opened:
        cursor.expect(")")
    return value


def _parse_remove(cursor: Cursor) -> RemoveAction:
    return RemoveAction(path=parse_path(cursor))


def _parse_add(cursor: Cursor) -> AddAction:
    return AddAction(path=parse_path(cursor), value=Value(placeholder=cursor.expect(VALUE).text))


def _parse_delete(cursor: Cursor) -> DeleteAction:
    return DeleteAction(path=parse_path(cursor), value=Value(placeholder=cursor.expect(VALUE).text))


_SECTIONS: Final[dict[str, Callable[[Cursor], UpdateAction]]] = {
    "SET": _parse_set,
    "REMOVE": _parse_remove,
    "ADD": _parse_add,
    "DELETE": _parse_delete,
}


def _content(value: AttributeValue | None, tag: str) -> Any:
    """The members of a map or the elements of a list that a path leads through."""
    if value is None or tag not in value:
        raise validation_error("The document path provided in the update expression is invalid for update")
    return value[tag]
