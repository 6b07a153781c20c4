"""Erasing personal details: gone from the table and from the archive, and the trail still verified."""

from typing import Any

from tests.services.access.audit.test_events import listed
from tests.services.access.audit.trails import (
    DAY_SECONDS,
    Tamperer,
    archive_all,
    archiver_in,
    bucket_of,
    kinds,
    verify,
    write_events,
)
from tests.services.access.conftest import World

from tenantable.cloud.objects.bucket import below

PATH = "/v1/organisations/acme/audit/erasures"
BOB: dict[str, Any] = {"userId": "bob", "values": ["Bob@example.com"]}


def details_of(world: World, sequence: int) -> tuple[Any, Any]:
    found = listed(world.as_user("ann"), **{"from": "2027-01-01T00:00:00Z", "order": "oldest"})
    (event,) = (each for each in found if each["sequence"] == sequence)
    return event["details"], event["erased"]


def test_erased_details_are_gone_and_the_trail_is_verified(world: World) -> None:
    world.found("acme")
    write_events(world, 120)
    assert world.as_user("ann").post(PATH, json=BOB).json() == {"events": 120}
    assert details_of(world, 5) == ({"by": "ann"}, ["email"])
    assert "bob@example.com" not in str(Tamperer(world.engine).items())
    found = verify(world)
    assert (kinds(found), found.erased) == ([], 120)


def test_details_are_erased_in_the_archive_too(world: World) -> None:
    world.found("acme")
    write_events(world, 10)
    world.clock.now += 31 * DAY_SECONDS
    archive_all(archiver_in(world))
    while world.engine.expire(world.clock.now, 1000):
        pass
    assert world.as_user("ann").post(PATH, json=BOB).json() == {"events": 10}
    bucket = bucket_of(world)
    objects = [bucket.get(found.key).body for found in below(bucket, "audit/organisation=acme/")]
    from tenantable.services.access.audit.archiving.archive import Archive  # noqa: PLC0415

    archive = Archive(bucket)
    assert objects
    assert "bob@example.com" not in str([archive.read(key) for key in archive.keys("acme")])
    archive_all(archiver_in(world))
    assert "bob@example.com" not in str([archive.read(key) for key in archive.keys("acme")])
    found = verify(world)
    assert (kinds(found), found.erased) == ([], 10)


def test_what_is_erased_already_is_not_erased_again(world: World) -> None:
    world.found("acme")
    write_events(world, 3)
    ann = world.as_user("ann")
    ann.post(PATH, json=BOB)
    events = len(Tamperer(world.engine).items())
    assert ann.post(PATH, json=BOB).json() == {"events": 0}
    assert len(Tamperer(world.engine).items()) == events


def test_an_erasure_covers_no_other_events(world: World) -> None:
    world.found("acme")
    write_events(world, 4)
    tamperer = Tamperer(world.engine)
    tamperer.change(3, details={"M": {}}, detailsSalts={"M": {}})
    world.as_user("ann").post(PATH, json=BOB)
    assert kinds(verify(world)) == [("edited", 3)]


def test_a_user_of_any_provider_is_erased(world: World) -> None:
    world.found("acme")
    content = {"userId": "auth0|123", "values": ["Bob@example.com"]}
    assert world.as_user("ann").post(PATH, json=content).json() == {"events": 0}


def test_an_erasure_takes_the_right_to_it(world: World) -> None:
    world.found("acme")
    assert world.as_user("eve").post(PATH, json=BOB).status_code == 404
    body = {"userId": "bob", "email": "bob@example.com", "more": 1}
    assert world.as_user("ann").post(PATH, json=body).status_code == 422


def test_other_organisations_keep_what_they_have(world: World) -> None:
    world.found("acme")
    world.found("zeta", owner="ann")
    write_events(world, 2, organisation_id="zeta")
    assert world.as_user("ann").post(PATH, json=BOB).json() == {"events": 0}
    assert "bob@example.com" in str(Tamperer(world.engine, "zeta").items())
