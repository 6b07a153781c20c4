"""Whether a document can be brought about at all, found out before anything is changed."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tenantable.services.access.configuration.differences import Difference
from tenantable.services.access.configuration.document import (
    Document,
    MemberPart,
    RolePart,
    SetPart,
    TeamRolePart,
)
from tenantable.services.access.configuration.state import State
from tenantable.services.access.configuration.yaml_text import Place
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import check_pattern
from tenantable.services.access.decisions.rules import Origin, Rule
from tenantable.services.access.declaration import OrganisationRole, PermissionSet, TeamRoleDefinition
from tenantable.services.access.errors import InUse, Unprocessable
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.handing_out import given_by_role, given_by_team_role
from tenantable.services.access.identity.rights import refuse_more_than_held

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
        yield from _missing(("members", place, "teams"), "team", member.teams, teams)
        yield from _missing(("members", place, "teams"), "team role", member.teams.values(), team_roles)


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


def _given(member: MemberPart) -> Counter[tuple[str, str]]:
    found = Counter(("role", given.role) for given in member.roles)
    found.update(("team", team) for team in member.teams)
    found.update(("team-role", role) for role in member.teams.values())
    return found


def refuse_more_than_callers(
    state: State, target: Document, found: Iterable[Difference], caller: Caller, *, now: float
) -> None:
    """
    Raises:
        Forbidden: Something that the caller does not hold would be given or taken away.
    """
    if caller.kind == "platform":
        return
    before, after = state.snapshot.definitions, _definitions(state, target)
    for each in found:
        for part, known in ((each.before, before), (each.after, after)):
            for rules in _rules(part, known):
                refuse_more_than_held(rules, caller, state.snapshot, now=now)


def _rules(part: object, known: Definitions) -> Iterator[list[Rule]]:
    if isinstance(part, SetPart):
        origin = Origin(kind="organisation-role", role_id="", permission_set_id=part.id)
        entries = [entry.declared() for entry in part.entries]
        yield [
            Rule(pattern=entry.key, effect=entry.effect, tests=tuple(entry.when), origin=origin) for entry in entries
        ]
    elif isinstance(part, RolePart):
        yield given_by_role(known, part.id)
    elif isinstance(part, TeamRolePart):
        yield given_by_team_role(known, part.id, "")
    elif isinstance(part, MemberPart):
        yield from (given_by_role(known, given.role) for given in part.roles)
        yield from (given_by_team_role(known, role_id, team_id) for team_id, role_id in part.teams.items())


def _definitions(state: State, target: Document) -> Definitions:
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
