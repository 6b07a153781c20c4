"""The order of the operations: whatever it is, nobody is allowed in between what they never are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from itertools import pairwise

from hypothesis import example, given, note, settings
from tests.services.access.configuration.documents import MEMBERS, documents

from tenantable.services.access.configuration.differences import Operation, differences
from tenantable.services.access.configuration.document import (
    Document,
    GivenRole,
    MemberPart,
    RolePart,
    SetPart,
    TeamPart,
    TeamRolePart,
)
from tenantable.services.access.configuration.planning import plan
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import patterns_of
from tenantable.services.access.permissions.schemas import Entry

ASKED = ("a:x", "a:y", "a:z", "b:x")
_SECTIONS = {
    "permission-set": "permission_sets",
    "role": "roles",
    "team-role": "team_roles",
    "team": "teams",
    "member": "members",
}


def planned(current: Document, wanted: Document) -> list[Operation]:
    return plan(differences(current, wanted), current, wanted, Definitions(), own="platform")


def carried_out(document: Document, operation: Operation) -> Document:
    """A model of what the services do."""
    section = _SECTIONS[operation.difference.kind]
    parts = {each.id: each for each in getattr(document, section)}
    if operation.difference.kind == "member":
        parts[operation.difference.id] = member_after(parts[operation.difference.id], operation)
    elif operation.doing == "delete":
        del parts[operation.difference.id]
    else:
        assert (operation.doing == "create") is (operation.difference.id not in parts)
        parts[operation.difference.id] = operation.part
    return document.model_copy(update={section: list(parts.values())})


def member_after(member: MemberPart, operation: Operation) -> MemberPart:
    roles: dict[str, GivenRole] = {each.role: each for each in member.roles}
    teams = dict(member.teams)
    if operation.given is not None:
        assert (operation.doing == "assign") is (operation.given.role not in roles)
        if operation.doing == "unassign":
            del roles[operation.given.role]
        else:
            roles[operation.given.role] = operation.given
    elif operation.doing == "leave":
        del teams[operation.team]
    else:
        assert (operation.doing == "move") is (operation.team in teams)
        teams[operation.team] = operation.team_role
    return member.model_copy(update={"roles": sorted(roles.values(), key=lambda each: each.role), "teams": teams})


def states(current: Document, wanted: Document) -> Iterator[Document]:
    yield current
    for operation in planned(current, wanted):
        current = carried_out(current, operation)
        yield current


def allowed(document: Document) -> set[tuple[str, str]]:
    """Who may do what, terms left aside: a model, as simple as it can be."""
    sets = {each.id: each.entries if each.active else [] for each in document.permission_sets or ()}
    roles = {each.id: each for each in document.roles or ()}
    team_roles = {each.id: each for each in document.team_roles or ()}

    def of_role(role_id: str) -> Iterator[tuple[str, str]]:
        role = roles.get(role_id)
        if role is not None and role.active:
            yield from ((entry.effect, entry.key) for each in role.permission_sets for entry in sets[each])
            for parent in role.parents:
                yield from of_role(parent)

    found = set()
    for member in document.members or ():
        rules = [rule for each in member.roles for rule in of_role(each.role)]
        for role_id in member.teams.values():
            rules += [(entry.effect, entry.key) for each in team_roles[role_id].permission_sets for entry in sets[each]]
        for key in ASKED:
            effects = {effect for effect, pattern in rules if pattern in patterns_of(key)}
            if effects == {"allow"}:
                found.add((member.id, key))
    return found


def document(*, sets: str, roles: str = "", team_roles: str = "", bob: str = "", teams: str = "") -> Document:
    """
    `s1=+a:x -b:x` is a set that allows a:x and denies b:x; `r1=s1,s2` a role; `bob` has roles, and team roles in teams.
    """

    def parts(text: str) -> dict[str, list[str]]:
        named = (each.split("=") for each in text.split("; ") if each)
        return {name: content.replace(",", " ").split() for name, content in named}

    effects = {"+": "allow", "-": "deny"}
    return Document(
        permission_sets=[
            SetPart(id=name, name=name, entries=[Entry(key=each[1:], effect=effects[each[0]]) for each in content])  # type: ignore[arg-type]
            for name, content in parts(sets).items()
        ],
        roles=[RolePart(id=name, name=name, permission_sets=found) for name, found in parts(roles).items()],
        team_roles=[
            TeamRolePart(id=name, name=name, permission_sets=found) for name, found in parts(team_roles).items()
        ],
        teams=[TeamPart(id=each, name=each) for each in ("red", "blue")],
        members=[
            MemberPart(id="ann", roles=[GivenRole(role="owner")]),
            MemberPart(
                id="bob",
                roles=[GivenRole(role=each) for each in bob.split()],
                teams={team: role for team, (role,) in parts(teams).items()},
            ),
        ],
    )


WIDENED_WHILE_HELD = (
    document(sets="s2=; s3=", roles="r3=s2,s3", bob="r3"),
    document(sets="s2=+a:y; s3=-a:x"),
)
"""A role that comes to deny something is taken away, and a set in it comes to allow something."""
TWO_GIVEN = (
    document(sets="ax=+a:x; ay=+a:y; nx=-a:x; ny=-a:y", roles="r1=ax,ny; r2=ay,nx"),
    document(sets="ax=+a:x; ay=+a:y; nx=-a:x; ny=-a:y", roles="r1=ax,ny; r2=ay,nx", bob="r1 r2"),
)
"""Each of two roles denies what the other one allows."""
SWAPPED = (
    document(
        sets="x=+a:x +a:y; nx=-a:x; ny=-a:y", roles="r1=x", team_roles="t1=nx; t2=ny", bob="r1", teams="red=t1; blue=t2"
    ),
    document(
        sets="x=+a:x +a:y; nx=-a:x; ny=-a:y", roles="r1=x", team_roles="t1=nx; t2=ny", bob="r1", teams="red=t2; blue=t1"
    ),
)
"""What is denied by one team and by the other changes places."""
TERM = (
    document(sets="x=+a:x; nx=-a:x", roles="r1=x; r2=nx", bob="r1 r2"),
    document(sets="x=+a:x; nx=-a:x", roles="r1=x; r2=nx", bob="r1").model_copy(
        update={
            "members": [
                MemberPart(id="ann", roles=[GivenRole(role="owner")]),
                MemberPart(
                    id="bob",
                    roles=[GivenRole(role="r1"), GivenRole(role="r2", not_after=datetime(2100, 1, 1, tzinfo=UTC))],
                ),
            ]
        }
    ),
)
"""A role that denies something comes to end some day."""


@settings(max_examples=60)
@given(documents(), documents())
def test_a_plan_leads_from_every_document_to_every_other(current: Document, wanted: Document) -> None:
    *_, last = states(current, wanted)
    assert not differences(last, wanted)
    assert {each.id for each in last.members or ()} == set(MEMBERS)


@settings(max_examples=100)
@example(*WIDENED_WHILE_HELD)
@example(*TWO_GIVEN)
@example(*reversed(TWO_GIVEN))
@example(*SWAPPED)
@example(*TERM)
@given(documents(mixed=False), documents(mixed=False))
def test_nobody_is_allowed_in_between_what_they_never_are(current: Document, wanted: Document) -> None:
    """For permission sets that allow or deny, and do not do both."""
    note(f"{current!r}\n{wanted!r}")  # the library prints nothing of them
    before_or_after = allowed(current) | allowed(wanted)
    for document in states(current, wanted):
        assert allowed(document) <= before_or_after


@settings(max_examples=100)
@example(
    Document(roles=[RolePart(id="r1", name="1"), RolePart(id="r2", name="2", active=False, parents=["r1"])]),
    Document(roles=[RolePart(id="r1", name="1", parents=["r2"]), RolePart(id="r2", name="2")]),
)
@given(documents(), documents())
def test_no_role_is_above_itself_in_between(current: Document, wanted: Document) -> None:
    note(f"{current!r}\n{wanted!r}")
    for document in states(current, wanted):
        parents = {each.id: each.parents for each in document.roles or ()}
        TopologicalSorter(parents).prepare()  # refuses a circle


@settings(max_examples=60)
@given(documents(), documents())
def test_no_step_names_what_is_not_there(current: Document, wanted: Document) -> None:
    for document in states(current, wanted):
        sets, roles = ({each.id for each in section or ()} for section in (document.permission_sets, document.roles))
        for role in document.roles or ():
            assert sets.issuperset(role.permission_sets)
            assert roles.issuperset(role.parents)
        for team_role in document.team_roles or ():
            assert sets.issuperset(team_role.permission_sets)
        for member in document.members or ():
            assert (roles | {"owner"}).issuperset(each.role for each in member.roles)


@settings(max_examples=60)
@given(documents(), documents())
def test_a_plan_that_was_broken_off_is_carried_on_by_a_new_one(current: Document, wanted: Document) -> None:
    steps = planned(current, wanted)
    for operation in steps[: len(steps) // 2]:
        current = carried_out(current, operation)
    *_, last = states(current, wanted)
    assert not differences(last, wanted)


@settings(max_examples=60)
@given(documents(), documents())
def test_there_is_always_an_owner(current: Document, wanted: Document) -> None:
    for _, document in pairwise(states(current, wanted)):
        assert any(each.role == "owner" for member in document.members or () for each in member.roles)
