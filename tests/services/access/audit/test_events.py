"""The audit trail over HTTP: by day, user, type, target and range; who may; and that reading is recorded."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.services.access.conftest import World

EVENTS = "/v1/organisations/acme/audit/events"


def listed(client: httpx.Client, path: str = EVENTS, **params: Any) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = client.get(path, params=params if cursor is None else params | {"cursor": cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


def actions(events: list[dict[str, Any]]) -> list[object]:
    return [event["action"] for event in events]


def act(world: World, number: int = 1, organisation_id: str = "acme") -> None:
    """Create so many roles, a second apart."""
    ann = world.as_user("ann")
    for each in range(number):
        world.clock.now += 1
        body = {"roleId": f"r{each}-{int(world.clock.now)}", "name": "R"}
        assert ann.post(f"/v1/organisations/{organisation_id}/roles", json=body).status_code == 201


def test_events_come_newest_first_with_what_was_done(world: World) -> None:
    world.found("acme")
    act(world, 2)
    world.clock.now += 1
    events = listed(world.as_user("ann"))
    assert actions(events) == ["audit.read", "role.create", "role.create", "organisation.create"]
    assert [event["sequence"] for event in events] == [4, 3, 2, 1]
    assert events[1]["userId"] == "ann"
    assert events[3]["target"] == "acme"


def test_pages_are_complete_and_end_in_either_order(world: World) -> None:
    world.found("acme")
    act(world, 7)
    ann = world.as_user("ann")
    newest = listed(ann, limit=3, type="ROLE_CHANGE")
    oldest = listed(ann, limit=2, type="ROLE_CHANGE", order="oldest")
    assert [event["sequence"] for event in newest] == list(range(8, 1, -1))
    assert [event["sequence"] for event in oldest] == list(range(2, 9))


def test_the_pages_that_follow_keep_to_the_range_of_the_first(world: World) -> None:
    world.found("acme")
    act(world, 3)
    world.clock.now += 1
    ann = world.as_user("ann")
    first = ann.get(EVENTS, params={"limit": 2}).json()
    act(world, 1)
    second = ann.get(EVENTS, params={"limit": 100, "cursor": first["next"]}).json()
    assert [event["sequence"] for event in first["items"] + second["items"]] == [5, 4, 3, 2, 1]


def test_events_are_found_by_user_action_target_day_and_range(world: World) -> None:
    world.found("acme")
    act(world, 2)
    ann = world.as_user("ann")
    assert actions(listed(ann, user="platform")) == ["organisation.create"]
    assert actions(listed(ann, action="role.create")) == ["role.create", "role.create"]
    assert actions(listed(ann, target="acme")) == ["organisation.create"]
    assert actions(listed(ann, type="CONFIGURATION")) == ["organisation.create"]
    at = datetime.fromtimestamp(world.clock.now - 1, UTC).isoformat()
    assert actions(listed(ann, **{"from": at, "to": at})) == ["role.create"]
    day = datetime.fromtimestamp(world.clock.now, UTC).date()
    assert "role.create" in actions(listed(ann, day=day.isoformat()))
    assert listed(ann, day="2020-01-01") == []


def test_another_organisations_events_are_never_shown(world: World) -> None:
    world.found("acme")
    world.found("zeta", owner="ann")
    act(world, 3, "zeta")
    ann = world.as_user("ann")
    assert {event["organisationId"] for event in listed(ann, user="ann", limit=1)} == {"acme"}
    world.found("other", owner="bob")
    assert world.as_user("bob").get(EVENTS).status_code == 404


def test_a_cursor_is_good_for_its_own_question_alone(world: World) -> None:
    world.found("acme")
    act(world, 3)
    ann = world.as_user("ann")
    cursor = ann.get(EVENTS, params={"limit": 1}).json()["next"]
    assert ann.get(EVENTS, params={"limit": 1, "cursor": cursor, "user": "ann"}).status_code == 400
    assert ann.get(EVENTS, params={"limit": 1, "cursor": cursor[:-2] + "xx"}).status_code == 400
    assert ann.get(EVENTS, params={"limit": 1, "cursor": cursor + "="}).status_code == 400
    world.found("zeta", owner="ann")
    assert ann.get("/v1/organisations/zeta/audit/events", params={"cursor": cursor}).status_code == 400


def test_a_reader_leaves_one_event_a_minute_for_each_question(world: World) -> None:
    world.found("acme")
    ann = world.as_user("ann")
    for _ in range(5):
        listed(ann)
    world.clock.now += 1
    listed(ann, user="ann")
    world.clock.now += 60
    reads = listed(ann, action="audit.read")
    details = [event["details"] for event in reads]
    assert details == [{"action": "audit.read"} | _span(reads[0]), {"user": "ann"} | _span(reads[1]), _span(reads[2])]
    assert {event["eventType"] for event in reads} == {"AUTHORIZATION"}


def _span(event: dict[str, Any]) -> dict[str, str]:
    details = event["details"]
    return {"from": details["from"], "to": details["to"]}


def test_a_user_sees_their_own_events_where_they_are_a_member(world: World) -> None:
    world.found("acme")
    world.found("zeta", owner="ann")
    act(world, 2)
    act(world, 2, "zeta")
    found = listed(world.as_user("ann"), "/v1/audit/events", limit=1)
    assert [event["organisationId"] for event in found] == ["zeta", "zeta", "acme", "acme"]
    assert listed(world.as_user("eve"), "/v1/audit/events") == []
    assert world.as_platform().get("/v1/audit/events").status_code == 403


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"day": "2026-01-01", "from": "2026-01-01T00:00:00Z"},
        {"from": "1990-01-01T00:00:00Z"},
        {"from": "yesterday"},
        {"from": "2026-01-01T00:00:00"},
        {"type": "OTHER"},
        {"limit": "0"},
        {"order": "sideways"},
    ],
)
def test_a_range_or_filter_that_makes_no_sense_is_refused(world: World, params: dict[str, str]) -> None:
    world.found("acme")
    assert world.as_user("ann").get(EVENTS, params=params).status_code == 422


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"])
@pytest.mark.parametrize("name", ["from", "to"])
def test_times_at_the_end_of_the_calendar_are_no_fault_of_ours(world: World, at: str, name: str) -> None:
    world.found("acme")
    assert world.as_user("ann").get(EVENTS, params={name: at}).status_code in (200, 422)
    assert world.as_user("ann").get("/v1/audit/events", params={name: at}).status_code in (200, 422)
