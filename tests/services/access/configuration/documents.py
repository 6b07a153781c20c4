"""Configuration documents for property tests: few ids, so that they meet; every reference leads somewhere."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tenantable.services.access.configuration.document import (
    Document,
    GivenRole,
    MemberPart,
    RolePart,
    SetPart,
    TeamPart,
    TeamRolePart,
)
from tenantable.services.access.permissions.schemas import Entry

SETS = ("s1", "s2", "s3", "s4")
ROLES = ("r1", "r2", "r3")
TEAM_ROLES = ("t1", "t2")
TEAMS = ("red", "blue")
KEYS = ("a:x", "a:y", "a:*", "b:x")
MEMBERS = ("ann", "bob")

_names = st.text("AbÖ: #-'\"", min_size=1, max_size=8)
_switches = st.booleans()


def subset(ids: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(ids), unique=True, max_size=len(ids))


@st.composite
def permission_sets(draw: Any, set_id: str, *, mixed: bool) -> SetPart:
    effects = st.just(draw(st.sampled_from(("allow", "deny")))) if not mixed else st.sampled_from(("allow", "deny"))
    entries = st.lists(st.builds(Entry, key=st.sampled_from(KEYS), effect=effects), max_size=3)
    return SetPart(id=set_id, name=draw(_names), active=draw(_switches), entries=draw(entries))


@st.composite
def documents(draw: Any, *, members: bool = True, mixed: bool = True) -> Document:
    """
    A document in which every reference leads somewhere and no role is above itself.

    `mixed` is whether one permission set both allows and denies.
    """
    sets, roles = draw(subset(SETS)), draw(st.permutations(draw(subset(ROLES))))
    team_roles, teams = draw(subset(TEAM_ROLES)), draw(subset(TEAMS))
    some_sets = subset(tuple(sets)) if sets else st.just([])
    return Document(
        permission_sets=[draw(permission_sets(each, mixed=mixed)) for each in sets],
        roles=[
            RolePart(
                id=each,
                name=draw(_names),
                active=draw(_switches),
                permission_sets=draw(some_sets),
                parents=draw(subset(tuple(roles[:position]))) if position else [],
            )
            for position, each in enumerate(roles)
        ],
        team_roles=[
            TeamRolePart(
                id=each,
                name=draw(_names),
                active=True,
                permission_sets=draw(some_sets),
                reach=draw(st.sampled_from(("organisation", "team"))),
            )
            for each in team_roles
        ],
        teams=[
            TeamPart(id=each, name=draw(_names), active=True, division=draw(st.sampled_from((None, "d1"))))
            for each in teams
        ],
        members=[draw(_members(each, roles, team_roles, teams)) for each in MEMBERS] if members else None,
    )


@st.composite
def _members(draw: Any, user_id: str, roles: list[str], team_roles: list[str], teams: list[str]) -> MemberPart:
    ends = st.sampled_from((None, datetime(2030, 1, 1, tzinfo=UTC)))
    given = [GivenRole(role=each, not_after=draw(ends)) for each in sorted(draw(subset(tuple(roles))) if roles else [])]
    if user_id == "ann":
        given.append(GivenRole(role="owner"))
    places = (
        {each: draw(st.sampled_from(team_roles)) for each in sorted(draw(subset(tuple(teams))))}
        if teams and team_roles
        else {}
    )
    return MemberPart(id=user_id, roles=sorted(given, key=lambda each: each.role), teams=places)
