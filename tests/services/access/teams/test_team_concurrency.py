"""Teams under fire: real threads on one engine. After every round the books must be right."""

from collections import Counter
from collections.abc import Callable

import pytest
from tests.services.access.conftest import World
from tests.services.access.scenes import Scene, actor, at_once, check_books, user

ROUNDS = 5
ANN = user("ann")


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world=world)


def staffed(scene: Scene, number: int) -> str:
    """A new organisation for each round, with a team, two roles there, and ten members."""
    organisation_id = f"acme{number}"
    scene.world.found(organisation_id, owner="ann")
    scene.team("reds", organisation_id=organisation_id)
    for team_role_id in ("captain", "player"):
        scene.team_role(team_role_id, organisation_id=organisation_id)
    for each in range(10):
        scene.join(f"u{each}", organisation_id=organisation_id)
    return organisation_id


def adding(scene: Scene, organisation_id: str, user_id: str, team_role_id: str = "captain") -> Callable[[], object]:
    return lambda: scene.memberships.add(
        actor(ANN), ANN, organisation_id, "reds", user_id=user_id, team_role_id=team_role_id
    )


def removing(scene: Scene, organisation_id: str, user_id: str) -> Callable[[], object]:
    return lambda: scene.memberships.remove(actor(ANN), ANN, organisation_id, "reds", user_id=user_id, if_match=None)


def test_a_member_is_added_once_and_everybody_is_counted(scene: Scene) -> None:
    for number in range(ROUNDS):
        organisation_id = staffed(scene, number)
        calls = [adding(scene, organisation_id, f"u{each % 10}") for each in range(30)]
        assert at_once(calls) == {"done": 10, "already-exists": 20}
        assert scene.teams.team(organisation_id, "reds").members == 10
        check_books(scene, organisation_id)


def test_a_team_is_not_deleted_under_a_member_who_is_added(scene: Scene) -> None:
    for number in range(ROUNDS):
        organisation_id = staffed(scene, number)

        def delete(where: str = organisation_id) -> None:
            scene.teams.delete(actor(ANN), where, "reds", if_match=None)

        came_to = at_once([adding(scene, organisation_id, "u1"), delete])
        assert came_to in (Counter(["done", "in-use"]), Counter(["done", "not-found"]))
        check_books(scene, organisation_id)


def test_a_team_role_is_not_deleted_under_a_member_who_gets_it(scene: Scene) -> None:
    for number in range(ROUNDS):
        organisation_id = staffed(scene, number)

        def delete(where: str = organisation_id) -> None:
            scene.team_roles.delete(actor(ANN), ANN, where, "captain", if_match=None)

        came_to = at_once([adding(scene, organisation_id, "u1"), delete])
        assert came_to in (Counter(["done", "in-use"]), Counter(["done", "not-found"]))
        check_books(scene, organisation_id)


def test_changes_of_one_membership_at_once_stay_in_step(scene: Scene) -> None:
    for number in range(ROUNDS):
        organisation_id = staffed(scene, number)
        adding(scene, organisation_id, "u1")()

        def change(where: str = organisation_id) -> None:
            scene.memberships.change_role(
                actor(ANN), ANN, where, "reds", user_id="u1", team_role_id="player", if_match=None
            )

        at_once([change, removing(scene, organisation_id, "u1"), adding(scene, organisation_id, "u1")] * 5)
        check_books(scene, organisation_id)
