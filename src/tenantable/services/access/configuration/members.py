"""What members come to have: in an order in which nobody is allowed, for a moment, what they never are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import IntEnum

from tenantable.services.access.configuration.differences import Difference, Doing, Operation
from tenantable.services.access.configuration.document import GivenRole, MemberPart, RolePart
from tenantable.services.access.configuration.narrowing import Narrowed
from tenantable.services.access.declaration import OWNER

IN_BETWEEN = "in-between"
"""The role that denies a member, for a moment, all that the member is denied before or afterwards."""


class _Phase(IntEnum):
    """
    What is denied afterwards comes before anything is allowed anew, what was denied goes after all that was allowed.

    So each state has all denies of the one side or of the other, unless two operations both allow and deny.
    """

    TAKE_ALLOWING = 0
    GIVE_DENYING = 1
    GIVE_BOTH = 2
    REPLACE = 3
    TAKE_BOTH = 4
    TAKE_DENYING = 5
    GIVE_ALLOWING = 6


def member_operations(found: Iterable[Difference], narrowed: Narrowed, taken: Iterable[str]) -> Iterator[Operation]:
    """
    Member by member; owners are made first and unmade last, so that there is always one.

    Args:
        taken: Ids of roles that there are.
    """
    changed = [
        (each, each.before, each.after)
        for each in found
        if isinstance(each.before, MemberPart) and isinstance(each.after, MemberPart)
    ]
    free = _free_id(taken)
    for difference, before, after in sorted(changed, key=lambda each: _owns(each[1]) - _owns(each[2])):
        placed = sorted(_placed(difference, before, after, narrowed), key=lambda pair: pair[0])
        operations = [operation for _, operation in placed]
        if not _is_safe(operations, before, after, narrowed):
            operations = _denied_meanwhile(operations, difference, narrowed.denied(before, after), role_id=free)
        yield from operations


def _owns(member: MemberPart) -> bool:
    return GivenRole(role=OWNER) in member.roles


def _placed(
    difference: Difference, before: MemberPart, after: MemberPart, narrowed: Narrowed
) -> Iterator[tuple[_Phase, Operation]]:
    old, new = ({given.role: given for given in part.roles} for part in (before, after))
    for role in sorted(old.keys() | new.keys()):
        if old.get(role) == new.get(role):
            continue
        doing: Doing = "assign" if role not in old else "unassign" if role not in new else "change-term"
        part, given = (after, new[role]) if role in new else (before, old[role])
        operation = Operation(doing=doing, difference=difference, part=part, given=given)
        yield _phase(doing, narrowed.sets_of_role(role), narrowed), operation
    for team in sorted(before.teams.keys() | after.teams.keys()):
        if before.teams.get(team) == after.teams.get(team):
            continue
        doing = "join" if team not in before.teams else "leave" if team not in after.teams else "move"
        team_role = after.teams.get(team, before.teams.get(team, ""))
        operation = Operation(doing=doing, difference=difference, part=after, team=team, team_role=team_role)
        yield _phase(doing, narrowed.sets_of_team_role(team_role), narrowed), operation


def _phase(doing: Doing, sets: Sequence[str], narrowed: Narrowed) -> _Phase:
    if doing in {"move", "change-term"}:
        return _Phase.REPLACE
    denies, allows = any(map(narrowed.denies, sets)), any(map(narrowed.allows, sets))
    if doing in {"assign", "join"}:
        return _Phase.GIVE_ALLOWING if not denies else _Phase.GIVE_BOTH if allows else _Phase.GIVE_DENYING
    return _Phase.TAKE_ALLOWING if not denies else _Phase.TAKE_BOTH if allows else _Phase.TAKE_DENYING


def _is_safe(operations: Iterable[Operation], before: MemberPart, after: MemberPart, narrowed: Narrowed) -> bool:
    """Whether whatever is allowed after each operation is denied by nothing before, or by nothing afterwards."""
    sides = [_holdings(before), _holdings(after)]
    present = set(sides[0])
    for operation in operations:
        present -= {each for each in sides[0] if _concerns(operation, each)}
        present |= {each for each in sides[1] if _concerns(operation, each)}
        here = {set_id for each in present for set_id in _sets(each, narrowed)}
        gone = [{set_id for each in side for set_id in _sets(each, narrowed)} - here for side in sides]
        for each in present:
            missing = [denied for side, denied in zip(sides, gone, strict=True) if each in side]
            if all(narrowed.meet(_sets(each, narrowed), denied) for denied in missing):
                return False
    return True


_Holding = tuple[str, str]
"""A team, or nothing for a role of the member's own; and the role."""


def _holdings(member: MemberPart) -> set[_Holding]:
    return {("", given.role) for given in member.roles} | set(member.teams.items())


def _concerns(operation: Operation, holding: _Holding) -> bool:
    if operation.given is not None:
        return holding == ("", operation.given.role)
    return holding[0] == operation.team


def _sets(holding: _Holding, narrowed: Narrowed) -> Sequence[str]:
    team, role_id = holding
    return narrowed.sets_of_team_role(role_id) if team else narrowed.sets_of_role(role_id)


def _denied_meanwhile(
    operations: Sequence[Operation], difference: Difference, set_ids: list[str], *, role_id: str
) -> list[Operation]:
    """The member has a role of its own meanwhile, which denies what is denied before or afterwards."""
    role = RolePart.model_construct(id=role_id, name="In between", active=True, permission_sets=set_ids, parents=[])
    made = Operation(doing="create", difference=Difference(kind="role", id=role_id, before=None, after=role), part=role)
    gone = Difference(kind="role", id=role_id, before=role, after=None)
    assert difference.after is not None
    given = Operation(doing="assign", difference=difference, part=difference.after, given=GivenRole(role=role_id))
    taken = replace(given, doing="unassign")
    return [made, given, *operations, taken, Operation(doing="delete", difference=gone, part=role)]


def _free_id(taken: Iterable[str]) -> str:
    found, number = set(taken), 1
    while (free := IN_BETWEEN if number == 1 else f"{IN_BETWEEN}-{number}") in found:
        number += 1
    return free
