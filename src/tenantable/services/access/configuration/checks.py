"""Whether a document can be brought about at all, found out before anything is changed."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tenantable.services.access.configuration.differences import Difference, Operation
from tenantable.services.access.configuration.document import (
    Document,
    GivenRole,
    MemberPart,
    Part,
    RolePart,
    TeamPart,
    TeamRolePart,
)
from tenantable.services.access.configuration.state import State
from tenantable.services.access.configuration.yaml_text import Place
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import check_pattern
from tenantable.services.access.declaration import (
    OWNER,
    TEAMS_OF_USER_MAX,
    OrganisationRole,
    PermissionSet,
    TeamRoleDefinition,
)
from tenantable.services.access.errors import Inactive, InUse, LastOwner, Unprocessable
from tenantable.services.access.roles.assignments import Term
from tenantable.services.access.roles.inheritance import inheritance_faults

Faults = Iterator[tuple[Place, str]]
Ids = Sequence[str]


def faults_of(state: State, wanted: Document, target: Document) -> Faults:
    """What the document names and what there will not be, with the place in the document."""
    yield from _key_faults(wanted)
    above = state.snapshot.definitions.above
    assert above is not None, "an organisation's definitions stand below the platform's"
    before = state.document
    new = [[each.id for each in document.permission_sets or ()] for document in (wanted, before)]
    yield from _taken("permissionSets", "permission set", *new, platform=above.permission_sets)
    new = [[each.id for each in document.roles or ()] for document in (wanted, before)]
    yield from _taken("roles", "role", *new, platform=above.roles)
    sets = {each.id for each in target.permission_sets or ()} | above.permission_sets.keys()
    roles = {each.id for each in target.roles or ()} | above.roles.keys()
    for place, role in enumerate(target.roles or ()):
        yield from _missing(("roles", place, "permissionSets"), "permission set", role.permission_sets, sets)
        yield from _missing(("roles", place, "parents"), "role", role.parents, roles)
    places = {role.id: place for place, role in enumerate(target.roles or ())}
    for role_id, problem in inheritance_faults(definitions_of(state, target)):
        yield ("roles", places[role_id]), problem
    for place, team_role in enumerate(target.team_roles or ()):
        yield from _missing(("teamRoles", place, "permissionSets"), "permission set", team_role.permission_sets, sets)
    yield from _member_faults(state, wanted, target, roles)


def _taken(section: str, kind: str, wanted: Ids, stored: Ids, *, platform: Container[str]) -> Faults:
    """What is new must not be called as something of the platform is: nobody could tell the two apart."""
    for place, part_id in enumerate(wanted):
        if part_id in platform and part_id not in stored:
            yield (section, place, "id"), f"The platform has a {kind} {part_id}; take another id"


def _key_faults(wanted: Document) -> Faults:
    for place, each in enumerate(wanted.permission_sets or ()):
        for position, entry in enumerate(each.entries):
            try:
                check_pattern(entry.key)
            except Unprocessable as error:
                yield ("permissionSets", place, "entries", position), error.message


def _member_faults(state: State, wanted: Document, target: Document, roles: set[str]) -> Faults:
    known = {each.id for each in state.document.members or ()}
    teams = {each.id for each in target.teams or ()}
    team_roles = {each.id for each in target.team_roles or ()}
    for place, member in enumerate(wanted.members or ()):
        if member.id not in known:
            yield ("members", place, "id"), f"{member.id} is no member; invite the user first"
        yield from _missing(("members", place, "roles"), "role", (given.role for given in member.roles), roles)
        yield from _term_faults(place, member)
        if len(member.teams) > TEAMS_OF_USER_MAX:
            yield ("members", place, "teams"), f"Nobody can be in more than {TEAMS_OF_USER_MAX} teams"
        yield from _missing(("members", place, "teams"), "team", member.teams, teams)
        yield from _missing(("members", place, "teams"), "team role", member.teams.values(), team_roles)


def _term_faults(place: int, member: MemberPart) -> Faults:
    for position, given in enumerate(member.roles):
        try:
            Term(not_before=given.not_before, not_after=given.not_after)
        except Unprocessable as error:
            yield ("members", place, "roles", position), error.message


def _missing(place: Place, kind: str, named: Iterable[str], known: set[str]) -> Faults:
    for position, each in enumerate(named):
        if each not in known:
            yield (*place, position), f"There is no {kind} {each}"


def refuse_in_use(state: State, found: Sequence[Difference]) -> None:
    """
    Raises:
        InUse: Something would be deleted that is in use, and stays so.
    """
    freed: Counter[tuple[str, str]] = Counter()
    for each in found:
        before, after = each.before, each.after
        if isinstance(before, RolePart):
            left = after.parents if isinstance(after, RolePart) else []
            freed.update(("role", parent) for parent in before.parents if parent not in left)
        if isinstance(before, MemberPart) and isinstance(after, MemberPart):
            freed.update(_given(before) - _given(after))
    for each in found:
        key = (each.kind, each.id)
        if each.after is None and (left_over := state.used.get(key, 0) - freed[key]) > 0:
            users = "users, open invitations or roles" if each.kind == "role" else "members or open invitations"
            hint = "give them something else first, or say so in the document's members"
            raise InUse(f"{each.sentence()}, and {left_over} {users} have it", hint=hint)


def refuse_ownerless(state: State, found: Iterable[Difference]) -> None:
    """
    Raises:
        LastOwner: No active owner without an end would be left.
    """
    changed = [each for each in found if each.id in state.active and isinstance(each.after, MemberPart)]
    number = sum(_owns(each.after) - _owns(each.before) for each in changed)
    if number < 0 and state.owners + number < 1:
        raise LastOwner(hint="make somebody else an owner first")


def _owns(part: Part | None) -> int:
    return int(isinstance(part, MemberPart) and GivenRole(role=OWNER) in part.roles)


def refuse_inactive(state: State, operations: Iterable[Operation]) -> None:
    """
    Raises:
        Inactive: Somebody would come into a team, or get a role in one, while that or the member is switched off.
    """
    parts = [*(state.document.teams or ()), *(state.document.team_roles or ())]
    on = {(type(each), each.id) for each in parts if each.active}
    for operation in operations:
        part = operation.part
        if isinstance(part, TeamPart | TeamRolePart) and operation.doing != "delete":
            on = on | {(type(part), part.id)} if part.active else on - {(type(part), part.id)}
        elif operation.doing in {"join", "move"}:
            is_on = (TeamRolePart, operation.team_role) in on
            if operation.doing == "join":
                is_on &= (TeamPart, operation.team) in on and operation.difference.id in state.active
            if not is_on:
                named = f"the team {operation.team}, the team role {operation.team_role} or the member"
                hint = "switch it on with another document first"
                raise Inactive(f"{operation.difference.sentence()}; {named} is switched off", hint=hint)


def _given(member: MemberPart) -> Counter[tuple[str, str]]:
    found = Counter(("role", given.role) for given in member.roles)
    found.update(("team", team) for team in member.teams)
    found.update(("team-role", role) for role in member.teams.values())
    return found


def definitions_of(state: State, target: Document) -> Definitions:
    """What the organisation will define; the dates are nobody's."""
    organisation_id, date = state.snapshot.organisation_id, datetime.min.replace(tzinfo=UTC)
    sets = {
        each.id: PermissionSet(
            organisation_id=organisation_id,
            permission_set_id=each.id,
            name=each.name,
            active=each.active,
            entries=[entry.declared() for entry in each.entries],
            date_created=date,
        )
        for each in target.permission_sets or ()
    }
    roles = {
        each.id: OrganisationRole(
            organisation_id=organisation_id,
            role_id=each.id,
            name=each.name,
            active=each.active,
            permission_set_ids=each.permission_sets,
            parent_role_ids=each.parents,
            date_created=date,
        )
        for each in target.roles or ()
    }
    team_roles = {
        each.id: TeamRoleDefinition(
            organisation_id=organisation_id,
            team_role_id=each.id,
            name=each.name,
            active=each.active,
            permission_set_ids=each.permission_sets,
            reach=each.reach,
            date_created=date,
        )
        for each in target.team_roles or ()
    }
    found = state.snapshot.definitions
    return replace(found, permission_sets=sets, roles=roles, team_roles=team_roles)
