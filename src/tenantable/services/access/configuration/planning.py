"""The order in which a document is brought about: made, narrowed, given, taken, widened, removed. See `narrowing`."""

from collections.abc import Iterable, Iterator, Sequence

from tenantable.services.access.configuration.differences import ORGANISATION, Difference, Operation
from tenantable.services.access.configuration.document import (
    Document,
    Part,
    RolePart,
    SetPart,
    TeamPart,
    TeamRolePart,
)
from tenantable.services.access.configuration.members import member_operations
from tenantable.services.access.configuration.narrowing import Narrowed, narrow_set
from tenantable.services.access.decisions.definitions import Definitions


def plan(
    found: Sequence[Difference], current: Document, target: Document, above: Definitions, *, own: str
) -> list[Operation]:
    """
    The operations in their order.

    Args:
        above: What the platform defines.
        own: The caller's id: what is taken from the caller is taken last, so that the rest can be done.
    """
    narrowed = Narrowed(current, target, above)
    taken = [each.id for every in (current, target) for each in every.roles or ()]
    members = list(member_operations(found, narrowed, [*taken, *above.roles]))
    narrow, wide = _changed(found, narrowed)
    last = [each for each in members if _takes_from(each, own)]
    gone, held = _split(_deleted(found, current), last)
    return [
        *_of_organisation(found),
        *_created(found, target),
        *narrow,
        *(each for each in members if not _takes_from(each, own)),
        *wide,
        *gone,
        *last,
        *held,
    ]


def _of_organisation(found: Iterable[Difference]) -> Iterator[Operation]:
    for each in found:
        if each.kind == ORGANISATION and each.after is not None:
            yield Operation(doing="change", difference=each, part=each.after)


def _created(found: Iterable[Difference], target: Document) -> Iterator[Operation]:
    """Nobody has what is new; roles come after those above them."""
    new = [each for each in found if each.before is None]
    for each in (
        *(each for each in new if each.kind == "permission-set"),
        *_above_first(found, target.roles or (), "create"),
        *(each for kind in ("team-role", "team") for each in new if each.kind == kind),
    ):
        assert each.after is not None
        yield Operation(doing="create", difference=each, part=each.after)


def _deleted(found: Iterable[Difference], current: Document) -> Iterator[Operation]:
    gone = [each for each in found if each.after is None]
    roles = reversed(list(_above_first(found, current.roles or (), "delete")))
    kinds = ("team", "team-role")
    for each in (
        *roles,
        *(each for kind in kinds for each in gone if each.kind == kind),
        *(each for each in gone if each.kind == "permission-set"),
    ):
        assert each.before is not None
        yield Operation(doing="delete", difference=each, part=each.before)


def _above_first(found: Iterable[Difference], roles: Iterable[RolePart], action: str) -> Iterator[Difference]:
    """Differences of roles, each behind those of the roles above it."""
    waiting = {each.id: each for each in found if each.kind == "role" and each.action == action}
    parents = {each.id: each.parents for each in roles}
    for start in list(waiting):
        path = [start]
        while path:
            above = next((each for each in parents.get(path[-1], ()) if each in waiting and each not in path), None)
            if above is not None:
                path.append(above)
                continue
            difference = waiting.pop(path.pop(), None)
            if difference is not None:
                yield difference


def _changed(found: Iterable[Difference], narrowed: Narrowed) -> tuple[list[Operation], list[Operation]]:
    """
    What makes everything narrow, and what makes it as it is to be.

    A set that comes to allow what it denied is in roles for what it denied: so sets are made wide behind all roles.
    """
    narrow: list[Operation] = []
    wide: list[Operation] = []
    for each in found:
        if each.action != "change" or each.kind in {ORGANISATION, "member"}:
            continue
        before, after = each.before, each.after
        assert before is not None
        assert after is not None
        between = _between(before, after, narrowed)
        if between != before:
            narrow.append(Operation(doing="change", difference=each, part=between))
        if between != after:
            wide.append(Operation(doing="change", difference=each, part=after))
    return narrow, sorted(wide, key=lambda each: each.difference.kind == "permission-set")


def _between(before: Part, after: Part, narrowed: Narrowed) -> Part:
    if isinstance(before, SetPart) and isinstance(after, SetPart):
        return narrow_set(before, after)
    if isinstance(before, RolePart) and isinstance(after, RolePart):
        return narrowed.role(before, after)
    if isinstance(before, TeamRolePart) and isinstance(after, TeamRolePart):
        return narrowed.team_role(before, after)
    assert isinstance(before, TeamPart)
    assert isinstance(after, TeamPart)
    return before if after.active else after


def _takes_from(operation: Operation, own: str) -> bool:
    return operation.difference.id == own and operation.doing in {"unassign", "leave"}


def _split(deleted: Iterable[Operation], last: Iterable[Operation]) -> tuple[list[Operation], list[Operation]]:
    """What can be deleted before the last operations of members, and what not."""
    operations = list(deleted)
    held = {each.given.role if each.given is not None else each.team for each in last}
    cut = next((place for place, each in enumerate(operations) if each.difference.id in held), len(operations))
    return operations[:cut], operations[cut:]
