"""What is handed out with teams and invitations follows the rules of assignments: switched off, for a time, denied."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.services.access.conftest import World
from tests.services.access.scenes import DAY, PLATFORM, Scene, actor, check_books, team_role_content, user

from tenantable.errors import ServiceError
from tenantable.services.access.changes.change import Actor
from tenantable.services.access.declaration import PermissionEntry
from tenantable.services.access.errors import Forbidden, InviterLacksRights
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.invitations.bulk import create_many
from tenantable.services.access.invitations.service import NewInvitation
from tenantable.services.access.permissions.service import SetContent
from tenantable.services.access.roles.assignments import Term
from tenantable.services.access.roles.definitions import RoleContent
from tenantable.services.access.teams.service import TeamContent

ANN = user("ann")
BOB = user("bob")
ACCESS = "access:*"


@pytest.fixture
def scene(world: World) -> Scene:
    """
    Ann owns acme. Bob may change everything about access, and read invoices; writing them he may for a day. Carl is a
    writer, too. The reds are a team.
    """
    world.found("acme", owner="ann")
    made = Scene(world=world)
    made.define_role("keeper", ACCESS, "invoice:read")
    made.define_role("writer", "invoice:write")
    made.define_role("reader", "invoice:read")
    define_set(made, "limits", PermissionEntry(key="invoice:write", effect="deny"))
    define_set(made, "asleep", PermissionEntry(key="secret:read"), active=False)
    for role_id in ("limits", "asleep"):
        role = RoleContent(name=role_id, active=True, permission_set_ids=[role_id], parent_role_ids=[])
        made.world.app.state.roles.create(actor(PLATFORM), PLATFORM, "acme", role_id, content=role)
    made.join("bob")
    assign(made, "bob", "keeper")
    made.join("carl")
    made.team("reds")
    for team_role_id in ("keeper", "writer", "reader", "limits", "asleep"):
        made.team_role(team_role_id, team_role_id)
    made.team_role("player")
    return made


def define_set(scene: Scene, set_id: str, *entries: PermissionEntry, active: bool = True) -> None:
    content = SetContent(name=set_id, active=active, entries=list(entries))
    scene.world.app.state.permission_sets.create(actor(PLATFORM), PLATFORM, "acme", set_id, content=content)


def assign(scene: Scene, user_id: str, role_id: str, *, days: int | None = None) -> None:
    end = None if days is None else datetime.fromtimestamp(scene.world.clock(), UTC) + timedelta(days=days)
    assignments = scene.world.app.state.assignments
    assignments.assign(
        actor(PLATFORM), PLATFORM, "acme", user_id=user_id, role_id=role_id, term=Term(not_before=None, not_after=end)
    )


def put(scene: Scene, caller: Caller, user_id: str, team_role_id: str) -> None:
    scene.memberships.add(actor(caller), caller, "acme", "reds", user_id=user_id, team_role_id=team_role_id)


def move(scene: Scene, caller: Caller, user_id: str, team_role_id: str) -> None:
    scene.memberships.change_role(
        actor(caller), caller, "acme", "reds", user_id=user_id, team_role_id=team_role_id, if_match=None
    )


def take(scene: Scene, caller: Caller, user_id: str) -> None:
    scene.memberships.remove(actor(caller), caller, "acme", "reds", user_id=user_id, if_match=None)


def in_bulk(scene: Scene, caller: Caller, role_id: str) -> None:
    new = NewInvitation(role_id=role_id, email="dan@example.com")
    (outcome,) = create_many(
        scene.invitations, Actor(id=caller.id), caller, "acme", wanted=[new], render=lambda _issued: ""
    )
    if outcome.error is not None:
        raise outcome.error


def resend(scene: Scene, caller: Caller, role_id: str) -> None:
    issued = scene.invite(PLATFORM, role_id=role_id, email="dan@example.com")
    scene.invitations.resend(actor(caller), caller, "acme", issued.invitation.invitation_id, days=7, if_match=None)


def moved_into(scene: Scene, caller: Caller, team_role_id: str) -> None:
    put(scene, PLATFORM, "carl", "player")
    move(scene, caller, "carl", team_role_id)


Door = Callable[[Scene, Caller, str], object]
DOORS: dict[str, Door] = {
    "put into a team": lambda scene, caller, role: put(scene, caller, "carl", role),
    "put themselves into a team": lambda scene, caller, role: put(scene, caller, caller.id, role),
    "moved within a team": moved_into,
    "invited": lambda scene, caller, role: scene.invite(caller, role_id=role, email="dan@example.com"),
    "invited by a link": lambda scene, caller, role: scene.invite(caller, role_id=role, uses_max=2),
    "invited into a team": lambda scene, caller, role: scene.invite(caller, team_id="reds", team_role_id=role),
    "invited among many": in_bulk,
    "invited again": resend,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("role", ["writer", "asleep"])
def test_what_is_held_for_a_time_or_switched_off_is_handed_out_by_no_door(scene: Scene, door: str, role: str) -> None:
    """A membership lasts, and so does a role that comes by an invitation."""
    assign(scene, "bob", "writer", days=1)
    with pytest.raises(Forbidden, match=r"hand out (more|for longer)"):
        DOORS[door](scene, BOB, role)


@pytest.mark.parametrize("door", DOORS)
def test_what_is_held_without_an_end_is_handed_out_by_every_door(scene: Scene, door: str) -> None:
    assign(scene, "bob", "writer")
    DOORS[door](scene, BOB, "writer")
    check_books(scene)


@pytest.mark.parametrize("gift", [{"role_id": "writer"}, {"team_id": "reds", "team_role_id": "writer"}])
def test_an_inviter_who_came_to_hold_it_for_a_time_gives_it_to_nobody(scene: Scene, gift: dict[str, str]) -> None:
    assign(scene, "bob", "writer")
    token = scene.invite(BOB, email="dan@example.com", **gift).token
    term = Term(not_before=None, not_after=datetime.fromtimestamp(scene.world.clock(), UTC) + timedelta(days=1))
    assignments = scene.world.app.state.assignments
    assignments.change_term(actor(ANN), ANN, "acme", user_id="bob", role_id="writer", term=term)
    with pytest.raises(InviterLacksRights):
        scene.accept(user("dan"), token)


def test_what_fell_asleep_after_the_invitation_counts_at_its_acceptance(scene: Scene) -> None:
    """Somebody who holds it could switch it on again."""
    token = scene.invite(ANN, role_id="reader", email="dan@example.com").token
    content = SetContent(name="x", active=False, entries=[PermissionEntry(key="secret:read")])
    sets = scene.world.app.state.permission_sets
    sets.change(actor(ANN), ANN, "acme", "reader", content=content, if_match=None)
    assert scene.accept(user("dan"), token)
    again = scene.invite(ANN, role_id="reader", email="eve@example.com")
    with pytest.raises(Forbidden):
        scene.invitations.resend(actor(BOB), BOB, "acme", again.invitation.invitation_id, days=7, if_match=None)


def test_a_deny_comes_by_a_team_to_nobody_who_may_do_more(scene: Scene) -> None:
    assign(scene, "carl", "writer")
    with pytest.raises(Forbidden):
        put(scene, BOB, "carl", "limits")
    with pytest.raises(Forbidden):
        moved_into(scene, BOB, "limits")
    assert scene.allows("carl", "invoice:write")
    move(scene, ANN, "carl", "limits")
    assert not scene.allows("carl", "invoice:write")


def test_a_deny_goes_with_a_team_from_nobody_who_then_could_do_more(scene: Scene) -> None:
    assign(scene, "carl", "writer")
    put(scene, ANN, "carl", "limits")
    with pytest.raises(Forbidden):
        take(scene, BOB, "carl")
    with pytest.raises(Forbidden):
        move(scene, BOB, "carl", "player")
    assert not scene.allows("carl", "invoice:write")


def test_a_deny_that_stops_nobody_comes_and_goes(scene: Scene) -> None:
    put(scene, BOB, "carl", "limits")
    move(scene, BOB, "carl", "player")
    take(scene, BOB, "carl")
    check_books(scene)


@pytest.mark.parametrize("gift", [{"role_id": "limits"}, {"team_id": "reds", "team_role_id": "limits"}])
def test_nobody_is_locked_out_by_accepting(scene: Scene, gift: dict[str, str]) -> None:
    """An owner who follows an administrator's link would else be denied what the administrator does not hold."""
    token = scene.invite(BOB, uses_max=3, **gift).token
    with pytest.raises(InviterLacksRights):
        scene.accept(ANN, token)
    assert scene.allows("ann", "invoice:write")
    assert scene.accept(user("dan"), token)


def test_a_deny_of_a_team_role_is_changed_by_those_alone_who_hold_what_it_denies(scene: Scene) -> None:
    change = scene.team_roles.change
    for content in (
        team_role_content("limits"),
        team_role_content("limits", "limits", active=False),
        team_role_content("limits", "limits", reach="team"),
    ):
        with pytest.raises(Forbidden):
            change(actor(BOB), BOB, "acme", "limits", content=content, if_match=None)
    with pytest.raises(Forbidden):
        change(actor(BOB), BOB, "acme", "player", content=team_role_content("player", "limits"), if_match=None)
    change(actor(ANN), ANN, "acme", "limits", content=team_role_content("limits"), if_match=None)


def test_a_team_that_denies_is_switched_by_those_alone_who_hold_what_it_denies(scene: Scene) -> None:
    put(scene, ANN, "carl", "limits")
    for active in (False, True):
        content = TeamContent(name="Reds", active=active, division_id=None)
        with pytest.raises(Forbidden):
            scene.teams.change(actor(BOB), BOB, "acme", "reds", content=content, if_match=None)
        scene.teams.change(actor(ANN), ANN, "acme", "reds", content=content, if_match=None)


def test_a_role_held_for_a_time_is_over_when_its_time_is(scene: Scene) -> None:
    """Whatever its holder has tried meanwhile, nobody has it then."""
    assign(scene, "bob", "writer", days=1)
    for door in DOORS.values():
        with pytest.raises(ServiceError):
            door(scene, BOB, "writer")
    scene.world.clock.now += 2 * DAY
    assert not any(scene.allows(each, "invoice:write") for each in ("bob", "carl"))
