"""The use cases of teams: definitions, members in step with everything that counts them, nobody above themselves."""

from dataclasses import replace
from typing import Any

import pytest
from tests.services.access.conftest import World
from tests.services.access.scenes import PLATFORM, Scene, actor, check_books, team_role_content, user

from tenantable.services.access.declaration import TEAMS_OF_USER_MAX, Member, Members
from tenantable.services.access.errors import (
    AlreadyExists,
    Forbidden,
    Inactive,
    InUse,
    NotFound,
    Unprocessable,
)
from tenantable.services.access.teams.service import TeamContent
from tenantable.web.etags import PreconditionFailed

ANN = user("ann")
PAGE: Any = {"limit": 10, "cursor": None}
REDS = TeamContent(name="Reds", active=True, division_id=None)


@pytest.fixture
def scene(world: World) -> Scene:
    """Ann owns acme; bob is a clerk, who may read invoices; the reds have captains, who may write them."""
    world.found("acme", owner="ann")
    made = Scene(world=world)
    made.define_role("clerk", "invoice:read", "access:team:*", "access:team-role:*")
    made.define_role("invoices", "invoice:write")
    made.join("bob", "clerk")
    made.team("reds")
    made.team_role("captain", "invoices")
    made.team_role("player")
    return made


def add(scene: Scene, user_id: str, team_role_id: str = "captain", team_id: str = "reds") -> None:
    scene.memberships.add(actor(ANN), ANN, "acme", team_id, user_id=user_id, team_role_id=team_role_id)


def member(scene: Scene, user_id: str) -> Member:
    return next(each for each in scene.members() if each.user_id == user_id)


def test_a_team_is_created_once(scene: Scene) -> None:
    with pytest.raises(AlreadyExists):
        scene.teams.create(actor(ANN), "acme", "reds", content=REDS)


def test_a_team_changes_its_name_division_and_activity(scene: Scene) -> None:
    content = TeamContent(name="Crimsons", active=False, division_id="north")
    changed = scene.teams.change(actor(ANN), ANN, "acme", "reds", content=content, if_match='"1"').result
    assert changed == scene.teams.team("acme", "reds")
    assert (changed.name, changed.division_id, changed.active) == ("Crimsons", "north", False)
    assert [each.team_id for each in scene.teams.of_division("acme", "north", **PAGE)] == ["reds"]
    assert scene.teams.by_name("acme", active=True, name=None, **PAGE).items == ()
    back = scene.teams.change(actor(ANN), ANN, "acme", "reds", content=REDS, if_match=None).result
    assert back.division_id is None
    assert scene.teams.of_division("acme", "north", **PAGE).items == ()


def test_a_change_that_rests_on_an_older_revision_is_refused(scene: Scene) -> None:
    add(scene, "bob")
    with pytest.raises(PreconditionFailed):
        scene.teams.change(actor(ANN), ANN, "acme", "reds", content=REDS, if_match='"1"')


def test_only_an_empty_team_is_deleted(scene: Scene) -> None:
    add(scene, "bob")
    with pytest.raises(InUse):
        scene.teams.delete(actor(ANN), "acme", "reds", if_match=None)
    scene.memberships.remove(actor(ANN), ANN, "acme", "reds", user_id="bob", if_match=None)
    scene.teams.delete(actor(ANN), "acme", "reds", if_match=None)
    with pytest.raises(NotFound):
        scene.teams.team("acme", "reds")


def test_members_are_counted_and_known_everywhere_at_once(scene: Scene) -> None:
    add(scene, "bob")
    assert member(scene, "bob").team_roles == {"reds": "captain"}
    assert (scene.teams.team("acme", "reds").members, scene.team_roles.role("acme", "captain").assigned) == (1, 1)
    check_books(scene)
    scene.memberships.change_role(actor(ANN), ANN, "acme", "reds", user_id="bob", team_role_id="player", if_match='"1"')
    assert member(scene, "bob").team_roles == {"reds": "player"}
    check_books(scene)
    scene.memberships.remove(actor(ANN), ANN, "acme", "reds", user_id="bob", if_match='"2"')
    assert member(scene, "bob").team_roles == {}
    check_books(scene)


def test_a_role_in_a_team_allows_what_its_sets_do_until_it_is_taken_away(scene: Scene) -> None:
    assert not scene.allows("bob", "invoice:write")
    add(scene, "bob")
    assert scene.allows("bob", "invoice:write")
    scene.memberships.remove(actor(ANN), ANN, "acme", "reds", user_id="bob", if_match=None)
    assert not scene.allows("bob", "invoice:write")


def test_members_of_a_team_that_is_switched_off_have_nothing_from_it(scene: Scene) -> None:
    add(scene, "bob")
    off = replace(REDS, active=False)
    scene.teams.change(actor(ANN), ANN, "acme", "reds", content=off, if_match=None)
    assert not scene.allows("bob", "invoice:write")
    scene.teams.change(actor(ANN), ANN, "acme", "reds", content=REDS, if_match=None)
    assert scene.allows("bob", "invoice:write")


def test_whoever_switches_a_team_must_hold_what_its_members_get(scene: Scene) -> None:
    add(scene, "ann")
    off, bob = replace(REDS, active=False), user("bob")
    with pytest.raises(Forbidden):
        scene.teams.change(actor(bob), bob, "acme", "reds", content=off, if_match=None)
    renamed = replace(REDS, name="Crimsons")
    assert scene.teams.change(actor(bob), bob, "acme", "reds", content=renamed, if_match=None).result.members == 1


@pytest.mark.parametrize(
    ("user_id", "team_id", "team_role_id", "missing"),
    [
        ("nobody", "reds", "captain", "nobody is no member"),
        ("bob", "blues", "captain", "There is no team blues"),
        ("bob", "reds", "keeper", "There is no team role keeper"),
    ],
)
def test_who_or_what_is_not_there_cannot_be_put_together(
    scene: Scene, user_id: str, team_id: str, team_role_id: str, missing: str
) -> None:
    with pytest.raises(NotFound, match=missing):
        add(scene, user_id, team_role_id, team_id)


def test_only_active_members_join_active_teams_in_active_roles(scene: Scene) -> None:
    scene.join("eve", active=False)
    with pytest.raises(Inactive):
        add(scene, "eve")
    scene.team_roles.change(
        actor(ANN), ANN, "acme", "player", content=team_role_content("player", active=False), if_match=None
    )
    with pytest.raises(Inactive):
        add(scene, "bob", "player")
    scene.teams.change(actor(ANN), ANN, "acme", "reds", content=replace(REDS, active=False), if_match=None)
    with pytest.raises(Inactive):
        add(scene, "bob")


def test_a_member_is_added_once(scene: Scene) -> None:
    add(scene, "bob")
    with pytest.raises(AlreadyExists):
        add(scene, "bob", "player")


def test_who_is_not_in_a_team_is_neither_changed_nor_removed(scene: Scene) -> None:
    with pytest.raises(NotFound, match="bob is not in the team reds"):
        scene.memberships.remove(actor(ANN), ANN, "acme", "reds", user_id="bob", if_match=None)
    with pytest.raises(NotFound, match="bob is not in the team reds"):
        scene.memberships.change_role(
            actor(ANN), ANN, "acme", "reds", user_id="bob", team_role_id="player", if_match=None
        )
    with pytest.raises(NotFound, match="There is no team blues"):
        scene.memberships.remove(actor(ANN), ANN, "acme", "blues", user_id="bob", if_match=None)


def test_nobody_is_in_more_teams_than_the_most(scene: Scene) -> None:
    many = {f"t{number}": "player" for number in range(TEAMS_OF_USER_MAX)}
    scene.database.repository(Members).update(member(scene, "bob"), Member.team_roles.set(many))
    with pytest.raises(Unprocessable):
        add(scene, "bob")


def test_nobody_hands_out_a_team_role_with_more_than_they_hold(scene: Scene) -> None:
    bob = scene.join("carl", "clerk")
    with pytest.raises(Forbidden, match="invoice:write"):
        scene.memberships.add(actor(bob), bob, "acme", "reds", user_id="bob", team_role_id="captain")
    scene.memberships.add(actor(bob), bob, "acme", "reds", user_id="bob", team_role_id="player")
    with pytest.raises(Forbidden):
        scene.memberships.change_role(
            actor(bob), bob, "acme", "reds", user_id="bob", team_role_id="captain", if_match=None
        )


def test_nobody_takes_away_a_team_role_with_more_than_they_hold(scene: Scene) -> None:
    add(scene, "ann")
    bob = user("bob")
    with pytest.raises(Forbidden):
        scene.memberships.remove(actor(bob), bob, "acme", "reds", user_id="ann", if_match=None)
    with pytest.raises(Forbidden):
        scene.memberships.change_role(
            actor(bob), bob, "acme", "reds", user_id="ann", team_role_id="player", if_match=None
        )


def test_nobody_defines_a_team_role_with_more_than_they_hold(scene: Scene) -> None:
    bob = user("bob")
    content = team_role_content("more", "invoices")
    with pytest.raises(Forbidden):
        scene.team_roles.create(actor(bob), bob, "acme", "scout", content=content)
    with pytest.raises(Forbidden):
        scene.team_roles.change(actor(bob), bob, "acme", "player", content=content, if_match=None)
    with pytest.raises(Forbidden):
        scene.team_roles.change(actor(bob), bob, "acme", "captain", content=team_role_content("captain"), if_match=None)
    with pytest.raises(Forbidden):
        scene.team_roles.delete(actor(bob), bob, "acme", "captain", if_match=None)
    scene.team_roles.create(actor(bob), bob, "acme", "scout", content=team_role_content("scout", "clerk"))


def test_a_role_that_reaches_one_team_takes_what_it_allows_everywhere_to_define(scene: Scene) -> None:
    """Its holder in one team could otherwise widen it for every other team."""
    scene.team_role("keeper", "invoices", reach="team")
    add(scene, "bob", "keeper")
    bob = user("bob")
    content = team_role_content("scout", "invoices", reach="team")
    with pytest.raises(Forbidden):
        scene.team_roles.create(actor(bob), bob, "acme", "scout", content=content)
    scene.join("carl", "clerk")
    scene.memberships.add(actor(bob), bob, "acme", "reds", user_id="carl", team_role_id="keeper")


def test_a_team_role_that_somebody_has_is_not_deleted(scene: Scene) -> None:
    add(scene, "bob")
    with pytest.raises(InUse):
        scene.team_roles.delete(actor(ANN), ANN, "acme", "captain", if_match=None)
    scene.team_roles.delete(actor(ANN), ANN, "acme", "player", if_match=None)
    with pytest.raises(NotFound):
        scene.team_roles.role("acme", "player")


def test_a_team_role_names_permission_sets_that_are_there(scene: Scene) -> None:
    content = team_role_content("scout", "unknown")
    with pytest.raises(Unprocessable):
        scene.team_roles.create(actor(PLATFORM), PLATFORM, "acme", "scout", content=content)


def test_a_team_role_is_created_once(scene: Scene) -> None:
    with pytest.raises(AlreadyExists):
        scene.team_role("captain")


def test_each_list_is_one_query(scene: Scene) -> None:
    """Requirements: A-03 (team by name, team role by name, teams of a user), A-04 (of a division, by role), A-05."""
    add(scene, "bob")
    teams, roles, members = scene.teams, scene.team_roles, scene.memberships
    with scene.observed() as operations:
        teams.of_organisation("acme", **PAGE)
        teams.by_name("acme", active=True, name="Reds", **PAGE)
        teams.of_division("acme", "north", **PAGE)
        roles.by_name("acme", active=True, name="Captain", **PAGE)
        members.everywhere("bob", organisation_id=None, **PAGE)
        members.everywhere("bob", organisation_id="acme", **PAGE)
    assert operations == ["Query", "Query gsi1", "Query gsi2", "Query gsi1", "Query gsi1", "Query gsi3"]


def test_the_lists_of_a_team_are_one_query_once_the_team_is_known(scene: Scene) -> None:
    """Requirement: A-04 (members by role)."""
    add(scene, "bob")
    with scene.observed() as operations:
        everybody = scene.memberships.of_team("acme", "reds", team_role_id=None, **PAGE)
    assert operations == ["GetItem", "Query"]
    with scene.observed() as operations:
        captains = scene.memberships.of_team("acme", "reds", team_role_id="captain", **PAGE)
    assert operations == ["GetItem", "Query gsi2"]
    assert [each.user_id for each in everybody] == [each.user_id for each in captains] == ["bob"]
    with scene.observed() as operations:
        of_bob = scene.memberships.of_member("acme", "bob", **PAGE)
    assert operations == ["GetItem", "Query gsi3"]
    assert [each.team_id for each in of_bob] == ["reds"]
