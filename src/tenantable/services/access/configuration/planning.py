"""The order in which a document is brought about: made, narrowed, widened, removed. See `narrowing`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tenantable.services.access.configuration.differences import Difference
from tenantable.services.access.configuration.document import (
    Document,
    GivenRole,
    MemberPart,
    Part,
    RolePart,
    SetPart,
    TeamPart,
    TeamRolePart,
)
from tenantable.services.access.configuration.narrowing import Denials, narrow_role, narrow_set, narrow_team_role
from tenantable.services.access.declaration import OWNER

Doing = Literal["create", "change", "delete", "assign", "unassign", "join", "move", "leave"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """
    One transaction. `part` is what is to be there, or what goes; for members, `given` is the role, or `team` and
    `team_role` are the place.
    """

    doing: Doing
    difference: Difference
    part: Part
    given: GivenRole | None = None
    team: str = ""
    team_role: str = ""


def plan(
    found: Sequence[Difference], current: Document, target: Document, denials: Denials, *, own: str
) -> list[Operation]:
    """
    The operations in their order.

    Args:
        own: The caller's id: what is taken from the caller is taken last, so that the rest can be done.
    """
    members = list(_member_operations(found, _denying_roles(current, target, denials)))
    others = [each for each in members if not _takes_from(each.operation, own)]
    return [
        *_created(found, target),
        *(each.operation for each in others if each.phase == _NARROWING),
        *_changed(found, current, target, denials),
        *(each.operation for each in others if each.phase == _WIDENING),
        *(each.operation for each in others if each.phase == _LAST),
        *_deleted(found, current),
        *(each.operation for each in members if _takes_from(each.operation, own)),
    ]


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


def _changed(found: Iterable[Difference], current: Document, target: Document, denials: Denials) -> Iterator[Operation]:
    """Everything that changes is made narrow, then what it is to be; roles that come to deny something first."""
    keeps_parent = _keeps_parent(current, target, denials)
    narrow: list[Operation] = []
    wide: list[tuple[bool, Operation]] = []
    for each in found:
        if each.action != "change" or each.kind == "member":
            continue
        before, after = each.before, each.after
        assert before is not None
        assert after is not None
        between = _between(before, after, denials, keeps_parent)
        if between not in (before, after):
            narrow.append(Operation(doing="change", difference=each, part=between))
        final = Operation(doing="change", difference=each, part=after)
        if between == after:
            narrow.append(final)
        else:
            wide.append((not _comes_to_deny(before, after, denials), final))
    yield from narrow
    order = {"permission-set": 0, "role": 1, "team-role": 2, "team": 3}
    yield from (each for _, each in sorted(wide, key=lambda pair: (order[pair[1].difference.kind], pair[0])))


def _between(before: Part, after: Part, denials: Denials, keeps_parent: Callable[[str, str], bool]) -> Part:
    if isinstance(before, SetPart) and isinstance(after, SetPart):
        return narrow_set(before, after)
    if isinstance(before, RolePart) and isinstance(after, RolePart):
        return narrow_role(before, after, denials, lambda parent: keeps_parent(before.id, parent))
    if isinstance(before, TeamRolePart) and isinstance(after, TeamRolePart):
        return narrow_team_role(before, after, denials)
    assert isinstance(before, TeamPart)
    assert isinstance(after, TeamPart)
    return before if after.active else after


def _comes_to_deny(before: Part, after: Part, denials: Denials) -> bool:
    if not isinstance(after, RolePart | TeamRolePart) or not isinstance(before, RolePart | TeamRolePart):
        return False
    return any(denials.some(each) for each in after.permission_sets if each not in before.permission_sets)


def _keeps_parent(current: Document, target: Document, denials: Denials) -> Callable[[str, str], bool]:
    denying = _denying_roles(current, target, denials)
    below: dict[str, set[str]] = {}
    for role in (*(current.roles or ()), *(target.roles or ())):
        below.setdefault(role.id, set()).update(role.parents)
    return lambda role_id, parent: parent in denying and role_id not in _reached(below, parent)


def _denying_roles(current: Document, target: Document, denials: Denials) -> set[str]:
    """Roles that deny something, by a set of their own or of a role above."""
    roles = [*(current.roles or ()), *(target.roles or ())]
    above: dict[str, set[str]] = {}
    for role in roles:
        above.setdefault(role.id, set()).update(role.parents)
    own = {role.id for role in roles if any(denials.some(each) for each in role.permission_sets)}
    return {each for each in above if not own.isdisjoint({each} | _reached(above, each))}


def _reached(edges: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = edges.get(waiting.pop(), set()) - seen
        seen |= fresh
        waiting += fresh
    return seen


_NARROWING, _WIDENING, _LAST = range(3)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    phase: int
    operation: Operation


def _member_operations(found: Iterable[Difference], denying: set[str]) -> Iterator[_Placed]:
    """Owners are made first and unmade last, so that there is always one; so are roles that deny something taken."""
    for each in found:
        before, after = each.before, each.after
        if not isinstance(before, MemberPart) or not isinstance(after, MemberPart):
            continue
        old, new = ({given.role: given for given in part.roles} for part in (before, after))
        for role, given in old.items():
            if new.get(role) != given:
                late = role not in new and (role == OWNER or role in denying)
                operation = Operation(doing="unassign", difference=each, part=before, given=given)
                yield _Placed(phase=_LAST if late else _NARROWING, operation=operation)
        for role, given in new.items():
            if old.get(role) != given:
                early = role == OWNER and role not in old
                operation = Operation(doing="assign", difference=each, part=after, given=given)
                yield _Placed(phase=_NARROWING if early else _WIDENING, operation=operation)
        yield from _team_operations(each, before.teams, after.teams)


def _team_operations(difference: Difference, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[_Placed]:
    assert difference.after is not None
    for team in sorted(old.keys() | new.keys()):
        if old.get(team) == new.get(team):
            continue
        doing: Doing = "join" if team not in old else "leave" if team not in new else "move"
        team_role = new.get(team, old.get(team, ""))
        operation = Operation(doing=doing, difference=difference, part=difference.after, team=team, team_role=team_role)
        yield _Placed(phase=_NARROWING if doing == "leave" else _WIDENING, operation=operation)


def _takes_from(operation: Operation, own: str) -> bool:
    return operation.difference.id == own and operation.doing in {"unassign", "leave"}
