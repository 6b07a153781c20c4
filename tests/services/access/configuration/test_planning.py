"""The order of the operations: whatever it is, nobody is allowed in between what they never are."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given, settings
from tests.services.access.configuration.documents import MEMBERS, documents

from tenantable.services.access.configuration.differences import differences
from tenantable.services.access.configuration.document import Document, GivenRole, MemberPart
from tenantable.services.access.configuration.narrowing import Denials
from tenantable.services.access.configuration.planning import Operation, plan
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import patterns_of

ASKED = ("a:x", "a:y", "a:z", "b:x")
_SECTIONS = {
    "permission-set": "permission_sets",
    "role": "roles",
    "team-role": "team_roles",
    "team": "teams",
    "member": "members",
}


def planned(current: Document, wanted: Document) -> list[Operation]:
    denials = Denials(current, wanted, Definitions())
    return plan(differences(current, wanted), current, wanted, denials, own="platform")


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
        if operation.doing == "assign":
            roles[operation.given.role] = operation.given
        else:
            del roles[operation.given.role]
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


@settings(max_examples=60)
@given(documents(), documents())
def test_a_plan_leads_from_every_document_to_every_other(current: Document, wanted: Document) -> None:
    *_, last = states(current, wanted)
    assert not differences(last, wanted)
    assert {each.id for each in last.members or ()} == set(MEMBERS)


@settings(max_examples=100)
@given(documents(mixed=False), documents(mixed=False))
def test_nobody_is_allowed_in_between_what_they_never_are(current: Document, wanted: Document) -> None:
    """For permission sets that allow or deny, and do not do both."""
    before_or_after = allowed(current) | allowed(wanted)
    for document in states(current, wanted):
        assert allowed(document) <= before_or_after


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
